import { basename } from "node:path";
import { usageError } from "@viscera/core";
import {
  type AreaMethod,
  MEASURE_NAMES,
  type NcaMeasures,
  type NcaOptions,
  type NcaRow,
  ncaOfData,
  type Route,
  readDataSet,
} from "@viscera/drug";
import { writeWhole } from "@viscera/scan/node";
import type { Command } from "commander";
import { readText } from "../steps/read-text.js";
import { countOf } from "../terminal/console.js";
import { decimalNumber } from "../terminal/context.js";
import { checkOutputFile } from "./output-file.js";
import { bind, withCommonOptions, withExamples } from "./verb.js";

interface NcaCommandOptions {
  out: string;
  method: string;
  route?: string;
  lloq?: string;
  compartment?: string;
  ignore?: string;
  timeUnit?: string;
  doseUnit?: string;
  concentrationUnit?: string;
  force?: boolean;
}

const METHODS: readonly AreaMethod[] = ["linear-up-log-down", "linear"];
const ROUTES: readonly Route[] = ["extravascular", "bolus", "infusion"];

/** `viscera drug nca`. */
export function addDrugNca(drug: Command, signal: AbortSignal): void {
  const command = drug
    .command("nca <data>")
    .description(
      "non-compartmental analysis of a NONMEM-style data set: Cmax, AUC, half-life, clearance, ...",
    )
    .requiredOption(
      "--out <file>",
      "table to write (CSV): one row for each dose with three measurements or more",
    )
    .option("--method <name>", `rule between two measurements: ${METHODS.join(" or ")}`, METHODS[0])
    .option(
      "--route <name>",
      `how doses were given: ${ROUTES.join(", ")} (default: told by RATE, DUR and CMT)`,
    )
    .option("--lloq <concentration>", "lower limit of quantification: smaller ones are not measurable")
    .option("--compartment <n>", "compartment (CMT) whose observations to take, where there are several")
    .option("--ignore <character>", "leave out lines that begin with it; @ means any letter")
    .option("--time-unit <unit>", "unit of TIME, for the table's header")
    .option("--dose-unit <unit>", "unit of AMT")
    .option("--concentration-unit <unit>", "unit of DV")
    .option("--force", "replace the table");
  withExamples(withCommonOptions(command), [
    "viscera drug nca trial.csv --out nca.csv",
    "viscera drug nca trial.csv --lloq 0.1 --time-unit h --dose-unit mg --concentration-unit mg/L --out nca.csv",
  ]);
  bind<NcaCommandOptions>(command, signal, async (context, [path = ""], options) => {
    await checkOutputFile(options.out, options.force === true);
    const analysis: NcaOptions = {
      method: oneOf(options.method, METHODS, "--method"),
      ...(options.route === undefined ? {} : { route: oneOf(options.route, ROUTES, "--route") }),
      ...(options.compartment === undefined ? {} : { compartment: options.compartment }),
      ...(options.lloq === undefined
        ? {}
        : { quantificationLimit: decimalNumber(options.lloq, "--lloq", 0, Number.MAX_VALUE) }),
    };
    const { ignore } = options;
    if (ignore !== undefined && [...ignore].length !== 1) {
      throw usageError(`--ignore takes one character, not "${ignore}".`);
    }
    const began = performance.now();
    const text = await readText(path, "the data");
    const data = readDataSet(text, { name: basename(path), ...(ignore === undefined ? {} : { ignore }) });
    const { rows, left } = ncaOfData(data, analysis);
    await writeWhole(options.out, new TextEncoder().encode(tableOf(rows, options)));
    context.console.step(
      "NCA",
      `${countOf(data.subjects.length, "subject")}, ${countOf(rows.length, "profile")}`,
      (performance.now() - began) / 1000,
    );
    if (left.length > 0) {
      const shown = left.slice(0, 5).map(({ id, why }) => `${id} (${why})`);
      context.console.warning(
        `Left out: ${shown.join(", ")}${left.length > 5 ? `, and ${left.length - 5} more` : ""}.`,
      );
    }
    const summary = SUMMARY.map((name) => ({ name, ...geometricMean(rows, name) }));
    context.console.table(
      ["Measure", "Profiles", "Geometric mean", "CV %"],
      summary
        .filter(({ count }) => count > 0)
        .map(({ name, count, mean, cv }) => [name, String(count), shortly(mean), shortly(cv)]),
    );
    context.console.result({ out: options.out, profiles: rows.length, left, summary });
  });
}

const SUMMARY: readonly (keyof NcaMeasures)[] = [
  "cmax",
  "aucLast",
  "aucInfinity",
  "aucTau",
  "halfLife",
  "clearance",
  "volumeZ",
];

function oneOf<T extends string>(text: string, known: readonly T[], option: string): T {
  const found = known.find((name) => name === text);
  if (found === undefined) throw usageError(`${option} takes ${known.join(", ")}, not "${text}".`);
  return found;
}

/** Geometric mean and coefficient of variation of what is known and above 0. */
function geometricMean(rows: readonly NcaRow[], name: keyof NcaMeasures) {
  const logs = rows.flatMap(({ measures }) => {
    const value = measures[name];
    return value !== null && value > 0 ? [Math.log(value)] : [];
  });
  const count = logs.length;
  const mean = logs.reduce((sum, log) => sum + log, 0) / count;
  const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (count - 1);
  const known = (value: number) => (Number.isFinite(value) ? value : null);
  return { count, mean: known(Math.exp(mean)), cv: known(100 * Math.sqrt(Math.expm1(variance))) };
}

const shortly = (value: number | null) => (value === null ? "-" : String(Number(value.toPrecision(4))));

/** Units of the measures in those of the data, UCUM; "" where one is not known. */
function unitsOf({ timeUnit: time, doseUnit: dose, concentrationUnit: concentration }: NcaCommandOptions) {
  const amountOver = concentration?.split("/") ?? [];
  const volume =
    dose !== undefined && concentration !== undefined
      ? amountOver.length === 2 && amountOver[0] === dose
        ? amountOver[1]!
        : `${dose}/(${concentration})`
      : "";
  const all = (text: string, ...needed: (string | undefined)[]) =>
    needed.every((unit) => unit !== undefined && unit !== "") ? text : "";
  const c = concentration ?? "";
  const t = time ?? "";
  const auc = all(`${t}.${c}`, time, concentration);
  const flow = all(`${volume}/${t}`, time, volume);
  const units: Record<(typeof MEASURE_NAMES)[number], string> = {
    cmax: c,
    tmax: t,
    clast: c,
    tlast: t,
    aucLast: auc,
    lambdaZ: all(`1/${t}`, time),
    lambdaZPoints: "",
    lambdaZAdjustedR2: "",
    halfLife: t,
    aucInfinity: auc,
    aucInfinityPredicted: auc,
    aucExtrapolatedPercent: "%",
    aucTau: auc,
    cAverage: c,
    cMinimum: c,
    fluctuationPercent: "%",
    clearance: flow,
    volumeZ: volume,
    volumeSteadyState: volume,
    meanResidenceTime: t,
  };
  return { units, time: t, dose: dose ?? "" };
}

function tableOf(rows: readonly NcaRow[], options: NcaCommandOptions): string {
  const { units, time, dose } = unitsOf(options);
  const heading = (name: string, unit: string) => (unit === "" ? name : `${name}[${unit}]`);
  const header = [
    "ID",
    heading("doseTime", time),
    heading("dose", dose),
    "route",
    heading("interval", time),
    "measurements",
    ...MEASURE_NAMES.map((name) => heading(name, units[name])),
    "accumulationRatio",
  ];
  const lines = rows.map(({ profile, measures, accumulationRatio }) =>
    [
      profile.id,
      profile.doseTime,
      profile.dose,
      profile.route,
      profile.interval ?? "",
      profile.points.length,
      ...MEASURE_NAMES.map((name) => measures[name] ?? ""),
      accumulationRatio ?? "",
    ].join(","),
  );
  return `${[header.join(","), ...lines].join("\n")}\n`;
}
