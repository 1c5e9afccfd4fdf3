/**
 * From the network's scores to labels on the scan's grid, slice by slice: nnU-Net's resampling of the whole
 * array, argmax or regions, and pasting into the uncropped image, without ever holding the array at the scan's
 * resolution. Orders 0 and 1 are separable and mix neighbours by shares, so where background wins at all of a
 * voxel's neighbours it wins there too, and nothing needs to be computed.
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
  return { low, high, weight: weight.map((w) => (w === 1 ? 0 : w)) };
}

export interface LabelExportSpec {
  heads: number;
  regionLabels: readonly number[] | null;
  /** Extents of the scores, and of the cropped scan. */
  from: Dims3;
  to: Dims3;
  /** Interpolation along each axis, 0 or 1. */
  orders: readonly SplineOrder[];
  /** Writes `count` voxels from (i, j, k) of the cropped scan on; what is not written is background. */
  write: (i: number, j: number, k: number, row: VoxelLabels, count: number) => void;
}

/** Scores [heads, n1, n2] of a slice of the network's grid. */
interface ScoreSlice {
  index: number;
  scores: Float32Array;
}

export class LabelExport {
  readonly #spec: LabelExportSpec;
  readonly #axes: [AxisTaps, AxisTaps, AxisTaps];
  /** The latest two slices, the older first. */
  #slices: [ScoreSlice, ScoreSlice];
  /** First slice of the scan that is not written yet. */
  #next = 0;
  readonly #mixed: Float32Array;
  readonly #columns: Float32Array;
  readonly #line: Float32Array;
  readonly #row: VoxelLabels;

  constructor(spec: LabelExportSpec) {
    const { heads, from, to, orders, regionLabels } = spec;
    this.#spec = spec;
    const [depth, rows, columns] = [0, 1, 2].map((a) => axisTaps(from[a]!, to[a]!, orders[a]!));
    this.#axes = [depth!, rows!, columns!];
    const plane = heads * from[1] * from[2];
    this.#slices = [
      { index: -1, scores: new Float32Array(plane) },
      { index: -1, scores: new Float32Array(plane) },
    ];
    this.#mixed = new Float32Array(plane);
    this.#columns = new Float32Array(from[2]);
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
    oldest.scores.set(scores);
    for (; this.#next < to[0] && high[this.#next]! <= index; this.#next++) this.#writeSlice(this.#next);
  }

  #writeSlice(i: number): void {
    const { from, to } = this.#spec;
    const scores = this.#scoresAt(i);
    const [first, last] = this.#foreground(scores);
    const [, n1, n2] = from;
    const [, rows, columns] = this.#axes;
    for (let j = 0; j < to[1]; j++) {
      const above = rows.low[j]!;
      const below = rows.high[j]!;
      const begin = Math.min(first[above]!, first[below]!);
      const end = Math.max(last[above]!, last[below]!);
      if (begin > end) continue;
      let k = 0;
      while (columns.high[k]! < begin) k++;
      let stop = k;
      while (stop < to[2] && columns.low[stop]! <= end) stop++;
      if (stop > k) this.#writeRow(scores, i, j, k, stop, n1, n2);
    }
  }

  /** Scores [heads, n1, n2] at slice i of the scan. */
  #scoresAt(i: number): Float32Array {
    const { low, high, weight } = this.#axes[0];
    const of = (index: number) => this.#slices.find((slice) => slice.index === index)!.scores;
    const first = of(low[i]!);
    const w = weight[i]!;
    if (w === 0) return first;
    const second = of(high[i]!);
    const mixed = this.#mixed;
    for (let at = 0; at < mixed.length; at++) mixed[at] = first[at]! + w * (second[at]! - first[at]!);
    return mixed;
  }

  /** First and last column of each row in which something else than background wins; n2 and -1 for none. */
  #foreground(scores: Float32Array): [Int32Array, Int32Array] {
    const { heads, from, regionLabels } = this.#spec;
    const [, n1, n2] = from;
    const plane = n1 * n2;
    const first = new Int32Array(n1).fill(n2);
    const last = new Int32Array(n1).fill(-1);
    for (let head = regionLabels ? 0 : 1; head < heads; head++)
      for (let j = 0, at = 0; j < n1; j++)
        for (let k = 0; k < n2; k++, at++) {
          if (scores[head * plane + at]! <= (regionLabels ? 0 : scores[at]!)) continue;
          if (k < first[j]!) first[j] = k;
          if (k > last[j]!) last[j] = k;
        }
    return [first, last];
  }

  /** Labels of columns [k, stop) of row j. */
  #writeRow(
    scores: Float32Array,
    i: number,
    j: number,
    k: number,
    stop: number,
    n1: number,
    n2: number,
  ): void {
    const { heads, regionLabels, write } = this.#spec;
    const [, rows, { low, high, weight }] = this.#axes;
    const columns = this.#columns;
    const line = this.#line;
    const count = stop - k;
    const from = low[k]!;
    const to = high[stop - 1]! + 1;
    const w = rows.weight[j]!;
    for (let head = 0, at = 0; head < heads; head++) {
      const above = n2 * (rows.low[j]! + n1 * head);
      const below = n2 * (rows.high[j]! + n1 * head);
      for (let c = from; c < to; c++) {
        const value = scores[above + c]!;
        columns[c] = value + w * (scores[below + c]! - value);
      }
      for (let c = k; c < stop; c++, at++) {
        const value = columns[low[c]!]!;
        line[at] = value + weight[c]! * (columns[high[c]!]! - value);
      }
    }
    labelsOfScores(line, count, heads, regionLabels, this.#row);
    write(i, j, k, this.#row, count);
  }
}
