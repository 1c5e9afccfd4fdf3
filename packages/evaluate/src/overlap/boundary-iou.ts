import { usageError } from "@viscera/core";
import { type BitMask, bitCount, emptyLike } from "../masks/bit-mask.js";
import type { MaskPair } from "../masks/mask-pair.js";
import { voxelSurface } from "../surface/surface-points.js";

/** More would mean thousands of shifts of the mask. */
const MOST_VOXELS = 16;

/**
 * Boundary IoU (Cheng et al. 2021, doi:10.1109/CVPR46437.2021.01508): IoU of the two masks' voxels that lie less than
 * `distanceVoxels` (in voxels, whatever the spacing) from the mask's surface voxels, which count themselves. NaN where
 * both masks are empty. Throws `usage` unless 0 < distanceVoxels <= 16.
 */
export function boundaryIou(pair: MaskPair, distanceVoxels: number): number {
  if (!(distanceVoxels > 0 && distanceVoxels <= MOST_VOXELS))
    throw usageError(`A boundary of ${distanceVoxels} voxels is not between 0 and ${MOST_VOXELS}.`);
  const ref = boundaryOf(pair.ref, distanceVoxels);
  const pred = boundaryOf(pair.pred, distanceVoxels);
  let both = 0;
  let either = 0;
  for (let i = 0; i < ref.words.length; i++) {
    both += bitCount(ref.words[i]! & pred.words[i]!);
    either += bitCount(ref.words[i]! | pred.words[i]!);
  }
  return both / either;
}

/** The mask's voxels that lie less than `distance` voxels from its surface voxels. */
function boundaryOf(mask: BitMask, distance: number): BitMask {
  const surface = voxelSurface(mask).bits;
  const out = emptyLike(mask);
  const reach = Math.ceil(distance) - 1;
  for (let dz = -reach; dz <= reach; dz++)
    for (let dy = -reach; dy <= reach; dy++)
      for (let dx = -reach; dx <= reach; dx++)
        if (dx * dx + dy * dy + dz * dz < distance * distance) addShifted(out, surface, dx, dy, dz);
  for (let i = 0; i < out.words.length; i++) out.words[i]! &= mask.words[i]!;
  return out;
}

/** Sets the voxels of `from`, moved by less than 32 voxels; what leaves the part is lost. */
function addShifted(to: BitMask, from: BitMask, dx: number, dy: number, dz: number): void {
  const { size, rowWords } = from;
  for (let z = Math.max(0, -dz); z < Math.min(size[2], size[2] - dz); z++)
    for (let y = Math.max(0, -dy); y < Math.min(size[1], size[1] - dy); y++) {
      const source = rowWords * (y + size[1] * z);
      const target = rowWords * (y + dy + size[1] * (z + dz));
      for (let w = 0; w < rowWords; w++) {
        const word = from.words[source + w]!;
        if (word === 0) continue;
        if (dx === 0) to.words[target + w]! |= word;
        else if (dx > 0) {
          to.words[target + w]! |= word << dx;
          if (w + 1 < rowWords) to.words[target + w + 1]! |= word >>> (32 - dx);
        } else {
          to.words[target + w]! |= word >>> -dx;
          if (w > 0) to.words[target + w - 1]! |= word << (32 + dx);
        }
      }
    }
}
