/** Everybody's curves and measures, gathered block by block. */
import { usageError } from "@viscera/core";
import { shareAboveName } from "./names.js";
import type { PeopleResult, PopulationLayout } from "./runner.js";
import { meets, type Target, wilson } from "./target.js";

const MOST_BYTES = 3e9;

/** A quantile of sorted values, 0 to 1 (Hyndman & Fan 1996, type 7, as R and numpy have it). */
export function quantile(sorted: ArrayLike<number>, p: number): number {
  const at = p * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below]!;
  return below + 1 < sorted.length ? low + (at - below) * (sorted[below + 1]! - low) : low;
}

export interface Distribution {
  /** People of whom the value is known. */
  count: number;
  mean: number;
  /** Geometric mean and its coefficient of variation in %; null where a value is not above 0. */
  geometricMean: number | null;
  geometricCv: number | null;
  /** In the order asked for. */
  percentiles: number[];
}

export class PopulationResult {
  readonly layout: PopulationLayout;
  readonly size: number;
  readonly columns: readonly string[];
  /** Per output: rows times people. */
  readonly #curves: Float32Array[];
  /** People times columns. */
  readonly table: Float64Array;

  /** Throws `usage` where the curves would not fit into the memory. */
  constructor(layout: PopulationLayout, size: number) {
    const { times, outputs, covariates, parameters, measures } = layout;
    const bytes = 4 * times.length * outputs.length * size;
    if (bytes > MOST_BYTES) {
      throw usageError(
        `The curves of ${size} people need ${(bytes / 1e9).toFixed(1)} GB.`,
        "Keep fewer outputs with --outputs, or take a longer --step or a smaller --size.",
      );
    }
    this.layout = layout;
    this.size = size;
    this.columns = [...covariates, ...parameters, ...measures];
    this.#curves = outputs.map(() => new Float32Array(times.length * size));
    this.table = new Float64Array(size * this.columns.length);
  }

  add({ first, count, curves, table }: PeopleResult): void {
    const rows = this.layout.times.length;
    const n = this.layout.outputs.length;
    for (let i = 0; i < count; i++) {
      for (let r = 0; r < rows; r++) {
        for (let o = 0; o < n; o++) {
          this.#curves[o]![r * this.size + first + i] = curves[(i * rows + r) * n + o]!;
        }
      }
    }
    this.table.set(table, first * this.columns.length);
  }

  /** A column of the table, by its name. */
  column(name: string): Float64Array {
    const at = this.columns.indexOf(name);
    return Float64Array.from({ length: this.size }, (_, i) => this.table[i * this.columns.length + at]!);
  }

  /** Per percentile (0 to 100) its curve over the rows. */
  bands(output: number, percentiles: readonly number[]): Float64Array[] {
    const rows = this.layout.times.length;
    const bands = percentiles.map(() => new Float64Array(rows));
    for (let r = 0; r < rows; r++) {
      const sorted = this.#curves[output]!.slice(r * this.size, (r + 1) * this.size).sort();
      for (const [k, p] of percentiles.entries()) bands[k]![r] = quantile(sorted, p / 100);
    }
    return bands;
  }

  distribution(name: string, percentiles: readonly number[]): Distribution {
    const known = this.column(name)
      .filter((value) => !Number.isNaN(value))
      .sort();
    const count = known.length;
    const mean = known.reduce((sum, value) => sum + value, 0) / count;
    const positive = count > 0 && known[0]! > 0;
    const logs = positive ? known.map(Math.log) : new Float64Array(0);
    const logMean = logs.reduce((sum, value) => sum + value, 0) / count;
    const squares = logs.reduce((sum, value) => sum + (value - logMean) ** 2, 0);
    // Equal values differ from their mean by rounding.
    const variance = known[0] === known.at(-1) ? 0 : squares / Math.max(1, count - 1);
    return {
      count,
      mean,
      geometricMean: positive ? Math.exp(logMean) : null,
      geometricCv: positive ? 100 * Math.sqrt(Math.expm1(variance)) : null,
      percentiles: percentiles.map((p) => (count > 0 ? quantile(known, p / 100) : Number.NaN)),
    };
  }

  /** The share of people who meet a target, with its 95 % interval. */
  attainment(target: Target, mic: number | null): { hits: number; share: number; low: number; high: number } {
    const threshold = target.threshold === "mic" ? mic! : target.threshold;
    const values = this.column(threshold === null ? target.of : shareAboveName(threshold));
    let hits = 0;
    for (const value of values) if (meets(target, value, mic)) hits++;
    return { hits, ...wilson(hits, this.size) };
  }
}
