/**
 * Binary morphology. Balls go by the distance transform, so their cost does not depend on the radius; steps go row by
 * row. The image border is no background: an organ that the image cuts is not eroded there.
 */
import type { Size3 } from "@viscera/core";
import { distanceTransform } from "./distance-transform.js";
import {
  checkMorphology,
  complement,
  RADIUS_SLACK,
  type StructuringElement,
} from "./morphology.reference.js";
import type { KernelOptions } from "./options.js";
import { Turns } from "./pool/turn.js";
import type { Connectivity } from "./runs.js";

/** How a step reaches from rows with |dj| + |dk| = 0, 1, 2: not at all, straight, or also to both sides. */
const REACH: Record<Connectivity, readonly ["wide", "straight" | "wide", "none" | "straight" | "wide"]> = {
  6: ["wide", "straight", "none"],
  18: ["wide", "wide", "straight"],
  26: ["wide", "wide", "wide"],
};

/** Every row widened by one voxel to either side. */
function widen(mask: Uint8Array, nx: number): Uint8Array {
  const out = mask.slice();
  for (let i = 1; i < mask.length; i++)
    if (i % nx !== 0) {
      out[i]! |= mask[i - 1]!;
      out[i - 1]! |= mask[i]!;
    }
  return out;
}

/** One step to the neighbours; `mask` holds 0 and 1. */
async function step(
  mask: Uint8Array,
  [nx, ny, nz]: Size3,
  connectivity: Connectivity,
  turns: Turns,
): Promise<Uint8Array> {
  const wide = widen(mask, nx);
  const out = wide.slice();
  for (let k = 0; k < nz; k++) {
    await turns.giveWay();
    for (let j = 0; j < ny; j++)
      for (let dk = -1; dk <= 1; dk++)
        for (let dj = -1; dj <= 1; dj++) {
          const reach = REACH[connectivity][(Math.abs(dj) + Math.abs(dk)) as 0 | 1 | 2];
          if (reach === "none" || j + dj < 0 || j + dj >= ny || k + dk < 0 || k + dk >= nz) continue;
          const rows = reach === "wide" ? wide : mask;
          const from = nx * (j + dj + ny * (k + dk));
          const to = nx * (j + ny * k);
          for (let i = 0; i < nx; i++) out[to + i]! |= rows[from + i]!;
        }
  }
  return out;
}

/** 1 on every voxel that the element reaches from a nonzero voxel, else 0. */
export async function dilate(
  mask: Uint8Array,
  size: Size3,
  element: StructuringElement,
  options: KernelOptions = {},
): Promise<Uint8Array> {
  checkMorphology(mask, size, element);
  if ("radiusMm" in element) {
    const limit = element.radiusMm * RADIUS_SLACK;
    const distance = await distanceTransform(complement(mask), size, element.spacingMm, options);
    const out = new Uint8Array(mask.length);
    for (let i = 0; i < out.length; i++) out[i] = distance[i]! <= limit ? 1 : 0;
    return out;
  }
  const turns = new Turns(options.signal);
  let out: Uint8Array = new Uint8Array(mask.length);
  for (let i = 0; i < out.length; i++) out[i] = mask[i] === 0 ? 0 : 1;
  for (let done = 0; done < element.steps; done++) {
    out = await step(out, size, element.connectivity, turns);
    options.onProgress?.({ stage: "dilation", done: done + 1, total: element.steps });
  }
  return out;
}

/** 1 on every voxel that the element reaches from no zero voxel, else 0. */
export async function erode(
  mask: Uint8Array,
  size: Size3,
  element: StructuringElement,
  options: KernelOptions = {},
): Promise<Uint8Array> {
  checkMorphology(mask, size, element);
  return complement(await dilate(complement(mask), size, element, options));
}

/** Erosion, then dilation: removes what is thinner than the element. */
export async function open(
  mask: Uint8Array,
  size: Size3,
  element: StructuringElement,
  options: KernelOptions = {},
): Promise<Uint8Array> {
  return dilate(await erode(mask, size, element, options), size, element, options);
}

/** Dilation, then erosion: closes gaps narrower than the element. */
export async function close(
  mask: Uint8Array,
  size: Size3,
  element: StructuringElement,
  options: KernelOptions = {},
): Promise<Uint8Array> {
  return erode(await dilate(mask, size, element, options), size, element, options);
}
