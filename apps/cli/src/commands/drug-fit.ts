import { basename } from "node:path";
import { usageError } from "@viscera/core";
import {
  dataColumnsOf,
  type EstimationProblem,
  estimationProblem,
  fitPopulation,
  fitRun,
  fitSubjects,
  fittedModelText,
  type InnerResult,
  isMistake,
  npdeOf,
  type PharmacologyModel,
  type ProblemOptions,
  readDataSet,
  readErrorTerms,
  readModelText,
  residualsOf,
  simulateObservations,
  visualPredictiveCheck,
  withDefaultVariability,
  withoutRandomEffects,
  withRandomEffects,
  withResidualError,
} from "@viscera/drug";
import type { Command } from "commander";
import { modelText } from "../steps/model-text.js";
import { readText } from "../steps/read-text.js";
import { saveRunReport } from "../steps/save-run-report.js";
import { countOf } from "../terminal/console.js";
import { type CommandContext, decimalNumber, wholeNumber } from "../terminal/context.js";
import { collectSettings, namedValues } from "../terminal/named-values.js";
import { estimateRows, individualTable, parameterTable, residualTable, vpcTable } from "./drug-fit-tables.js";
import { checkOutputFile } from "./output-file.js";
import { OutputFolder } from "./output-folder.js";
import { bind, withCommonOptions, withExamples } from "./verb.js";

interface FitCommandOptions {
  data: string;
  out: string;
  method: string;
  random: string[];
  error: string[];
  set: string[];
  fix: string[];
  estimate: string[];
  lloq?: string;
  belowLimit: string;
  covariates: string;
  ignore?: string;
  simulations: string;
  bins: string;
  predictionCorrected?: boolean;
  report?: string;
  force?: boolean;
}

const METHODS = ["focei", "map", "pooled"] as const;
type Method = (typeof METHODS)[number];

/** `viscera drug fit`. */
export function addDrugFit(drug: Command, signal: AbortSignal): void {
  const command = drug
    .command("fit <model>")
    .description(
      "estimate a model's parameters from a NONMEM-style data set: of a population with its variability, or of single subjects",
    )
    .requiredOption("--data <file>", "data set with ID, TIME, AMT, DV, ...; also DVID, OCC, CENS, LLOQ")
    .requiredOption(
      "--out <folder>",
      "folder for parameters.csv, individuals.csv, residuals.csv, vpc.csv, model.txt (fitted), summary.json",
    )
    .option(
      "--method <name>",
      "focei: population; map: each subject, the population's parameters given; pooled: no variability",
      "focei",
    )
    .option(
      "--random <name=variance>",
      "parameter that varies between subjects, as P exp(eta); 30% is a coefficient of variation (default: every positive one)",
      collectSettings,
      [],
    )
    .option(
      "--error <kind=sd>",
      "residual error: additive, proportional, both, or exponential; Cp:additive=0.3 names the output (default: both)",
      collectSettings,
      [],
    )
    .option("--set <name=value>", "start of an estimated parameter, value of another", collectSettings, [])
    .option("--fix <name>", "keep a parameter, effect (its variance) or error as it is", collectSettings, [])
    .option("--estimate <name>", "estimate a parameter that the model has fixed", collectSettings, [])
    .option("--lloq <value>", "limit of quantification: smaller DV are only known to be below it")
    .option(
      "--below-limit <m3|m1>",
      "values below a limit count by their probability (m3) or are left out",
      "m3",
    )
    .option("--covariates <next|last>", "value between two records: of the later one or the earlier", "next")
    .option("--ignore <character>", "leave out lines that begin with it; @ means any letter")
    .option("--simulations <n>", "data sets drawn for the VPC and NPDE; 0 for none", "300")
    .option("--bins <n>", "bins of the VPC", "10")
    .option("--prediction-corrected", "prediction-corrected VPC")
    .option("--report <file>", "page with the table and the plots to write (HTML)")
    .option("--force", "replace what is there");
  withExamples(withCommonOptions(command), [
    "viscera drug fit pk1-oral --data trial.csv --out fit",
    "viscera drug fit pk1-oral --data trial.csv --random ka=0.4,CL=30%,V=30% --error proportional=0.2 --out fit",
    "viscera drug fit fit/model.txt --data patient.csv --method map --out patient-fit --report patient.html",
  ]);
  bind<FitCommandOptions>(command, signal, async (context, [path = ""], options) => {
    const folder = await OutputFolder.open(options.out, options.force === true);
    if (options.report !== undefined) await checkOutputFile(options.report, options.force === true);
    const method = METHODS.find((name) => name === options.method);
    if (method === undefined)
      throw usageError(`--method takes ${METHODS.join(", ")}, not "${options.method}".`);
    const simulations = wholeNumber(options.simulations, "--simulations", 0, 100_000);
    const bins = wholeNumber(options.bins, "--bins", 1, 1000);
    const source = await modelText(path);
    const given = modelFor(readModelText(source, basename(path)), method, options);
    const settings = problemOptions(options);
    const began = performance.now();
    const data = readDataSet(await readText(options.data, "--data"), {
      name: basename(options.data),
      covariates: dataColumnsOf(given, settings),
      ...(options.ignore === undefined ? {} : { ignore: options.ignore }),
    });
    const { model, added } =
      method === "map"
        ? { model: given, added: [] }
        : withDefaultVariability(given, data, { effects: method === "focei", kept: settings.fix ?? [] });
    const problem = await estimationProblem(model, data, { ...settings, signal });
    checkMethod(problem, method, options);
    const fit = method === "map" ? null : await fitPopulation(problem, context.job("Fit"));
    const values = fit?.values ?? problem.space.values(problem.space.start)!;
    const individuals = fit?.individuals ?? (await fitSubjects(problem, context.job("Fit")));
    const rows = residualsOf(problem, values, individuals);
    const drawn =
      simulations === 0
        ? null
        : await simulateObservations(problem, values, {
            ...context.job("VPC, NPDE"),
            replicates: simulations,
            seed: context.seed,
          });
    const vpc = drawn
      ? visualPredictiveCheck(problem, rows, drawn, {
          bins,
          predictionCorrected: options.predictionCorrected === true,
        })
      : [];
    const npde = drawn ? npdeOf(problem, drawn) : null;
    const assumed = added.map((what) => `The model does not say how data vary, so ${what}.`);
    const warnings = [
      ...assumed,
      ...problem.warnings,
      ...problem.predictor.warnings,
      ...(fit?.warnings ?? []),
    ];
    if (drawn && npde === null)
      warnings.push(
        "No NPDE: they need three observations, and more --simulations than a subject has observations.",
      );
    const summary = {
      model: model.title || path,
      data: data.name,
      method,
      subjects: problem.subjects.length,
      observations: problem.observations,
      belowLimit: problem.censored,
      objective: fit?.objective ?? null,
      minusTwoLogLikelihood: fit?.minusTwoLogLikelihood ?? null,
      aic: fit?.aic ?? null,
      bic: fit?.bic ?? null,
      iterations: fit?.iterations ?? null,
      converged: fit?.converged ?? null,
      conditionNumber: finite(fit?.uncertainty?.conditionNumber),
      parameters: fit?.estimates ?? [],
      shrinkagePercent: Object.fromEntries(
        (fit?.shrinkage ?? []).map(({ name, percent }) => [name, percent]),
      ),
      npde: npde === null ? null : { mean: npde.mean, variance: npde.variance, p: npde.p },
      warnings,
    };
    const seconds = (performance.now() - began) / 1000;
    await folder.fill(async (write) => {
      if (fit !== null) {
        await write("parameters.csv", parameterTable(fit.estimates));
        if (method === "focei") {
          const fitted = { text: source, model, fit, settings: settings.settings ?? {} };
          await write("model.txt", fittedModelText(fitted));
        }
      }
      await write("individuals.csv", individualTable(problem, values, individuals));
      await write("residuals.csv", residualTable(rows, npde));
      if (vpc.length > 0) await write("vpc.csv", vpcTable(vpc));
      await write("summary.json", `${JSON.stringify(summary, null, 2)}\n`);
    });
    for (const warning of warnings) context.console.warning(warning);
    context.console.step(
      "Fit",
      `${model.title || path}: ${countOf(problem.subjects.length, "subject")}, ${countOf(problem.observations, "observation")}${fit ? `, ${countOf(fit.iterations, "iteration")}` : ""}`,
      seconds,
    );
    if (fit === null) showIndividuals(context, problem, values.parameters, individuals);
    else {
      context.console.table(
        ["Parameter", "Estimate", "Unit", "RSE %", "95 % interval", "Shrinkage %"],
        estimateRows(fit),
      );
      context.console.facts([
        ["OFV", fit.objective.toFixed(3)],
        [
          "-2 ln L, AIC, BIC",
          [fit.minusTwoLogLikelihood, fit.aic, fit.bic].map((v) => v.toFixed(2)).join(", "),
        ],
        ...(npde === null ? [] : [["NPDE p", npde.p.together.toPrecision(2)] as const]),
      ]);
    }
    if (options.report !== undefined) {
      const run = fitRun({ problem, fit, rows, vpc, npde, warnings, config: { ...options } });
      await saveRunReport(context, options.report, run);
    }
    context.console.result({ out: options.out, ...summary });
  });
}

const finite = (value: number | undefined) => (value !== undefined && Number.isFinite(value) ? value : null);

function modelFor(
  read: PharmacologyModel,
  method: Method,
  { random, error }: FitCommandOptions,
): PharmacologyModel {
  let model = withRandomEffects(read, variances(random));
  for (const [output, terms] of errorTerms(error)) model = withResidualError(model, output, terms);
  if (method === "pooled") return withoutRandomEffects(model);
  if (method === "map" && (model.random ?? []).length === 0) {
    throw usageError(
      "The model says nothing of how subjects vary, which --method map needs to know.",
      'Add lines such as "random etaCL ~ 0.09", give --random CL=0.1,V=0.1, or take the model.txt of a population fit.',
    );
  }
  return model;
}

function problemOptions(options: FitCommandOptions): ProblemOptions {
  const { covariates, ignore, belowLimit } = options;
  if (covariates !== "next" && covariates !== "last")
    throw usageError(`--covariates takes next or last, not "${covariates}".`);
  if (ignore !== undefined && [...ignore].length !== 1)
    throw usageError(`--ignore takes one character, not "${ignore}".`);
  if (belowLimit !== "m3" && belowLimit !== "m1")
    throw usageError(`--below-limit takes m3 or m1, not "${belowLimit}".`);
  const names = (list: readonly string[]) =>
    list.flatMap((text) => text.split(",")).map((name) => name.trim());
  // --fix CL=3 says both.
  const settings = [...options.set];
  const fix = names(options.fix).map((text) => {
    if (text.includes("=")) settings.push(text);
    return text.replace(/\s*=.*$/, "");
  });
  return {
    settings: namedValues(settings),
    fix,
    estimate: names(options.estimate),
    covariates,
    belowLimit,
    ...(options.lloq === undefined
      ? {}
      : { quantificationLimit: decimalNumber(options.lloq, "--lloq", 0, Number.MAX_VALUE) }),
  };
}

function checkMethod(
  { subjects, effects }: EstimationProblem,
  method: Method,
  { data }: FitCommandOptions,
): void {
  if (method !== "focei" || subjects.length > 1 || effects.subject.length === 0) return;
  throw usageError(
    `A population fit needs several subjects; ${basename(data)} has one with observations.`,
    "Take --method map with the population's parameters in the model, or --method pooled.",
  );
}

/** `CL=0.1` is a variance, `CL=30%` a coefficient of variation. */
function variances(texts: readonly string[]): Record<string, number> {
  const result: Record<string, number> = {};
  for (const item of texts.flatMap((text) => text.split(","))) {
    const [, name = "", digits = "", percent] =
      /^\s*([^=\s]+)\s*=\s*([\d.eE+-]+)\s*(%?)\s*$/u.exec(item) ?? [];
    const value = digits === "" ? Number.NaN : Number(digits);
    if (!(value > 0 && Number.isFinite(value))) {
      throw usageError(`--random takes name=variance, not "${item}".`, "For example --random CL=0.1,V=30%.");
    }
    if (name in result) throw usageError(`--random gives "${name}" twice.`);
    result[name] = percent ? Math.log1p((value / 100) ** 2) : value;
  }
  return result;
}

/** Per output (null: the model's first) its terms. */
function errorTerms(texts: readonly string[]) {
  const byOutput = new Map<string | null, string[]>();
  for (const item of texts.flatMap((text) => text.split(","))) {
    const [, output, kind = "", value = ""] =
      /^\s*(?:([^:=\s]+):)?([^:=\s]+)\s*=\s*(\S+)\s*$/u.exec(item) ?? [];
    byOutput.set(output ?? null, [...(byOutput.get(output ?? null) ?? []), `${kind} ${value}`]);
  }
  return [...byOutput].map(([output, parts]) => {
    const terms = readErrorTerms(parts.join(" + "));
    if (isMistake(terms))
      throw usageError(`--error: ${terms.what}`, "For example --error additive=0.3,proportional=0.1.");
    return [output, terms] as const;
  });
}

function showIndividuals(
  context: CommandContext,
  problem: EstimationProblem,
  parameters: Float64Array,
  individuals: readonly InnerResult[],
): void {
  const named = problem.individual.named.slice(0, 6);
  const shown = problem.subjects.slice(0, 20);
  context.console.table(
    ["Subject", ...named.map((name) => name.replace(/^individual /, ""))],
    shown.map((subject, i) => [
      subject.data.id,
      ...[...subject.named(parameters, individuals[i]!.effects)]
        .slice(0, named.length)
        .map((value) => value.toPrecision(4)),
    ]),
  );
  if (problem.subjects.length > shown.length)
    context.console.text(`... and ${problem.subjects.length - shown.length} more in individuals.csv`);
}
