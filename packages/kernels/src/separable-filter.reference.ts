import { type Size3, usageError, type Vec3, type VoxelArray } from "@viscera/core";
import { checkImage } from "./check.js";

/** Odd-length weights along i, j, k; the middle one belongs to the voxel itself. `[1]` leaves an axis alone. */
export type SeparableWeights = readonly [ArrayLike<number>, ArrayLike<number>, ArrayLike<number>];

/** Throws unless each axis has an odd number of finite weights. */
export function checkWeights(weights: SeparableWeights): void {
  for (const axis of weights)
    if (axis.length % 2 !== 1 || !Array.from(axis).every(Number.isFinite))
      throw usageError("A separable filter takes an odd number of finite weights along each axis.");
}

/**
 * Normalised Gaussian weights out to 4 sigma (radius floor(4 sigma + 0.5)), as scipy.ndimage.gaussian_filter1d;
 * `[1]` for sigma 0.
 */
export function gaussianWeights(sigma: number): Float64Array {
  if (!(sigma >= 0 && Number.isFinite(sigma)))
    throw usageError(`A Gaussian of sigma ${sigma} voxels is not possible: sigma is a number of at least 0.`);
  const radius = Math.floor(4 * sigma + 0.5);
  const weights = new Float64Array(2 * radius + 1);
  for (let i = -radius; i <= radius; i++) weights[i + radius] = radius && Math.exp(-0.5 * (i / sigma) ** 2);
  if (radius === 0) weights[0] = 1;
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((w) => w / sum);
}

/** Plain reference of `separableFilter`: same arguments, same values up to float rounding. */
export function separableFilterReference(
  image: VoxelArray,
  size: Size3,
  weights: SeparableWeights,
): Float32Array {
  checkImage(image, size);
  checkWeights(weights);
  let current = Float64Array.from(image);
  const strides = [1, size[0], size[0] * size[1]];
  for (let axis = 0; axis < 3; axis++) {
    const w = weights[axis]!;
    if (w.length === 1 && w[0] === 1) continue;
    const n = size[axis]!;
    const stride = strides[axis]!;
    const radius = (w.length - 1) / 2;
    const next = new Float64Array(current.length);
    for (let i = 0; i < current.length; i++) {
      const p = Math.floor(i / stride) % n;
      const start = i - p * stride;
      let sum = 0;
      for (let t = -radius; t <= radius; t++)
        sum += w[t + radius]! * current[start + Math.min(n - 1, Math.max(0, p + t)) * stride]!;
      next[i] = sum;
    }
    current = next;
  }
  return Float32Array.from(current);
}

/** Plain reference of `gaussianSmooth`. */
export function gaussianSmoothReference(image: VoxelArray, size: Size3, sigmaVoxels: Vec3): Float32Array {
  const [x, y, z] = sigmaVoxels.map(gaussianWeights);
  return separableFilterReference(image, size, [x!, y!, z!]);
}
