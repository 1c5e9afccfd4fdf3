import type { MaskPair } from "../masks/mask-pair.js";
import { elementAreas } from "./element-areas.js";
import { nearestDistances } from "./nearest.js";
import { cornerSurface, type SurfacePoints, voxelSurface } from "./surface-points.js";

/** The surfaces of a pair and how far each point of either lies from the other. */
export interface SurfaceDistances {
  /** Distances in mm from the reference's points to the prediction's surface; Infinity where that is empty. */
  refToPred: Float64Array;
  predToRef: Float64Array;
  refPoints: SurfacePoints;
  predPoints: SurfacePoints;
}

/** Surface elements at voxel corners, with their areas. */
export interface ElementDistances extends SurfaceDistances {
  /** Area in mm^2 of each element. */
  refAreas: Float64Array;
  predAreas: Float64Array;
}

/** Distances between the voxel surfaces, centre to centre. */
export function voxelDistances(pair: MaskPair): SurfaceDistances {
  return distancesBetween(voxelSurface(pair.ref), voxelSurface(pair.pred), pair);
}

/** Distances between the surface elements, corner to corner, and the elements' areas. */
export function elementDistances(pair: MaskPair): ElementDistances {
  const areas = elementAreas(pair.spacingMm);
  const distances = distancesBetween(cornerSurface(pair.ref), cornerSurface(pair.pred), pair);
  const areasOf = ({ codes }: SurfacePoints) => Float64Array.from(codes!, (code) => areas[code]!);
  return { ...distances, refAreas: areasOf(distances.refPoints), predAreas: areasOf(distances.predPoints) };
}

function distancesBetween(
  refPoints: SurfacePoints,
  predPoints: SurfacePoints,
  { spacingMm }: MaskPair,
): SurfaceDistances {
  return {
    refPoints,
    predPoints,
    refToPred: nearestDistances(refPoints, predPoints, spacingMm),
    predToRef: nearestDistances(predPoints, refPoints, spacingMm),
  };
}
