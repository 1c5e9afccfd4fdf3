import { type JobOptions, RandomStream, throwIfCancelled } from "@viscera/core";
import { StratifiedUniforms } from "../stochastic/stratified.js";
import type { UnitFunction } from "./morris.js";

export interface SobolOptions extends JobOptions {
  /** Base samples; default 1024. */
  samples?: number;
  /** Resamplings for the intervals; default 200, 0 for none. */
  bootstrap?: number;
  seed: number;
}

/** Of one result. Shares of its variance, per variable, with 95 % intervals (empty without bootstrap). */
export interface SobolIndex {
  mean: number;
  variance: number;
  /** By the variable alone. */
  first: Float64Array;
  firstLow: Float64Array;
  firstHigh: Float64Array;
  /** By the variable and its interactions with all others. */
  total: Float64Array;
  totalLow: Float64Array;
  totalHigh: Float64Array;
  /** Samples with finite results. */
  samples: number;
}

/**
 * Variance-based sensitivity: first indices by Saltelli et al. 2010 (doi:10.1016/j.cpc.2009.09.018), total ones by Jansen
 * 1999 (doi:10.1016/S0010-4655(98)00154-4), on two Latin hypercubes; samples x (dimensions + 2) evaluations.
 */
export async function sobolIndices(
  f: UnitFunction,
  dimensions: number,
  { samples = 1024, bootstrap = 200, seed, signal, onProgress }: SobolOptions,
): Promise<SobolIndex[]> {
  const uniforms = new StratifiedUniforms(seed, "numerics.sobol", samples);
  /** Per sample the results at A, at B, and at A with each variable from B. */
  const all: Float64Array[][] = [];
  for (let s = 0; s < samples; s++) {
    throwIfCancelled(signal);
    if (s % 16 === 0) onProgress?.({ stage: "samples", done: s, total: samples });
    const a = Float64Array.from({ length: dimensions }, (_, i) => uniforms.uniform(i, s));
    const b = Float64Array.from({ length: dimensions }, (_, i) => uniforms.uniform(dimensions + i, s));
    const row = [Float64Array.from(await f(a)), Float64Array.from(await f(b))];
    for (let i = 0; i < dimensions; i++) {
      const x = a.slice();
      x[i] = b[i]!;
      row.push(Float64Array.from(await f(x)));
    }
    all.push(row);
  }
  const results = all[0]?.[0]?.length ?? 0;
  return Array.from({ length: results }, (_, k): SobolIndex => {
    const rows = all
      .map((row) => Float64Array.from(row, (values) => values[k]!))
      .filter((row) => row.every(Number.isFinite));
    const every = rows.map((__, i) => i);
    const found = estimate(rows, every, dimensions);
    const random = new RandomStream(seed, "numerics.sobol.bootstrap");
    const drawn = Array.from({ length: rows.length > 1 ? bootstrap : 0 }, (__, r) =>
      estimate(
        rows,
        every.map((i) => random.integer(rows.length, r, i)),
        dimensions,
      ),
    );
    const bound = (of: (index: Indices) => Float64Array, share: number) =>
      Float64Array.from({ length: drawn.length > 0 ? dimensions : 0 }, (__, i) => {
        const sorted = drawn.map((index) => of(index)[i]!).sort((p, q) => p - q);
        return sorted[Math.round(share * (sorted.length - 1))]!;
      });
    return {
      ...found,
      firstLow: bound(({ first }) => first, 0.025),
      firstHigh: bound(({ first }) => first, 0.975),
      totalLow: bound(({ total }) => total, 0.025),
      totalHigh: bound(({ total }) => total, 0.975),
      samples: rows.length,
    };
  });
}

type Indices = Pick<SobolIndex, "mean" | "variance" | "first" | "total">;

function estimate(rows: readonly Float64Array[], chosen: readonly number[], dimensions: number): Indices {
  const n = chosen.length;
  let mean = 0;
  for (const i of chosen) mean += (rows[i]![0]! + rows[i]![1]!) / (2 * n);
  let variance = 0;
  for (const i of chosen) variance += ((rows[i]![0]! - mean) ** 2 + (rows[i]![1]! - mean) ** 2) / (2 * n - 1);
  const first = new Float64Array(dimensions);
  const total = new Float64Array(dimensions);
  for (const i of chosen) {
    const row = rows[i]!;
    for (let v = 0; v < dimensions; v++) {
      const change = row[2 + v]! - row[0]!;
      // About the mean, which the estimate does not depend on but its error does.
      first[v]! += ((row[1]! - mean) * change) / (n * variance);
      total[v]! += change ** 2 / (2 * n * variance);
    }
  }
  // A result that never changes depends on nothing.
  if (!(variance > 0)) return { mean, variance: 0, first: first.fill(0), total: total.fill(0) };
  return { mean, variance, first, total };
}
