import { type JobOptions, RandomStream, throwIfCancelled } from "@viscera/core";

/** A model on the unit cube: any number of results for each point. Results that are not finite are left out. */
export type UnitFunction = (x: Float64Array) => ArrayLike<number> | Promise<ArrayLike<number>>;

export interface MorrisOptions extends JobOptions {
  /** Default 20. */
  trajectories?: number;
  /** Of the grid, even; default 4. */
  levels?: number;
  seed: number;
}

/** Of one result: per variable, in units of the result per whole range of the variable. */
export interface ElementaryEffects {
  /** Mean of the effects. */
  mean: Float64Array;
  /** Mean of their absolute values: how much a variable matters. */
  meanAbsolute: Float64Array;
  /** Standard deviation: how much its effect depends on the others or is nonlinear. */
  deviation: Float64Array;
  /** Trajectories with finite results. */
  trajectories: number;
}

/**
 * Screening by elementary effects (Morris 1991, doi:10.2307/1269043) with the mean absolute effect (Campolongo, Cariboni &
 * Saltelli 2007, doi:10.1016/j.envsoft.2006.10.004): trajectories x (dimensions + 1) evaluations.
 */
export async function morris(
  f: UnitFunction,
  dimensions: number,
  { trajectories = 20, levels = 4, seed, signal, onProgress }: MorrisOptions,
): Promise<ElementaryEffects[]> {
  const random = new RandomStream(seed, "numerics.morris");
  const jump = levels / (2 * (levels - 1));
  /** Per trajectory and variable the change of all results. */
  const effects: Float64Array[][] = [];
  for (let r = 0; r < trajectories; r++) {
    throwIfCancelled(signal);
    onProgress?.({ stage: "trajectories", done: r, total: trajectories });
    const order = shuffled(random, r, dimensions);
    // A grid point with room for the jump, upwards or downwards.
    const up = Array.from({ length: dimensions }, (_, i) => random.uniform(r, 1000 + i) < 0.5);
    const x = Float64Array.from({ length: dimensions }, (_, i) => {
      const low = random.integer(levels / 2, r, 2000 + i) / (levels - 1);
      return up[i] ? low : low + jump;
    });
    let before = Float64Array.from(await f(x));
    const mine: Float64Array[] = new Array(dimensions);
    for (const i of order) {
      const change = up[i] ? jump : -jump;
      x[i]! += change;
      const after = Float64Array.from(await f(x));
      mine[i] = after.map((value, k) => (value - before[k]!) / change);
      before = after;
    }
    effects.push(mine);
  }
  const results = effects[0]?.[0]?.length ?? 0;
  return Array.from({ length: results }, (_, k): ElementaryEffects => {
    const good = effects.filter((mine) => mine.every((change) => Number.isFinite(change[k])));
    const n = good.length;
    const of = (i: number) => good.map((mine) => mine[i]![k]!);
    const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / n;
    const variables = Array.from({ length: dimensions }, (__, i) => of(i));
    const mean = Float64Array.from(variables, meanOf);
    return {
      mean,
      meanAbsolute: Float64Array.from(variables, (values) => meanOf(values.map(Math.abs))),
      deviation: Float64Array.from(variables, (values, i) =>
        Math.sqrt(values.reduce((sum, value) => sum + (value - mean[i]!) ** 2, 0) / (n - 1)),
      ),
      trajectories: n,
    };
  });
}

/** Fisher and Yates. */
function shuffled(random: RandomStream, step: number, n: number): number[] {
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = random.integer(i + 1, step, i);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
