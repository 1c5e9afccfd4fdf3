import { type Runs, rowOffsets } from "./runs.js";

export interface Pieces {
  count: number;
  /** Share of the structure's voxels that lie in its largest piece, 0 to 1. */
  largestShare: number;
}

/** The 26-connected pieces, by joining runs that touch in neighbouring rows. */
export function findPieces(runs: Runs): Pieces {
  const { start, end, box } = runs;
  const offsets = rowOffsets(runs);
  const height = box.max[1] - box.min[1] + 1;
  const depth = box.max[2] - box.min[2] + 1;
  const parent = Int32Array.from(start, (_, r) => r);
  let pieces = start.length;
  const root = (r: number): number => {
    let at = r;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]!]!;
      at = parent[at]!;
    }
    return at;
  };
  const join = (rowA: number, rowB: number): void => {
    let a = offsets[rowA]!;
    let b = offsets[rowB]!;
    while (a < offsets[rowA + 1]! && b < offsets[rowB + 1]!) {
      // Diagonal neighbours count: a run may begin where the other has just ended.
      if (start[a]! <= end[b]! && start[b]! <= end[a]!) {
        const [p, q] = [root(a), root(b)];
        if (p !== q) {
          parent[Math.max(p, q)] = Math.min(p, q);
          pieces--;
        }
      }
      if (end[a]! < end[b]!) a++;
      else b++;
    }
  };
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const row = y + height * z;
      if (offsets[row] === offsets[row + 1]) continue;
      if (y > 0) join(row, row - 1);
      if (z === 0) continue;
      if (y > 0) join(row, row - height - 1);
      join(row, row - height);
      if (y < height - 1) join(row, row - height + 1);
    }
  }
  const voxels = new Float64Array(start.length);
  let largest = 0;
  for (let r = 0; r < start.length; r++) {
    const piece = root(r);
    voxels[piece]! += end[r]! - start[r]!;
    largest = Math.max(largest, voxels[piece]!);
  }
  return { count: pieces, largestShare: largest / runs.voxels };
}
