/**
 * Non-compartmental measures of one dosing interval (Gabrielsson & Weiner, Pharmacokinetic and Pharmacodynamic Data
 * Analysis, 5th ed. 2016, section 2.8; Rowland & Tozer, Clinical Pharmacokinetics and Pharmacodynamics, 4th ed. 2011).
 */
import { type AreaMethod, areas, interpolate, type Point } from "./area.js";
import { type TerminalPhase, terminalPhase } from "./terminal-phase.js";

export type Route = "extravascular" | "bolus" | "infusion";

export interface NcaProfile {
  id: string;
  /** When the dose was given, on the clock of the data. */
  doseTime: number;
  dose: number;
  route: Route;
  /** Of an infusion; 0 otherwise. */
  infusionDuration: number;
  /** Time to the next dose; null after a single one. */
  interval: number | null;
  /** No drug from before: the first dose. */
  first: boolean;
  /** The system was at steady state, as the data say. */
  steadyState: boolean;
  /** In order of time after the dose; concentrations below the limit of quantification are 0. */
  points: Point[];
}

/** Null where the data do not hold it. Times are after the dose; units are those of the data. */
export interface NcaMeasures {
  cmax: number | null;
  tmax: number | null;
  clast: number | null;
  tlast: number | null;
  aucLast: number | null;
  lambdaZ: number | null;
  lambdaZPoints: number | null;
  lambdaZAdjustedR2: number | null;
  halfLife: number | null;
  /** From the last measured concentration on along the terminal phase. */
  aucInfinity: number | null;
  /** The same from the concentration that the terminal line has then. */
  aucInfinityPredicted: number | null;
  aucExtrapolatedPercent: number | null;
  /** Over the dosing interval. */
  aucTau: number | null;
  cAverage: number | null;
  cMinimum: number | null;
  /** 100 (Cmax - Cmin) / Caverage. */
  fluctuationPercent: number | null;
  /** Clearance; divided by bioavailability after extravascular doses. */
  clearance: number | null;
  /** Volume of the terminal phase, likewise. */
  volumeZ: number | null;
  /** Volume at steady state; intravenous doses only. */
  volumeSteadyState: number | null;
  /** Mean residence time; with the absorption time after extravascular doses. */
  meanResidenceTime: number | null;
}

/**
 * Measures of one profile. Concentrations below the limit count as 0 before the first measurable one and are left
 * out after it. A later dose's clearance and residence time are those of the steady state (dose / AUCtau).
 */
export function ncaMeasures(profile: NcaProfile, method: AreaMethod): NcaMeasures {
  const points = analysedPoints(profile);
  const none = Object.fromEntries(MEASURE_NAMES.map((name) => [name, null])) as unknown as NcaMeasures;
  const last = points.findLast(({ concentration }) => concentration > 0);
  if (last === undefined) return none;
  const peak = points.reduce((best, point) => (point.concentration > best.concentration ? point : best));
  const upToLast = points.filter(({ time }) => time <= last.time);
  const { auc: aucLast, aumc: aumcLast } = areas(upToLast, method);
  const phase = terminalPhase(points, profile.route === "bolus");
  const beyond = phase && extrapolated(phase, last, aucLast, aumcLast);
  const tau = overInterval(profile, upToLast, phase, method);
  const single = profile.first && !profile.steadyState;
  const exposure = single ? (beyond?.aucInfinity ?? null) : (tau?.auc ?? null);
  const clearance = exposure === null ? null : profile.dose / exposure;
  const residence = meanResidenceTime(single, beyond, tau, profile);
  const intravenous = profile.route !== "extravascular";
  return {
    cmax: peak.concentration,
    tmax: peak.time,
    clast: last.concentration,
    tlast: last.time,
    aucLast,
    lambdaZ: phase?.lambdaZ ?? null,
    lambdaZPoints: phase?.points ?? null,
    lambdaZAdjustedR2: phase?.adjustedR2 ?? null,
    halfLife: phase ? Math.LN2 / phase.lambdaZ : null,
    aucInfinity: single ? (beyond?.aucInfinity ?? null) : null,
    aucInfinityPredicted: single ? (beyond?.aucInfinityPredicted ?? null) : null,
    aucExtrapolatedPercent: single && beyond ? 100 * (1 - aucLast / beyond.aucInfinity) : null,
    aucTau: tau?.auc ?? null,
    cAverage: tau ? tau.auc / tau.length : null,
    cMinimum: tau?.minimum ?? null,
    fluctuationPercent: tau ? (100 * (tau.maximum - tau.minimum) * tau.length) / tau.auc : null,
    clearance,
    volumeZ: clearance !== null && phase ? clearance / phase.lambdaZ : null,
    volumeSteadyState: intravenous && clearance !== null && residence !== null ? clearance * residence : null,
    meanResidenceTime: residence,
  };
}

export const MEASURE_NAMES = [
  "cmax",
  "tmax",
  "clast",
  "tlast",
  "aucLast",
  "lambdaZ",
  "lambdaZPoints",
  "lambdaZAdjustedR2",
  "halfLife",
  "aucInfinity",
  "aucInfinityPredicted",
  "aucExtrapolatedPercent",
  "aucTau",
  "cAverage",
  "cMinimum",
  "fluctuationPercent",
  "clearance",
  "volumeZ",
  "volumeSteadyState",
  "meanResidenceTime",
] as const satisfies readonly (keyof NcaMeasures)[];

/** The points that the measures are computed from: unmeasurable ones treated, one at the dose added where it lacks. */
export function analysedPoints(profile: NcaProfile): Point[] {
  return completed(measurablePoints(profile.points), profile);
}

/** Without the unmeasurable ones after the first measurable one. */
function measurablePoints(points: readonly Point[]): Point[] {
  const first = points.findIndex(({ concentration }) => concentration > 0);
  return points.filter(({ concentration }, i) => concentration > 0 || i < first);
}

/**
 * With a point at the dose. A bolus is carried back along its first two points where they fall, else its first
 * value holds; other first doses start at 0, later ones at the lowest concentration of the interval.
 */
function completed(points: Point[], { route, first, steadyState }: NcaProfile): Point[] {
  const [a, b] = points;
  if (a === undefined || a.time <= 0) return points;
  let start = 0;
  if (route === "bolus") {
    const falls = b !== undefined && b.concentration > 0 && b.concentration < a.concentration;
    start = falls
      ? a.concentration * (a.concentration / b.concentration) ** (a.time / (b.time - a.time))
      : a.concentration;
  } else if (!first || steadyState) {
    start = Math.min(...points.map(({ concentration }) => concentration));
  }
  return [{ time: 0, concentration: start }, ...points];
}

interface Extrapolation {
  aucInfinity: number;
  aucInfinityPredicted: number;
  aumcInfinity: number;
}

function extrapolated(phase: TerminalPhase, last: Point, auc: number, aumc: number): Extrapolation {
  const { lambdaZ, intercept } = phase;
  const rest = last.concentration / lambdaZ;
  return {
    aucInfinity: auc + rest,
    aucInfinityPredicted: auc + Math.exp(intercept - lambdaZ * last.time) / lambdaZ,
    aumcInfinity: aumc + rest * last.time + rest / lambdaZ,
  };
}

interface IntervalAreas {
  auc: number;
  aumc: number;
  /** From the end of the interval to infinity; null without a terminal phase. */
  after: number | null;
  length: number;
  minimum: number;
  maximum: number;
}

/** Areas up to the next dose; what is missing at the end comes from the terminal phase. */
function overInterval(
  { interval }: NcaProfile,
  points: readonly Point[],
  phase: TerminalPhase | null,
  method: AreaMethod,
): IntervalAreas | null {
  if (interval === null) return null;
  const last = points.at(-1)!;
  let atEnd = interpolate(points, interval, method);
  const inside = points.filter(({ time }) => time < interval);
  if (atEnd === null) {
    if (phase === null) return null;
    atEnd = last.concentration * Math.exp(-phase.lambdaZ * (interval - last.time));
  }
  const whole = [...inside, { time: interval, concentration: atEnd }];
  const extended = last.time < interval;
  // The extrapolated piece is exponential whatever the rule between measured points.
  const measured = areas(extended ? inside : whole, method);
  const rest = extended ? areas(whole.slice(-2), "linear-up-log-down") : { auc: 0, aumc: 0 };
  const concentrations = whole.map(({ concentration }) => concentration);
  return {
    auc: measured.auc + rest.auc,
    aumc: measured.aumc + rest.aumc,
    after: phase && atEnd / phase.lambdaZ,
    length: interval,
    minimum: Math.min(...concentrations),
    maximum: Math.max(...concentrations),
  };
}

function meanResidenceTime(
  single: boolean,
  beyond: Extrapolation | null,
  tau: IntervalAreas | null,
  { route, infusionDuration }: NcaProfile,
): number | null {
  // Drug spends half of an infusion's length in the bag.
  const input = route === "infusion" ? infusionDuration / 2 : 0;
  if (single) return beyond && beyond.aumcInfinity / beyond.aucInfinity - input;
  if (tau === null || tau.after === null) return null;
  return (tau.aumc + tau.length * tau.after) / tau.auc - input;
}
