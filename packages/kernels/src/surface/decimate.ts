import type { Patches } from "./patches.js";
import { FIXED } from "./vertex-bounds.js";

/** Passes over the vertices; in one pass a vertex takes part in one collapse at most. */
const MOST_PASSES = 40;
/** Root mean square of the deviation allowed, as a part of the largest; on balls none was larger (see the test). */
const RMS_PART = 0.4;
/** The first passes stay below a part of the error, so that the flattest places go first. */
const FIRST_ERROR_PART = 1 / 8;
const ERROR_GROWTH = 1.3;
/** A pass that takes away less than this part of the vertices is the last at its error. */
const LEAST_PROGRESS = 0.01;
/** Cosine between a triangle's normal before and after a collapse, at least. */
const LEAST_COSINE = 0.3;
/** A collapse may not make a triangle that is slimmer than this (1 is equilateral) and than the one it was. */
const LEAST_SHAPE = 0.15;
/** Weight of an edge's length beside the error: short edges first where all is flat. */
const LENGTH_WEIGHT = 1e-3;

/**
 * Thins out the surfaces of all labels together by collapsing edges (Garland & Heckbert,
 * doi:10.1145/258734.258849): a vertex is taken away and its triangles are hung on a neighbour, where that
 * neighbour is not too far off the planes the vertex stood for. Surfaces deviate by `error` at most, as far as the mean over a vertex's planes tells, in the
 * units of `positions`. No vertex moves. Vertices on curves where labels meet go only along the curve, those on a cap
 * only within it, and those that are `FIXED` stay. A collapse must fulfil the link condition over all labels
 * (Dey et al., "Topology preserving edge contraction", Publ. Inst. Math. 66, 1999), so every label's surface
 * remains a closed edge-manifold, and faces between neighbours remain shared. `onPass` is called before each
 * pass and may throw to stop.
 */
export function decimate(
  positions: Float32Array,
  patches: Patches,
  fixed: Uint8Array,
  error: number,
  onPass?: () => void,
): Patches {
  if (!(error > 0)) return patches;
  const mesh = new Collapsing(positions, patches, fixed);
  const most = RMS_PART * error;
  let limit = FIRST_ERROR_PART * most;
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    onPass?.();
    const part = mesh.pass(limit * limit);
    if (part < LEAST_PROGRESS) {
      if (limit === most) break;
      limit = Math.min(most, 2 * limit);
    } else limit = Math.min(most, ERROR_GROWTH * limit);
  }
  return mesh.finish();
}

class Collapsing {
  readonly #p: Float32Array;
  readonly #patches: Patches;
  readonly #fixed: Uint8Array;
  readonly #triangles: Uint32Array;
  readonly #patchOf: Uint32Array;
  /** 1: the triangle is gone. */
  readonly #gone: Uint8Array;
  /** Corners at each vertex as a linked list; corner 3 t + i is corner i of triangle t. */
  readonly #head: Int32Array;
  readonly #next: Int32Array;
  /**
   * Area-weighted sum of squared distances to planes, 10 coefficients and the area: 11 numbers a vertex. Seen
   * from the vertex itself, single precision is enough.
   */
  readonly #quadrics: Float32Array;
  /** Pass in which the vertex last took part in a collapse. */
  readonly #busy: Uint8Array;
  #pass = 0;
  /** Neighbours of the vertex at hand; how many triangles hold both, and of which patch, -1 for several. */
  readonly #ring: number[] = [];
  readonly #ringCount: number[] = [];
  readonly #ringPatch: number[] = [];
  /** Number of a neighbour in the ring, valid where `#seen` holds the current stamp. */
  readonly #place: Int32Array;
  readonly #seen: Uint32Array;
  #stamp = 0;

  constructor(positions: Float32Array, patches: Patches, fixed: Uint8Array) {
    const vertices = positions.length / 3;
    this.#p = positions;
    this.#patches = patches;
    this.#fixed = fixed;
    this.#triangles = patches.triangles.slice();
    const corners = this.#triangles.length;
    this.#patchOf = new Uint32Array(corners / 3);
    for (let patch = 0; patch < patches.inside.length; patch++)
      this.#patchOf.fill(patch, patches.start[patch]!, patches.start[patch + 1]!);
    this.#gone = new Uint8Array(corners / 3);
    this.#head = new Int32Array(vertices).fill(-1);
    this.#next = new Int32Array(corners);
    for (let corner = corners - 1; corner >= 0; corner--) {
      const v = this.#triangles[corner]!;
      this.#next[corner] = this.#head[v]!;
      this.#head[v] = corner;
    }
    this.#quadrics = new Float32Array(11 * vertices);
    this.#busy = new Uint8Array(vertices);
    this.#place = new Int32Array(vertices);
    this.#seen = new Uint32Array(vertices);
    for (let t = 0; t < corners; t += 3) this.#addPlane(t);
  }

  /** One round of collapses below a squared error; returns the part of the vertices taken away. */
  pass(limit: number): number {
    this.#pass = (this.#pass % 255) + 1;
    let before = 0;
    let taken = 0;
    for (let v = 0; v < this.#head.length; v++) {
      if (this.#head[v]! < 0) continue;
      before++;
      if (this.#fixed[v]! & FIXED || this.#busy[v] === this.#pass) continue;
      if (this.#collapse(v, limit)) taken++;
    }
    return before > 0 ? taken / before : 0;
  }

  finish(): Patches {
    const { start, inside } = this.#patches;
    const kept = new Uint32Array(start.length);
    let count = 0;
    for (let patch = 0; patch < inside.length; patch++) {
      for (let t = start[patch]!; t < start[patch + 1]!; t++)
        if (!this.#gone[t]) {
          for (let i = 0; i < 3; i++) this.#triangles[3 * count + i] = this.#triangles[3 * t + i]!;
          count++;
        }
      kept[patch + 1] = count;
    }
    return { ...this.#patches, start: kept, triangles: this.#triangles.slice(0, 3 * count) };
  }

  #addPlane(t: number): void {
    const p = this.#p;
    const [a, b, c] = [this.#triangles[t]!, this.#triangles[t + 1]!, this.#triangles[t + 2]!];
    const ux = p[3 * b]! - p[3 * a]!;
    const uy = p[3 * b + 1]! - p[3 * a + 1]!;
    const uz = p[3 * b + 2]! - p[3 * a + 2]!;
    const vx = p[3 * c]! - p[3 * a]!;
    const vy = p[3 * c + 1]! - p[3 * a + 1]!;
    const vz = p[3 * c + 2]! - p[3 * a + 2]!;
    let nx = uy * vz - uz * vy;
    let ny = uz * vx - ux * vz;
    let nz = ux * vy - uy * vx;
    const area = Math.sqrt(nx * nx + ny * ny + nz * nz);
    if (area === 0) return;
    nx /= area;
    ny /= area;
    nz /= area;
    // The plane passes through its own vertices, so the linear and constant terms start at zero.
    const q = this.#quadrics;
    for (let i = t; i < t + 3; i++) {
      const at = 11 * this.#triangles[i]!;
      q[at]! += area * nx * nx;
      q[at + 1]! += area * ny * ny;
      q[at + 2]! += area * nz * nz;
      q[at + 3]! += area * nx * ny;
      q[at + 4]! += area * nx * nz;
      q[at + 5]! += area * ny * nz;
      q[at + 10]! += area;
    }
  }

  /** Mean squared distance of vertex u from the planes of vertex v. */
  #errorAt(u: number, v: number): number {
    const q = this.#quadrics;
    const at = 11 * v;
    const area = q[at + 10]!;
    if (area === 0) return 0;
    const x = this.#p[3 * u]! - this.#p[3 * v]!;
    const y = this.#p[3 * u + 1]! - this.#p[3 * v + 1]!;
    const z = this.#p[3 * u + 2]! - this.#p[3 * v + 2]!;
    const sum =
      x * (q[at]! * x + 2 * (q[at + 3]! * y + q[at + 4]! * z + q[at + 6]!)) +
      y * (q[at + 1]! * y + 2 * (q[at + 5]! * z + q[at + 7]!)) +
      z * (q[at + 2]! * z + 2 * q[at + 8]!) +
      q[at + 9]!;
    return Math.max(0, sum) / area;
  }

  /** Gathers the neighbours of v; true when v lies within a patch, false on a curve; null where it must stay. */
  #gather(v: number): boolean | null {
    const ring = this.#ring;
    ring.length = 0;
    this.#stamp++;
    let patch = -1;
    let isWithin = true;
    for (let corner = this.#head[v]!; corner >= 0; corner = this.#next[corner]!) {
      const t = Math.floor(corner / 3);
      const own = this.#patchOf[t]!;
      if (patch === -1) patch = own;
      else if (patch !== own) isWithin = false;
      for (let i = 3 * t; i < 3 * t + 3; i++) {
        const n = this.#triangles[i]!;
        if (n === v) continue;
        if (this.#seen[n] !== this.#stamp) {
          this.#seen[n] = this.#stamp;
          this.#place[n] = ring.length;
          this.#ringCount[ring.length] = 1;
          this.#ringPatch[ring.length] = own;
          ring.push(n);
        } else {
          const place = this.#place[n]!;
          this.#ringCount[place]!++;
          if (this.#ringPatch[place] !== own) this.#ringPatch[place] = -1;
        }
      }
    }
    let junctions = 0;
    for (let i = 0; i < ring.length; i++) if (this.#isJunction(i)) junctions++;
    if (isWithin && junctions === 0) return true;
    return junctions === 2 ? false : null;
  }

  /** True when the edge to neighbour i does not lie within one patch. */
  #isJunction(i: number): boolean {
    return this.#ringCount[i] !== 2 || this.#ringPatch[i] === -1;
  }

  /** Takes v away if one of its neighbours can stand in for it. */
  #collapse(v: number, limit: number): boolean {
    const isWithin = this.#gather(v);
    if (isWithin === null) return false;
    const ring = this.#ring;
    let best = -1;
    let bestCost = Infinity;
    for (let i = 0; i < ring.length; i++) {
      const u = ring[i]!;
      if (this.#busy[u] === this.#pass || (!isWithin && !this.#isJunction(i))) continue;
      if ((this.#fixed[v]! & ~this.#fixed[u]!) !== 0) continue;
      const error = this.#errorAt(u, v);
      if (error > limit) continue;
      const dx = this.#p[3 * u]! - this.#p[3 * v]!;
      const dy = this.#p[3 * u + 1]! - this.#p[3 * v + 1]!;
      const dz = this.#p[3 * u + 2]! - this.#p[3 * v + 2]!;
      const cost = error + LENGTH_WEIGHT * (dx * dx + dy * dy + dz * dz);
      if (cost >= bestCost || !this.#isAllowed(v, i, isWithin)) continue;
      best = u;
      bestCost = cost;
    }
    if (best < 0) return false;
    this.#hang(v, best);
    for (const n of ring) this.#busy[n] = this.#pass;
    return true;
  }

  /** Link condition and orientation for hanging the triangles of v on its neighbour i. */
  #isAllowed(v: number, i: number, isWithin: boolean): boolean {
    const u = this.#ring[i]!;
    // Neighbours of both v and u are marked by the complement of their place.
    let common = 0;
    for (let corner = this.#head[u]!; corner >= 0; corner = this.#next[corner]!) {
      const t = 3 * Math.floor(corner / 3);
      for (let k = t; k < t + 3; k++) {
        const n = this.#triangles[k]!;
        if (n === u || n === v || this.#seen[n] !== this.#stamp || this.#place[n]! < 0) continue;
        this.#place[n] = ~this.#place[n]!;
        common++;
      }
    }
    let allowed = common === this.#ringCount[i];
    for (let corner = this.#head[v]!; allowed && corner >= 0; corner = this.#next[corner]!) {
      const t = 3 * Math.floor(corner / 3);
      const a = this.#triangles[t + ((corner + 1) % 3)]!;
      const b = this.#triangles[t + ((corner + 2) % 3)]!;
      if (a === u || b === u) {
        // On a curve the third corner must not be the curve's other neighbour of v.
        if (!isWithin && this.#isJunction(this.#placeOf(a === u ? b : a))) allowed = false;
        continue;
      }
      // A triangle that would fall upon another one, or fold over.
      if (this.#place[a]! < 0 && this.#place[b]! < 0) allowed = false;
      else if (this.#spoils(v, a, b, u)) allowed = false;
    }
    for (const n of this.#ring) this.#place[n] = this.#placeOf(n);
    return allowed;
  }

  /** Place of a neighbour in the ring, marked or not. */
  #placeOf(n: number): number {
    const place = this.#place[n]!;
    return place < 0 ? ~place : place;
  }

  /** True when triangle (v, a, b) turns too far or gets too slim as v goes to u. */
  #spoils(v: number, a: number, b: number, u: number): boolean {
    const p = this.#p;
    const ex = p[3 * b]! - p[3 * a]!;
    const ey = p[3 * b + 1]! - p[3 * a + 1]!;
    const ez = p[3 * b + 2]! - p[3 * a + 2]!;
    const vx = p[3 * v]! - p[3 * a]!;
    const vy = p[3 * v + 1]! - p[3 * a + 1]!;
    const vz = p[3 * v + 2]! - p[3 * a + 2]!;
    const ux = p[3 * u]! - p[3 * a]!;
    const uy = p[3 * u + 1]! - p[3 * a + 1]!;
    const uz = p[3 * u + 2]! - p[3 * a + 2]!;
    const mx = ey * vz - ez * vy;
    const my = ez * vx - ex * vz;
    const mz = ex * vy - ey * vx;
    const nx = ey * uz - ez * uy;
    const ny = ez * ux - ex * uz;
    const nz = ex * uy - ey * ux;
    const before = Math.sqrt(mx * mx + my * my + mz * mz);
    const after = Math.sqrt(nx * nx + ny * ny + nz * nz);
    if (mx * nx + my * ny + mz * nz <= LEAST_COSINE * before * after) return true;
    // Shape: area over the sum of squared edges, 1 for an equilateral triangle.
    const edge = ex * ex + ey * ey + ez * ez;
    const shape = (after * SHAPE_SCALE) / (edge + opposite(ex, ey, ez, ux, uy, uz));
    if (shape >= LEAST_SHAPE) return false;
    return shape < (before * SHAPE_SCALE) / (edge + opposite(ex, ey, ez, vx, vy, vz));
  }

  /** Hangs the triangles of v on u and drops those that hold both. */
  #hang(v: number, u: number): void {
    for (let corner = this.#head[v]!; corner >= 0; ) {
      const following = this.#next[corner]!;
      const t = Math.floor(corner / 3);
      const holdsBoth = [0, 1, 2].some((i) => this.#triangles[3 * t + i] === u);
      if (holdsBoth) {
        this.#gone[t] = 1;
        for (let i = 3 * t; i < 3 * t + 3; i++)
          if (this.#triangles[i] !== v) this.#unlink(this.#triangles[i]!, i);
      } else {
        this.#triangles[corner] = u;
        this.#next[corner] = this.#head[u]!;
        this.#head[u] = corner;
      }
      corner = following;
    }
    this.#head[v] = -1;
    this.#addQuadric(u, v);
  }

  /** Adds the quadric of v, seen from u, to that of u. */
  #addQuadric(u: number, v: number): void {
    const q = this.#quadrics;
    const from = 11 * v;
    const to = 11 * u;
    const x = this.#p[3 * u]! - this.#p[3 * v]!;
    const y = this.#p[3 * u + 1]! - this.#p[3 * v + 1]!;
    const z = this.#p[3 * u + 2]! - this.#p[3 * v + 2]!;
    const mx = q[from]! * x + q[from + 3]! * y + q[from + 4]! * z;
    const my = q[from + 3]! * x + q[from + 1]! * y + q[from + 5]! * z;
    const mz = q[from + 4]! * x + q[from + 5]! * y + q[from + 2]! * z;
    q[to + 9]! +=
      q[from + 9]! + x * (mx + 2 * q[from + 6]!) + y * (my + 2 * q[from + 7]!) + z * (mz + 2 * q[from + 8]!);
    q[to + 6]! += q[from + 6]! + mx;
    q[to + 7]! += q[from + 7]! + my;
    q[to + 8]! += q[from + 8]! + mz;
    for (let i = 0; i < 6; i++) q[to + i]! += q[from + i]!;
    q[to + 10]! += q[from + 10]!;
  }

  #unlink(v: number, corner: number): void {
    if (this.#head[v] === corner) {
      this.#head[v] = this.#next[corner]!;
      return;
    }
    let at = this.#head[v]!;
    while (this.#next[at] !== corner) at = this.#next[at]!;
    this.#next[at] = this.#next[corner]!;
  }
}

const SHAPE_SCALE = 2 * Math.sqrt(3);

/** Sum of the squared lengths of w and w - e. */
function opposite(ex: number, ey: number, ez: number, wx: number, wy: number, wz: number): number {
  return wx * wx + wy * wy + wz * wz + (wx - ex) ** 2 + (wy - ey) ** 2 + (wz - ez) ** 2;
}
