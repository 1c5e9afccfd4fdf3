import { basename } from "node:path";
import { usageError } from "@viscera/core";
import {
  type DataSetOptions,
  type DataSimulation,
  dataRun,
  LIBRARY_MODELS,
  libraryModelText,
  PATIENT_COLUMNS,
  readDataSet,
  readModelText,
  simulateData,
} from "@viscera/drug";
import { writeWhole } from "@viscera/scan/node";
import type { Command } from "commander";
import { isWholeBody, loadPbpk } from "../steps/load-pbpk.js";
import { modelText } from "../steps/model-text.js";
import { readText } from "../steps/read-text.js";
import { saveRunReport } from "../steps/save-run-report.js";
import { countOf } from "../terminal/console.js";
import { decimalNumber } from "../terminal/context.js";
import { collectSettings, namedValues } from "../terminal/named-values.js";
import { checkResultFiles } from "./output-file.js";
import { bind, withCommonOptions, withExamples } from "./verb.js";

interface SimulateOptions {
  data: string;
  out: string;
  set: string[];
  compartments?: boolean;
  covariates: string;
  ignore?: string;
  patient?: string;
  relative: string;
  absolute: string;
  report?: string;
  force?: boolean;
}

/** `viscera drug simulate` and `viscera drug models`. */
export function addDrugSimulate(drug: Command, signal: AbortSignal): void {
  const command = drug
    .command("simulate <model>")
    .description(
      "a pharmacological model (a file, a name of `viscera drug models`, or pbpk:COMPOUND for a whole body) on a NONMEM-style data set",
    )
    .requiredOption("--data <file>", "data set with ID, TIME, AMT, ... (commas or white space)")
    .requiredOption("--out <file>", "table to write (CSV): one row for each record with EVID 0 or 2")
    .option("--set <name=value>", "value of a parameter; may be given several times", collectSettings, [])
    .option("--compartments", "give the amounts in all compartments too")
    .option(
      "--covariates <next|last>",
      "value between two records: of the later one (as NONMEM) or the earlier",
      "next",
    )
    .option("--ignore <character>", "leave out lines that begin with it; @ means any letter")
    .option(
      "--patient <file>",
      "JSON of the patient of a whole-body model; columns AGE, SEX (1: female), HT, WT, CREAT, HCT go before it",
    )
    .option("--relative <tolerance>", "relative tolerance of the solver (nonlinear models)", "1e-8")
    .option("--absolute <tolerance>", "absolute tolerance of the solver", "1e-10")
    .option("--report <file>", "page with every curve, observations and exposure to write (HTML)")
    .option("--force", "replace the table and the page");
  withExamples(withCommonOptions(command), [
    "viscera drug simulate pk2-oral --data trial.csv --set CL=3 --set ka=0.8 --out result.csv",
    "viscera drug simulate my-model.txt --data trial.csv --compartments --out result.csv",
    "viscera drug simulate pbpk:midazolam --data trial.csv --patient patient.json --out result.csv",
    "viscera drug simulate pk1-oral --data trial.csv --out result.csv --report result.html",
  ]);
  bind<SimulateOptions>(command, signal, async (context, [path = ""], options) => {
    await checkResultFiles(options, options.force === true);
    const { covariates, ignore } = options;
    if (covariates !== "next" && covariates !== "last") {
      throw usageError(`--covariates takes next or last, not "${covariates}".`);
    }
    if (ignore !== undefined && [...ignore].length !== 1) {
      throw usageError(`--ignore takes one character, not "${ignore}".`);
    }
    const parameters = namedValues(options.set);
    const relative = decimalNumber(options.relative, "--relative", 1e-13, 1e-1);
    const absolute = decimalNumber(options.absolute, "--absolute", 1e-300, Number.MAX_VALUE);
    const began = performance.now();
    if (options.patient !== undefined && !isWholeBody(path))
      throw usageError(
        "--patient is for whole-body models (pbpk:COMPOUND).",
        "Use --set or columns of the data.",
      );
    const body = isWholeBody(path) ? await loadPbpk(path, options.patient, parameters) : null;
    const model = body?.model ?? readModelText(await modelText(path), basename(path));
    for (const caution of body?.cautions ?? []) context.console.warning(caution);
    const text = await readText(options.data, "--data");
    const data = readDataSet(text, {
      name: basename(options.data),
      covariates: [...model.parameters.map(({ name }) => name), ...(body ? PATIENT_COLUMNS : [])],
      ...(ignore === undefined ? {} : { ignore }),
    });
    const settings: DataSetOptions = {
      ...(body ? { parametersOf: (subject) => body.parametersOf(data, subject) } : { parameters }),
      covariates,
      compartments: options.compartments === true,
      relative,
      absolute,
    };
    const simulation = await simulateData(model, data, { ...context.job("Subjects"), ...settings });
    await writeWhole(options.out, new TextEncoder().encode(tableOf(simulation)));
    const { rows, columns, linear, fromData, warnings } = simulation;
    for (const warning of warnings.slice(0, 5)) context.console.warning(warning);
    if (warnings.length > 5) context.console.warning(`... and ${warnings.length - 5} more of such.`);
    context.console.step(
      "Simulate",
      `${model.title || path}: ${countOf(data.subjects.length, "subject")}, ${countOf(rows.length, "row")}${linear ? ", exactly" : ""}`,
      (performance.now() - began) / 1000,
    );
    if (fromData.length > 0) context.console.text(`From the data: ${fromData.join(", ")}`);
    const doses = data.subjects.some(({ records }) => records.some(({ dose }) => dose !== null));
    if (!doses) context.console.warning("The data hold no dose.");
    if (rows.length === 0)
      context.console.warning("The data hold no record with EVID 0 or 2, so no row was written.");
    if (options.report !== undefined) {
      const run = await dataRun(model, data, { ...context.job("Curves"), ...settings }, basename(path));
      await saveRunReport(context, options.report, run);
    }
    context.console.result({
      out: options.out,
      ...(options.report === undefined ? {} : { report: options.report }),
      model: model.title || path,
      subjects: data.subjects.length,
      rows: rows.length,
      columns: columns.map(({ name }) => name),
      linear,
      fromData,
      warnings,
    });
  });
  addModelList(drug, signal);
}

function addModelList(drug: Command, signal: AbortSignal): void {
  const command = drug
    .command("models [name]")
    .description(
      "the models that `viscera drug simulate` knows by name; with a name (or pbpk:COMPOUND), its text",
    );
  withExamples(withCommonOptions(command), [
    "viscera drug models",
    "viscera drug models pk2-oral > my-model.txt",
    "viscera drug models pbpk:midazolam > whole-body.txt",
  ]);
  bind(command, signal, async (context, [name]) => {
    if (name !== undefined) {
      const text = isWholeBody(name) ? (await loadPbpk(name, undefined)).text() : libraryModelText(name);
      context.console.text(text.trimEnd());
      context.console.result({ name, text });
      return;
    }
    const models = [...LIBRARY_MODELS].map(([key, text]) => ({ name: key, ...readModelText(text, key) }));
    context.console.table(
      ["Name", "Model", "Parameters"],
      models.map(({ name: key, title, parameters }) => [key, title, parameters.map((p) => p.name).join(" ")]),
    );
    context.console.result({
      models: models.map(({ name: key, title, sources, parameters, outputs }) => ({
        name: key,
        title,
        sources,
        parameters,
        outputs: outputs.map((output) => ({ name: output.name, unit: output.unit })),
      })),
    });
  });
}

function tableOf({ columns, rows }: DataSimulation): string {
  const header = ["ID", "TIME", ...columns.map(({ name, unit }) => (unit ? `${name}[${unit}]` : name))];
  const lines = rows.map(({ id, time, values }) => [id, time, ...values].join(","));
  return `${[header.join(","), ...lines].join("\n")}\n`;
}
