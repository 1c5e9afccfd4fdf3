import type { BitMask } from "../masks/bit-mask.js";
import { bitCount, emptyLike } from "../masks/bit-mask.js";

/**
 * Points of a surface on a grid, as bits and as lists, x fastest. The grid's points are the voxel centres, or the
 * voxel corners: corner (x, y, z) lies between voxels x - 1 and x, y - 1 and y, z - 1 and z.
 */
export interface SurfacePoints {
  bits: BitMask;
  count: number;
  x: Int32Array;
  y: Int32Array;
  z: Int32Array;
  /** Which of the 2x2x2 voxels around a corner are inside (see `cornerSurface`); null on voxel centres. */
  codes: Uint8Array | null;
}

/** Lists the set points of a grid. */
function listPoints(
  bits: BitMask,
  codes: ((x: number, y: number, z: number) => number) | null,
): SurfacePoints {
  const { size, rowWords, words } = bits;
  let count = 0;
  for (let i = 0; i < words.length; i++) count += bitCount(words[i]!);
  const points: SurfacePoints = {
    bits,
    count,
    x: new Int32Array(count),
    y: new Int32Array(count),
    z: new Int32Array(count),
    codes: codes ? new Uint8Array(count) : null,
  };
  let n = 0;
  for (let z = 0; z < size[2]; z++)
    for (let y = 0; y < size[1]; y++) {
      const row = rowWords * (y + size[1] * z);
      for (let w = 0; w < rowWords; w++)
        for (let word = words[row + w]!; word !== 0; word &= word - 1) {
          const x = (w << 5) + 31 - Math.clz32(word & -word);
          points.x[n] = x;
          points.y[n] = y;
          points.z[n] = z;
          if (codes) points.codes![n] = codes(x, y, z);
          n++;
        }
    }
  return points;
}

/**
 * Voxels of a mask that have a face in common with a voxel outside it (the mask without its erosion by the six
 * neighbours); beyond the image is outside.
 */
export function voxelSurface(mask: BitMask): SurfacePoints {
  const bits = emptyLike(mask);
  const { size, rowWords, words } = mask;
  const plane = rowWords * size[1];
  for (let z = 1; z < size[2] - 1; z++)
    for (let y = 1; y < size[1] - 1; y++) {
      const row = rowWords * y + plane * z;
      for (let w = 0; w < rowWords; w++) {
        const at = row + w;
        const word = words[at]!;
        if (word === 0) continue;
        const left = (word << 1) | (w > 0 ? words[at - 1]! >>> 31 : 0);
        const right = (word >>> 1) | (w + 1 < rowWords ? words[at + 1]! << 31 : 0);
        const inner =
          left &
          right &
          words[at - rowWords]! &
          words[at + rowWords]! &
          words[at - plane]! &
          words[at + plane]!;
        bits.words[at] = word & ~inner;
      }
    }
  return listPoints(bits, null);
}

/**
 * Voxel corners where the 2x2x2 voxels around are neither all inside nor all outside, with their codes: 128, 64, 32,
 * 16 for the voxels before the corner along x (before y before z, before y, before z, neither), 8, 4, 2, 1 for those
 * behind it. The surface elements of google-deepmind/surface-distance.
 */
export function cornerSurface(mask: BitMask): SurfacePoints {
  const bits = emptyLike(mask);
  const { size, rowWords, words } = mask;
  const plane = rowWords * size[1];
  for (let z = 1; z < size[2]; z++)
    for (let y = 1; y < size[1]; y++) {
      const row = rowWords * y + plane * z;
      let carry = 0;
      let carryAll = 0;
      for (let w = 0; w < rowWords; w++) {
        const a = words[row + w]!;
        const b = words[row + w - rowWords]!;
        const c = words[row + w - plane]!;
        const d = words[row + w - plane - rowWords]!;
        const any = a | b | c | d;
        const all = a & b & c & d;
        bits.words[row + w] = (any | (any << 1) | carry) & ~(all & ((all << 1) | carryAll));
        carry = any >>> 31;
        carryAll = all >>> 31;
      }
    }
  const bit = (x: number, row: number) => (words[row + (x >> 5)]! >>> (x & 31)) & 1;
  return listPoints(bits, (x, y, z) => {
    const row = rowWords * y + plane * z;
    const before = x - 1;
    return (
      (bit(before, row - rowWords - plane) << 7) |
      (bit(before, row - rowWords) << 6) |
      (bit(before, row - plane) << 5) |
      (bit(before, row) << 4) |
      (bit(x, row - rowWords - plane) << 3) |
      (bit(x, row - rowWords) << 2) |
      (bit(x, row - plane) << 1) |
      bit(x, row)
    );
  });
}
