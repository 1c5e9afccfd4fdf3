import { type Affine, applyToPoint } from "@viscera/core";
import type { Runs } from "./runs.js";

export interface Moments {
  /** Mean of the voxel centres, world mm. */
  centroidMm: [number, number, number];
  /**
   * Eigenvalues of the covariance of the voxel centres, mm^2, largest first. Divided by their number less one:
   * that is what reaches the consensus values of the Image Biomarker Standardisation Initiative.
   */
  varianceMm2: [number, number, number];
}

/** Eigenvalues of a symmetric 3x3 matrix (row-major), largest first, by Jacobi rotations. */
export function symmetricEigenvalues(matrix: readonly number[]): [number, number, number] {
  const m = [...matrix];
  for (let sweep = 0; sweep < 32; sweep++) {
    if (m[1]! ** 2 + m[2]! ** 2 + m[5]! ** 2 === 0) break;
    for (const [p, q] of [
      [0, 1],
      [0, 2],
      [1, 2],
    ] as const) {
      const apq = m[3 * p + q]!;
      if (apq === 0) continue;
      const theta = (m[4 * q]! - m[4 * p]!) / (2 * apq);
      const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
      const c = 1 / Math.sqrt(t * t + 1);
      const s = t * c;
      const r = 3 - p - q;
      const arp = m[3 * r + p]!;
      const arq = m[3 * r + q]!;
      m[4 * p]! -= t * apq;
      m[4 * q]! += t * apq;
      m[3 * p + q] = 0;
      m[3 * q + p] = 0;
      m[3 * r + p] = c * arp - s * arq;
      m[3 * p + r] = m[3 * r + p]!;
      m[3 * r + q] = s * arp + c * arq;
      m[3 * q + r] = m[3 * r + q]!;
    }
  }
  return [m[0]!, m[4]!, m[8]!].sort((a, b) => b - a) as [number, number, number];
}

/** Sums of x and x^2 over first <= x < last, counted from an origin. */
function powerSums(first: number, last: number): [number, number] {
  const upTo = (n: number): number => ((n - 1) * n * (2 * n - 1)) / 6;
  return [((last - first) * (first + last - 1)) / 2, upTo(last) - upTo(first)];
}

/** Centroid and spread of a structure's voxel centres. */
export function moments({ row, start, end, size, voxels, box }: Runs, affine: Affine): Moments {
  const [ox, oy, oz] = box.min;
  let [sx, sy, sz, sxx, sxy, sxz, syy, syz, szz] = [0, 0, 0, 0, 0, 0, 0, 0, 0];
  for (let r = 0; r < row.length; r++) {
    const slice = Math.floor(row[r]! / size[1]);
    const z = slice - oz;
    const y = row[r]! - slice * size[1] - oy;
    const n = end[r]! - start[r]!;
    const [x, xx] = powerSums(start[r]! - ox, end[r]! - ox);
    sx += x;
    sy += n * y;
    sz += n * z;
    sxx += xx;
    sxy += x * y;
    sxz += x * z;
    syy += n * y * y;
    syz += n * y * z;
    szz += n * z * z;
  }
  const [mx, my, mz] = [sx / voxels, sy / voxels, sz / voxels];
  const [xy, xz, yz] = [sxy / voxels - mx * my, sxz / voxels - mx * mz, syz / voxels - my * mz];
  const c = [
    [sxx / voxels - mx * mx, xy, xz],
    [xy, syy / voxels - my * my, yz],
    [xz, yz, szz / voxels - mz * mz],
  ];
  const perDegree = voxels / Math.max(1, voxels - 1);
  const inMm: number[] = [];
  for (let i = 0; i < 3; i++)
    for (let j = 0; j < 3; j++) {
      let sum = 0;
      for (let k = 0; k < 3; k++)
        for (let l = 0; l < 3; l++) sum += affine[4 * i + k]! * c[k]![l]! * affine[4 * j + l]!;
      inMm.push(sum * perDegree);
    }
  const eigenvalues = symmetricEigenvalues(inMm);
  // What rounding leaves of a direction without extent.
  const flat = eigenvalues[0] * 1e-12;
  return {
    centroidMm: applyToPoint(affine, [mx + ox, my + oy, mz + oz]),
    varianceMm2: eigenvalues.map((value) => (value > flat ? value : 0)) as [number, number, number],
  };
}
