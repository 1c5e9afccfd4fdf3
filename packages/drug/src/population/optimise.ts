/** The dose, or the interval between doses, for which a population meets a goal. */
import { failedError, usageError } from "@viscera/core";
import { EXPOSURE_NAMES, type ExposureName } from "./exposure.js";
import type { PopulationResult } from "./results.js";
import { needsMic, readTarget, type Target } from "./target.js";

export interface Goal {
  text: string;
  /** A percentile (0 to 100) or the mean of a measure, or the share of people who meet a target. */
  of:
    | { kind: "percentile"; percentile: number; measure: ExposureName }
    | { kind: "mean"; measure: ExposureName }
    | { kind: "attainment"; target: Target };
  value: number;
}

const HINT =
  'Write for example "median auc = 400", "p10 cmin = 5", "mean caverage = 12" or "pta auc>400 = 90%".';

/** Reads `median auc = 400`, `p10 cmin = 5`, `pta t>mic>50% = 90%`. Throws `usage`. */
export function readGoal(text: string): Goal {
  const mistake = (what: string) => usageError(`The goal "${text}" ${what}`, HINT);
  const [, left = "", right = ""] = /^(.*[^<>=])=\s*([^=]+)$/.exec(text.trim()) ?? [];
  const [statistic = "", ...rest] = left.trim().split(/\s+/);
  const [, digits = "", percent] = /^([\d.eE+-]+)\s*(%?)$/.exec(right.trim()) ?? [];
  const value = digits === "" ? Number.NaN : Number(digits) / (percent ? 100 : 1);
  if (!(value > 0)) throw mistake("has no number above 0 behind its =.");
  if (/^pta$/i.test(statistic)) {
    if (!(value < 1)) throw mistake("asks for a share of people that is not between 0 and 100 %.");
    return { text, of: { kind: "attainment", target: readTarget(rest.join("")) }, value };
  }
  const measure = EXPOSURE_NAMES.find((name) => name.toLowerCase() === rest.join("").toLowerCase());
  if (measure === undefined || percent) throw mistake("is not understood.");
  if (/^mean$/i.test(statistic)) return { text, of: { kind: "mean", measure }, value };
  const percentile = /^median$/i.test(statistic)
    ? 50
    : Number(/^p([\d.]+)$/i.exec(statistic)?.[1] ?? Number.NaN);
  if (!(percentile >= 0 && percentile <= 100)) throw mistake("is not understood.");
  return { text, of: { kind: "percentile", percentile, measure }, value };
}

export function goalNeedsMic({ of }: Goal): boolean {
  return of.kind === "attainment" && needsMic(of.target);
}

/** What a population reached of a goal. */
export function reached({ of }: Goal, result: PopulationResult, mic: number | null): number {
  if (of.kind === "attainment") return result.attainment(of.target, mic).share;
  if (of.kind === "mean") return result.distribution(of.measure, []).mean;
  return result.distribution(of.measure, [of.percentile]).percentiles[0]!;
}

export interface Search {
  /** Limits of what is varied, above 0. */
  low: number;
  high: number;
  /** What is varied, for messages: "dose", "interval". */
  what: string;
  evaluate: (value: number) => Promise<number>;
  /** Told of each evaluation. */
  onStep?: (value: number, reached: number) => void;
}

/** Relative width at which what is varied is known well enough. */
const ENOUGH = 1e-4;
const MOST_STEPS = 60;
/** Share of the range by which the sequence may fall back and still count as steady: rounding. */
const SLACK = 1e-9;

/**
 * The value at which the goal is reached, by bracketing on a logarithmic scale; the end of the bracket that meets a
 * goal of attainment. Throws `failed.unreachable` where the limits do not hold the goal between them, and
 * `failed.not-steady` where what is reached does not rise or fall steadily.
 */
export async function findDose(goal: Goal, search: Search): Promise<{ value: number; reached: number }> {
  const { what } = search;
  const known: { x: number; y: number }[] = [];
  const at = async (x: number) => {
    const y = await search.evaluate(x);
    search.onStep?.(x, y);
    known.push({ x, y });
    checkSteady(known, goal, what);
    return { x, y };
  };
  let a = await at(search.low);
  let b = await at(search.high);
  if (!(Math.min(a.y, b.y) <= goal.value && goal.value <= Math.max(a.y, b.y))) {
    const show = (value: number) => Number(value.toPrecision(4));
    throw failedError(
      "unreachable",
      `"${goal.text}" cannot be reached: ${what}s from ${show(a.x)} to ${show(b.x)} give ${show(a.y)} to ${show(b.y)}.`,
      "Widen the limits with --between, or ask for something else.",
    );
  }
  const logOf = (y: number) => (a.y > 0 && b.y > 0 ? Math.log(y) : y);
  for (let step = 0; step < MOST_STEPS && b.x / a.x - 1 > ENOUGH; step++) {
    // A straight line between the ends and halving in turn: fast where it is smooth, sure where it is a staircase.
    const [fa, fb] = [logOf(a.y) - logOf(goal.value), logOf(b.y) - logOf(goal.value)];
    let share = step % 2 === 0 && fa !== fb ? fa / (fa - fb) : 0.5;
    share = Math.min(0.99, Math.max(0.01, share));
    const c = await at(a.x * (b.x / a.x) ** share);
    const exact = goal.of.kind !== "attainment" && Math.abs(c.y / goal.value - 1) < ENOUGH / 10;
    if (exact) return { value: c.x, reached: c.y };
    if (c.y > goal.value === b.y > goal.value) b = c;
    else a = c;
  }
  const best =
    goal.of.kind === "attainment"
      ? [a, b].find(({ y }) => y >= goal.value)!
      : Math.abs(a.y - goal.value) < Math.abs(b.y - goal.value)
        ? a
        : b;
  return { value: best.x, reached: best.y };
}

function checkSteady(known: readonly { x: number; y: number }[], goal: Goal, what: string): void {
  const sorted = [...known].sort((p, q) => p.x - q.x);
  const range = sorted.reduce((most, { y }) => Math.max(most, Math.abs(y)), 0);
  let [rises, falls] = [false, false];
  for (let i = 1; i < sorted.length; i++) {
    const change = sorted[i]!.y - sorted[i - 1]!.y;
    if (change > SLACK * range) rises = true;
    if (change < -SLACK * range) falls = true;
  }
  if (!(rises && falls)) return;
  throw failedError(
    "not-steady",
    `"${goal.text}": what is reached does not rise or fall steadily with the ${what}, so there may be several answers or none.`,
    "Narrow the limits with --between to where it does.",
  );
}
