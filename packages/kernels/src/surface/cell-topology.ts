/**
 * Topology of a cell: the block of 2x2x2 voxels around one voxel corner, in which a surface net (Gibson,
 * doi:10.1007/BFb0056277) has its vertex. Corners and edges are numbered as in the marching cubes table. An
 * edge is active where its two voxels differ; the surface crosses it. A square is a face of the cell: four
 * voxels around a side that two cells' vertices may share.
 *
 * Where a label lies on a square's diagonal and both other voxels differ from it, four of its faces would meet
 * at one side. Such an ambiguous square is resolved by its labels alone, so both cells agree: the diagonal
 * label is connected, and the four faces are paired around the two other corners. Each label then has two
 * faces or none at every side, which makes its surface an edge-manifold.
 */
import { EDGE_CORNERS } from "./marching-cubes-table.js";

/** How the four faces of a square are paired: all meet, or in pairs around ring corners 0, 2 or 1, 3. */
export const TOGETHER = 0;
export const AROUND_EVEN = 1;
export const AROUND_ODD = 2;

/** Pairing of a square whose four neighbours in the ring all differ. */
export function pairingOf(l0: number, l1: number, l2: number, l3: number): number {
  if (l0 === l2 && (l1 !== l3 || l0 > l1)) return AROUND_ODD;
  return l1 === l3 ? AROUND_EVEN : TOGETHER;
}

/** Square `2 * axis + side` -> its corners in a ring; ring position i + 1 follows i by axis + 1, then axis + 2. */
export const SQUARE_CORNERS: readonly (readonly number[])[] = Array.from({ length: 6 }, (_, square) => {
  const axis = square >> 1;
  const p = 1 << ((axis + 1) % 3);
  const q = 1 << ((axis + 2) % 3);
  const base = (square & 1) << axis;
  return [base, base | p, base | p | q, base | q];
});

/** Square -> the edges between ring corners 0-1, 1-2, 2-3, 3-0. */
export const SQUARE_EDGES: readonly (readonly number[])[] = SQUARE_CORNERS.map((ring) =>
  ring.map((corner, i) => {
    const other = ring[(i + 1) % 4]!;
    return EDGE_CORNERS.findIndex(([a, b]) => (a === corner && b === other) || (a === other && b === corner));
  }),
);

/** Square -> bit set of its edges. */
export const SQUARE_MASK: readonly number[] = SQUARE_EDGES.map((edges) =>
  edges.reduce((mask, edge) => mask | (1 << edge), 0),
);

/** Active edges -> bit set of the squares all of whose edges are active. */
export const FULL_SQUARES = Uint8Array.from({ length: 4096 }, (_, active) =>
  SQUARE_MASK.reduce((bits, mask, square) => bits | ((active & mask) === mask ? 1 << square : 0), 0),
);

/**
 * Sheets of a cell: its active edges fall into one component for each sheet of surface that passes through,
 * and each sheet has a vertex of its own. `code` holds the component (0 to 3) of edge e in bits 2e and 2e + 1.
 */
export interface Sheets {
  code: number;
  count: number;
}

/** Sheets from the active edges and each square's pairing. */
function connect(active: number, pairing: (square: number) => number): Sheets {
  const parent = Array.from({ length: 12 }, (_, edge) => edge);
  const find = (edge: number): number => (parent[edge] === edge ? edge : find(parent[edge]!));
  const join = (a: number, b: number): void => {
    parent[find(b)] = find(a);
  };
  SQUARE_EDGES.forEach((edges, square) => {
    const how = pairing(square);
    if (how === TOGETHER) {
      const crossed = edges.filter((edge) => (active >> edge) & 1);
      for (const edge of crossed) join(crossed[0]!, edge);
    } else {
      const first = how === AROUND_ODD ? 0 : 3;
      join(edges[first]!, edges[(first + 1) % 4]!);
      join(edges[(first + 2) % 4]!, edges[(first + 3) % 4]!);
    }
  });
  const roots: number[] = [];
  let code = 0;
  for (let edge = 0; edge < 12; edge++) {
    if (!((active >> edge) & 1)) continue;
    const root = find(edge);
    if (!roots.includes(root)) roots.push(root);
    code |= roots.indexOf(root) << (2 * edge);
  }
  return { code, count: roots.length };
}

const PLAIN = Array.from({ length: 4096 }, (_, active) => connect(active, () => TOGETHER));

/** Sheets of a cell without ambiguous squares, by its active edges. */
export const SHEET_CODE = Uint32Array.from(PLAIN, ({ code }) => code);
export const SHEET_COUNT = Uint8Array.from(PLAIN, ({ count }) => count);

const MEMO = new Map<number, Sheets>();

/** Sheets of any cell, from the labels of its 8 corners. */
export function sheetsOf(active: number, labels: ArrayLike<number>): Sheets {
  let pairings = 0;
  for (let square = 0; square < 6; square++) {
    if (!((FULL_SQUARES[active]! >> square) & 1)) continue;
    const ring = SQUARE_CORNERS[square]!;
    const how = pairingOf(labels[ring[0]!]!, labels[ring[1]!]!, labels[ring[2]!]!, labels[ring[3]!]!);
    pairings |= how << (2 * square);
  }
  const key = active | (pairings << 12);
  let sheets = MEMO.get(key);
  if (!sheets) {
    sheets = connect(active, (square) => (pairings >> (2 * square)) & 3);
    MEMO.set(key, sheets);
  }
  return sheets;
}

/** Mean of the midpoints of the active edges of one sheet, in the cell's coordinates 0..1. */
export function sheetCentre(active: number, code: number, sheet: number, out: Float64Array): void {
  let count = 0;
  out.fill(0);
  for (let edge = 0; edge < 12; edge++) {
    if (!((active >> edge) & 1) || ((code >>> (2 * edge)) & 3) !== sheet) continue;
    const [from, to] = EDGE_CORNERS[edge]!;
    for (let axis = 0; axis < 3; axis++) out[axis]! += (((from >> axis) & 1) + ((to >> axis) & 1)) / 2;
    count++;
  }
  for (let axis = 0; axis < 3; axis++) out[axis]! /= count;
}

/** `sheetCentre` of sheet 0 of a cell without ambiguous squares: 3 numbers for each set of active edges. */
export const FIRST_SHEET_CENTRE = (() => {
  const table = new Float64Array(3 * 4096);
  const centre = new Float64Array(3);
  for (let active = 1; active < 4096; active++) {
    sheetCentre(active, SHEET_CODE[active]!, 0, centre);
    table.set(centre, 3 * active);
  }
  return table;
})();
