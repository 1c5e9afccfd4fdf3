/** Boxes cut from and turned within a multi-channel image of float32, x fastest, channel slowest. */
import type { Size3 } from "@viscera/core";

export interface NetworkImage {
  size: Size3;
  channels: number;
  /** `channels` volumes one after the other. */
  data: Float32Array;
}

/** The box of `size` voxels from `start`; what lies outside the image is 0. */
export function cutBox(image: NetworkImage, start: Size3, size: Size3): Float32Array {
  const [nx, ny, nz] = image.size;
  const out = new Float32Array(image.channels * size[0] * size[1] * size[2]);
  const from = Math.max(0, start[0]);
  const to = Math.min(nx, start[0] + size[0]);
  if (to <= from) return out;
  for (let c = 0; c < image.channels; c++) {
    for (let k = 0; k < size[2]; k++) {
      const z = start[2] + k;
      if (z < 0 || z >= nz) continue;
      for (let j = 0; j < size[1]; j++) {
        const y = start[1] + j;
        if (y < 0 || y >= ny) continue;
        const row = nx * (y + ny * (z + nz * c));
        const target = size[0] * (j + size[1] * (k + size[2] * c)) + from - start[0];
        out.set(image.data.subarray(row + from, row + to), target);
      }
    }
  }
  return out;
}

/** Combinations of axes to flip, the unflipped one first: 2^n for n axes. */
export function flipCombinations(axes: readonly (0 | 1 | 2)[]): (0 | 1 | 2)[][] {
  return Array.from({ length: 2 ** axes.length }, (_, bits) => axes.filter((_, bit) => bits & (1 << bit)));
}

/** A copy with every channel turned round along `axes`; the array itself when there are none. */
export function flipped(data: Float32Array, size: Size3, axes: readonly number[]): Float32Array {
  if (axes.length === 0) return data;
  const [nx, ny, nz] = size;
  const channels = data.length / (nx * ny * nz);
  const out = new Float32Array(data.length);
  const flip = [0, 1, 2].map((axis) => axes.includes(axis));
  for (let c = 0; c < channels; c++) {
    for (let k = 0; k < nz; k++) {
      const z = flip[2] ? nz - 1 - k : k;
      for (let j = 0; j < ny; j++) {
        const y = flip[1] ? ny - 1 - j : j;
        const source = nx * (y + ny * (z + nz * c));
        const target = nx * (j + ny * (k + nz * c));
        if (flip[0]) for (let i = 0; i < nx; i++) out[target + i] = data[source + nx - 1 - i]!;
        else out.set(data.subarray(source, source + nx), target);
      }
    }
  }
  return out;
}
