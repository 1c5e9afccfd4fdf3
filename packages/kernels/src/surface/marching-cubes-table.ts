/**
 * The 256 cases of marching cubes (Lorensen & Cline, doi:10.1145/37402.37422), derived from the cube's
 * topology instead of typed in. On each face the crossed edges are joined by directed segments; where two
 * inside corners face each other diagonally, each inside corner is cut off by itself. That depends on the
 * face alone, so both cubes sharing it agree and the surface has no holes (the flaw of the original table).
 *
 * Corner c lies at (c & 1, c >> 1 & 1, c >> 2 & 1). Edge `4 * axis + u + 2 * v` runs along `axis`, at u and v
 * of the axes (axis + 1) % 3 and (axis + 2) % 3.
 */

export interface MarchingCubesTable {
  /** Triangles of case m (bit c set: corner c is inside): `edges[start[m]] ... edges[start[m + 1] - 1]`. */
  start: Uint16Array;
  /** Three edge numbers a triangle, winding so that normals point from inside to outside. */
  edges: Uint8Array;
}

/** Start and end corner of each of the 12 edges. */
export const EDGE_CORNERS: readonly (readonly [number, number])[] = Array.from({ length: 12 }, (_, edge) => {
  const axis = edge >> 2;
  const from = ((edge & 1) << ((axis + 1) % 3)) | (((edge >> 1) & 1) << ((axis + 2) % 3));
  return [from, from | (1 << axis)] as const;
});

/** The four corners of each face, anticlockwise seen from outside the cube. */
const FACES: readonly (readonly number[])[] = Array.from({ length: 6 }, (_, face) => {
  const axis = face >> 1;
  const side = face & 1;
  const u = 1 << ((axis + 1) % 3);
  const v = 1 << ((axis + 2) % 3);
  const base = side << axis;
  const ring = [base, base | u, base | u | v, base | v];
  return side ? ring : ring.reverse();
});

const EDGE_OF_CORNERS = new Map(EDGE_CORNERS.map(([a, b], edge) => [a * 8 + b, edge]));

function edgeBetween(a: number, b: number): number {
  return EDGE_OF_CORNERS.get(Math.min(a, b) * 8 + Math.max(a, b))!;
}

/** For each crossed edge of a case the edge the surface's outline goes to next. */
function outline(inside: (corner: number) => boolean): Map<number, number> {
  const next = new Map<number, number>();
  for (const ring of FACES) {
    for (let i = 0; i < 4; i++) {
      if (!inside(ring[i]!) || inside(ring[(i + 1) % 4]!)) continue;
      // The run of inside corners that ends at i is entered by the edge before its first corner.
      let first = i;
      while (inside(ring[(first + 3) % 4]!)) first = (first + 3) % 4;
      const leave = edgeBetween(ring[i]!, ring[(i + 1) % 4]!);
      const enter = edgeBetween(ring[(first + 3) % 4]!, ring[first]!);
      next.set(enter, leave);
    }
  }
  return next;
}

function shareFace(a: number, b: number): boolean {
  const corners = [...EDGE_CORNERS[a]!, ...EDGE_CORNERS[b]!];
  return FACES.some((ring) => corners.every((corner) => ring.includes(corner)));
}

interface Triangulation {
  triangles: number[];
  flaws: number;
  /** Volume between the triangles and corner 0, in 48ths of the cube. */
  volume: number;
}

/** Volume of the tetrahedron between corner 0 and the middles of three edges, in 48ths of the cube. */
function volumeUnder(edges: readonly [number, number, number]): number {
  const [p, q, r] = edges.map((edge) => {
    const [a, b] = EDGE_CORNERS[edge]!;
    return [0, 1, 2].map((axis) => ((a >> axis) & 1) + ((b >> axis) & 1));
  }) as [number[], number[], number[]];
  return (
    p[0]! * (q[1]! * r[2]! - q[2]! * r[1]!) +
    p[1]! * (q[2]! * r[0]! - q[0]! * r[2]!) +
    p[2]! * (q[0]! * r[1]! - q[1]! * r[0]!)
  );
}

/**
 * Triangulates a loop of edges with as few diagonals in the cube's faces as possible: such a diagonal could
 * be drawn by the neighbouring cube as well and would then be an edge of four triangles. Among equals the
 * triangles that enclose most are taken: that is alike for rotated and mirrored cubes, and the meshes behind
 * the consensus values of the Image Biomarker Standardisation Initiative do the same.
 */
function triangulate(loop: readonly number[]): Triangulation {
  if (loop.length < 3) return { triangles: [], flaws: 0, volume: 0 };
  const first = loop[0]!;
  const last = loop[loop.length - 1]!;
  let best: Triangulation | undefined;
  for (let i = 1; i < loop.length - 1; i++) {
    const apex = loop[i]!;
    const left = triangulate(loop.slice(0, i + 1));
    const right = triangulate(loop.slice(i));
    const own =
      (i > 1 && shareFace(first, apex) ? 1 : 0) + (i < loop.length - 2 && shareFace(apex, last) ? 1 : 0);
    const flaws = left.flaws + right.flaws + own;
    const volume = left.volume + right.volume + volumeUnder([first, apex, last]);
    if (best && (best.flaws < flaws || (best.flaws === flaws && best.volume >= volume))) continue;
    best = { triangles: [...left.triangles, ...right.triangles, first, apex, last], flaws, volume };
  }
  return best!;
}

/** Outlines of the surface in the cube whose inside corners are the bits of `mask`: loops of crossed edges. */
export function surfaceLoops(mask: number): number[][] {
  const next = outline((corner) => ((mask >> corner) & 1) === 1);
  const loops: number[][] = [];
  while (next.size > 0) {
    const loop: number[] = [];
    for (let edge = next.keys().next().value!; next.has(edge); ) {
      loop.push(edge);
      const following = next.get(edge)!;
      next.delete(edge);
      edge = following;
    }
    loops.push(loop);
  }
  return loops;
}

function build(): MarchingCubesTable {
  const start = new Uint16Array(257);
  const edges: number[] = [];
  for (let mask = 0; mask < 256; mask++) {
    for (const loop of surfaceLoops(mask)) edges.push(...triangulate(loop).triangles);
    start[mask + 1] = edges.length;
  }
  return { start, edges: Uint8Array.from(edges) };
}

export const MARCHING_CUBES: MarchingCubesTable = build();
