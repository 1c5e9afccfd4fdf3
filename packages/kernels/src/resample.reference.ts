import { type Size3, usageError, type VoxelArray, voxelCount } from "@viscera/core";
import { checkImage } from "./check.js";
import { checkGrid, clampTo, isInside, nearestIndex, type ResampleGrid } from "./resample-grid.js";
import { splineCoefficients } from "./spline-coefficients.reference.js";

export type Interpolation = "nearest" | "linear" | "cubic";

export interface ResampleParameters<I extends Interpolation = Interpolation> extends ResampleGrid {
  interpolation: I;
  /** Value of samples more than half a voxel beyond the outer voxel centres. */
  outside: number;
}

/** Nearest keeps the number type; linear and cubic give floats. */
export type Resampled<T extends VoxelArray, I extends Interpolation> = I extends "nearest" ? T : Float32Array;

/** A new array of the same number type as `like`. */
export function newArrayLike<T extends VoxelArray>(like: T, length: number): T {
  return new (like.constructor as new (length: number) => T)(length);
}

/** Numbers of the same type as `like` at a memory's address. */
export function viewOf<T extends VoxelArray>(
  like: T,
  memory: ArrayBufferLike,
  address: number,
  length: number,
): T {
  return new (like.constructor as new (memory: ArrayBufferLike, address: number, length: number) => T)(
    memory,
    address,
    length,
  );
}

/** Throws unless grid and parameters suit the image. */
export function checkResample(image: VoxelArray, size: Size3, parameters: ResampleParameters): void {
  checkImage(image, size);
  checkGrid(parameters);
  const { interpolation, outside } = parameters;
  const isFloat = image instanceof Float32Array || image instanceof Float64Array;
  if (interpolation !== "nearest" || isFloat) return;
  const stored = newArrayLike(image, 1);
  stored[0] = outside;
  if (stored[0] !== outside)
    throw usageError(
      `The outside value ${outside} does not fit the image's number type (${image.constructor.name}).`,
    );
}

/** The (up to) `count` taps of one axis around `p`: mirrored indices into `index`, weights into `weight`. */
function taps(p: number, n: number, cubic: boolean, index: Int32Array, weight: Float64Array): void {
  const base = Math.floor(p);
  const t = p - base;
  if (!cubic) {
    index[0] = base;
    index[1] = Math.min(n - 1, base + 1);
    weight[0] = 1 - t;
    weight[1] = t;
    return;
  }
  const s = 1 - t;
  weight[0] = (s * s * s) / 6;
  weight[1] = (4 - 6 * t * t + 3 * t * t * t) / 6;
  weight[2] = (4 - 6 * s * s + 3 * s * s * s) / 6;
  weight[3] = (t * t * t) / 6;
  for (let k = 0; k < 4; k++) index[k] = mirror(base - 1 + k, n);
}

/** Whole-sample symmetric continuation of an axis: ... 2 1 | 0 1 2 ... n-1 | n-2 ... */
function mirror(i: number, n: number): number {
  if (n === 1) return 0;
  const period = 2 * (n - 1);
  const m = ((i % period) + period) % period;
  return m < n ? m : period - m;
}

/** Plain reference of `resample`: same arguments, same values up to float rounding (nearest: equal). */
export function resampleReference<T extends VoxelArray, I extends Interpolation>(
  image: T,
  size: Size3,
  parameters: ResampleParameters<I>,
): Resampled<T, I> {
  checkResample(image, size, parameters);
  const { outputSize, outputToInput: m, interpolation, outside } = parameters;
  const [nx, ny, nz] = size;
  const count = voxelCount(outputSize);
  const out = interpolation === "nearest" ? newArrayLike(image, count) : new Float32Array(count);
  const cubic = interpolation === "cubic";
  const values: ArrayLike<number> = cubic ? splineCoefficients(image, size) : image;
  const width = cubic ? 4 : 2;
  const index = [0, 1, 2].map(() => new Int32Array(4));
  const weight = [0, 1, 2].map(() => new Float64Array(4));
  let at = 0;
  for (let k = 0; k < outputSize[2]; k++)
    for (let j = 0; j < outputSize[1]; j++)
      for (let i = 0; i < outputSize[0]; i++, at++) {
        const x = m[0]! * i + (m[1]! * j + (m[2]! * k + m[3]!));
        const y = m[4]! * i + (m[5]! * j + (m[6]! * k + m[7]!));
        const z = m[8]! * i + (m[9]! * j + (m[10]! * k + m[11]!));
        if (!(isInside(x, nx) && isInside(y, ny) && isInside(z, nz))) {
          out[at] = outside;
          continue;
        }
        if (interpolation === "nearest") {
          out[at] = image[nearestIndex(x, nx) + nx * (nearestIndex(y, ny) + ny * nearestIndex(z, nz))]!;
          continue;
        }
        taps(clampTo(x, nx), nx, cubic, index[0]!, weight[0]!);
        taps(clampTo(y, ny), ny, cubic, index[1]!, weight[1]!);
        taps(clampTo(z, nz), nz, cubic, index[2]!, weight[2]!);
        let sum = 0;
        for (let c = 0; c < width; c++)
          for (let b = 0; b < width; b++) {
            const w = weight[2]![c]! * weight[1]![b]!;
            const row = nx * (index[1]![b]! + ny * index[2]![c]!);
            for (let a = 0; a < width; a++) sum += w * weight[0]![a]! * values[row + index[0]![a]!]!;
          }
        out[at] = sum;
      }
  return out as Resampled<T, I>;
}
