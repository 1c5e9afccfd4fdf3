/**
 * Morphological features of the Image Biomarker Standardisation Initiative: https://ibsi.readthedocs.io,
 * chapter "Morphological features", doi:10.1148/radiol.2020191145.
 */
import { type Affine, determinant } from "@viscera/core";
import { convexHull } from "./hull.js";
import type { Moments } from "./moments.js";
import type { Runs } from "./runs.js";

/** Surface of an ellipsoid with semi-axes a >= b >= c by IBSI's series, cut after its 20th term. */
function ellipsoidArea(a: number, b: number, c: number): number {
  if (a === 0) return 0;
  const alpha = Math.sqrt(1 - (b / a) ** 2);
  const beta = Math.sqrt(1 - (c / a) ** 2);
  // q is (alpha beta)^n P_n((alpha^2 + beta^2) / (2 alpha beta)), P_n the Legendre polynomial.
  const s = (alpha * alpha + beta * beta) / 2;
  const p2 = (alpha * beta) ** 2;
  let [before, q] = [0, 1];
  let sum = 0;
  for (let n = 0; n <= 20; n++) {
    sum += q / (1 - 4 * n * n);
    [before, q] = [q, ((2 * n + 1) * s * q - n * p2 * before) / (n + 1)];
  }
  return 4 * Math.PI * a * b * sum;
}

/** Volume and area of the box along the voxel axes around the surface's vertices. */
function boundingBox({ box }: Runs, affine: Affine): { volume: number; area: number } {
  const [nx, ny, nz] = [0, 1, 2].map((axis) => box.max[axis]! - box.min[axis]! + 1) as [
    number,
    number,
    number,
  ];
  const column = (axis: number): number[] => [affine[axis]!, affine[4 + axis]!, affine[8 + axis]!];
  const face = (a: number, b: number): number => {
    const [u, v] = [column(a), column(b)];
    return Math.hypot(
      u[1]! * v[2]! - u[2]! * v[1]!,
      u[2]! * v[0]! - u[0]! * v[2]!,
      u[0]! * v[1]! - u[1]! * v[0]!,
    );
  };
  return {
    volume: nx * ny * nz * Math.abs(determinant(affine)),
    area: 2 * (nx * ny * face(0, 1) + ny * nz * face(1, 2) + nx * nz * face(0, 2)),
  };
}

/** Features that need no intensities. `mesh` is the unsmoothed surface's volume and area. */
export function morphology(
  runs: Runs,
  affine: Affine,
  mesh: { volumeMm3: number; areaMm2: number },
  { varianceMm2 }: Moments,
): Record<string, number> {
  const { volumeMm3: volume, areaMm2: area } = mesh;
  const sphere = Math.cbrt(36 * Math.PI * volume * volume);
  const [major, minor, least] = varianceMm2.map((variance) => 4 * Math.sqrt(variance)) as [
    number,
    number,
    number,
  ];
  const box = boundingBox(runs, affine);
  const hull = convexHull(runs, affine);
  return {
    morph_volume: volume,
    morph_vol_approx: runs.voxels * Math.abs(determinant(affine)),
    morph_area_mesh: area,
    morph_av: area / volume,
    morph_comp_1: volume / (Math.sqrt(Math.PI) * area ** 1.5),
    morph_comp_2: (36 * Math.PI * volume * volume) / area ** 3,
    morph_sph_dispr: area / sphere,
    morph_sphericity: sphere / area,
    morph_asphericity: area / sphere - 1,
    morph_diam: hull ? hull.diameterMm : Number.NaN,
    morph_pca_maj_axis: major,
    morph_pca_min_axis: minor,
    morph_pca_least_axis: least,
    morph_pca_elongation: minor / major,
    morph_pca_flatness: least / major,
    morph_vol_dens_aabb: volume / box.volume,
    morph_area_dens_aabb: area / box.area,
    morph_vol_dens_aee: volume / ((Math.PI / 6) * major * minor * least),
    morph_area_dens_aee: area / ellipsoidArea(major / 2, minor / 2, least / 2),
    morph_vol_dens_conv_hull: hull ? volume / hull.volumeMm3 : Number.NaN,
    morph_area_dens_conv_hull: hull ? area / hull.areaMm2 : Number.NaN,
  };
}
