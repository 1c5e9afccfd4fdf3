import { type LabelSurfaces, OUTSIDE } from "./label-surfaces.js";

/**
 * A closed piece of a label's surface: the outside of one lump of it, or a cavity in it. Piece 0 stands for
 * background and for what lies beyond the image.
 */
export interface Pieces {
  /** Label of each piece. */
  label: Uint32Array;
  /** Enclosed voxels of each piece, from the blocky surface; negative for cavities. */
  voxels: Float64Array;
  /** Pieces on the inner and outer side of each quad and triangle. */
  quadInside: Uint32Array;
  quadOutside: Uint32Array;
  triangleInside: Uint32Array;
  triangleOutside: Uint32Array;
}

/** The sides of faces at a vertex, by label; sides of one label joined by faces are one set. */
class SideSets {
  readonly #head: Int32Array;
  #label = new Uint32Array(1024);
  #next = new Int32Array(1024);
  #parent = new Uint32Array(1024);
  /** Sides made so far. */
  count = 0;

  constructor(vertices: number) {
    this.#head = new Int32Array(vertices).fill(-1);
  }

  /** The side of `label` at `vertex`, made where there is none yet. */
  at(vertex: number, label: number): number {
    for (let side = this.#head[vertex]!; side >= 0; side = this.#next[side]!)
      if (this.#label[side] === label) return side;
    if (this.count === this.#label.length) this.#grow();
    const side = this.count++;
    this.#label[side] = label;
    this.#next[side] = this.#head[vertex]!;
    this.#parent[side] = side;
    this.#head[vertex] = side;
    return side;
  }

  #grow(): void {
    const length = 2 * this.count;
    const label = new Uint32Array(length);
    const next = new Int32Array(length);
    const parent = new Uint32Array(length);
    label.set(this.#label);
    next.set(this.#next);
    parent.set(this.#parent);
    this.#label = label;
    this.#next = next;
    this.#parent = parent;
  }

  find(side: number): number {
    const parent = this.#parent;
    while (parent[side] !== side) {
      parent[side] = parent[parent[side]!]!;
      side = parent[side]!;
    }
    return side;
  }

  join(a: number, b: number): void {
    const ra = this.find(a);
    const rb = this.find(b);
    if (ra < rb) this.#parent[rb] = ra;
    else this.#parent[ra] = rb;
  }
}

/** Six times the volume between the origin and a triangle of homes, in voxels. */
function homeVolume(home: Int16Array, a: number, b: number, c: number): number {
  const ax = home[3 * a]!;
  const ay = home[3 * a + 1]!;
  const az = home[3 * a + 2]!;
  const bx = home[3 * b]!;
  const by = home[3 * b + 1]!;
  const bz = home[3 * b + 2]!;
  const cx = home[3 * c]!;
  const cy = home[3 * c + 1]!;
  const cz = home[3 * c + 2]!;
  return (ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx)) / 8;
}

/** Takes the surfaces apart into closed pieces. */
export function findPieces(surfaces: LabelSurfaces): Pieces {
  const { quads, triangles, home } = surfaces;
  const sets = new SideSets(surfaces.kind.length);
  const isLabel = (label: number): boolean => label !== 0 && label !== OUTSIDE;

  const joinFace = (corners: Uint32Array, from: number, to: number, label: number): void => {
    if (!isLabel(label)) return;
    const first = sets.at(corners[from]!, label);
    for (let i = from + 1; i < to; i++) sets.join(first, sets.at(corners[i]!, label));
  };
  const { quadInside, quadOutside, triangleInside, triangleOutside } = surfaces;
  for (let f = 0; f < quadInside.length; f++) {
    joinFace(quads, 4 * f, 4 * f + 4, quadInside[f]!);
    joinFace(quads, 4 * f, 4 * f + 4, quadOutside[f]!);
  }
  for (let f = 0; f < triangleInside.length; f++) {
    joinFace(triangles, 3 * f, 3 * f + 3, triangleInside[f]!);
    joinFace(triangles, 3 * f, 3 * f + 3, triangleOutside[f]!);
  }

  const pieceOfRoot = new Uint32Array(sets.count);
  const label = [0];
  const voxels = [0];
  const pieceAt = (vertex: number, ofLabel: number): number => {
    if (!isLabel(ofLabel)) return 0;
    const root = sets.find(sets.at(vertex, ofLabel));
    let piece = pieceOfRoot[root]!;
    if (piece === 0) {
      piece = label.length;
      pieceOfRoot[root] = piece;
      label.push(ofLabel);
      voxels.push(0);
    }
    return piece;
  };
  const pieces = {
    quadInside: new Uint32Array(quadInside.length),
    quadOutside: new Uint32Array(quadInside.length),
    triangleInside: new Uint32Array(triangleInside.length),
    triangleOutside: new Uint32Array(triangleInside.length),
  };
  for (let f = 0; f < quadInside.length; f++) {
    const a = quads[4 * f]!;
    const c = quads[4 * f + 2]!;
    const inside = pieceAt(a, quadInside[f]!);
    const outside = pieceAt(a, quadOutside[f]!);
    const volume = homeVolume(home, a, quads[4 * f + 1]!, c) + homeVolume(home, a, c, quads[4 * f + 3]!);
    voxels[inside]! += volume / 6;
    voxels[outside]! -= volume / 6;
    pieces.quadInside[f] = inside;
    pieces.quadOutside[f] = outside;
  }
  for (let f = 0; f < triangleInside.length; f++) {
    const a = triangles[3 * f]!;
    const inside = pieceAt(a, triangleInside[f]!);
    const outside = pieceAt(a, triangleOutside[f]!);
    const volume = homeVolume(home, a, triangles[3 * f + 1]!, triangles[3 * f + 2]!);
    voxels[inside]! += volume / 6;
    voxels[outside]! -= volume / 6;
    pieces.triangleInside[f] = inside;
    pieces.triangleOutside[f] = outside;
  }
  voxels[0] = 0;
  return { label: Uint32Array.from(label), voxels: Float64Array.from(voxels, Math.round), ...pieces };
}
