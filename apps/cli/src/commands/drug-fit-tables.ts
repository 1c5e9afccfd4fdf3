/** The tables of a fit. */
import {
  type Estimate,
  type EstimationProblem,
  INDIVIDUAL_PREFIX,
  type InnerResult,
  type NpdeResult,
  type PopulationFit,
  type PopulationValues,
  type ResidualRow,
  type VpcBin,
} from "@viscera/drug";

type Cell = string | number | null;

function table(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const cell = (value: Cell) => (value === null || Number.isNaN(value) ? "" : String(value));
  return `${[header, ...rows].map((row) => row.map(cell).join(",")).join("\n")}\n`;
}

/** A cell of text that may hold commas. */
const quoted = (text: string) => (text.includes(",") ? `"${text}"` : text);

export function parameterTable(estimates: readonly Estimate[]): string {
  return table(
    ["parameter", "kind", "unit", "fixed", "estimate", "se", "rsePercent", "low95", "high95", "robustSe"],
    estimates.map((row) => [
      quoted(row.name),
      row.kind,
      row.unit,
      row.fixed ? 1 : 0,
      row.value,
      row.standardError,
      row.relativePercent,
      row.low,
      row.high,
      row.robustStandardError,
    ]),
  );
}

/** Effects, their standard deviations given the data, and the individual's quantities. */
export function individualTable(
  problem: EstimationProblem,
  values: PopulationValues,
  individuals: readonly InnerResult[],
): string {
  const { effects, individual, subjects } = problem;
  const occasions = Math.max(0, ...subjects.map(({ data }) => data.occasions));
  const names = [
    ...effects.subject,
    ...Array.from({ length: occasions }, (_, o) => effects.occasion.map((name) => `${name}_${o + 1}`)).flat(),
  ];
  const named = individual.named.map((name) => name.replace(INDIVIDUAL_PREFIX, ""));
  return table(
    ["ID", ...names, ...effects.subject.map((name) => `sd_${name}`), ...named, "objective"],
    subjects.map((subject, i) => {
      const { effects: own, objective } = individuals[i]!;
      const spread = subject.spread(individuals[i]!);
      return [
        subject.data.id,
        ...names.map((_, k) => own[k] ?? null),
        ...effects.subject.map((_, k) => spread[k]!),
        ...subject.named(values.parameters, own),
        objective,
      ];
    }),
  );
}

export function residualTable(rows: readonly ResidualRow[], npde: NpdeResult | null): string {
  return table(
    ["ID", "TIME", "output", "DV", "CENS", "PRED", "IPRED", "RES", "IWRES", "CWRES", "NPDE"],
    rows.map((row, i) => [
      row.id,
      row.time,
      row.output,
      row.observed,
      row.censored ? 1 : 0,
      row.predicted,
      row.individual,
      row.residual,
      row.individualWeighted,
      row.conditionalWeighted,
      npde?.values[i] ?? null,
    ]),
  );
}

export function vpcTable(bins: readonly VpcBin[]): string {
  return table(
    ["output", "from", "to", "time", "observations", "percentile", "observed", "median", "low95", "high95"],
    bins.flatMap(({ output, from, to, time, observations, levels }) =>
      levels.map((level) => [
        output,
        from,
        to,
        time,
        observations,
        level.percentile,
        level.observed,
        level.median,
        level.low,
        level.high,
      ]),
    ),
  );
}

/** The estimates as a person reads them. */
export function estimateRows({ estimates, shrinkage }: PopulationFit): string[][] {
  const short = (value: number) => String(Number(value.toPrecision(4)));
  return estimates.map(({ name, kind, value, unit, fixed, relativePercent, low, high }) => {
    const own = shrinkage.find((effect) => name === `var(${effect.name})`);
    const interval = low === null || high === null ? "" : `${short(low)} to ${short(high)}`;
    return [
      name,
      short(value),
      unit,
      fixed ? "fixed" : relativePercent === null ? "" : relativePercent.toFixed(1),
      interval,
      kind === "variance" && own ? own.percent.toFixed(0) : "",
    ];
  });
}
