/** Changes of a patch's intensities, after nnU-Net's (batchgenerators, Isensee et al., doi:10.5281/zenodo.3632567). */
import { type Size3, voxelCount } from "@viscera/core";
import { blur } from "../../synthesis/blur.js";
import type { Draws } from "../../synthesis/draws.js";
import type { AugmentationSpec } from "./augmentation.js";

/** Changes one channel in place, in nnU-Net's order. */
export function changeIntensities(
  data: Float32Array,
  size: Size3,
  spec: AugmentationSpec,
  draws: Draws,
): void {
  const drawn = ({ probability, range }: { probability: number; range: [number, number] }) =>
    draws.chance(probability) ? draws.within(range) : null;
  const noise = drawn(spec.noise);
  if (noise !== null) addNoise(data, noise, draws);
  const sigma = drawn(spec.blur);
  if (sigma !== null) blur(data, size, [sigma, sigma, sigma]);
  const factor = drawn(spec.multiply);
  if (factor !== null) for (let i = 0; i < data.length; i++) data[i] = data[i]! * factor;
  const shift = drawn(spec.add);
  if (shift !== null) for (let i = 0; i < data.length; i++) data[i] = data[i]! + shift;
  const contrast = drawn(spec.contrast);
  if (contrast !== null) changeContrast(data, contrast);
  const scale = drawn(spec.lowResolution);
  if (scale !== null) lowerResolution(data, size, scale);
  const inverted = drawn(spec.invertedGamma);
  if (inverted !== null) changeGamma(data, inverted, true);
  const gamma = drawn(spec.gamma);
  if (gamma !== null) changeGamma(data, gamma, false);
}

export function addNoise(data: Float32Array, sd: number, draws: Draws): void {
  const noise = draws.fillNormal(new Float32Array(data.length));
  for (let i = 0; i < data.length; i++) data[i] = data[i]! + sd * noise[i]!;
}

interface Statistics {
  mean: number;
  sd: number;
  min: number;
  max: number;
}

function statisticsOf(data: Float32Array): Statistics {
  let sum = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const mean = sum / data.length;
  let squares = 0;
  for (let i = 0; i < data.length; i++) squares += (data[i]! - mean) ** 2;
  return { mean, sd: Math.sqrt(squares / data.length), min, max };
}

/** Distances to the mean times a factor, clipped to the range that was. */
export function changeContrast(data: Float32Array, factor: number): void {
  const { mean, min, max } = statisticsOf(data);
  for (let i = 0; i < data.length; i++) {
    const value = mean + factor * (data[i]! - mean);
    data[i] = value < min ? min : value > max ? max : value;
  }
}

/** Entries of the table of a power. */
const POWERS = 4096;

/** The range to 0..1, to the power `gamma`, and back, to the mean and standard deviation that were. */
export function changeGamma(data: Float32Array, gamma: number, inverted: boolean): void {
  const { mean, sd, min, max } = statisticsOf(data);
  if (!(max > min)) return;
  // Read off a table, linearly between its entries: a power for each voxel costs ten times as much.
  const table = Float32Array.from({ length: POWERS + 2 }, (_, i) => Math.min(1, i / POWERS) ** gamma);
  const scale = (inverted ? -POWERS : POWERS) / (max - min);
  const from = inverted ? max : min;
  for (let i = 0; i < data.length; i++) {
    const at = (data[i]! - from) * scale;
    const low = Math.floor(at);
    const value = table[low]! + (at - low) * (table[low + 1]! - table[low]!);
    data[i] = inverted ? 1 - value : value;
  }
  const changed = statisticsOf(data);
  const spread = changed.sd > 1e-8 ? sd / changed.sd : 0;
  for (let i = 0; i < data.length; i++) data[i] = mean + spread * (data[i]! - changed.mean);
}

/** Every voxel of a grid `scale` times as fine, nearest, and linearly back. */
export function lowerResolution(data: Float32Array, size: Size3, scale: number): void {
  const small = size.map((n) => Math.max(1, Math.round(n * scale))) as unknown as Size3;
  if (small.every((n, axis) => n === size[axis])) return;
  const [nx, ny, nz] = size;
  const [sx, sy, sz] = small;
  const nearest = size.map((n, axis) =>
    Int32Array.from({ length: small[axis]! }, (_, i) => Math.floor(((i + 0.5) * n) / small[axis]!)),
  );
  const coarse = new Float32Array(voxelCount(small));
  for (let k = 0, at = 0; k < sz; k++) {
    for (let j = 0; j < sy; j++) {
      const row = nx * (nearest[1]![j]! + ny * nearest[2]![k]!);
      for (let i = 0; i < sx; i++, at++) coarse[at] = data[row + nearest[0]![i]!]!;
    }
  }
  const [alongX, alongY, alongZ] = size.map((n, axis) => linearSteps(n, small[axis]!)) as [
    LinearSteps,
    LinearSteps,
    LinearSteps,
  ];
  const plane = new Float32Array(sx * sy);
  const line = new Float32Array(sx);
  for (let k = 0, at = 0; k < nz; k++) {
    mix(coarse, sx * sy, alongZ, k, plane);
    for (let j = 0; j < ny; j++) {
      mix(plane, sx, alongY, j, line);
      for (let i = 0; i < nx; i++, at++) {
        const low = line[alongX.low[i]!]!;
        data[at] = low + alongX.weight[i]! * (line[alongX.high[i]!]! - low);
      }
    }
  }
}

interface LinearSteps {
  low: Int32Array;
  high: Int32Array;
  weight: Float32Array;
}

/** Where each of `n` voxels lies among `small` ones over the same extent. */
function linearSteps(n: number, small: number): LinearSteps {
  const low = new Int32Array(n);
  const high = new Int32Array(n);
  const weight = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    const at = Math.min(small - 1, Math.max(0, ((i + 0.5) * small) / n - 0.5));
    low[i] = Math.floor(at);
    high[i] = Math.min(small - 1, low[i]! + 1);
    weight[i] = at - low[i]!;
  }
  return { low, high, weight };
}

/** A mixture of two neighbouring blocks of `length` numbers. */
function mix(
  from: Float32Array,
  length: number,
  { low, high, weight }: LinearSteps,
  at: number,
  out: Float32Array,
): void {
  const a = low[at]! * length;
  const b = high[at]! * length;
  const w = weight[at]!;
  for (let i = 0; i < length; i++) out[i] = from[a + i]! + w * (from[b + i]! - from[a + i]!);
}
