import type { Size3 } from "@viscera/core";
import { type BitMask, forEachVoxel } from "../masks/bit-mask.js";
import type { MaskPair } from "../masks/mask-pair.js";

/**
 * The masks of a pair as bytes, with at least `margin` voxels around them where the image goes on, and none beyond its
 * border: there a dilation ends.
 */
export function unpackedPair(
  { ref, pred, imageSize }: MaskPair,
  margin: number,
): { ref: Uint8Array; pred: Uint8Array; size: Size3 } {
  // A bit mask has a margin of one voxel of its own.
  const from = ref.origin.map((low) => Math.max(0, low + 1 - margin));
  const to = ref.origin.map((low, axis) => Math.min(imageSize[axis]!, low + ref.size[axis]! - 1 + margin));
  const size = from.map((low, axis) => to[axis]! - low) as [number, number, number];
  const unpack = (mask: BitMask) => {
    const out = new Uint8Array(size[0] * size[1] * size[2]);
    const [ox, oy, oz] = mask.origin.map((low, axis) => low - from[axis]!) as [number, number, number];
    forEachVoxel(mask, (x, y, z) => {
      out[x + ox + size[0] * (y + oy + size[1] * (z + oz))] = 1;
    });
    return out;
  };
  return { ref: unpack(ref), pred: unpack(pred), size };
}
