/** Surfaces for people to look at, with the distance of every point of them to the other surface. */
import { applyToPoint, determinant, type Grid, type Mesh } from "@viscera/core";
import { marchingCubes } from "@viscera/kernels";
import { type MaskPair, pairOfMasks } from "../masks/mask-pair.js";
import { decimalSpacing } from "../measures/compare-labels.js";
import { elementDistances } from "./surface-distances.js";
import type { SurfacePoints } from "./surface-points.js";

export interface DistanceMap {
  /** In world mm. */
  mesh: Mesh;
  /** Of each vertex, in mm; Infinity where the other mask is empty. */
  distancesMm: Float32Array;
}

export interface DistanceMaps {
  /** Surface of either mask with its distances to the other; null for an empty mask. */
  truth: DistanceMap | null;
  prediction: DistanceMap | null;
  /** Where a surface is farthest from the other: a voxel of its mask there. Null where both are empty. */
  farthest: { voxel: [number, number, number]; distanceMm: number } | null;
}

/** Distance maps of two masks (nonzero is inside) on a grid. */
export function distanceMaps(truth: Uint8Array, prediction: Uint8Array, grid: Grid): DistanceMaps {
  const pair = pairOfMasks(truth, prediction, grid.size, decimalSpacing(grid));
  const found = elementDistances(pair);
  return {
    truth: mapOf(truth, grid, pair, found.refPoints, found.refToPred),
    prediction: mapOf(prediction, grid, pair, found.predPoints, found.predToRef),
    farthest: farthestOf([
      [found.refPoints, found.refToPred],
      [found.predPoints, found.predToRef],
    ]),
  };
}

function mapOf(
  mask: Uint8Array,
  grid: Grid,
  { ref }: MaskPair,
  points: SurfacePoints,
  distances: Float64Array,
): DistanceMap | null {
  if (points.count === 0) return null;
  const [nx, ny, nz] = ref.size;
  const atCorner = new Float32Array(nx * ny * nz);
  for (let n = 0; n < points.count; n++)
    atCorner[points.x[n]! + nx * (points.y[n]! + ny * points.z[n]!)] = distances[n]!;
  const { positions, indices } = marchingCubes(mask, grid.size, 0.5);
  const distancesMm = new Float32Array(positions.length / 3);
  const steps = [1, nx, nx * ny];
  for (let v = 0; v < distancesMm.length; v++) {
    // A vertex lies in the middle of a face between two voxels, whose four corners are surface elements; the bit
    // mask's margin shifts indices by one.
    let corner = 0;
    const across: number[] = [];
    for (let axis = 0; axis < 3; axis++) {
      const place = positions[3 * v + axis]! + 1;
      const whole = Number.isInteger(place);
      corner += steps[axis]! * (whole ? place : Math.ceil(place));
      if (whole) across.push(steps[axis]!);
    }
    const [a = 0, b = 0] = across;
    distancesMm[v] =
      (atCorner[corner]! + atCorner[corner + a]! + atCorner[corner + b]! + atCorner[corner + a + b]!) / 4;
    const world = applyToPoint(grid.affine, [
      positions[3 * v]!,
      positions[3 * v + 1]!,
      positions[3 * v + 2]!,
    ]);
    positions.set(world, 3 * v);
  }
  if (determinant(grid.affine) < 0)
    for (let t = 0; t < indices.length; t += 3)
      [indices[t + 1], indices[t + 2]] = [indices[t + 2]!, indices[t + 1]!];
  return { mesh: { positions, indices }, distancesMm };
}

function farthestOf(surfaces: readonly (readonly [SurfacePoints, Float64Array])[]): DistanceMaps["farthest"] {
  let farthest: DistanceMaps["farthest"] = null;
  for (const [points, distances] of surfaces)
    for (let n = 0; n < points.count; n++) {
      if (farthest && distances[n]! <= farthest.distanceMm) continue;
      // A voxel inside, of those around the corner; the bit mask's margin shifts indices by one.
      const around = Math.clz32(points.codes![n]!) - 24;
      const before = [1 - (around >> 2), 1 - ((around >> 1) & 1), 1 - (around & 1)];
      const voxel = [points.x[n]!, points.y[n]!, points.z[n]!].map((c, axis) => c - 1 - before[axis]!);
      farthest = { voxel: voxel as [number, number, number], distanceMm: distances[n]! };
    }
  return farthest;
}
