import { type LabelArray, type Size3, type Vec3, voxelCount } from "@viscera/core";
import { checkImage } from "./check.js";
import { newArrayLike } from "./resample.reference.js";
import { checkGrid, clampTo, isInside, nearestIndex, type ResampleGrid } from "./resample-grid.js";

export interface ResampleLabelsParameters extends ResampleGrid {
  /** "smooth": the label with the largest share of the output voxel; "nearest": the nearest voxel's label. */
  interpolation: "smooth" | "nearest";
}

/** Shares this close count as equal: positions carry rounding errors of about this size. */
const TIE = 1e-9;

/**
 * Sample points inside an output voxel along each of its axes: one where its step is below 1.5 input voxels,
 * else one an input voxel, so that each input voxel votes by the area it covers.
 */
export function samplesPerAxis({ outputToInput: m }: ResampleGrid): Vec3 {
  const along = (c: number) => Math.max(1, Math.round(Math.hypot(m[c]!, m[4 + c]!, m[8 + c]!)));
  return [along(0), along(1), along(2)];
}

/** Shares of labels in one output voxel. */
class Votes {
  readonly #shares = new Map<number, number>();

  clear(): void {
    this.#shares.clear();
  }

  add(label: number, share: number): void {
    this.#shares.set(label, (this.#shares.get(label) ?? 0) + share);
  }

  /** The label with the largest share; among equals `preferred` where it is one of them, else the lowest id. */
  winner(preferred: number): number {
    const most = Math.max(...this.#shares.values());
    const best = [...this.#shares].filter(([, share]) => share >= most - TIE).map(([label]) => label);
    return best.includes(preferred) ? preferred : Math.min(...best);
  }
}

/** Plain reference of `resampleLabels`: same arguments, equal labels. */
export function resampleLabelsReference<T extends LabelArray>(
  labels: T,
  size: Size3,
  parameters: ResampleLabelsParameters,
): T {
  checkImage(labels, size);
  checkGrid(parameters);
  const { outputSize, outputToInput: m, interpolation } = parameters;
  const [nx, ny, nz] = size;
  const out = newArrayLike(labels, voxelCount(outputSize));
  const position = (i: number, j: number, k: number): Vec3 => [
    m[0]! * i + (m[1]! * j + (m[2]! * k + m[3]!)),
    m[4]! * i + (m[5]! * j + (m[6]! * k + m[7]!)),
    m[8]! * i + (m[9]! * j + (m[10]! * k + m[11]!)),
  ];
  const covers = ([x, y, z]: Vec3) => isInside(x, nx) && isInside(y, ny) && isInside(z, nz);
  const labelAt = (x: number, y: number, z: number) => labels[x + nx * (y + ny * z)]!;
  const votes = new Votes();

  /** Adds the indicators of the (up to) 8 labels around a sample, linearly interpolated. */
  const vote = (at: Vec3, share: number) => {
    if (!covers(at)) {
      votes.add(0, share);
      return;
    }
    const [x, y, z] = at.map((p, axis) => clampTo(p, size[axis]!)) as [number, number, number];
    for (let corner = 0; corner < 8; corner++) {
      let weight = share;
      const index = [x, y, z].map((p, axis) => {
        const base = Math.floor(p);
        const upper = (corner >> axis) & 1;
        weight *= upper ? p - base : 1 - (p - base);
        return Math.min(size[axis]! - 1, base + upper);
      });
      if (weight > 0) votes.add(labelAt(index[0]!, index[1]!, index[2]!), weight);
    }
  };

  const samples = samplesPerAxis(parameters);
  const offset = (s: number, axis: number) => (s + 0.5) / samples[axis]! - 0.5;
  const share = 1 / (samples[0] * samples[1] * samples[2]);
  let at = 0;
  for (let k = 0; k < outputSize[2]; k++)
    for (let j = 0; j < outputSize[1]; j++)
      for (let i = 0; i < outputSize[0]; i++, at++) {
        const centre = position(i, j, k);
        const nearest = covers(centre)
          ? labelAt(nearestIndex(centre[0], nx), nearestIndex(centre[1], ny), nearestIndex(centre[2], nz))
          : 0;
        if (interpolation === "nearest") {
          out[at] = nearest;
          continue;
        }
        votes.clear();
        for (let c = 0; c < samples[2]; c++)
          for (let b = 0; b < samples[1]; b++)
            for (let a = 0; a < samples[0]; a++)
              vote(position(i + offset(a, 0), j + offset(b, 1), k + offset(c, 2)), share);
        out[at] = votes.winner(nearest);
      }
  return out;
}
