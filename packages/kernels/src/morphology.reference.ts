import { type Size3, usageError, type Vec3 } from "@viscera/core";
import { checkImage, checkSpacing } from "./check.js";
import { checkConnectivity } from "./connected-components.js";
import { distanceTransformReference } from "./distance-transform.reference.js";
import type { Connectivity } from "./runs.js";

/** A ball in mm, or a number of steps to neighbours. */
export type StructuringElement =
  | { radiusMm: number; spacingMm: Vec3 }
  | { connectivity: Connectivity; steps: number };

/** A voxel centre this little (relatively) beyond the radius still counts: distances are rounded to floats. */
export const RADIUS_SLACK = 1 + 1e-6;

/** Throws unless mask and element are usable. */
export function checkMorphology(mask: Uint8Array, size: Size3, element: StructuringElement): void {
  checkImage(mask, size);
  if ("radiusMm" in element) {
    checkSpacing(element.spacingMm);
    if (!(element.radiusMm >= 0 && Number.isFinite(element.radiusMm)))
      throw usageError(`A radius of ${element.radiusMm} mm is not a number of at least 0.`);
  } else {
    checkConnectivity(element.connectivity);
    if (!(Number.isInteger(element.steps) && element.steps >= 0))
      throw usageError(`${element.steps} steps is not a whole number of at least 0.`);
  }
}

/** Foreground 1 and background 0 exchanged. */
export function complement(mask: Uint8Array): Uint8Array {
  const out = new Uint8Array(mask.length);
  for (let i = 0; i < out.length; i++) out[i] = mask[i] === 0 ? 1 : 0;
  return out;
}

/** One step to the 6, 18 or 26 neighbours: those that differ in at most 1, 2 or 3 indices. */
function step(mask: Uint8Array, [nx, ny, nz]: Size3, connectivity: Connectivity): Uint8Array {
  const most = { 6: 1, 18: 2, 26: 3 }[connectivity];
  const out = new Uint8Array(mask.length);
  const near = (p: number, n: number) => [p - 1, p, p + 1].filter((q) => q >= 0 && q < n);
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++)
        for (const c of near(k, nz))
          for (const b of near(j, ny))
            for (const a of near(i, nx))
              if (Math.abs(a - i) + Math.abs(b - j) + Math.abs(c - k) <= most)
                if (mask[a + nx * (b + ny * c)]) out[i + nx * (j + ny * k)] = 1;
  return out;
}

/** Plain reference of `dilate`. */
export function dilateReference(mask: Uint8Array, size: Size3, element: StructuringElement): Uint8Array {
  checkMorphology(mask, size, element);
  if ("radiusMm" in element) {
    const limit = element.radiusMm * RADIUS_SLACK;
    const distance = distanceTransformReference(complement(mask), size, element.spacingMm);
    return Uint8Array.from(distance, (d) => (d <= limit ? 1 : 0));
  }
  let out = mask.map((value) => (value === 0 ? 0 : 1));
  for (let s = 0; s < element.steps; s++) out = new Uint8Array(step(out, size, element.connectivity));
  return out;
}

/** Plain reference of `erode`. */
export function erodeReference(mask: Uint8Array, size: Size3, element: StructuringElement): Uint8Array {
  checkMorphology(mask, size, element);
  return complement(dilateReference(complement(mask), size, element));
}
