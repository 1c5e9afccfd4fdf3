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
}

/** The pieces, and between which of them each face lies. */
export interface FacePieces extends Pieces {
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
    if (this.#parent[a] === this.#parent[b]) return;
    const ra = this.find(a);
    const rb = this.find(b);
    if (ra < rb) this.#parent[rb] = ra;
    else this.#parent[ra] = rb;
  }
}

/** Flux of the field (x, 0, 0) through a triangle of homes, in voxels; summed over a closed surface its volume. */
function homeFlux(home: Int16Array, a: number, b: number, c: number): number {
  const ay = home[3 * a + 1]!;
  const az = home[3 * a + 2]!;
  const area =
    (home[3 * b + 1]! - ay) * (home[3 * c + 2]! - az) - (home[3 * b + 2]! - az) * (home[3 * c + 1]! - ay);
  return area === 0 ? 0 : (area * (home[3 * a]! + home[3 * b]! + home[3 * c]!)) / 48;
}

/** Takes the surfaces apart into closed pieces. */
export function findPieces(surfaces: LabelSurfaces): FacePieces {
  const { quads, triangles, home } = surfaces;
  const sets = new SideSets(surfaces.kind.length);
  const isLabel = (label: number): boolean => label !== 0 && label !== OUTSIDE;

  /** Joins one side of a face and returns it; 0 stands for no label, so sides count from 1. */
  const joinFace = (corners: Uint32Array, from: number, to: number, label: number): number => {
    if (!isLabel(label)) return 0;
    const first = sets.at(corners[from]!, label);
    for (let i = from + 1; i < to; i++) sets.join(first, sets.at(corners[i]!, label));
    return first + 1;
  };
  const { quadInside, quadOutside, triangleInside, triangleOutside } = surfaces;
  const pieces = {
    quadInside: quadInside.map((label, f) => joinFace(quads, 4 * f, 4 * f + 4, label)),
    quadOutside: quadOutside.map((label, f) => joinFace(quads, 4 * f, 4 * f + 4, label)),
    triangleInside: triangleInside.map((label, f) => joinFace(triangles, 3 * f, 3 * f + 3, label)),
    triangleOutside: triangleOutside.map((label, f) => joinFace(triangles, 3 * f, 3 * f + 3, label)),
  };

  const pieceOfRoot = new Uint32Array(sets.count);
  const label = [0];
  const voxels = [0];
  const pieceOf = (side: number, ofLabel: number): number => {
    if (side === 0) return 0;
    const root = sets.find(side - 1);
    let piece = pieceOfRoot[root]!;
    if (piece === 0) {
      piece = label.length;
      pieceOfRoot[root] = piece;
      label.push(ofLabel);
      voxels.push(0);
    }
    return piece;
  };
  for (let f = 0; f < quadInside.length; f++) {
    const inside = pieceOf(pieces.quadInside[f]!, quadInside[f]!);
    const outside = pieceOf(pieces.quadOutside[f]!, quadOutside[f]!);
    const a = quads[4 * f]!;
    const c = quads[4 * f + 2]!;
    const flux = homeFlux(home, a, quads[4 * f + 1]!, c) + homeFlux(home, a, c, quads[4 * f + 3]!);
    voxels[inside]! += flux;
    voxels[outside]! -= flux;
    pieces.quadInside[f] = inside;
    pieces.quadOutside[f] = outside;
  }
  for (let f = 0; f < triangleInside.length; f++) {
    const inside = pieceOf(pieces.triangleInside[f]!, triangleInside[f]!);
    const outside = pieceOf(pieces.triangleOutside[f]!, triangleOutside[f]!);
    const flux = homeFlux(home, triangles[3 * f]!, triangles[3 * f + 1]!, triangles[3 * f + 2]!);
    voxels[inside]! += flux;
    voxels[outside]! -= flux;
    pieces.triangleInside[f] = inside;
    pieces.triangleOutside[f] = outside;
  }
  voxels[0] = 0;
  return { label: Uint32Array.from(label), voxels: Float64Array.from(voxels, Math.round), ...pieces };
}
