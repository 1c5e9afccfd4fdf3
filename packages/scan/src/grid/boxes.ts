import { applyToPoint, type Grid, type Vec3 } from "@viscera/core";

/** Corners of the box that the voxels fill (their outer faces), in world mm. */
export function cornersOf({ size, affine }: Grid): [number, number, number][] {
  return Array.from({ length: 8 }, (_, corner) => {
    const index: Vec3 = [
      (corner & 1 ? size[0] : 0) - 0.5,
      (corner & 2 ? size[1] : 0) - 0.5,
      (corner & 4 ? size[2] : 0) - 0.5,
    ];
    return applyToPoint(affine, index);
  });
}

/** The box along the world's axes that holds the grid, in mm. */
export function worldBox(grid: Grid): { min: [number, number, number]; max: [number, number, number] } {
  const corners = cornersOf(grid);
  const along = (pick: (...values: number[]) => number) =>
    [0, 1, 2].map((axis) => pick(...corners.map((c) => c[axis]!))) as [number, number, number];
  return { min: along(Math.min), max: along(Math.max) };
}

/** Volume that two grids' world boxes share, as a fraction of the smaller box: 0 apart, 1 one within the other. */
export function sharedFraction(a: Grid, b: Grid): number {
  const [p, q] = [worldBox(a), worldBox(b)];
  const volume = (box: { min: readonly number[]; max: readonly number[] }) =>
    [0, 1, 2].reduce((product, axis) => product * Math.max(0, box.max[axis]! - box.min[axis]!), 1);
  const shared = {
    min: p.min.map((v, axis) => Math.max(v, q.min[axis]!)),
    max: p.max.map((v, axis) => Math.min(v, q.max[axis]!)),
  };
  return volume(shared) / Math.min(volume(p), volume(q));
}
