/**
 * Moran's I and Geary's C, weighted by inverse distance, as the Image Biomarker Standardisation Initiative
 * defines them: https://ibsi.readthedocs.io, chapter "Morphological features". Every pair of voxels is
 * visited: the time grows with the square of their number.
 */
import type { Affine, Pause, VoxelArray } from "@viscera/core";
import type { Runs } from "./runs.js";

/** Both measures by their IBSI tags; NaN where fewer than two voxels are finite or all are equal. */
export async function spatialAutocorrelation(
  { row, start, end, size, voxels }: Runs,
  data: VoxelArray,
  affine: Affine,
  pause: Pause,
): Promise<Record<string, number>> {
  const positions = new Float64Array(3 * voxels);
  const deviation = new Float64Array(voxels);
  let n = 0;
  let mean = 0;
  for (let r = 0; r < row.length; r++) {
    const z = Math.floor(row[r]! / size[1]);
    const y = row[r]! - z * size[1];
    for (let x = start[r]!; x < end[r]!; x++) {
      const value = data[row[r]! * size[0] + x]!;
      if (!Number.isFinite(value)) continue;
      for (let i = 0; i < 3; i++)
        positions[3 * n + i] = affine[4 * i]! * x + affine[4 * i + 1]! * y + affine[4 * i + 2]! * z;
      deviation[n++] = value;
      mean += value;
    }
  }
  mean /= n;
  let squares = 0;
  for (let i = 0; i < n; i++) {
    deviation[i]! -= mean;
    squares += deviation[i]! ** 2;
  }
  // Half of every sum over pairs (i, j) and (j, i).
  let [weights, products, differences] = [0, 0, 0];
  for (let i = 1; i < n; i++) {
    if (i % 256 === 0) await pause();
    const [x, y, z, d] = [positions[3 * i]!, positions[3 * i + 1]!, positions[3 * i + 2]!, deviation[i]!];
    for (let j = 0; j < i; j++) {
      const [dx, dy, dz] = [positions[3 * j]! - x, positions[3 * j + 1]! - y, positions[3 * j + 2]! - z];
      const weight = 1 / Math.sqrt(dx * dx + dy * dy + dz * dz);
      const e = deviation[j]!;
      weights += weight;
      products += weight * d * e;
      differences += weight * (d - e) * (d - e);
    }
  }
  return {
    morph_moran_i: (n * products) / (weights * squares),
    morph_geary_c: ((n - 1) * differences) / (2 * weights * squares),
  };
}
