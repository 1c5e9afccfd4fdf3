/**
 * Finds resistance, arterial capacitance and blood volume for which mean pressure, pulse pressure and cardiac output are
 * the patient's: the mean pressure follows the resistance, the pulse the capacitance and the output the filling, so that
 * each is corrected by its own ratio while the loop beats on. The aorta's impedance, which says where the mean lies
 * between systolic and diastolic pressure, is tuned within its physiological bounds.
 */
import { failedError, type JobOptions } from "@viscera/core";
import { Turns } from "@viscera/kernels";
import { AORTA_SHARE, type LoopParameters, type LoopSetting } from "./loop-document.js";
import { type Beat, LoopRun } from "./loop-run.js";

export interface BeatMeasures {
  meanMmHg: number;
  systolicMmHg: number;
  diastolicMmHg: number;
  cardiacOutputLPerMin: number;
}

export interface TunedLoop {
  beat: Beat;
  measures: BeatMeasures;
  parameters: LoopParameters;
  /** Runs elsewhere too: a document of svZeroDSolver. */
  document: Record<string, unknown>;
  beats: number;
  /** Largest relative distance from the targets, and change of a measure over the last beat. */
  distance: number;
  change: number;
}

export const AORTIC_PRESSURE = "pressure:aortic_valve:aorta";
export const AORTIC_FLOW = "flow:aortic_valve:aorta";

/** Beats between corrections, and before the result is taken. */
const BEATS_A_ROUND = 4;
const SETTLING_BEATS = 12;
const MOST_ROUNDS = 150;
/** What is aimed at; more than `ACCEPTED` is refused. */
const AIM = 5e-4;
const ACCEPTED = 0.01;
/** For the diastolic pressure, as a share of the pulse. */
const SHAPE_AIM = 5e-3;
/** Rounds after which the aorta's impedance is no longer tuned: not every pair of pressures can be met with the mean. */
const SHAPE_ROUNDS = 60;
/** Changes of the aorta's share and of the capacitance's logarithm for an error as large as the pulse. */
const SHARE_GAIN = 0.12;
const CAPACITANCE_GAIN = 2;
/** mL/mmHg. */
const CAPACITANCE = { least: 0.02, most: 30 };
/** Blood that fills the loop beyond its rest volumes, per litre a minute of output: for the first correction. */
const STRESSED_ML_PER_L_MIN = 150;

export async function tuneLoop(setting: LoopSetting, job: JobOptions = {}): Promise<TunedLoop> {
  const turns = new Turns(job.signal);
  const { targets } = setting;
  const flow = (1000 * targets.cardiacOutputLPerMin) / 60;
  const parameters: LoopParameters = {
    resistance: targets.meanMmHg / flow,
    // The stroke without what runs off in systole, over the pulse.
    arterialCapacitance: (0.6 * flow * (60 / targets.heartRateBpm)) / targets.pulseMmHg,
    aortaShare: AORTA_SHARE.start,
  };
  const run = await LoopRun.start(setting, parameters);
  let beats = 0;
  const beatOn = (count: number): Beat => {
    let beat = run.beat();
    for (let i = 1; i < count; i++) beat = run.beat();
    beats += count;
    return beat;
  };
  let before = measuresOf(beatOn(SETTLING_BEATS));
  let distance = Number.POSITIVE_INFINITY;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const beat = beatOn(BEATS_A_ROUND);
    const measures = measuresOf(beat);
    distance = distanceOf(measures, setting);
    const change = changeOf(before, measures);
    job.onProgress?.({ stage: "tuning to the patient", done: round, total: 0 });
    await turns.giveWay();
    if (
      distance < AIM &&
      change < AIM &&
      (round >= SHAPE_ROUNDS || shapeSettled(measures, parameters, setting))
    ) {
      const last = beatOn(1);
      const final = measuresOf(last);
      return {
        beat: last,
        measures: final,
        parameters,
        document: run.document,
        beats,
        distance: distanceOf(final, setting),
        change: changeOf(measures, final),
      };
    }
    before = measures;
    // A small impedance lets the capacitance alone give any pulse.
    if (round === SHAPE_ROUNDS) parameters.aortaShare = AORTA_SHARE.least;
    correct(run, parameters, measures, setting, round < SHAPE_ROUNDS);
  }
  const measures = measuresOf(beatOn(SETTLING_BEATS));
  distance = distanceOf(measures, setting);
  const beat = run.beat();
  const final = measuresOf(beat);
  const change = changeOf(measures, final);
  if (distanceOf(final, setting) <= ACCEPTED && change <= ACCEPTED) {
    return { beat, measures: final, parameters, document: run.document, beats, distance, change };
  }
  throw failedError(
    "circulation",
    `The loop cannot be tuned to the patient: it reaches ${shown(final)} instead of ${shown({ ...targets })}.`,
    "Check heart rate, pressures and cardiac output; they may not fit one another.",
  );
}

const shown = ({ systolicMmHg, diastolicMmHg, cardiacOutputLPerMin }: BeatMeasures) =>
  `${systolicMmHg.toFixed(0)}/${diastolicMmHg.toFixed(0)} mmHg and ${cardiacOutputLPerMin.toFixed(2)} L/min`;

function correct(
  run: LoopRun,
  parameters: LoopParameters,
  measures: BeatMeasures,
  { targets }: LoopSetting,
  shapes: boolean,
): void {
  const bounded = (ratio: number) => Math.min(1.3, Math.max(0.75, ratio));
  const output = measures.cardiacOutputLPerMin / targets.cardiacOutputLPerMin;
  const mean = measures.meanMmHg / targets.meanMmHg;
  parameters.resistance *= bounded(output / mean);
  tuneShape(parameters, measures, targets, shapes);
  run.change(parameters);
  run.infuse(
    STRESSED_ML_PER_L_MIN * targets.cardiacOutputLPerMin * 0.5 * Math.max(-0.3, Math.min(0.3, 1 - output)),
  );
}

/**
 * The aorta's impedance raises the systolic pressure and hardly moves the diastolic; the capacitance does the reverse.
 * Where the impedance is at a bound, the capacitance alone has to give the pulse.
 */
function tuneShape(
  parameters: LoopParameters,
  measures: BeatMeasures,
  targets: LoopSetting["targets"],
  shapes: boolean,
): void {
  const pulse = measures.systolicMmHg - measures.diastolicMmHg;
  const systolic = (targets.systolicMmHg - measures.systolicMmHg) / targets.pulseMmHg;
  const diastolic = (targets.diastolicMmHg - measures.diastolicMmHg) / targets.pulseMmHg;
  const share = parameters.aortaShare + SHARE_GAIN * systolic;
  const bounded = Math.min(AORTA_SHARE.most, Math.max(AORTA_SHARE.least, share));
  if (shapes) parameters.aortaShare = bounded;
  const change =
    shapes && share === bounded ? CAPACITANCE_GAIN * diastolic : Math.log(pulse / targets.pulseMmHg);
  const capacitance = parameters.arterialCapacitance * Math.exp(Math.min(0.3, Math.max(-0.3, change)));
  parameters.arterialCapacitance = Math.min(CAPACITANCE.most, Math.max(CAPACITANCE.least, capacitance));
}

/** Whether systolic and diastolic pressure are met, or cannot be met better. */
function shapeSettled(
  measures: BeatMeasures,
  { aortaShare }: LoopParameters,
  { targets }: LoopSetting,
): boolean {
  const error = (measures.diastolicMmHg - targets.diastolicMmHg) / targets.pulseMmHg;
  return Math.abs(error) < SHAPE_AIM || aortaShare <= AORTA_SHARE.least || aortaShare >= AORTA_SHARE.most;
}

export function measuresOf(beat: Beat): BeatMeasures {
  const pressure = beat.course(AORTIC_PRESSURE);
  return {
    meanMmHg: meanOverBeat(pressure),
    systolicMmHg: Math.max(...pressure),
    diastolicMmHg: Math.min(...pressure),
    cardiacOutputLPerMin: (60 * meanOverBeat(beat.course(AORTIC_FLOW))) / 1000,
  };
}

/** By the trapezoidal rule over equal steps. */
export function meanOverBeat(course: Float64Array): number {
  const ends = (course[0]! + course.at(-1)!) / 2;
  return (course.reduce((sum, value) => sum + value, 0) - ends) / (course.length - 1);
}

function distanceOf(measures: BeatMeasures, { targets }: LoopSetting): number {
  const pulse = measures.systolicMmHg - measures.diastolicMmHg;
  return Math.max(
    Math.abs(measures.meanMmHg / targets.meanMmHg - 1),
    Math.abs(pulse / targets.pulseMmHg - 1),
    Math.abs(measures.cardiacOutputLPerMin / targets.cardiacOutputLPerMin - 1),
  );
}

function changeOf(a: BeatMeasures, b: BeatMeasures): number {
  const keys: (keyof BeatMeasures)[] = ["meanMmHg", "systolicMmHg", "diastolicMmHg", "cardiacOutputLPerMin"];
  return Math.max(...keys.map((key) => Math.abs(b[key] / a[key] - 1)));
}
