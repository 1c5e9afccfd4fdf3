/** MONAI's sliding windows (monai/inferers/utils.py, monai/data/utils.py). */
import type { Size3 } from "@viscera/core";
import type { MonaiWindows } from "./plan.js";

/** Size, first voxels and weights of the windows over an image; all in stored order, MONAI's axes reversed. */
export interface WindowLayout {
  patch: Size3;
  starts: readonly (readonly number[])[];
  /** [nz, ny, nx] of a window. */
  importance: Float32Array;
}

const SMALLEST_WEIGHT = 1e-3;

export function windowLayout(windows: MonaiWindows, image: Size3): WindowLayout {
  const reversed = <T>(list: readonly T[]) => [...list].reverse();
  const overlap = reversed(windows.overlap);
  const patch = reversed(windows.size).map((n, axis) => n ?? image[axis]!) as unknown as Size3;
  return {
    patch,
    starts: patch.map((extent, axis) => windowStarts(Math.max(image[axis]!, extent), extent, overlap[axis]!)),
    importance: importanceOf(patch, windows.sigma && reversed(windows.sigma)),
  };
}

function windowStarts(image: number, window: number, overlap: number): number[] {
  const interval = window === image ? window : Math.max(1, Math.trunc(window * (1 - overlap)));
  const starts: number[] = [];
  for (let start = 0; ; start += interval) {
    starts.push(Math.min(start, image - window));
    if (start + window >= image) return starts;
  }
}

function importanceOf([nx, ny, nz]: Size3, sigma: readonly number[] | null): Float32Array {
  const importance = new Float32Array(nx * ny * nz).fill(1);
  if (!sigma) return importance;
  const [gx, gy, gz] = [nx, ny, nz].map((extent, axis) => {
    const deviation = extent * sigma[axis]!;
    return Float64Array.from({ length: extent }, (_, i) =>
      Math.exp(-((i - (extent - 1) / 2) ** 2) / (2 * deviation * deviation)),
    );
  }) as [Float64Array, Float64Array, Float64Array];
  const smallest = Math.max(SMALLEST_WEIGHT, gx[0]! * gy[0]! * gz[0]!);
  let at = 0;
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++) importance[at++] = Math.max(smallest, gx[i]! * gy[j]! * gz[k]!);
  return importance;
}
