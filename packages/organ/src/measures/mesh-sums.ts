/**
 * Area and enclosed volume of the marching-cubes surface of a structure, without building that surface: cells
 * are counted by their case (which of the eight corners are inside), and each case contributes the same
 * triangles wherever it occurs. Along a row the case changes only where a run begins or ends.
 */
import { type Affine, determinant } from "@viscera/core";
import { marchingCubes } from "@viscera/kernels";
import { type Runs, rowOffsets } from "./runs.js";

/** What one cell of each case contributes to the surface. Corner c lies at (c & 1, c >> 1 & 1, c >> 2). */
interface CaseTable {
  /** Triangle area, mm^2. */
  area: Float64Array;
  /** x component of the summed triangle area vectors, in voxel coordinates. */
  normalX: Float64Array;
  /** Sum over the triangles of that component times the triangle's mean x within the cell. */
  fluxX: Float64Array;
}

/** The triangles that marching cubes makes in one cell: those of a 2x2x2 image that lie between its corners. */
function trianglesOfCase(corners: number): Float64Array[] {
  const field = Uint8Array.from({ length: 8 }, (_, corner) => (corners >> corner) & 1);
  const { positions, indices } = marchingCubes(field, [2, 2, 2], 0.5);
  const triangles: Float64Array[] = [];
  for (let t = 0; t < indices.length; t += 3) {
    const triangle = Float64Array.from({ length: 9 }, (_, i) => {
      return positions[3 * indices[t + Math.floor(i / 3)]! + (i % 3)]!;
    });
    if (triangle.every((coordinate) => coordinate >= 0 && coordinate <= 1)) triangles.push(triangle);
  }
  return triangles;
}

function caseTable(affine: Affine): CaseTable {
  const table = {
    area: new Float64Array(256),
    normalX: new Float64Array(256),
    fluxX: new Float64Array(256),
  };
  for (let corners = 1; corners < 255; corners++) {
    for (const p of trianglesOfCase(corners)) {
      const u = [p[3]! - p[0]!, p[4]! - p[1]!, p[5]! - p[2]!];
      const v = [p[6]! - p[0]!, p[7]! - p[1]!, p[8]! - p[2]!];
      const normalX = (u[1]! * v[2]! - u[2]! * v[1]!) / 2;
      table.normalX[corners]! += normalX;
      table.fluxX[corners]! += (normalX * (p[0]! + p[3]! + p[6]!)) / 3;
      const toMm = (w: number[], r: number): number =>
        affine[4 * r]! * w[0]! + affine[4 * r + 1]! * w[1]! + affine[4 * r + 2]! * w[2]!;
      const [ux, uy, uz] = [toMm(u, 0), toMm(u, 1), toMm(u, 2)];
      const [vx, vy, vz] = [toMm(v, 0), toMm(v, 1), toMm(v, 2)];
      table.area[corners]! += Math.hypot(uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx) / 2;
    }
  }
  return table;
}

/** Bits of the four rows of a cell moved to the corners at the cell's left side; the right side is one higher. */
const SPREAD = Uint8Array.from({ length: 16 }, (_, rows) => {
  return (rows & 1) | ((rows & 2) << 1) | ((rows & 4) << 2) | ((rows & 8) << 3);
});

/** Gives the function that measures structures on a grid with this affine. */
export function meshSums(affine: Affine): (runs: Runs) => { volumeMm3: number; areaMm2: number } {
  const table = caseTable(affine);
  const voxelMm3 = Math.abs(determinant(affine));
  const cells = new Float64Array(256);
  const sumX = new Float64Array(256);
  const next = new Int32Array(4);
  const stop = new Int32Array(4);
  return (runs) => {
    cells.fill(0);
    sumX.fill(0);
    const { start, end, box } = runs;
    const offsets = rowOffsets(runs);
    const height = box.max[1] - box.min[1] + 1;
    const depth = box.max[2] - box.min[2] + 1;
    for (let z = -1; z < depth; z++) {
      for (let y = -1; y < height; y++) {
        // Toggle t of row r is the start (even t) or end (odd t) of run t / 2.
        let empty = true;
        for (let r = 0; r < 4; r++) {
          const yr = y + (r & 1);
          const zr = z + (r >> 1);
          const inBox = yr >= 0 && zr >= 0 && yr < height && zr < depth;
          next[r] = inBox ? 2 * offsets[yr + height * zr]! : 0;
          stop[r] = inBox ? 2 * offsets[yr + height * zr + 1]! : 0;
          if (next[r]! < stop[r]!) empty = false;
        }
        if (empty) continue;
        let inside = 0;
        let from = 0;
        for (;;) {
          let x = 0x7fffffff;
          for (let r = 0; r < 4; r++) {
            if (next[r]! >= stop[r]!) continue;
            const t = next[r]!;
            const at = t & 1 ? end[t >> 1]! : start[t >> 1]!;
            if (at < x) x = at;
          }
          if (x === 0x7fffffff) break;
          if (inside !== 0 && inside !== 15 && x - from > 1) {
            // Cells from `from` to x - 2 have the same rows inside at both sides: the surface runs along x, so
            // for the volume it does not matter where they lie.
            cells[SPREAD[inside]! * 3]! += x - from - 1;
          }
          const before = inside;
          for (let r = 0; r < 4; r++) {
            const t = next[r]!;
            if (t < stop[r]! && (t & 1 ? end[t >> 1]! : start[t >> 1]!) === x) {
              inside ^= 1 << r;
              next[r] = t + 1;
            }
          }
          const corners = SPREAD[before]! | (SPREAD[inside]! << 1);
          cells[corners]! += 1;
          sumX[corners]! += x - 1;
          from = x;
        }
      }
    }
    // Gauss's theorem for the field (x, 0, 0): the volume is the sum of mean x times the normal's x component.
    let volume = 0;
    let area = 0;
    for (let corners = 1; corners < 255; corners++) {
      volume += sumX[corners]! * table.normalX[corners]! + cells[corners]! * table.fluxX[corners]!;
      area += cells[corners]! * table.area[corners]!;
    }
    return { volumeMm3: Math.abs(volume) * voxelMm3, areaMm2: area };
  };
}
