import type { LabelArray, Size3, VoxelBox } from "@viscera/core";

/**
 * A mask over a part of an image, one bit a voxel. The part is surrounded by one voxel of zeros on every side, also
 * where the image ends, so that every voxel of it has all its neighbours: voxel (x, y, z) of the image lies at
 * (x - origin[0], y - origin[1], z - origin[2]) of the mask. Row (y, z) starts at word `rowWords * (y + size[1] * z)`;
 * bit x & 31 of word x >> 5 is voxel x.
 */
export interface BitMask {
  /** Image indices of the mask's voxel (0, 0, 0); -1 where the part starts at the image's border. */
  origin: readonly [number, number, number];
  /** Voxels along each axis, margins counted. */
  size: Size3;
  rowWords: number;
  words: Int32Array;
}

/** An empty mask for the box (inclusive image indices) and its margin. */
export function emptyMask(box: VoxelBox): BitMask {
  const size = box.max.map((high, axis) => high - box.min[axis]! + 3) as [number, number, number];
  const rowWords = (size[0] + 31) >>> 5;
  return {
    origin: [box.min[0] - 1, box.min[1] - 1, box.min[2] - 1],
    size,
    rowWords,
    words: new Int32Array(rowWords * size[1] * size[2]),
  };
}

/** A mask of the same part of the image as another, empty. */
export function emptyLike({ origin, size, rowWords, words }: BitMask): BitMask {
  return { origin, size, rowWords, words: new Int32Array(words.length) };
}

/** The voxels of a box that carry the label, or one of several (any label but 0 where `id` is null). */
export function maskOfLabel(
  labels: LabelArray,
  [nx, ny]: Size3,
  id: number | readonly number[] | null,
  box: VoxelBox,
): BitMask {
  const mask = emptyMask(box);
  const several = typeof id === "object" && id !== null ? new Set(id) : null;
  const { size, rowWords, words } = mask;
  for (let z = box.min[2]; z <= box.max[2]; z++)
    for (let y = box.min[1]; y <= box.max[1]; y++) {
      const row = rowWords * (y - box.min[1] + 1 + size[1] * (z - box.min[2] + 1));
      const from = nx * (y + ny * z) + box.min[0];
      const count = box.max[0] - box.min[0] + 1;
      let word = 0;
      let at = row;
      // The margin takes bit 0.
      for (let x = 1; x <= count; x++) {
        const value = labels[from + x - 1]!;
        if (several ? several.has(value) : id === null ? value !== 0 : value === id) word |= 1 << (x & 31);
        if ((x & 31) === 31) {
          words[at++] = word;
          word = 0;
        }
      }
      if (word !== 0) words[at] = word;
    }
  return mask;
}

/** Set bits of a word. */
export function bitCount(word: number): number {
  let w = word - ((word >>> 1) & 0x55555555);
  w = (w & 0x33333333) + ((w >>> 2) & 0x33333333);
  return Math.imul((w + (w >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Voxels of a mask. */
export function voxelsOf({ words }: BitMask): number {
  let count = 0;
  for (let i = 0; i < words.length; i++) count += bitCount(words[i]!);
  return count;
}

/** Voxels that two masks of one part of the image have in common. */
export function commonVoxels(a: BitMask, b: BitMask): number {
  let count = 0;
  for (let i = 0; i < a.words.length; i++) count += bitCount(a.words[i]! & b.words[i]!);
  return count;
}

/** Calls `visit` with each set voxel, in the mask's own indices, x fastest. */
export function forEachVoxel(
  { size, rowWords, words }: BitMask,
  visit: (x: number, y: number, z: number) => void,
): void {
  for (let z = 0; z < size[2]; z++)
    for (let y = 0; y < size[1]; y++) {
      const row = rowWords * (y + size[1] * z);
      for (let w = 0; w < rowWords; w++)
        for (let word = words[row + w]!; word !== 0; word &= word - 1)
          visit((w << 5) + 31 - Math.clz32(word & -word), y, z);
    }
}

/** Centre of a mask in its own indices; NaN where it is empty. */
export function centreOf({ size, rowWords, words }: BitMask): [number, number, number] {
  let count = 0;
  const sums: [number, number, number] = [0, 0, 0];
  for (let z = 0; z < size[2]; z++)
    for (let y = 0; y < size[1]; y++) {
      const row = rowWords * (y + size[1] * z);
      for (let w = 0; w < rowWords; w++) {
        const word = words[row + w]!;
        if (word === 0) continue;
        const bits = bitCount(word);
        count += bits;
        // Sum of the positions of the set bits, by the binary digits of the positions.
        sums[0] +=
          bits * (w << 5) +
          bitCount(word & 0xaaaaaaaa) +
          2 * bitCount(word & 0xcccccccc) +
          4 * bitCount(word & 0xf0f0f0f0) +
          8 * bitCount(word & 0xff00ff00) +
          16 * bitCount(word & 0xffff0000);
        sums[1] += bits * y;
        sums[2] += bits * z;
      }
    }
  return [sums[0] / count, sums[1] / count, sums[2] / count];
}
