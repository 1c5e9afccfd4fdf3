/** What the options of `viscera drug population` ask for. */
import { usageError } from "@viscera/core";
import {
  type DataSet,
  goalNeedsMic,
  isDataSet,
  lastDoseTime,
  needsMic,
  type PopulationDose,
  type PopulationTask,
  readDose,
  readGoal,
  readTarget,
  readVariation,
  type Target,
} from "@viscera/drug";
import type { PeopleSpec } from "@viscera/organ";
import { decimalNumber } from "../terminal/context.js";
import { namedValues } from "../terminal/named-values.js";
import type { PopulationModel } from "./population-model.js";
import { type DoseSearch, repeatedDose } from "./simulate-population.js";

export interface PopulationOptions {
  dose: string[];
  set: string[];
  variability: string[];
  occasionVariability: string[];
  until?: string;
  step?: string;
  outputs?: string;
  window?: string;
  percentiles: string;
  target: string[];
  mic?: string;
  optimise?: string;
  optimiseBy: string;
  between?: string;
  relative: string;
  absolute: string;
}

export interface PopulationPlan {
  task: PopulationTask;
  percentiles: number[];
  targets: Target[];
  mics: number[];
  search: DoseSearch | null;
}

const LARGEST = Number.MAX_VALUE;
/** Rows of a curve where no step is given. */
const USUAL_ROWS = 240;
const MOST_ROWS = 20_000;

/** Throws `usage` for options that do not go together. */
export function populationPlan(
  options: PopulationOptions,
  { model, body }: PopulationModel,
  data: DataSet | null,
  people: PeopleSpec | null,
  seed: number,
): PopulationPlan {
  if (data !== null && options.dose.length > 0) {
    throw usageError("Both --data and --dose give doses.", "Leave one of them out.");
  }
  const doses = data ?? options.dose.map((text) => readDose(text, model));
  if (!isDataSet(doses) && doses.length === 0) {
    throw usageError("No dose is given.", 'Add --dose "500 every 12 times 14", or a data set with --data.');
  }
  const { from, until } = span(options, doses, model.timeUnit);
  const times = timesOf(from, until, options.step);
  const { window, lastInterval } = windowOf(options.window, doses, from, until);
  const targets = options.target.map(readTarget);
  const mics = numbersOf(options.mic, "--mic", Number.MIN_VALUE);
  const goal = options.optimise === undefined ? null : readGoal(options.optimise);
  if ((targets.some(needsMic) || (goal !== null && goalNeedsMic(goal))) && mics.length === 0) {
    throw usageError("A target needs the MIC.", "Give it with --mic 2, or several with --mic 0.5,1,2.");
  }
  if (goal !== null && goalNeedsMic(goal) && mics.length > 1) {
    throw usageError("A goal needs one MIC, and --mic gives several.", "Give one.");
  }
  const goalTarget = goal?.of.kind === "attainment" ? [goal.of.target] : [];
  const thresholds = [...targets, ...goalTarget].flatMap(({ threshold }) =>
    threshold === null ? [] : threshold === "mic" ? mics : [threshold],
  );
  const names = model.parameters.map(({ name }) => name);
  const variations = [
    readVariation(options.variability, names, "subject"),
    readVariation(options.occasionVariability, names, "occasion"),
  ].filter((variation) => variation !== null);
  const outputs =
    options.outputs?.split(",").map((name) => name.trim()) ??
    model.outputs.slice(0, 1).map(({ name }) => name);
  const task: PopulationTask = {
    model,
    parameters: namedValues(options.set),
    doses,
    doseFactor: 1,
    times: [...new Set([...times, window.from, window.until])].sort((a, b) => a - b),
    outputs,
    window,
    thresholds: [...new Set(thresholds)],
    people,
    body,
    variations,
    seed,
    relative: decimalNumber(options.relative, "--relative", 1e-13, 1e-1),
    absolute: decimalNumber(options.absolute, "--absolute", 1e-300, LARGEST),
  };
  return {
    task,
    percentiles: percentilesOf(options.percentiles),
    targets,
    mics,
    search: goal && searchOf(options, goal, doses, mics[0] ?? null, lastInterval),
  };
}

/** From the start to the end of the last dosing interval, or of the data. */
function span(
  { until }: PopulationOptions,
  doses: PopulationTask["doses"],
  timeUnit: string,
): { from: number; until: number } {
  const given = until === undefined ? null : decimalNumber(until, "--until", Number.MIN_VALUE, LARGEST);
  if (isDataSet(doses)) {
    const all = doses.subjects.flatMap(({ records }) => records.map(({ time }) => time));
    const [first, last] = [Math.min(...all), Math.max(...all)];
    if (given !== null && given <= first)
      throw usageError(`--until ${given} is before the data begin, at ${first}.`);
    return { from: first, until: given ?? last };
  }
  if (given !== null) return { from: 0, until: given };
  const repeated = doses.filter(({ interval }) => interval > 0);
  if (repeated.length > 0)
    return { from: 0, until: Math.max(...repeated.map((dose) => lastDoseTime(dose) + dose.interval)) };
  if (timeUnit !== "h") {
    throw usageError(
      "How long to simulate is not given.",
      `Add --until TIME, in ${timeUnit || "the model's unit"}.`,
    );
  }
  return { from: 0, until: Math.max(...doses.map(({ start }) => start)) + 24 };
}

function timesOf(from: number, until: number, given: string | undefined): number[] {
  const length = until - from;
  const step =
    given === undefined ? usualStep(length) : decimalNumber(given, "--step", Number.MIN_VALUE, LARGEST);
  const rows = Math.floor(length / step + 1e-9) + 1;
  if (rows > MOST_ROWS) {
    throw usageError(
      `A step of ${step} gives ${rows} times; the limit is ${MOST_ROWS}.`,
      "Give a longer --step.",
    );
  }
  const times = Array.from({ length: rows }, (_, i) => from + Number((i * step).toPrecision(12)));
  if (until - times.at(-1)! > 1e-9 * length) times.push(until);
  else times[rows - 1] = until;
  return times;
}

/** A round number that gives at most `USUAL_ROWS` rows. */
function usualStep(length: number): number {
  const least = length / USUAL_ROWS;
  const power = 10 ** Math.floor(Math.log10(least));
  return [1, 2, 2.5, 5, 10].map((digit) => digit * power).find((step) => step >= least * (1 - 1e-9))!;
}

function windowOf(
  given: string | undefined,
  doses: PopulationTask["doses"],
  from: number,
  until: number,
): { window: PopulationTask["window"]; lastInterval: boolean } {
  if (given !== undefined) {
    const [start, end, ...more] = numbersOf(given, "--window", 0);
    if (end === undefined || more.length > 0) throw usageError(`--window takes two times, not "${given}".`);
    return { window: { from: start!, until: end }, lastInterval: false };
  }
  const repeated = isDataSet(doses) ? undefined : repeatedDose(doses);
  const last = repeated && lastDoseTime(repeated);
  if (last === undefined || last + repeated!.interval > until * (1 + 1e-12)) {
    return { window: { from, until }, lastInterval: false };
  }
  return { window: { from: last, until: Math.min(until, last + repeated!.interval) }, lastInterval: true };
}

function numbersOf(text: string | undefined, option: string, least: number): number[] {
  if (text === undefined) return [];
  return text.split(",").map((part) => decimalNumber(part, option, least, LARGEST));
}

function percentilesOf(text: string): number[] {
  const values = numbersOf(text, "--percentiles", Number.NEGATIVE_INFINITY);
  const bad = values.find((value) => value < 0 || value > 100);
  if (bad !== undefined) throw usageError(`--percentiles takes numbers from 0 to 100, not ${bad}.`);
  return [...new Set(values)].sort((a, b) => a - b);
}

/** How far around the given dose or interval a search goes. */
const DOSE_REACH = 100;
const INTERVAL_REACH = 8;

function searchOf(
  { optimiseBy, between }: PopulationOptions,
  goal: DoseSearch["goal"],
  doses: PopulationTask["doses"],
  mic: number | null,
  lastInterval: boolean,
): DoseSearch {
  if (optimiseBy !== "dose" && optimiseBy !== "interval") {
    throw usageError(`--optimise-by takes dose or interval, not "${optimiseBy}".`);
  }
  const first = firstValue(optimiseBy, doses);
  const reach = optimiseBy === "dose" ? DOSE_REACH : INTERVAL_REACH;
  const [low, high, ...more] =
    between === undefined
      ? [first / reach, first * reach]
      : numbersOf(between, "--between", Number.MIN_VALUE);
  if (high === undefined || more.length > 0 || !(low! < high)) {
    throw usageError(
      `--between takes two rising numbers, not "${between}".`,
      "For example --between 100,4000.",
    );
  }
  return { goal, what: optimiseBy, low: low!, high, mic, lastInterval };
}

/** The amount of the first dose (1 for those of a data set, which are all multiplied), or the interval. */
function firstValue(what: "dose" | "interval", doses: PopulationTask["doses"]): number {
  if (what === "dose") return isDataSet(doses) ? 1 : (doses[0] as PopulationDose).amount;
  const repeated = isDataSet(doses) ? undefined : repeatedDose(doses);
  if (repeated === undefined) {
    throw usageError(
      "--optimise-by interval needs a repeated --dose.",
      'For example --dose "500 every 12 times 14".',
    );
  }
  return repeated.interval;
}
