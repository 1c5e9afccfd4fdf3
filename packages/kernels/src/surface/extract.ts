import { inputError, type LabelArray, type Size3, voxelCount } from "@viscera/core";
import {
  AROUND_ODD,
  FIRST_SHEET_CENTRE,
  FULL_SQUARES,
  pairingOf,
  SHEET_CODE,
  SHEET_COUNT,
  SQUARE_EDGES,
  SQUARE_MASK,
  sheetCentre,
  sheetsOf,
  TOGETHER,
} from "./cell-topology.js";
import { ComplexBuilder } from "./complex-builder.js";
import { CELL_VERTEX, FACE_VERTEX, type LabelSurfaces, OUTSIDE, SQUARE_VERTEX } from "./label-surfaces.js";

/** Homes are kept in half voxels as 16-bit numbers. */
const LARGEST_SIZE = 16000;

/** What later cells need to know of a layer of cells, one entry a cell (rows of nx + 2). */
interface Layer {
  /** First vertex of the cell's sheets. */
  first: Uint32Array;
  /** Sheet of each edge, as in `Sheets.code`. */
  code: Uint32Array;
  /** Bit a: the square at the cell's low end of axis a is ambiguous. */
  ambiguous: Uint8Array;
  /** First of the two vertices of such a square, by 3 * cell + axis. */
  squares: Map<number, number>;
}

function newLayer(cells: number): Layer {
  return {
    first: new Uint32Array(cells),
    code: new Uint32Array(cells),
    ambiguous: new Uint8Array(cells),
    squares: new Map(),
  };
}

/** How far a square vertex starts from the square's centre towards its corner, in voxels along each axis. */
const SQUARE_VERTEX_OFFSET = 0.2;

class Extraction {
  readonly #builder = new ComplexBuilder();
  readonly #size: Size3;
  readonly #row: number;
  #below: Layer;
  #here: Layer;
  /** Low corner voxel of the cell being worked on. */
  readonly #cell = new Int32Array(3);
  /** Bit a set: that cell straddles the image's border across axis a. */
  #caps = 0;
  readonly #centre = new Float64Array(3);
  readonly #labels = new Float64Array(8);

  constructor(size: Size3) {
    this.#size = size;
    this.#row = size[0] + 2;
    const cells = this.#row * (size[1] + 2);
    this.#below = newLayer(cells);
    this.#here = newLayer(cells);
  }

  finish(): LabelSurfaces {
    return this.#builder.finish(this.#size);
  }

  /** All cells between slices z and z + 1 of voxels, each padded by one voxel on every side. */
  layer(z: number, lower: Uint32Array, upper: Uint32Array): void {
    const [nx, ny, nz] = this.#size;
    const row = this.#row;
    const capZ = z < 0 || z === nz - 1 ? 4 : 0;
    this.#cell[2] = z;
    for (let y = -1; y < ny; y++) {
      const capYZ = capZ | (y < 0 || y === ny - 1 ? 2 : 0);
      this.#cell[1] = y;
      let at = row * (y + 1);
      let l0 = lower[at]!;
      let l2 = lower[at + row]!;
      let l4 = upper[at]!;
      let l6 = upper[at + row]!;
      let uniform = l0 === l2 && l4 === l6 && l0 === l4;
      for (let x = -1; x < nx; x++, at++) {
        const l1 = lower[at + 1]!;
        const l3 = lower[at + row + 1]!;
        const l5 = upper[at + 1]!;
        const l7 = upper[at + row + 1]!;
        const nextUniform = l1 === l3 && l5 === l7 && l1 === l5;
        if (!(uniform && nextUniform && l0 === l1)) {
          this.#cell[0] = x;
          this.#caps = capYZ | (x < 0 || x === nx - 1 ? 1 : 0);
          this.#enter(at, l0, l1, l2, l3, l4, l5, l6, l7);
        }
        l0 = l1;
        l2 = l3;
        l4 = l5;
        l6 = l7;
        uniform = nextUniform;
      }
    }
    const spent = this.#below;
    this.#below = this.#here;
    this.#here = spent;
    spent.squares.clear();
  }

  /** One cell with the labels of its corners: its vertices, its three low sides, the faces at its low corner. */
  #enter(
    at: number,
    l0: number,
    l1: number,
    l2: number,
    l3: number,
    l4: number,
    l5: number,
    l6: number,
    l7: number,
  ): void {
    const active =
      (l0 !== l1 ? 1 : 0) |
      (l2 !== l3 ? 2 : 0) |
      (l4 !== l5 ? 4 : 0) |
      (l6 !== l7 ? 8 : 0) |
      (l0 !== l2 ? 16 : 0) |
      (l4 !== l6 ? 32 : 0) |
      (l1 !== l3 ? 64 : 0) |
      (l5 !== l7 ? 128 : 0) |
      (l0 !== l4 ? 256 : 0) |
      (l1 !== l5 ? 512 : 0) |
      (l2 !== l6 ? 1024 : 0) |
      (l3 !== l7 ? 2048 : 0);
    const here = this.#here;
    const full = FULL_SQUARES[active]!;
    here.first[at] = this.#builder.vertexCount;
    here.ambiguous[at] = 0;
    if (full === 0) {
      here.code[at] = SHEET_CODE[active]!;
      this.#sheetVertices(active, SHEET_CODE[active]!, SHEET_COUNT[active]!);
    } else {
      this.#labels.set([l0, l1, l2, l3, l4, l5, l6, l7]);
      const { code, count } = sheetsOf(active, this.#labels);
      here.code[at] = code;
      this.#sheetVertices(active, code, count);
    }
    const sideX = full & 1 ? pairingOf(l0, l2, l6, l4) : TOGETHER;
    const sideY = full & 4 ? pairingOf(l0, l4, l5, l1) : TOGETHER;
    const sideZ = full & 16 ? pairingOf(l0, l1, l3, l2) : TOGETHER;
    if (active & SQUARE_MASK[0]!) this.#side(at, 0, active, sideX);
    if (active & SQUARE_MASK[2]!) this.#side(at, 1, active, sideY);
    if (active & SQUARE_MASK[4]!) this.#side(at, 2, active, sideZ);
    if (active & 1) this.#face(at, 0, l0, l1);
    if (active & 16) this.#face(at, 1, l0, l2);
    if (active & 256) this.#face(at, 2, l0, l4);
  }

  #sheetVertices(active: number, code: number, count: number): void {
    const x = this.#cell[0]!;
    const y = this.#cell[1]!;
    const z = this.#cell[2]!;
    const c = this.#centre;
    for (let sheet = 0; sheet < count; sheet++) {
      if (count === 1) {
        c[0] = FIRST_SHEET_CENTRE[3 * active]!;
        c[1] = FIRST_SHEET_CENTRE[3 * active + 1]!;
        c[2] = FIRST_SHEET_CENTRE[3 * active + 2]!;
      } else sheetCentre(active, code, sheet, c);
      this.#builder.vertex(
        x + c[0]!,
        y + c[1]!,
        z + c[2]!,
        2 * x + 1,
        2 * y + 1,
        2 * z + 1,
        CELL_VERTEX,
        this.#caps,
      );
    }
  }

  /** The side shared with the neighbour cell before this one along `axis`: one edge, or two if ambiguous. */
  #side(at: number, axis: number, active: number, pairing: number): void {
    const neighbour = axis === 2 ? this.#below : this.#here;
    const neighbourAt = axis === 0 ? at - 1 : axis === 1 ? at - this.#row : at;
    const edges = SQUARE_EDGES[2 * axis]!;
    const neighbourEdges = SQUARE_EDGES[2 * axis + 1]!;
    if (pairing === TOGETHER) {
      let crossed = 0;
      let any = 0;
      for (let i = 0; i < 4; i++)
        if ((active >> edges[i]!) & 1) {
          crossed++;
          any = i;
        }
      // Ring edges 0 and 2 run along axis + 1, edges 1 and 3 along axis + 2: on a cap the two labels that
      // differ within the border slice mark the cap's outline.
      const caps = this.#caps;
      const acrossP = (active >> edges[0]!) & 1 || (active >> edges[2]!) & 1;
      const acrossQ = (active >> edges[1]!) & 1 || (active >> edges[3]!) & 1;
      const outline =
        ((caps >> ((axis + 1) % 3)) & 1 && acrossQ) || ((caps >> ((axis + 2) % 3)) & 1 && acrossP);
      this.#builder.edge(
        vertexAt(this.#here, at, edges[any]!),
        vertexAt(neighbour, neighbourAt, neighbourEdges[any]!),
        crossed > 2 || outline ? 1 : 0,
      );
      return;
    }
    this.#here.ambiguous[at]! |= 1 << axis;
    this.#here.squares.set(3 * at + axis, this.#builder.vertexCount);
    const corner = pairing === AROUND_ODD ? 1 : 0;
    for (const ring of [corner, corner + 2]) {
      const vertex = this.#squareVertex(axis, ring);
      this.#builder.edge(vertex, vertexAt(this.#here, at, edges[ring]!), 0);
      this.#builder.edge(vertex, vertexAt(neighbour, neighbourAt, neighbourEdges[ring]!), 0);
    }
  }

  #squareVertex(axis: number, ring: number): number {
    const p = (axis + 1) % 3;
    const q = (axis + 2) % 3;
    const home = [0, 0, 0];
    home[axis] = 2 * this.#cell[axis]!;
    home[p] = 2 * this.#cell[p]! + 1;
    home[q] = 2 * this.#cell[q]! + 1;
    const at = home.map((h) => h / 2);
    at[p]! += ring === 1 || ring === 2 ? SQUARE_VERTEX_OFFSET : -SQUARE_VERTEX_OFFSET;
    at[q]! += ring >= 2 ? SQUARE_VERTEX_OFFSET : -SQUARE_VERTEX_OFFSET;
    const kind = SQUARE_VERTEX + 4 * axis + ring;
    return this.#builder.vertex(at[0]!, at[1]!, at[2]!, home[0]!, home[1]!, home[2]!, kind, 0);
  }

  /** The face between the low corner voxel and the next one along `axis`. */
  #face(at: number, axis: number, low: number, high: number): void {
    const { first, code, ambiguous } = this.#here;
    const below = this.#below;
    const row = this.#row;
    const place = this.#cell[axis]!;
    if (place < 0) low = OUTSIDE;
    else if (place === this.#size[axis]! - 1) high = OUTSIDE;
    // Cells around the face, by offsets (u, v) along axis + 1 and axis + 2: (-1, -1), (0, -1), (0, 0), (-1, 0).
    const edge = 4 * axis;
    const uAt = axis === 0 ? at - row : axis === 1 ? at : at - 1;
    const vAt = axis === 0 ? at : axis === 1 ? at - 1 : at - row;
    const uvAt = axis === 0 ? at - row : axis === 1 ? at - 1 : at - row - 1;
    const uLayer = axis === 1 ? below : this.#here;
    const vLayer = axis === 0 ? below : this.#here;
    const uvLayer = axis === 2 ? this.#here : below;
    const v0 = vertexAt(uvLayer, uvAt, edge + 3);
    const v1 = vertexAt(vLayer, vAt, edge + 2);
    const v2 = first[at]! + ((code[at]! >>> (2 * edge)) & 3);
    const v3 = vertexAt(uLayer, uAt, edge + 1);
    if ((ambiguous[at]! | uLayer.ambiguous[uAt]! | vLayer.ambiguous[vAt]!) !== 0) {
      const u = (axis + 1) % 3;
      const v = (axis + 2) % 3;
      const ring = [
        v0,
        this.#pairedVertex(vLayer, vAt, u, 1),
        v1,
        this.#pairedVertex(this.#here, at, v, 0),
        v2,
        this.#pairedVertex(this.#here, at, u, 3),
        v3,
        this.#pairedVertex(uLayer, uAt, v, 2),
      ].filter((vertex) => vertex >= 0);
      if (ring.length > 4) {
        this.#builder.fan(this.#faceVertex(axis), ring, low, high);
        return;
      }
    }
    this.#builder.quad(v0, v1, v2, v3, low, high);
  }

  /** The square vertex for the face at a ring position of a cell's low side, -1 where there is none. */
  #pairedVertex(layer: Layer, at: number, axis: number, position: number): number {
    if (!((layer.ambiguous[at]! >> axis) & 1)) return -1;
    const first = layer.squares.get(3 * at + axis)!;
    const odd = ((this.#builder.kindOf(first) - SQUARE_VERTEX) & 1) === 1;
    // The face between ring corners i and i + 1 goes with the odd or with the even one of the two.
    const corner = (position & 1) === (odd ? 1 : 0) ? position : (position + 1) % 4;
    return first + (corner >> 1);
  }

  #faceVertex(axis: number): number {
    const home = [2 * this.#cell[0]!, 2 * this.#cell[1]!, 2 * this.#cell[2]!];
    home[axis]! += 1;
    const [x, y, z] = home as [number, number, number];
    return this.#builder.vertex(x / 2, y / 2, z / 2, x, y, z, FACE_VERTEX, 0);
  }
}

/** Vertex of the sheet that a cell's edge belongs to. */
function vertexAt(layer: Layer, at: number, edge: number): number {
  return layer.first[at]! + ((layer.code[at]! >>> (2 * edge)) & 3);
}

/**
 * The surfaces between all labels of an image in one pass, as multi-label surface nets (Gibson,
 * doi:10.1007/BFb0056277; Frisken, "SurfaceNets for multi-label segmentations with preservation of sharp
 * boundaries", JCGT 11(1), 2022). The image is thought to be surrounded by background. Each label's surface is
 * closed and every edge of it has exactly two faces, also where voxels touch by an edge or a corner only (see
 * `cell-topology.ts`); that still holds once vertices at equal positions are merged.
 * Memory beyond the result is a few slices.
 */
export function extractLabelSurfaces(labels: LabelArray, size: Size3): LabelSurfaces {
  const [nx, ny, nz] = size;
  if (size.some((n) => n > LARGEST_SIZE))
    throw inputError(
      "size",
      `The label map of ${size.join(" x ")} voxels is too large for surfaces.`,
      `Crop it to at most ${LARGEST_SIZE} voxels along each axis.`,
    );
  if (labels.length < voxelCount(size)) throw new RangeError("fewer labels than voxels");
  const extraction = new Extraction(size);
  const row = nx + 2;
  let lower = new Uint32Array(row * (ny + 2));
  let upper = new Uint32Array(row * (ny + 2));
  for (let z = -1; z < nz; z++) {
    if (z + 1 === nz) upper.fill(0);
    else
      for (let y = 0; y < ny; y++) {
        const from = nx * (y + ny * (z + 1));
        upper.set(labels.subarray(from, from + nx), row * (y + 1) + 1);
      }
    extraction.layer(z, lower, upper);
    [lower, upper] = [upper, lower];
  }
  return extraction.finish();
}
