/**
 * Confidence that means something: from the mean softmax probability of a structure's voxels to the Dice that is to
 * be expected of it, learnt from held-out cases. Probability and Dice are joined by a logistic curve (fractional
 * logistic regression, Papke & Wooldridge 1996, doi:10.1002/(SICI)1099-1255(199611)11:6<619::AID-JAE418>3.0.CO;2-1),
 * never falling; one for all structures together, and one for each that stays close to it unless its own cases
 * speak against that.
 */
import type { Calibration } from "@viscera/core";

/** A structure that was found in a held-out case. */
export interface CalibrationPair {
  case: string;
  /** Label id. */
  structure: number;
  /** Mean softmax probability of its voxels. */
  probability: number;
  /** Against the truth; 0 where the case has no such structure. */
  dice: number;
}

interface Logistic {
  intercept: number;
  slope: number;
}

/** What a curve is held to: a value and how far from it is usual. */
interface Prior {
  at: Logistic;
  interceptSd: number;
  slopeSd: number;
}

/** Below this many pairs nothing is fitted. */
const FEWEST_PAIRS = 4;
/** With no data at all a Dice equal to the probability is expected. */
const POOLED_PRIOR: Prior = { at: { intercept: 0, slope: 1 }, interceptSd: 3, slopeSd: 1 };
/** How far structures are from the pooled curve, on the logistic scale. */
const STRUCTURE_SD = { interceptSd: 1, slopeSd: 0.3 };
/** Probabilities and Dice are kept this far from 0 and 1, where the logistic scale ends. */
const EDGE = 1e-3;
/** A pair counts as an observation whose Dice varies by at least this share of a coin's variance. */
const LEAST_DISPERSION = 0.005;
const STEPS = 50;

const inside = (p: number) => Math.min(1 - EDGE, Math.max(EDGE, p));
const logit = (p: number) => Math.log(inside(p) / (1 - inside(p)));
const expected = ({ intercept, slope }: Logistic, x: number) => 1 / (1 + Math.exp(-(intercept + slope * x)));

/**
 * The curves for pairs of held-out cases; null for too few of them (4 pairs of 2 cases). The fit's mean error is of
 * cases left out in turn.
 */
export function fitCalibration(pairs: readonly CalibrationPair[]): Calibration | null {
  const cases = [...new Set(pairs.map((pair) => pair.case))];
  if (pairs.length < FEWEST_PAIRS || cases.length < 2) return null;
  let error = 0;
  for (const left of cases) {
    const fit = fitCurves(pairs.filter((pair) => pair.case !== left));
    for (const pair of pairs.filter((other) => other.case === left)) {
      error += Math.abs(expectedDice(fit, pair.structure, pair.probability) - pair.dice);
    }
  }
  return { cases: cases.length, meanError: error / pairs.length, ...fitCurves(pairs) };
}

/** The Dice to expect of a structure whose voxels have this mean probability. */
export function expectedDice(
  { pooled, structures }: Pick<Calibration, "pooled" | "structures">,
  structure: number,
  probability: number,
): number {
  return expected(structures.find(({ id }) => id === structure) ?? pooled, logit(probability));
}

function fitCurves(pairs: readonly CalibrationPair[]): Pick<Calibration, "pooled" | "structures"> {
  const first = fitLogistic(pairs, POOLED_PRIOR, 1);
  const pooled = fitLogistic(pairs, POOLED_PRIOR, dispersionOf(pairs, first));
  const dispersion = dispersionOf(pairs, pooled);
  const groups = new Map<number, CalibrationPair[]>();
  for (const pair of pairs) groups.set(pair.structure, [...(groups.get(pair.structure) ?? []), pair]);
  const structures = [...groups]
    .sort(([a], [b]) => a - b)
    .map(([id, own]) => ({
      id,
      pairs: own.length,
      ...fitLogistic(own, { at: pooled, ...STRUCTURE_SD }, dispersion),
    }));
  return { pooled, structures };
}

/** Variance of the Dice about the curve, as a share of d (1 - d). */
function dispersionOf(pairs: readonly CalibrationPair[], curve: Logistic): number {
  let sum = 0;
  for (const { probability, dice } of pairs) {
    const d = expected(curve, logit(probability));
    sum += (dice - d) ** 2 / (d * (1 - d));
  }
  return Math.max(LEAST_DISPERSION, sum / pairs.length);
}

/**
 * The most likely curve under a normal prior, by damped Newton steps; the slope is not allowed below 0. The objective is
 * concave, so that there is one answer.
 */
function fitLogistic(pairs: readonly CalibrationPair[], prior: Prior, dispersion: number): Logistic {
  const points = pairs.map(({ probability, dice }) => ({ x: logit(probability), dice: inside(dice) }));
  const objective = (curve: Logistic) => {
    let sum = 0;
    for (const { x, dice } of points) {
      const eta = curve.intercept + curve.slope * x;
      // ln(1 + exp(eta)) without overflow
      sum += dice * eta - Math.max(eta, 0) - Math.log1p(Math.exp(-Math.abs(eta)));
    }
    const a = (curve.intercept - prior.at.intercept) / prior.interceptSd;
    const b = (curve.slope - prior.at.slope) / prior.slopeSd;
    return sum / dispersion - (a * a + b * b) / 2;
  };
  let curve = prior.at;
  let value = objective(curve);
  for (let step = 0; step < STEPS; step++) {
    let ga = -(curve.intercept - prior.at.intercept) / prior.interceptSd ** 2;
    let gb = -(curve.slope - prior.at.slope) / prior.slopeSd ** 2;
    let haa = prior.interceptSd ** -2;
    let hab = 0;
    let hbb = prior.slopeSd ** -2;
    for (const { x, dice } of points) {
      const d = expected(curve, x);
      const weight = (d * (1 - d)) / dispersion;
      ga += (dice - d) / dispersion;
      gb += ((dice - d) * x) / dispersion;
      haa += weight;
      hab += weight * x;
      hbb += weight * x * x;
    }
    // At the bound only the intercept moves.
    const held = curve.slope === 0 && gb < 0;
    const determinant = haa * hbb - hab * hab;
    const da = held ? ga / haa : (hbb * ga - hab * gb) / determinant;
    const db = held ? 0 : (haa * gb - hab * ga) / determinant;
    let next = curve;
    let best = value;
    for (let share = 1; share > 1e-4; share /= 2) {
      const trial = {
        intercept: curve.intercept + share * da,
        slope: Math.max(0, curve.slope + share * db),
      };
      const reached = objective(trial);
      if (reached > best) {
        next = trial;
        best = reached;
        break;
      }
    }
    if (best - value < 1e-12) break;
    curve = next;
    value = best;
  }
  return curve;
}
