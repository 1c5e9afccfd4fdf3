/**
 * From the network's scores to labels on the scan's grid, slice by slice: only two slices of scores are held
 * at the scan's own resolution. Orders 0 and 1 are separable and need two neighbours at most, so this is
 * nnU-Net's resampling of the whole array, argmax or regions, and pasting into the uncropped image.
 */
import type { Dims3 } from "./dims.js";
import { labelsOfScores, type VoxelLabels } from "./labels.js";
import { boxPositions, type SplineOrder, tapsOf } from "./spline.js";

/** One axis of a resampling: for each target sample two source samples and the weight of the second. */
interface AxisTaps {
  low: Int32Array;
  high: Int32Array;
  weight: Float32Array;
}

function axisTaps(from: number, to: number, order: SplineOrder): AxisTaps {
  const { starts, weights } = tapsOf(boxPositions(from, to), from, order);
  const weight = Float32Array.from(starts, (_, i) => (order === 1 ? weights[2 * i + 1]! : 0));
  // A weight of 1 moves to the second sample alone, so that no slice is waited for in vain.
  const low = starts.map((start, i) => (weight[i] === 1 ? start + 1 : start));
  const high = low.map((start, i) => (weight[i]! > 0 && weight[i]! < 1 ? start + 1 : start));
  return { low, high, weight };
}

export interface LabelExportSpec {
  heads: number;
  regionLabels: readonly number[] | null;
  /** Extents of the scores, and of the cropped scan. */
  from: Dims3;
  to: Dims3;
  /** Interpolation along each axis, 0 or 1. */
  orders: readonly SplineOrder[];
  /** Writes `count` voxels of row (i, j) of the cropped scan. */
  write: (i: number, j: number, row: VoxelLabels, count: number) => void;
}

/** Scores [heads, m1, m2] of a slice of the network's grid, in the scan's plane. */
interface ScanSlice {
  index: number;
  scores: Float32Array;
}

export class LabelExport {
  readonly #spec: LabelExportSpec;
  readonly #axes: [AxisTaps, AxisTaps, AxisTaps];
  /** The latest two slices, the older first. */
  #slices: [ScanSlice, ScanSlice];
  /** First slice of the scan that is not written yet. */
  #next = 0;
  readonly #line: Float32Array;
  readonly #row: VoxelLabels;

  constructor(spec: LabelExportSpec) {
    const { heads, from, to, orders, regionLabels } = spec;
    this.#spec = spec;
    this.#axes = [0, 1, 2].map((a) => axisTaps(from[a]!, to[a]!, orders[a]!)) as [
      AxisTaps,
      AxisTaps,
      AxisTaps,
    ];
    const plane = heads * to[1] * to[2];
    this.#slices = [
      { index: -1, scores: new Float32Array(plane) },
      { index: -1, scores: new Float32Array(plane) },
    ];
    this.#line = new Float32Array(heads * to[2]);
    const wide = Math.max(heads - 1, ...(regionLabels ?? [])) > 255;
    this.#row = {
      labels: wide ? new Uint16Array(to[2]) : new Uint8Array(to[2]),
      probability: new Float32Array(to[2]),
    };
  }

  /** Takes slice `index` of the scores [heads, n1, n2]; slices come in rising order. */
  take(index: number, scores: Float32Array): void {
    const { to } = this.#spec;
    const { low, high } = this.#axes[0];
    if (this.#next >= to[0] || low[this.#next]! > index) return;
    const [oldest, newest] = this.#slices;
    this.#slices = [newest, oldest];
    oldest.index = index;
    this.#resampleSlice(scores, oldest.scores);
    for (; this.#next < to[0] && high[this.#next]! <= index; this.#next++) this.#writeSlice(this.#next);
  }

  /** A slice of scores in the scan's plane. */
  #resampleSlice(scores: Float32Array, out: Float32Array): void {
    const { heads, from, to } = this.#spec;
    const [, rows, columns] = this.#axes;
    const [, n1, n2] = from;
    const [, m1, m2] = to;
    if (n1 === m1 && n2 === m2) {
      out.set(scores);
      return;
    }
    const line = new Float32Array(n2);
    let at = 0;
    for (let head = 0; head < heads; head++)
      for (let j = 0; j < m1; j++) {
        const first = n2 * (rows.low[j]! + n1 * head);
        const second = n2 * (rows.high[j]! + n1 * head);
        const w = rows.weight[j]!;
        for (let k = 0; k < n2; k++) {
          const value = scores[first + k]!;
          line[k] = value + w * (scores[second + k]! - value);
        }
        for (let k = 0; k < m2; k++) {
          const value = line[columns.low[k]!]!;
          out[at++] = value + columns.weight[k]! * (line[columns.high[k]!]! - value);
        }
      }
  }

  #writeSlice(i: number): void {
    const { heads, regionLabels, to, write } = this.#spec;
    const [, m1, m2] = to;
    const [depth] = this.#axes;
    const of = (index: number) => this.#slices.find((slice) => slice.index === index)!.scores;
    const first = of(depth.low[i]!);
    const second = of(depth.high[i]!);
    const w = depth.weight[i]!;
    const line = this.#line;
    for (let j = 0; j < m1; j++) {
      for (let head = 0; head < heads; head++) {
        const source = m2 * (j + m1 * head);
        const target = m2 * head;
        for (let k = 0; k < m2; k++) {
          const value = first[source + k]!;
          line[target + k] = value + w * (second[source + k]! - value);
        }
      }
      labelsOfScores(line, m2, heads, regionLabels, this.#row);
      write(i, j, this.#row, m2);
    }
  }
}
