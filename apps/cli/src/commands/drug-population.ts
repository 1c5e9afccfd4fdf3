import { basename } from "node:path";
import { usageError } from "@viscera/core";
import {
  attainments,
  EXPOSURE_LABELS,
  EXPOSURE_NAMES,
  FILTRATION_METHODS,
  individualsCsv,
  type PopulationResult,
  type PopulationTask,
  populationRun,
  readDataSet,
} from "@viscera/drug";
import type { PeopleSpec } from "@viscera/organ";
import type { Command } from "commander";
import { type PopulationModel, populationModel } from "../steps/population-model.js";
import { readPatientOrCase, readPeople } from "../steps/population-people.js";
import { type PopulationOptions, type PopulationPlan, populationPlan } from "../steps/population-task.js";
import { readText } from "../steps/read-text.js";
import { saveRunReport } from "../steps/save-run-report.js";
import { seriesCsv, summaryOf } from "../steps/save-simulation.js";
import { optimisePopulation, simulatePopulation } from "../steps/simulate-population.js";
import { countOf } from "../terminal/console.js";
import { type CommandContext, wholeNumber } from "../terminal/context.js";
import { collectSettings } from "../terminal/named-values.js";
import { checkOutputFile } from "./output-file.js";
import { OutputFolder } from "./output-folder.js";
import { bind, withCommonOptions, withExamples } from "./verb.js";

interface CommandOptions extends PopulationOptions {
  size: string;
  data?: string;
  people?: string;
  patient?: string;
  filtration: string;
  out: string;
  report?: string;
  force?: boolean;
}

/** `viscera drug population`. */
export function addDrugPopulation(drug: Command, signal: AbortSignal): void {
  const command = drug
    .command("population <model>")
    .description(
      "many people on one model (a file, a name of `viscera drug models`, or pbpk:COMPOUND for whole bodies)",
    )
    .requiredOption("--out <folder>", "folder for series.csv, individuals.csv, summary.json and config.json")
    .option("--size <n>", "number of people", "1000")
    .option(
      "--dose <text>",
      "AMOUNT[/kg] [every TIME times N|steady] [into COMPARTMENT] [over TIME] [at TIME]; may be given several times",
      collectSettings,
      [],
    )
    .option("--data <file>", "doses and covariates of a NONMEM-style data set, its subjects in turn")
    .option(
      "--people <text>",
      "virtual people: adults, or limits as age=18-65,female=0.4,weight=50-90,bmi=18-30",
    )
    .option("--patient <path>", "people like this patient: a case folder, or a JSON file of what is known")
    .option("--set <name=value>", "value of a parameter; may be given several times", collectSettings, [])
    .option(
      "--variability <text>",
      "log-normal variation between people and its correlations: CL=30%,V=20%,CL~V=0.5",
      collectSettings,
      [],
    )
    .option(
      "--occasion-variability <text>",
      "the same between the occasions (column OCC) of one person",
      collectSettings,
      [],
    )
    .option("--until <time>", "end of the simulation (default: of the last dosing interval, or 24 h)")
    .option("--step <time>", "time between two points of the curves (default: about 200 points)")
    .option(
      "--outputs <names>",
      "outputs whose curves are kept; the first is measured (default: the model's first)",
    )
    .option("--window <from,until>", "when exposure is measured (default: the last dosing interval, or all)")
    .option("--percentiles <list>", "of the curves and measures", "5,25,50,75,95")
    .option(
      "--target <text>",
      "target of exposure: auc>400, cmin>=10, cmax<40, auc/mic>100, t>mic>50%; may be given several times",
      collectSettings,
      [],
    )
    .option("--mic <list>", "minimal inhibitory concentrations, for targets that name mic")
    .option("--optimise <goal>", 'find the dose for a goal: "median auc = 400", "pta auc/mic>100 = 90%"')
    .option("--optimise-by <dose|interval>", "what is changed to meet it", "dose")
    .option("--between <low,high>", "limits of the search")
    .option(
      "--filtration <name>",
      `of whole-body models: ${FILTRATION_METHODS.join(" or ")}`,
      FILTRATION_METHODS[0],
    )
    .option("--relative <tolerance>", "relative tolerance of the solver (nonlinear models)", "1e-6")
    .option("--absolute <tolerance>", "absolute tolerance of the solver", "1e-9")
    .option("--report <file>", "write a page with curves, bands and tables too (HTML)")
    .option("--force", "replace files in the folder, and the page");
  withExamples(withCommonOptions(command), [
    'viscera drug population pk2-oral --size 10000 --dose "500 every 12 times 14" --variability CL=30%,V=20%,CL~V=0.5 --out population',
    'viscera drug population pbpk:osp:midazolam --people age=18-65 --dose "7.5" --variability CLint_CYP3A4=40% --report midazolam.html --out midazolam',
    'viscera drug population pk1 --dose "1000 every 8 times 9 over 0.5" --variability CL=40% --target "t>mic>50%" --mic 1,2,4,8 --out pta',
    'viscera drug population pk1 --dose "1000 every 12 times 6" --variability CL=40% --optimise "pta auc>200 = 90%" --out optimum',
  ]);
  bind<CommandOptions>(command, signal, async (context, [given = ""], options) => {
    const folder = await OutputFolder.open(options.out, options.force === true);
    if (options.report !== undefined) await checkOutputFile(options.report, options.force === true);
    const size = wholeNumber(options.size, "--size", 1, 10_000_000);
    const filtration = FILTRATION_METHODS.find((name) => name === options.filtration);
    if (filtration === undefined) {
      throw usageError(`--filtration takes ${FILTRATION_METHODS.join(" or ")}, not "${options.filtration}".`);
    }
    const began = performance.now();
    const model = await populationModel(given, filtration);
    const { people, note } = await peopleOf(options, model);
    const data = options.data === undefined ? null : await readData(options.data, model);
    const plan = populationPlan(options, model, data, people, context.seed);
    const optimum =
      plan.search && (await optimisePopulation(plan.task, size, plan.search, context.job("Optimise")));
    const task = optimum?.task ?? plan.task;
    const result = await simulatePopulation(task, size, { ...context.job("Simulate"), stage: "people" });
    const seconds = (performance.now() - began) / 1000;
    const optimised = optimum && {
      goal: plan.search!.goal,
      what: plan.search!.what,
      value: optimum.value,
      reached: optimum.reached,
      unit: plan.search!.what === "interval" ? model.model.timeUnit : data === null ? doseUnit(task) : "1",
    };
    const warnings = warningsFor(task, model, result);
    const run = populationRun(task, result, {
      ...plan,
      optimised,
      title: `${model.title}: ${countOf(size, "person").replace("persons", "people")}${note}`,
      config: configOf(given, size, options, task),
      warnings,
    });
    await folder.fill(async (write) => {
      await write("config.json", `${JSON.stringify(run.config, null, 2)}\n`);
      await write("series.csv", seriesCsv(run.series));
      await write("individuals.csv", individualsCsv(task, result));
      await write("summary.json", `${JSON.stringify(summaryOf(run), null, 2)}\n`);
    });
    for (const warning of warnings) context.console.warning(warning);
    context.console.step("Simulate", `${run.summary.title}, ${HOW[result.layout.engine]}`, seconds);
    if (options.report !== undefined) await saveRunReport(context, options.report, run);
    print(context, task, result, plan);
    if (optimised !== null) {
      const { goal, what, value, reached, unit } = optimised;
      const shownUnit = unit === "1" ? "times the data's" : unit;
      context.console.text(
        `For "${goal.text}": ${what} ${shortly(value)} ${shownUnit}, which reaches ${shortly(reached)}. The numbers above are those of it.`,
      );
    }
    context.console.result({
      out: options.out,
      model: model.title,
      people: size,
      engine: result.layout.engine,
      window: task.window,
      exposure: Object.fromEntries(
        EXPOSURE_NAMES.map((name) => [name, result.distribution(name, plan.percentiles)]),
      ),
      percentiles: plan.percentiles,
      targets: attainments(result, plan.targets, plan.mics).map(({ target, ...found }) => ({
        target: target.text,
        ...found,
      })),
      optimised: optimised && { ...optimised, goal: optimised.goal.text },
      warnings,
    });
  });
}

const HOW = {
  linear: "exactly",
  pairs: "solved two at a time",
  "one-by-one": "solved one by one",
} as const;

const doseUnit = ({ model, doses }: PopulationTask): string =>
  "subjects" in doses ? "" : model.compartments[doses[0]!.compartment]!.unit;

async function peopleOf(
  { people, patient }: CommandOptions,
  { body }: PopulationModel,
): Promise<{ people: PeopleSpec | null; note: string }> {
  const spec = people === undefined ? {} : readPeople(people);
  if (patient !== undefined) {
    const { patient: known, organs, isCase } = await readPatientOrCase(patient);
    return {
      people: { ...spec, like: { patient: known, organs } },
      note: ` like the ${isCase ? "case's " : ""}patient`,
    };
  }
  return { people: people === undefined && body === null ? null : spec, note: "" };
}

async function readData(path: string, { model }: PopulationModel) {
  const covariates = model.parameters.map(({ name }) => name);
  return readDataSet(await readText(path, "--data"), { name: basename(path), covariates });
}

function warningsFor(task: PopulationTask, model: PopulationModel, result: PopulationResult): string[] {
  const { covariates, parameters } = result.layout;
  const warnings = [...model.cautions];
  if (parameters.length === 0 && covariates.length === 0) {
    warnings.push(
      "Nothing varies between the people: give --variability, --people, or random effects in the model.",
    );
  }
  const without = result.size - result.distribution("halfLife", []).count;
  if (without > 0) {
    warnings.push(
      `${without} of ${result.size} people have no half-life: their curves do not fall at the end.`,
    );
  }
  if (!result.layout.exactArea) {
    warnings.push(
      "Areas come from the points of the curves (linear-up log-down), not from the model's own integral.",
    );
  }
  if (task.body !== null) {
    warnings.push(
      "Bodies vary as described in the organ package; of the drug's own numbers only those named in --variability do.",
    );
  }
  return warnings;
}

/** What decided the result, without any path. */
function configOf(given: string, size: number, options: CommandOptions, task: PopulationTask): unknown {
  const { out: _out, report: _report, force: _force, data, patient, ...asked } = options;
  const { doses, doseFactor, times, window, parameters, seed, people, body } = task;
  return {
    model: basename(given),
    size,
    seed,
    options: {
      ...Object.fromEntries(
        Object.entries(asked).filter(([name]) => !["json", "threads", "seed", "size"].includes(name)),
      ),
      ...(data === undefined ? {} : { data: basename(data) }),
      ...(patient === undefined ? {} : { patient: basename(patient) }),
    },
    doses: "subjects" in doses ? `as in ${doses.name}` : doses,
    doseFactor,
    times: [times[0], times.at(-1)],
    window,
    parameters,
    people,
    compounds: body?.compounds ?? [],
  };
}

const shortly = (value: number | null) =>
  value === null || !Number.isFinite(value) ? "-" : String(Number(value.toPrecision(4)));

function print(
  { console }: CommandContext,
  task: PopulationTask,
  result: PopulationResult,
  { percentiles, targets, mics }: PopulationPlan,
): void {
  const { from, until } = task.window;
  console.text(`${task.outputs[0]} from ${shortly(from)} to ${shortly(until)} ${task.model.timeUnit}:`);
  console.table(
    ["Measure", ...percentiles.map((p) => (p === 50 ? "Median" : `P${p}`)), "Geo. mean", "Geo. CV %"],
    EXPOSURE_NAMES.map((name) => {
      const { percentiles: found, geometricMean, geometricCv } = result.distribution(name, percentiles);
      return [EXPOSURE_LABELS[name], ...found.map(shortly), shortly(geometricMean), shortly(geometricCv)];
    }),
  );
  const all = attainments(result, targets, mics);
  if (all.length === 0) return;
  console.text("");
  console.table(
    ["Target", "MIC", "People %", "95 % interval"],
    all.map(({ target, mic, share, low, high }) => [
      target.text,
      mic === null ? "-" : String(mic),
      (100 * share).toFixed(1),
      `${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)}`,
    ]),
  );
}
