/** Long scans are cut into three overlapping parts along z for tasks of several networks. */

/** Slices [from, to) that a part sees, and those [keepFrom, keepTo) that it decides. */
export interface Third {
  from: number;
  to: number;
  keepFrom: number;
  keepTo: number;
}

const MARGIN = 20;
const MANY_VOXELS = 512 * 512 * 900;
const MANY_SLICES = 200;

/** One part, or three where the grid is large. */
export function thirdsOf(size: readonly [number, number, number], networks: number): Third[] {
  const [nx, ny, nz] = size;
  if (networks < 2 || nz <= MANY_SLICES || nx * ny * nz <= MANY_VOXELS) {
    return [{ from: 0, to: nz, keepFrom: 0, keepTo: nz }];
  }
  return splitInThirds(nz);
}

/** The three parts of `nz` slices. */
export function splitInThirds(nz: number): Third[] {
  const third = Math.floor(nz / 3);
  return [
    { from: 0, to: third + MARGIN, keepFrom: 0, keepTo: third },
    { from: third + 1 - MARGIN, to: 2 * third + MARGIN, keepFrom: third, keepTo: 2 * third },
    { from: 2 * third + 1 - MARGIN, to: nz, keepFrom: 2 * third, keepTo: nz },
  ];
}
