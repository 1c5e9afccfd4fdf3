/** From the network's scores, slice by slice, to labels on the scan's voxels. */
import type { Size3 } from "@viscera/core";
import { bestClass, type Prediction, PredictionBuilder, softmaxOf } from "../prediction.js";
import { roundHalfEven } from "../windows.js";
import type { MonaiOutput } from "./plan.js";

export interface LabelWriter {
  /** Scores [classes, ny, nx] of the next slice of the prepared image. */
  take(slice: number, scores: Float32Array): void;
  /** After the last slice. */
  finish(): Prediction;
}

export interface LabelTarget {
  /** The prepared image's size. */
  from: Size3;
  /** The size of the labels. */
  to: Size3;
  /** For each axis of the labels: where its voxels lie in the image, NaN where nowhere. */
  places: readonly Float64Array[];
  /** Scores a voxel. */
  classes: number;
  output: MonaiOutput;
}

export function labelWriter(target: LabelTarget): LabelWriter {
  return target.output.labelsFirst ? new NearestLabels(target) : new InterpolatedScores(target);
}

/** Classes of a label map: a single score marks one structure. */
const labelClasses = (classes: number) => Math.max(2, classes);

/** In place: scores [classes, voxels] to what the bundle decides by. */
function activate(scores: Float32Array, classes: number, { activation }: MonaiOutput): void {
  if (activation === "sigmoid") {
    for (let i = 0; i < scores.length; i++) scores[i] = 1 / (1 + Math.exp(-scores[i]!));
  }
  if (activation !== "softmax") return;
  const voxels = scores.length / classes;
  for (let v = 0; v < voxels; v++) {
    let top = scores[v]!;
    for (let c = 1; c < classes; c++) top = Math.max(top, scores[v + c * voxels]!);
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      const value = Math.exp(scores[v + c * voxels]! - top);
      scores[v + c * voxels] = value;
      sum += value;
    }
    for (let c = 0; c < classes; c++) scores[v + c * voxels]! /= sum;
  }
}

/** Label and its probability from activated scores. */
function decide(
  values: Float32Array,
  offset: number,
  stride: number,
  classes: number,
  { threshold, activation }: MonaiOutput,
): [number, number] {
  if (threshold !== null) {
    const value = values[offset]!;
    return value >= threshold ? [1, Math.min(1, Math.max(0, value))] : [0, 0];
  }
  const label = bestClass(values, offset, stride, classes);
  if (label === 0) return [0, 0];
  const value = values[offset + label * stride]!;
  return [label, activation === "none" ? softmaxOf(values, offset, stride, classes, label) : value];
}

/** Two neighbours of a place and the share of the second; a neighbour outside the image counts nothing. */
function neighbours(
  place: number,
  extent: number,
): { low: number; high: number; lowShare: number; highShare: number } {
  const low = Math.floor(place);
  const share = place - low;
  const inside = (n: number) => n >= 0 && n < extent;
  return {
    low: inside(low) ? low : 0,
    high: inside(low + 1) ? low + 1 : 0,
    lowShare: inside(low) ? 1 - share : 0,
    highShare: inside(low + 1) ? share : 0,
  };
}

/** Scores go back to the scan's voxels linearly; there the classes are decided. */
class InterpolatedScores implements LabelWriter {
  readonly #target: LabelTarget;
  readonly #builder: PredictionBuilder;
  /** Activated scores of the last two slices, by slice. */
  readonly #slices = new Map<number, Float32Array>();
  #next = 0;

  constructor(target: LabelTarget) {
    this.#target = target;
    this.#builder = new PredictionBuilder(target.to, labelClasses(target.classes));
  }

  take(slice: number, scores: Float32Array): void {
    const { places, from, to, classes, output } = this.#target;
    const activated = scores.slice();
    activate(activated, classes, output);
    this.#slices.set(slice, activated);
    this.#slices.delete(slice - 2);
    for (; this.#next < to[2]; this.#next++) {
      const place = places[2]![this.#next]!;
      if (Number.isNaN(place)) continue;
      const { low, high, lowShare, highShare } = neighbours(place, from[2]);
      if ((lowShare > 0 && low > slice) || (highShare > 0 && high > slice)) return;
      this.#write(
        mixed(this.#slices.get(low), lowShare, this.#slices.get(high), highShare, activated.length),
        this.#next,
      );
    }
  }

  #write(between: Float32Array, z: number): void {
    const { places, from, to, classes, output } = this.#target;
    const [nx, ny] = from;
    const columns = Array.from(places[0]!, (place) => (Number.isNaN(place) ? null : neighbours(place, nx)));
    const row = new Float32Array(classes * nx);
    const values = new Float32Array(classes);
    for (let j = 0; j < to[1]; j++) {
      const place = places[1]![j]!;
      if (Number.isNaN(place)) continue;
      const { low, high, lowShare, highShare } = neighbours(place, ny);
      for (let c = 0; c < classes; c++) {
        const [a, b] = [nx * (low + ny * c), nx * (high + ny * c)];
        for (let i = 0; i < nx; i++)
          row[nx * c + i] = between[a + i]! * lowShare + between[b + i]! * highShare;
      }
      for (let i = 0; i < to[0]; i++) {
        const column = columns[i];
        if (!column) continue;
        for (let c = 0; c < classes; c++) {
          values[c] =
            row[nx * c + column.low]! * column.lowShare + row[nx * c + column.high]! * column.highShare;
        }
        const [label, probability] = decide(values, 0, 1, classes, output);
        if (label !== 0) this.#builder.set(i + to[0] * (j + to[1] * z), label, probability);
      }
    }
  }

  finish(): Prediction {
    return this.#builder.finish();
  }
}

function mixed(
  a: Float32Array | undefined,
  aShare: number,
  b: Float32Array | undefined,
  bShare: number,
  length: number,
): Float32Array {
  const out = new Float32Array(length);
  if (a && aShare > 0) for (let i = 0; i < length; i++) out[i] = a[i]! * aShare;
  if (b && bShare > 0) for (let i = 0; i < length; i++) out[i]! += b[i]! * bShare;
  return out;
}

/** Classes are decided on the network's grid; a voxel of the scan takes that of the nearest place. */
class NearestLabels implements LabelWriter {
  readonly #target: LabelTarget;
  readonly #labels: Uint16Array;
  readonly #probabilities: Float32Array;

  constructor(target: LabelTarget) {
    this.#target = target;
    const voxels = target.from[0] * target.from[1] * target.from[2];
    this.#labels = new Uint16Array(voxels);
    this.#probabilities = new Float32Array(voxels);
  }

  take(slice: number, scores: Float32Array): void {
    const { from, classes, output } = this.#target;
    const activated = scores.slice();
    activate(activated, classes, output);
    const voxels = from[0] * from[1];
    for (let v = 0; v < voxels; v++) {
      const [label, probability] = decide(activated, v, voxels, classes, output);
      this.#labels[slice * voxels + v] = label;
      this.#probabilities[slice * voxels + v] = probability;
    }
  }

  finish(): Prediction {
    const { from, to, places, classes } = this.#target;
    const builder = new PredictionBuilder(to, labelClasses(classes));
    const nearest = places.map((axis, a) =>
      Array.from(axis, (place) => {
        const voxel = roundHalfEven(place);
        return voxel >= 0 && voxel < from[a]! ? voxel : -1;
      }),
    );
    for (let k = 0; k < to[2]; k++) {
      for (let j = 0; j < to[1]; j++) {
        if (nearest[2]![k]! < 0 || nearest[1]![j]! < 0) continue;
        const source = from[0] * (nearest[1]![j]! + from[1] * nearest[2]![k]!);
        for (let i = 0; i < to[0]; i++) {
          const x = nearest[0]![i]!;
          const label = x < 0 ? 0 : this.#labels[source + x]!;
          if (label !== 0) {
            builder.set(i + to[0] * (j + to[1] * k), label, this.#probabilities[source + x]!);
          }
        }
      }
    }
    return builder.finish();
  }
}
