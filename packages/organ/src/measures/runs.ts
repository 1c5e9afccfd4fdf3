import { type LabelArray, type Size3, type VoxelBox, voxelCount } from "@viscera/core";

/**
 * One structure as runs of voxels along x, in memory order: run r covers voxels `start[r] <= x < end[r]` of
 * row `row[r] = y + size[1] * z`. Every measure works on these instead of a mask, so its cost grows with the
 * structure's surface and not with the image.
 */
export interface Runs {
  id: number;
  size: Size3;
  row: Int32Array;
  start: Int32Array;
  end: Int32Array;
  voxels: number;
  box: VoxelBox;
}

/** Triples row, start, end of one label while the image is read. */
class RunList {
  triples = new Int32Array(48);
  length = 0;

  add(row: number, start: number, end: number): void {
    if (this.length === this.triples.length) {
      const grown = new Int32Array(2 * this.length);
      grown.set(this.triples);
      this.triples = grown;
    }
    this.triples[this.length++] = row;
    this.triples[this.length++] = start;
    this.triples[this.length++] = end;
  }

  finish(id: number, size: Size3): Runs {
    const count = this.length / 3;
    const [row, start, end] = [new Int32Array(count), new Int32Array(count), new Int32Array(count)];
    const min: [number, number, number] = [size[0], size[1], size[2]];
    const max: [number, number, number] = [-1, -1, -1];
    let voxels = 0;
    for (let r = 0; r < count; r++) {
      row[r] = this.triples[3 * r]!;
      start[r] = this.triples[3 * r + 1]!;
      end[r] = this.triples[3 * r + 2]!;
      voxels += end[r]! - start[r]!;
      const y = row[r]! % size[1];
      if (start[r]! < min[0]) min[0] = start[r]!;
      if (end[r]! - 1 > max[0]) max[0] = end[r]! - 1;
      if (y < min[1]) min[1] = y;
      if (y > max[1]) max[1] = y;
    }
    min[2] = Math.floor(row[0]! / size[1]);
    max[2] = Math.floor(row[count - 1]! / size[1]);
    return { id, size, row, start, end, voxels, box: { min, max } };
  }
}

/** The runs of every id other than 0 that occurs in `data` (x fastest), in one pass. */
export function runsOfLabels(data: LabelArray, size: Size3): Map<number, Runs> {
  const lists = new Map<number, RunList>();
  const [nx] = size;
  const rows = voxelCount(size) / nx;
  let id = 0;
  let list: RunList | undefined;
  for (let row = 0; row < rows; row++) {
    const first = row * nx;
    const last = first + nx;
    for (let at = first; at < last; ) {
      const value = data[at]!;
      if (value === 0) {
        at++;
        continue;
      }
      const start = at++;
      while (at < last && data[at] === value) at++;
      if (value !== id || list === undefined) {
        id = value;
        list = lists.get(value);
        if (list === undefined) {
          list = new RunList();
          lists.set(value, list);
        }
      }
      list.add(row, start - first, at - first);
    }
  }
  return new Map([...lists].map(([key, value]) => [key, value.finish(key, size)]));
}

/**
 * Where each row of the box begins among the runs: those of row (y, z) are `offsets[i] ... offsets[i + 1] - 1`
 * with `i = y - box.min[1] + height * (z - box.min[2])`, height the box's number of rows in a slice.
 */
export function rowOffsets({ row, size, box }: Runs): Int32Array {
  const height = box.max[1] - box.min[1] + 1;
  const depth = box.max[2] - box.min[2] + 1;
  const offsets = new Int32Array(height * depth + 1);
  for (let r = 0; r < row.length; r++) {
    const z = Math.floor(row[r]! / size[1]);
    const y = row[r]! - z * size[1];
    offsets[y - box.min[1] + height * (z - box.min[2]) + 1]!++;
  }
  for (let i = 1; i < offsets.length; i++) offsets[i]! += offsets[i - 1]!;
  return offsets;
}
