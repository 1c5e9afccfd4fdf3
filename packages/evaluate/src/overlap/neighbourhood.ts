/**
 * What the removal of a voxel changes among its 26 neighbours. A neighbourhood is 26 bits: neighbour (dx, dy, dz), each
 * -1, 0 or 1, has bit 9 (dx + 1) + 3 (dy + 1) + (dz + 1), one less from the middle on.
 */

type Offset = readonly [number, number, number];

/** Steps to the neighbours in the order of their bits. */
export const NEIGHBOURS: readonly Offset[] = Array.from(
  { length: 27 },
  (_, n): Offset => [Math.floor(n / 9) - 1, (Math.floor(n / 3) % 3) - 1, (n % 3) - 1],
).filter((offset) => offset.some((step) => step !== 0));

function bitOf([dx, dy, dz]: Offset): number {
  const place = 9 * (dx + 1) + 3 * (dy + 1) + dz + 1;
  return place < 13 ? place : place - 1;
}

/** Neighbours that touch each neighbour by a face, edge or corner, as bits. */
const TOUCHING = Int32Array.from(NEIGHBOURS, (a) =>
  NEIGHBOURS.reduce((bits, b, n) => {
    const touches = a !== b && a.every((step, axis) => Math.abs(step - b[axis]!) <= 1);
    return touches ? bits | (1 << n) : bits;
  }, 0),
);

/** True when the set neighbours hang together (26-connected) and there is at least one. */
export function isOnePiece(neighbours: number): boolean {
  let piece = neighbours & -neighbours;
  let fresh = piece;
  while (fresh !== 0) {
    let reached = 0;
    for (let bits = fresh; bits !== 0; bits &= bits - 1) reached |= TOUCHING[31 - Math.clz32(bits & -bits)]!;
    fresh = reached & neighbours & ~piece;
    piece |= fresh;
  }
  return neighbours !== 0 && piece === neighbours;
}

/** Bits of the seven neighbours in each octant: three by a face, three by an edge, one by a corner. */
const OCTANTS = Array.from({ length: 8 }, (_, octant) => {
  const [x, y, z] = [0, 1, 2].map((axis) => ((octant >> axis) & 1 ? 1 : -1)) as unknown as Offset;
  const all: Offset[] = [
    [x, 0, 0],
    [0, y, 0],
    [0, 0, z],
    [x, y, 0],
    [0, y, z],
    [x, 0, z],
    [x, y, z],
  ];
  return all.map(bitOf);
});

/**
 * Change of eight times the Euler characteristic (vertices - edges + faces - cubes) that the removal of a voxel makes
 * in an octant, by its seven neighbours: the vertex goes where all are empty, each of three edges (shared by two
 * octants) where the three around it are, each of three faces (shared by four) where the one behind it is.
 */
const EULER_CHANGE = Int8Array.from({ length: 128 }, (_, bits) => {
  const empty = (...voxels: number[]) => (voxels.every((n) => ((bits >> n) & 1) === 0) ? 1 : 0);
  const vertex = empty(0, 1, 2, 3, 4, 5, 6);
  const edges = empty(0, 1, 3) + empty(1, 2, 4) + empty(0, 2, 5);
  const faces = empty(0) + empty(1) + empty(2);
  return 8 * vertex - 4 * edges + 2 * faces - 1;
});

/** True when the removal of the voxel leaves the Euler characteristic as it is. */
export function keepsEuler(neighbours: number): boolean {
  let change = 0;
  for (const octant of OCTANTS) {
    let bits = 0;
    for (let n = 0; n < 7; n++) bits |= ((neighbours >> octant[n]!) & 1) << n;
    change += EULER_CHANGE[bits]!;
  }
  return change === 0;
}
