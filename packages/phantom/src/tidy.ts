/** Leaves organs in one piece. */

import type { Canvas } from "./rasterise.js";
import { idOf, TISSUES } from "./tissues.js";

/** Labels that are several pieces in life, or fill what others leave. */
const MAY_BE_SPLIT = [
  "skin",
  "subcutaneous_fat",
  "torso_fat",
  "intermuscular_fat",
  "skeletal_muscle",
  "intervertebral_discs",
  "costal_cartilages",
  "pulmonary_vein",
  "thyroid_gland",
];

/**
 * Gives crumbs that others cut off from an organ to fat or muscle, so that each remaining label is one piece
 * (26-neighbourhood). Works on runs along x: memory grows with the number of runs, not of voxels.
 */
export function removeCrumbs({ size, tissue }: Canvas): void {
  const [nx, ny, nz] = size;
  const labelOf = new Uint8Array(256);
  for (const { id, labelId } of TISSUES.values()) labelOf[id] = labelId;
  for (const name of MAY_BE_SPLIT) labelOf[idOf(name)] = 0;

  let capacity = 1 << 16;
  let starts = new Int32Array(capacity);
  let ends = new Int32Array(capacity);
  let parents = new Int32Array(capacity);
  let count = 0;
  const grow = () => {
    capacity *= 2;
    const larger = (old: Int32Array<ArrayBuffer>) => {
      const next = new Int32Array(capacity);
      next.set(old);
      return next;
    };
    starts = larger(starts);
    ends = larger(ends);
    parents = larger(parents);
  };
  const root = (run: number): number => {
    let r = run;
    while (parents[r] !== r) {
      parents[r] = parents[parents[r]!]!;
      r = parents[r]!;
    }
    return r;
  };
  const rows = new Int32Array(ny * nz + 1);
  for (let row = 0; row < ny * nz; row++) {
    rows[row] = count;
    const base = row * nx;
    for (let i = 0; i < nx; ) {
      const label = labelOf[tissue[base + i]!]!;
      const start = i;
      do i++;
      while (i < nx && labelOf[tissue[base + i]!] === label);
      if (label === 0) continue;
      if (count === capacity) grow();
      starts[count] = start;
      ends[count] = i;
      parents[count] = count++;
    }
    rows[row + 1] = count;
    const j = row % ny;
    const k = Math.floor(row / ny);
    for (const [dj, dk] of [
      [-1, 0],
      [-1, -1],
      [0, -1],
      [1, -1],
    ] as const) {
      if (j + dj < 0 || j + dj >= ny || k + dk < 0) continue;
      const other = row + dj + ny * dk;
      let a = rows[row]!;
      let b = rows[other]!;
      while (a < count && b < rows[other + 1]!) {
        // Runs touch, corners included, when they overlap after widening by one.
        if (starts[a]! <= ends[b]! && starts[b]! <= ends[a]!) {
          if (labelOf[tissue[base + starts[a]!]!] === labelOf[tissue[other * nx + starts[b]!]!]) {
            const [ra, rb] = [root(a), root(b)];
            if (ra !== rb) parents[Math.max(ra, rb)] = Math.min(ra, rb);
          }
        }
        if (ends[a]! < ends[b]!) a++;
        else b++;
      }
    }
  }
  const sizes = new Int32Array(count);
  for (let run = 0; run < count; run++) {
    const r = root(run);
    parents[run] = r;
    sizes[r]! += ends[run]! - starts[run]!;
  }
  const largest = new Int32Array(256).fill(-1);
  const rowOf = (row: number, visit: (run: number, label: number) => void) => {
    for (let run = rows[row]!; run < rows[row + 1]!; run++)
      visit(run, labelOf[tissue[row * nx + starts[run]!]!]!);
  };
  for (let row = 0; row < ny * nz; row++)
    rowOf(row, (run, label) => {
      const r = parents[run]!;
      if (largest[label] === -1 || sizes[r]! > sizes[largest[label]!]!) largest[label] = r;
    });
  const fat = idOf("torso_fat");
  const muscle = idOf("skeletal_muscle");
  const hard = new Uint8Array(256);
  for (const { id, material } of TISSUES.values())
    if (material === "boneMarrow" || material === "muscle") hard[id] = 1;
  for (let row = 0; row < ny * nz; row++)
    rowOf(row, (run, label) => {
      if (parents[run] === largest[label]) return;
      const at = row * nx + starts[run]!;
      tissue.fill(hard[label] === 1 ? muscle : fat, at, row * nx + ends[run]!);
    });
}
