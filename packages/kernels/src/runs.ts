/** Runs of equal voxels along i, joined into components by union-find. */
import type { Size3 } from "@viscera/core";
import type { KernelOptions } from "./options.js";
import { Turns } from "./pool/turn.js";

export type Connectivity = 6 | 18 | 26;

/** Runs in scan order; run r covers voxels start[r] .. end[r] - 1 of its row. */
export interface Runs {
  /** First run of each row (row = j + ny * k), and the number of runs at the end. */
  row: Uint32Array;
  start: Uint32Array;
  end: Uint32Array;
  /** First run, in scan order, of the component that each run belongs to. */
  root: Uint32Array;
}

/**
 * Rows that stand before (j, k) in scan order and touch it, as [dj, dk, reach]: voxels connect when their
 * indices along i differ by at most `reach`.
 */
const EARLIER_ROWS: Record<Connectivity, readonly (readonly [number, number, number])[]> = {
  6: [
    [-1, 0, 0],
    [0, -1, 0],
  ],
  18: [
    [-1, 0, 1],
    [-1, -1, 0],
    [0, -1, 1],
    [1, -1, 0],
  ],
  26: [
    [-1, 0, 1],
    [-1, -1, 1],
    [0, -1, 1],
    [1, -1, 1],
  ],
};

/** Runs of the rows of one plane that are background or, else, that are not. */
function countRuns(
  values: ArrayLike<number>,
  nx: number,
  firstRow: number,
  endRow: number,
  background: boolean,
) {
  let count = 0;
  for (let row = firstRow; row < endRow; row++) {
    let previous = -1;
    for (let i = row * nx; i < (row + 1) * nx; i++) {
      const value = values[i]!;
      if (value !== previous && (value === 0) === background) count++;
      previous = value;
    }
  }
  return count;
}

/** Writes a row's runs from number `run` on; gives the number after the last. */
function collectRuns(
  values: ArrayLike<number>,
  nx: number,
  row: number,
  background: boolean,
  run: number,
  runs: Runs,
) {
  const base = row * nx;
  let next = run;
  for (let i = 0; i < nx; ) {
    const value = values[base + i]!;
    const start = i;
    while (i < nx && values[base + i] === value) i++;
    if ((value === 0) !== background) continue;
    runs.start[next] = start;
    runs.end[next] = i;
    runs.root[next] = next;
    next++;
  }
  return next;
}

function find(root: Uint32Array, run: number): number {
  let at = run;
  while (root[at] !== at) {
    // Path halving.
    root[at] = root[root[at]!]!;
    at = root[at]!;
  }
  return at;
}

/** The older run stays root, so that roots are first in scan order. */
function unite(root: Uint32Array, a: number, b: number): void {
  const rootA = find(root, a);
  const rootB = find(root, b);
  if (rootA < rootB) root[rootB] = rootA;
  else root[rootA] = rootB;
}

/** Joins touching runs of equal value in two rows, walking both at once. */
function joinRows(
  runs: Runs,
  values: ArrayLike<number>,
  nx: number,
  rowA: number,
  rowB: number,
  reach: number,
): void {
  const { row, start, end, root } = runs;
  const endA = row[rowA + 1]!;
  const endB = row[rowB + 1]!;
  const join = (a: number, b: number) => {
    if (a === endA || b === endB) return;
    if (start[a]! >= end[b]! + reach || start[b]! >= end[a]! + reach) return;
    if (values[rowA * nx + start[a]!] === values[rowB * nx + start[b]!]) unite(root, a, b);
  };
  let a = row[rowA]!;
  let b = row[rowB]!;
  while (a < endA && b < endB) {
    join(a, b);
    if (end[a]! < end[b]!) a++;
    else if (end[a]! > end[b]!) b++;
    else {
      // Runs of two labels may follow each other without a gap: across a corner both pairs touch.
      join(a + 1, b);
      join(a, b + 1);
      a++;
      b++;
    }
  }
}

/**
 * Finds the components of the nonzero voxels (of the zero voxels where `background`). Voxels connect when they
 * touch and have equal values.
 */
export async function joinRuns(
  values: ArrayLike<number>,
  size: Size3,
  connectivity: Connectivity,
  background: boolean,
  options: KernelOptions,
): Promise<Runs> {
  const [nx, ny, nz] = size;
  const turns = new Turns(options.signal);
  let count = 0;
  for (let k = 0; k < nz; k++) {
    await turns.giveWay();
    count += countRuns(values, nx, k * ny, (k + 1) * ny, background);
  }
  const runs: Runs = {
    row: new Uint32Array(ny * nz + 1),
    start: new Uint32Array(count),
    end: new Uint32Array(count),
    root: new Uint32Array(count),
  };
  for (let k = 0; k < nz; k++) {
    await turns.giveWay();
    for (let row = k * ny; row < (k + 1) * ny; row++)
      runs.row[row + 1] = collectRuns(values, nx, row, background, runs.row[row]!, runs);
    for (let j = 0; j < ny; j++)
      for (const [dj, dk, reach] of EARLIER_ROWS[connectivity]) {
        if (j + dj < 0 || j + dj >= ny || k + dk < 0) continue;
        joinRows(runs, values, nx, j + dj + ny * (k + dk), j + ny * k, reach);
      }
    if (k % 16 === 15 || k === nz - 1) options.onProgress?.({ stage: "components", done: k + 1, total: nz });
  }
  for (let r = 0; r < runs.root.length; r++) runs.root[r] = runs.root[runs.root[r]!]!;
  return runs;
}
