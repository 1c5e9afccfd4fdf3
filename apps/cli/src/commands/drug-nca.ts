import { basename } from "node:path";
import { usageError } from "@viscera/core";
import {
  type AreaMethod,
  MEASURE_NAMES,
  type NcaMeasures,
  type NcaOptions,
  type NcaRow,
  type NcaUnitNames,
  ncaOfData,
  ncaRun,
  ncaUnits,
  type Route,
  readDataSet,
} from "@viscera/drug";
import { writeWhole } from "@viscera/scan/node";
import type { Command } from "commander";
import { readText } from "../steps/read-text.js";
import { saveRunReport } from "../steps/save-run-report.js";
import { countOf } from "../terminal/console.js";
import { decimalNumber } from "../terminal/context.js";
import { checkResultFiles } from "./output-file.js";
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
  report?: string;
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
    .option("--report <file>", "page with every profile, its terminal phase and the tables to write (HTML)")
    .option("--force", "replace the table and the page");
  withExamples(withCommonOptions(command), [
    "viscera drug nca trial.csv --out nca.csv --report nca.html",
    "viscera drug nca trial.csv --lloq 0.1 --time-unit h --dose-unit mg --concentration-unit mg/L --out nca.csv",
  ]);
  bind<NcaCommandOptions>(command, signal, async (context, [path = ""], options) => {
    await checkResultFiles(options, options.force === true);
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
    const result = ncaOfData(data, analysis);
    const { rows, left } = result;
    const units: NcaUnitNames = {
      time: options.timeUnit ?? "",
      dose: options.doseUnit ?? "",
      concentration: options.concentrationUnit ?? "",
    };
    await writeWhole(options.out, new TextEncoder().encode(tableOf(rows, units)));
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
    if (options.report !== undefined) {
      await saveRunReport(
        context,
        options.report,
        ncaRun({ data: data.name, result, options: analysis, units }),
      );
    }
    context.console.result({
      out: options.out,
      ...(options.report === undefined ? {} : { report: options.report }),
      profiles: rows.length,
      left,
      summary,
    });
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

function tableOf(rows: readonly NcaRow[], names: NcaUnitNames): string {
  const { time, dose } = names;
  const units = ncaUnits(names);
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
