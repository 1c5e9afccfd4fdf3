import { basename } from "node:path";
import { usageError } from "@viscera/core";
import {
  type DataSet,
  doseRecord,
  globalSensitivity,
  localSensitivity,
  type PharmacologyModel,
  readDataSet,
  readDose,
  readModelText,
  SENSITIVITY_MEASURES,
  type SensitivityTask,
  sensitivityTask,
} from "@viscera/drug";
import { writeWhole } from "@viscera/scan/node";
import type { Command } from "commander";
import { modelText } from "../steps/model-text.js";
import { readText } from "../steps/read-text.js";
import { countOf } from "../terminal/console.js";
import { type CommandContext, decimalNumber, wholeNumber } from "../terminal/context.js";
import { collectSettings, namedValues } from "../terminal/named-values.js";
import { checkOutputFile } from "./output-file.js";
import { bind, withCommonOptions, withExamples } from "./verb.js";

interface SensitivityCommandOptions {
  data?: string;
  subject?: string;
  dose: string[];
  out: string;
  method: string;
  set: string[];
  vary: string[];
  range: string[];
  factor: string;
  output?: string;
  until?: string;
  samples?: string;
  force?: boolean;
}

/** A table, and what of it a person sees. */
interface Outcome {
  header: string[];
  rows: (string | number)[][];
  shown: { columns: string[]; rows: string[][] };
  note: string;
}

const LOCAL_MEASURES = ["cmax", "cmin", "clast", "auc"] as const;

/** `viscera drug sensitivity`. */
export function addDrugSensitivity(drug: Command, signal: AbortSignal): void {
  const command = drug
    .command("sensitivity <model>")
    .description("which parameters a curve's peak, area, half-life ... depend on, and how much")
    .requiredOption("--out <file>", "table to write (CSV)")
    .option("--data <file>", "doses and covariates of one subject of a NONMEM-style data set")
    .option("--subject <id>", "which one (default: the first)")
    .option(
      "--dose <text>",
      'in place of data: "500 every 12 times 14 into depot over 0.5"',
      collectSettings,
      [],
    )
    .option(
      "--method <name>",
      "local: per cent for each per cent; morris: screening; sobol: shares of the variance",
      "local",
    )
    .option(
      "--vary <names>",
      "parameters to vary (default: all that the model has not fixed)",
      collectSettings,
      [],
    )
    .option("--range <name=low:high>", "of a parameter, for morris and sobol", collectSettings, [])
    .option("--factor <f>", "other parameters go from their value / f to their value x f", "2")
    .option("--set <name=value>", "value of a parameter", collectSettings, [])
    .option("--output <name>", "output to look at (default: the model's first)")
    .option("--until <time>", "end of the time (default: of the data, or 24 after the last dose)")
    .option("--samples <n>", "trajectories of morris (default 30), samples of sobol (default 1024)")
    .option("--force", "replace the table");
  withExamples(withCommonOptions(command), [
    'viscera drug sensitivity pk2-oral --dose "100" --out local.csv',
    'viscera drug sensitivity pk1-oral-mm --dose "300 every 12 times 4" --method sobol --range Vmax=5:20 --out sobol.csv',
    "viscera drug sensitivity my-model.txt --data trial.csv --subject 3 --method morris --out morris.csv",
  ]);
  bind<SensitivityCommandOptions>(command, signal, async (context, [path = ""], options) => {
    await checkOutputFile(options.out, options.force === true);
    const method = (["local", "morris", "sobol"] as const).find((name) => name === options.method);
    if (method === undefined)
      throw usageError(`--method takes local, morris, sobol, not "${options.method}".`);
    const model = readModelText(await modelText(path), basename(path));
    const began = performance.now();
    const task = await taskFor(model, options);
    for (const warning of task.warnings) context.console.warning(warning);
    const outcome = method === "local" ? await local(task) : await globally(task, method, options, context);
    const lines = [outcome.header, ...outcome.rows].map((row) => row.join(","));
    await writeWhole(options.out, new TextEncoder().encode(`${lines.join("\n")}\n`));
    context.console.step(
      "Sensitivity",
      `${model.title || path}: ${task.output} by ${countOf(task.parameters.length, "parameter")}${outcome.note}`,
      (performance.now() - began) / 1000,
    );
    context.console.table(outcome.shown.columns, outcome.shown.rows);
    context.console.result({
      out: options.out,
      model: model.title || path,
      method,
      output: task.output,
      parameters: task.parameters,
      columns: outcome.header,
      rows: outcome.rows,
      warnings: task.warnings,
    });
  });
}

async function taskFor(
  model: PharmacologyModel,
  options: SensitivityCommandOptions,
): Promise<SensitivityTask> {
  if ((options.data === undefined) === (options.dose.length === 0)) {
    throw usageError("Either --data or --dose says what is given.", 'For example --dose "100".');
  }
  const settings = namedValues(options.set);
  const names = options.vary.flatMap((text) => text.split(",")).map((name) => name.trim());
  const ranges = rangesOf(options.range);
  const limit = (text: string) => decimalNumber(text, "--until", -Number.MAX_VALUE, Number.MAX_VALUE);
  const varied = {
    settings,
    ...(names.length > 0 ? { vary: [...names, ...Object.keys(ranges)] } : {}),
    ranges,
    factor: decimalNumber(options.factor, "--factor", 1.000001, 1e6),
    ...(options.output === undefined ? {} : { output: options.output }),
  };
  if (options.data !== undefined) {
    const data = readDataSet(await readText(options.data, "--data"), {
      name: basename(options.data),
      covariates: model.parameters.map(({ name }) => name),
    });
    const subject = data.subjects.find(({ id }) => id === (options.subject ?? data.subjects[0]!.id));
    if (subject === undefined) throw usageError(`${data.name} has no subject "${options.subject}".`);
    return sensitivityTask(model, data, subject, {
      ...varied,
      ...(options.until === undefined ? {} : { until: limit(options.until) }),
    });
  }
  const doses = options.dose.map((text) => readDose(text, model));
  if (doses.some(({ perKg }) => perKg))
    throw usageError("A dose for each kg needs a weight: write the amount.");
  const records = doses.map((dose) => doseRecord(dose, 1)).sort((a, b) => a.time - b.time);
  const last = Math.max(...doses.map(({ start, interval, count }) => start + (count - 1) * interval));
  const data: DataSet = { name: "the doses", covariates: [], subjects: [{ id: "1", records }] };
  const until = options.until === undefined ? last + 24 : limit(options.until);
  return sensitivityTask(model, data, data.subjects[0]!, { ...varied, until });
}

function rangesOf(texts: readonly string[]): Record<string, [number, number]> {
  const ranges: Record<string, [number, number]> = {};
  for (const item of texts.flatMap((text) => text.split(","))) {
    const [, name, low = "", high = ""] = /^\s*([^=\s]+)\s*=\s*([^:]+):(.+)$/u.exec(item) ?? [];
    if (name === undefined)
      throw usageError(`--range takes name=low:high, not "${item}".`, "For example --range CL=2:8.");
    const number = (text: string) =>
      decimalNumber(text, `--range ${name}`, -Number.MAX_VALUE, Number.MAX_VALUE);
    ranges[name] = [number(low), number(high)];
  }
  return ranges;
}

const short = (value: number) => (Number.isFinite(value) ? String(Number(value.toPrecision(3))) : "-");
/** Without "-0.00". */
const hundredths = (value: number) => (Math.round(100 * value) / 100 + 0).toFixed(2);
const cell = (value: number) => (Number.isFinite(value) ? value : "");

async function local(task: SensitivityTask): Promise<Outcome> {
  const { values, normalised } = await localSensitivity(task);
  return {
    header: ["parameter", "value", ...LOCAL_MEASURES],
    rows: normalised.map((row, i) => [
      row.name,
      task.parameters[i]!.value,
      ...LOCAL_MEASURES.map((measure) => cell(row[measure])),
    ]),
    shown: {
      columns: ["% for 1 % of", ...LOCAL_MEASURES.map((measure) => `${measure} (${short(values[measure])})`)],
      rows: normalised.map((row) => [row.name, ...LOCAL_MEASURES.map((measure) => short(row[measure]))]),
    },
    note: "",
  };
}

async function globally(
  task: SensitivityTask,
  method: "morris" | "sobol",
  options: SensitivityCommandOptions,
  context: CommandContext,
): Promise<Outcome> {
  const samples =
    options.samples === undefined ? undefined : wholeNumber(options.samples, "--samples", 2, 1e7);
  const job = context.job("Model runs");
  const names = task.parameters.map(({ name }) => name);
  const ends = task.parameters.map(({ low, high }) => [low, high]);
  const noteOf = (evaluations: number, failures: number) =>
    `, ${countOf(evaluations, "run")}${failures > 0 ? ` of which ${failures} failed` : ""}`;
  if (method === "morris") {
    const found = await globalSensitivity(task, method, { ...job, trajectories: samples ?? 30 });
    return {
      header: ["measure", "parameter", "low", "high", "muStar", "mu", "sigma"],
      rows: found.results.flatMap((effects, k) =>
        names.map((name, i) => [
          SENSITIVITY_MEASURES[k]!,
          name,
          ...ends[i]!,
          cell(effects.meanAbsolute[i]!),
          cell(effects.mean[i]!),
          cell(effects.deviation[i]!),
        ]),
      ),
      shown: {
        columns: ["mu* (sigma)", ...SENSITIVITY_MEASURES],
        rows: names.map((name, i) => [
          name,
          ...found.results.map(
            ({ meanAbsolute, deviation }) => `${short(meanAbsolute[i]!)} (${short(deviation[i]!)})`,
          ),
        ]),
      },
      note: noteOf(found.evaluations, found.failures),
    };
  }
  const found = await globalSensitivity(task, method, {
    ...job,
    ...(samples === undefined ? {} : { samples }),
  });
  return {
    header: [
      "measure",
      "parameter",
      "low",
      "high",
      "first",
      "firstLow95",
      "firstHigh95",
      "total",
      "totalLow95",
      "totalHigh95",
    ],
    rows: found.results.flatMap((index, k) =>
      names.map((name, i) => [
        SENSITIVITY_MEASURES[k]!,
        name,
        ...ends[i]!,
        ...[index.first, index.firstLow, index.firstHigh, index.total, index.totalLow, index.totalHigh].map(
          (values) => cell(values[i]!),
        ),
      ]),
    ),
    shown: {
      columns: ["First / total", ...SENSITIVITY_MEASURES],
      rows: names.map((name, i) => [
        name,
        ...found.results.map(({ first, total }) => `${hundredths(first[i]!)} / ${hundredths(total[i]!)}`),
      ]),
    },
    note: noteOf(found.evaluations, found.failures),
  };
}
