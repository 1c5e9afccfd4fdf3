/**
 * The stochastic cases of the SBML Test Suite (Evans, Gillespie & Wilkinson 2008, doi:10.1093/bioinformatics/btm566):
 * means and standard deviations over many replicates, against those known.
 */
import { inputError } from "@viscera/core";
import type { Moments } from "./moments.js";
import { type SuiteSettings, suiteTimes } from "./settings.js";
import type { SbmlReplicates } from "./stochastic.js";
import type { SuiteResults } from "./suite.js";

/** Replicates of a case, as the suite asks for at least. */
export const SUITE_REPLICATES = 10_000;

interface Column {
  variable: string;
  logarithm: boolean;
  statistic: "mean" | "sd";
}

/** True where a case is to be simulated stochastically. */
export function isStochastic({ meanRange, output }: SuiteSettings): boolean {
  return meanRange !== null && output.length > 0;
}

/** A column such as `X-mean`, `X-sd` or `ln(X)-mean`. Throws `input.sbml-suite` for another one. */
function columnOf(name: string): Column {
  const match = /^(ln\()?(.+?)(\))?-(mean|sd)$/.exec(name);
  if (!match || (match[1] === undefined) !== (match[3] === undefined)) {
    throw inputError("sbml-suite", `The output "${name}" is neither a mean nor a standard deviation.`);
  }
  return { variable: match[2]!, logarithm: match[1] !== undefined, statistic: match[4] as "mean" | "sd" };
}

/** What to simulate for a case. */
export function suiteReplicates(settings: SuiteSettings, replicates = SUITE_REPLICATES): SbmlReplicates {
  const outputs = settings.output.map(columnOf);
  return {
    start: settings.start,
    times: suiteTimes(settings),
    replicates,
    outputs: outputs.map(({ variable, logarithm }) => ({
      variable,
      logarithm,
      quantity: settings.amount.includes(variable)
        ? "amount"
        : settings.concentration.includes(variable)
          ? "concentration"
          : "symbol",
    })),
  };
}

/** The suite's table: one column an output of the settings. */
export function suiteStatistics(settings: SuiteSettings, moments: Moments): SuiteResults {
  const times = suiteTimes(settings);
  const columns = settings.output.map(columnOf);
  return {
    columns: ["time", ...settings.output],
    rows: Array.from(times, (time, row) => [
      time,
      ...columns.map(({ statistic }, c) => {
        const at = row * columns.length + c;
        return statistic === "mean" ? moments.means[at]! : moments.deviation(at);
      }),
    ]),
  };
}

/** Numbers that have to agree where nothing is random, relative to their size. */
const EXACT = 1e-9;

/**
 * The first value that breaks the suite's rule, in words; null when all hold: sqrt(n) (mean - mu) / sigma within
 * meanRange, sqrt(n / 2) (s^2 / sigma^2 - 1) within sdRange. Where sigma is not given, that of the sample is taken.
 */
export function compareStochasticResults(
  found: SuiteResults,
  expected: SuiteResults,
  settings: SuiteSettings,
  moments: Moments,
): string | null {
  const n = moments.count;
  if (found.rows.length !== expected.rows.length) {
    return `there are ${found.rows.length} rows instead of ${expected.rows.length}`;
  }
  for (const [c, name] of expected.columns.entries()) {
    if (c === 0) continue;
    const place = found.columns.indexOf(name);
    if (place < 0) return `there is no column "${name}"`;
    const { statistic } = columnOf(name);
    const range = statistic === "mean" ? settings.meanRange : settings.sdRange;
    if (!range) continue;
    const spreads = expected.columns.indexOf(name.replace(/-mean$/, "-sd"));
    for (const [r, row] of expected.rows.entries()) {
      const [want, got] = [row[c]!, found.rows[r]![place]!];
      const sample = moments.deviation(r * (found.columns.length - 1) + place - 1);
      const sigma = spreads >= 0 ? row[spreads]! : sample;
      const same = Object.is(want, got) || Math.abs(got - want) <= EXACT * Math.max(1, Math.abs(want));
      const score =
        statistic === "mean"
          ? (Math.sqrt(n) * (got - want)) / sigma
          : Math.sqrt(n / 2) * ((got / want) ** 2 - 1);
      if (same || (score >= range[0] && score <= range[1])) continue;
      return `${name} is ${got} instead of ${want} at time ${row[0]} (${score.toFixed(2)} standard errors)`;
    }
  }
  return null;
}
