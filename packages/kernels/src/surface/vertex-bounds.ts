import { CELL_VERTEX, FACE_VERTEX, type LabelSurfaces, SQUARE_VERTEX } from "./label-surfaces.js";
import type { FacePieces } from "./pieces.js";

/** Bit of `VertexBounds.fixed` beside the three of the cap axes: the vertex does not move at all. */
export const FIXED = 8;

/**
 * Where smoothing and volume correction may put each vertex. Cell vertices stay inside their own cell, so two
 * of them never fall together; square vertices stay on their corner's side of the square. What was digitised
 * at this resolution can be drawn within these bounds.
 */
export interface VertexBounds {
  /** Bits 0 to 2: the coordinate of that axis is fixed; `FIXED`: all are. */
  fixed: Uint8Array;
  /** Moves the point at `points[at]`... to the nearest place within the bounds of vertex v. */
  clamp(points: Float32Array, at: number, v: number): void;
}

/** Half the width of a cell vertex's box: a little less than the cell. */
const CELL_REACH = 0.49;
/** Box of a square vertex: centre and half width along the square's two axes, and across. */
const SQUARE_OFFSET = 0.2;
const SQUARE_REACH = 0.15;
const ACROSS_REACH = 0.3;
const FACE_REACH = 0.3;
/** Square vertices of a blocky surface keep off their square's centre by this much. */
const BLOCKY_OFFSET = 0.05;
/** Several sheets of a cell keep off its centre by this part of their way there. */
const BLOCKY_SHEET_PART = 0.05;

/** Coordinate of vertex v, still where it was extracted, on the blocky surface along one axis. */
function blockyCoordinate(surfaces: LabelSurfaces, v: number, axis: number): number {
  const kind = surfaces.kind[v]!;
  const home = surfaces.home[3 * v + axis]! / 2;
  if (kind === FACE_VERTEX) return home;
  if (kind !== CELL_VERTEX) return home + BLOCKY_OFFSET * squareDirection(kind, axis);
  if (!sharesCell(surfaces, v, v - 1) && !sharesCell(surfaces, v, v + 1)) return home;
  return home + BLOCKY_SHEET_PART * (surfaces.positions[3 * v + axis]! - home);
}

/** True for two sheets of one cell, whose vertices follow each other. */
function sharesCell({ home, kind }: LabelSurfaces, v: number, other: number): boolean {
  if (kind[other] !== CELL_VERTEX) return false;
  return [0, 1, 2].every((axis) => home[3 * v + axis] === home[3 * other + axis]);
}

/** -1 or 1 towards a square vertex's corner along `axis`, 0 across the square. */
function squareDirection(kind: number, axis: number): number {
  const square = (kind - SQUARE_VERTEX) >> 2;
  const corner = (kind - SQUARE_VERTEX) & 3;
  if (axis === square) return 0;
  if (axis === (square + 1) % 3) return corner === 1 || corner === 2 ? 1 : -1;
  return corner >= 2 ? 1 : -1;
}

/**
 * Puts the vertices of all pieces of fewer than `fewerThan` voxels, in place, on the voxels' own blocky
 * surface. Returns 1 for each such vertex.
 */
export function makeBlocky(surfaces: LabelSurfaces, pieces: FacePieces, fewerThan: number): Uint8Array {
  const blocky = new Uint8Array(surfaces.kind.length);
  const isSmall = Uint8Array.from(pieces.voxels, (voxels, i) =>
    i > 0 && Math.abs(voxels) < fewerThan ? 1 : 0,
  );
  const mark = (corners: Uint32Array, count: number, inside: Uint32Array, outside: Uint32Array): void => {
    for (let f = 0; f < inside.length; f++)
      if (isSmall[inside[f]!] || isSmall[outside[f]!])
        for (let i = 0; i < count; i++) blocky[corners[count * f + i]!] = 1;
  };
  mark(surfaces.quads, 4, pieces.quadInside, pieces.quadOutside);
  mark(surfaces.triangles, 3, pieces.triangleInside, pieces.triangleOutside);
  for (let v = 0; v < blocky.length; v++)
    if (blocky[v])
      for (let axis = 0; axis < 3; axis++)
        surfaces.positions[3 * v + axis] = blockyCoordinate(surfaces, v, axis);
  return blocky;
}

/** Bounds of all vertices; those marked in `fixedVertices` do not move. */
export function vertexBounds(surfaces: LabelSurfaces, fixedVertices: Uint8Array): VertexBounds {
  const { home, kind, capAxes } = surfaces;
  const fixed = Uint8Array.from(capAxes, (caps, v) => (fixedVertices[v] ? FIXED | 7 : caps));
  const clampAxis = (points: Float32Array, at: number, centre: number, reach: number): void => {
    const value = points[at]!;
    if (value < centre - reach) points[at] = centre - reach;
    else if (value > centre + reach) points[at] = centre + reach;
  };
  const clamp = (points: Float32Array, at: number, v: number): void => {
    const what = kind[v]!;
    const h = 3 * v;
    if (what === CELL_VERTEX) {
      clampAxis(points, at, home[h]! / 2, CELL_REACH);
      clampAxis(points, at + 1, home[h + 1]! / 2, CELL_REACH);
      clampAxis(points, at + 2, home[h + 2]! / 2, CELL_REACH);
      return;
    }
    for (let axis = 0; axis < 3; axis++) {
      const direction = what === FACE_VERTEX ? 0 : squareDirection(what, axis);
      const reach = what === FACE_VERTEX ? FACE_REACH : direction === 0 ? ACROSS_REACH : SQUARE_REACH;
      clampAxis(points, at + axis, home[h + axis]! / 2 + SQUARE_OFFSET * direction, reach);
    }
  };
  return { fixed, clamp };
}
