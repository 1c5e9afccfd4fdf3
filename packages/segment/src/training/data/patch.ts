/** A training patch, from the case to the network's input: a pure function of seed and sample number. */
import { RandomStream, type Size3, voxelCount } from "@viscera/core";
import { Draws } from "../../synthesis/draws.js";
import { OUTSIDE_VALUE, type SynthesisSpec, synthesiseImage } from "../../synthesis/index.js";
import { changeIntensities } from "./intensity.js";
import { CaseOrder, isForeground, placePatch } from "./place.js";
import type { TrainingPlan } from "./plan.js";
import type { Box, CaseReader, PreparedCase } from "./prepared-case.js";
import { drawSpatial, type Region, type SpatialTransform, sourceBox, transformPatch } from "./spatial.js";

/** What of a plan patches depend on. */
export type PatchPlan = Pick<
  TrainingPlan,
  "input" | "channels" | "classes" | "augmentation" | "foregroundShare" | "synthesis"
>;

/** Makes the patches of a training, by number, in any order. */
export class PatchMaker {
  readonly #cases: readonly PreparedCase[];
  readonly #plan: PatchPlan;
  readonly #patch: Size3;
  readonly #reader: CaseReader;
  readonly #order: CaseOrder;
  readonly #random: RandomStream;
  readonly #synthesis: RandomStream;

  constructor(cases: readonly PreparedCase[], plan: PatchPlan, reader: CaseReader, seed: number) {
    this.#cases = cases;
    this.#plan = plan;
    this.#patch = plan.input.patch as unknown as Size3;
    this.#reader = reader;
    this.#order = new CaseOrder(seed, cases.length);
    this.#random = new RandomStream(seed, "segment.patch");
    this.#synthesis = new RandomStream(seed, "segment.synthesis");
  }

  /** Fills image [channel, z, y, x] and target [z, y, x] of patch `sample`; gives its case. */
  make(sample: number, image: Float32Array, target: Uint8Array): PreparedCase {
    const { augmentation, foregroundShare, input } = this.#plan;
    const entry = this.#cases[this.#order.at(sample)]!;
    const draws = new Draws(this.#random, sample);
    const start = placePatch(entry, this.#patch, isForeground(sample, foregroundShare), this.#reader, draws);
    const transform = drawSpatial(augmentation, this.#patch, input.spacingMm ?? entry.spacingMm, draws);
    const flips = augmentation.mirror.axes.filter(() => draws.chance(augmentation.mirror.probability));
    if (entry.synthesis === null) {
      this.#cut(entry, start, transform, 0, image, target);
      for (let at = 0; at < image.length; at += target.length) {
        flip(image.subarray(at, at + target.length), this.#patch, flips);
      }
      flip(target, this.#patch, flips);
      for (let at = 0; at < image.length; at += target.length) {
        changeIntensities(image.subarray(at, at + target.length), this.#patch, augmentation, draws);
      }
      return entry;
    }
    const values = entry.labelBytes === 1 ? new Uint8Array(target.length) : new Uint16Array(target.length);
    this.#cut(entry, start, transform, OUTSIDE_VALUE, new Float32Array(0), values);
    flip(values, this.#patch, flips);
    const spec = this.#plan.synthesis as SynthesisSpec;
    const made = synthesiseImage(values, this.#patch, entry.synthesis, spec, this.#synthesis, sample);
    image.set(made.image);
    target.set(made.target);
    return entry;
  }

  #cut(
    entry: PreparedCase,
    start: Size3,
    transform: SpatialTransform | null,
    outside: number,
    image: Float32Array,
    labels: Uint8Array | Uint16Array,
  ): void {
    const patch = this.#patch;
    const box = transform
      ? sourceBox(transform, start, patch, entry.size)
      : overlap(start, patch, entry.size);
    const region: Region = {
      ...box,
      image: image.length > 0 ? this.#reader.image(entry, box) : image,
      labels: this.#reader.labels(entry, box),
    };
    if (transform) transformPatch(region, transform, start, patch, outside, image, labels);
    else {
      paste(region.image, box, start, patch, 0, image);
      paste(region.labels, box, start, patch, outside, labels);
    }
  }
}

/** The part of a patch that lies within a case; a patch always touches its case. */
function overlap(start: Size3, patch: Size3, size: Size3): Box {
  const from = start.map((n) => Math.max(0, n));
  const extent = from.map((n, axis) => Math.min(size[axis]!, start[axis]! + patch[axis]!) - n);
  return { start: from as unknown as Size3, size: extent as unknown as Size3 };
}

type Values = Float32Array | Uint8Array | Uint16Array;

/** Copies a box into a patch (channel by channel) and fills the rest. */
function paste(from: Values, box: Box, start: Size3, patch: Size3, rest: number, to: Values): void {
  if (to.length === from.length) {
    to.set(from);
    return;
  }
  to.fill(rest);
  const [bx, by, bz] = box.size;
  const offset = box.start.map((n, axis) => n - start[axis]!);
  const channels = to.length / voxelCount(patch);
  for (let c = 0; c < channels; c++) {
    for (let k = 0; k < bz; k++) {
      for (let j = 0; j < by; j++) {
        const at = bx * (j + by * (k + bz * c));
        const row = j + offset[1]! + patch[1] * (k + offset[2]! + patch[2] * c);
        to.set(from.subarray(at, at + bx), patch[0] * row + offset[0]!);
      }
    }
  }
}

/** Turns an array round along axes, in place. */
export function flip(data: Values, size: Size3, axes: readonly number[]): void {
  const [nx, ny, nz] = size;
  if (axes.includes(0)) for (let at = 0; at < data.length; at += nx) data.subarray(at, at + nx).reverse();
  if (axes.includes(1)) {
    for (let k = 0; k < nz; k++) {
      for (let j = 0; j < ny >> 1; j++) exchange(data, nx * (j + ny * k), nx * (ny - 1 - j + ny * k), nx);
    }
  }
  if (axes.includes(2)) {
    for (let k = 0; k < nz >> 1; k++) exchange(data, nx * ny * k, nx * ny * (nz - 1 - k), nx * ny);
  }
}

function exchange(data: Values, a: number, b: number, length: number): void {
  const kept = data.slice(a, a + length);
  data.copyWithin(a, b, b + length);
  data.set(kept, b);
}
