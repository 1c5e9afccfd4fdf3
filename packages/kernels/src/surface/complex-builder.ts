import type { Size3 } from "@viscera/core";
import { growableFloat32, growableInt16, growableUint8, growableUint32 } from "./growable.js";
import { type LabelSurfaces, OUTSIDE } from "./label-surfaces.js";

/** Collects vertices, faces and edges of a `LabelSurfaces` while the volume is passed once. */
export class ComplexBuilder {
  readonly #positions = growableFloat32();
  readonly #home = growableInt16();
  readonly #kind = growableUint8();
  readonly #capAxes = growableUint8();
  readonly #quads = growableUint32();
  readonly #quadInside = growableUint32();
  readonly #quadOutside = growableUint32();
  readonly #triangles = growableUint32();
  readonly #triangleInside = growableUint32();
  readonly #triangleOutside = growableUint32();
  readonly #edges = growableUint32();
  readonly #edgeIsJunction = growableUint8();

  get vertexCount(): number {
    return this.#kind.length;
  }

  /** Adds a vertex; `hx`... is its home in half voxels. Coordinates of cap axes are put on the cap. */
  vertex(
    x: number,
    y: number,
    z: number,
    hx: number,
    hy: number,
    hz: number,
    kind: number,
    caps: number,
  ): number {
    const p = this.#positions.reserve(3);
    const at = this.#positions.length;
    p[at] = caps & 1 ? hx / 2 : x;
    p[at + 1] = caps & 2 ? hy / 2 : y;
    p[at + 2] = caps & 4 ? hz / 2 : z;
    this.#positions.length = at + 3;
    const h = this.#home.reserve(3);
    h[at] = hx;
    h[at + 1] = hy;
    h[at + 2] = hz;
    this.#home.length = at + 3;
    this.#kind.push(kind);
    this.#capAxes.push(caps);
    return at / 3;
  }

  /** Kind of a vertex already added. */
  kindOf(vertex: number): number {
    return this.#kind.data[vertex]!;
  }

  edge(a: number, b: number, isJunction: number): void {
    const e = this.#edges.reserve(2);
    e[this.#edges.length++] = a;
    e[this.#edges.length++] = b;
    this.#edgeIsJunction.push(isJunction);
  }

  /** A face whose vertices turn anticlockwise seen from `high`, the voxel its axis points to. */
  quad(v0: number, v1: number, v2: number, v3: number, low: number, high: number): void {
    const q = this.#quads.reserve(4);
    const at = this.#quads.length;
    this.#quads.length = at + 4;
    q[at] = v0;
    q[at + 2] = v2;
    if (high === OUTSIDE || (low !== OUTSIDE && low > high)) {
      q[at + 1] = v1;
      q[at + 3] = v3;
      this.#quadInside.push(low);
      this.#quadOutside.push(high);
    } else {
      q[at + 1] = v3;
      q[at + 3] = v1;
      this.#quadInside.push(high);
      this.#quadOutside.push(low);
    }
  }

  /** A face with square vertices: a fan of triangles around its own middle vertex. */
  fan(middle: number, ring: readonly number[], low: number, high: number): void {
    const forward = high === OUTSIDE || (low !== OUTSIDE && low > high);
    const t = this.#triangles.reserve(3 * ring.length);
    for (let i = 0; i < ring.length; i++) {
      const next = (i + 1) % ring.length;
      t[this.#triangles.length++] = middle;
      t[this.#triangles.length++] = ring[forward ? i : next]!;
      t[this.#triangles.length++] = ring[forward ? next : i]!;
      this.#triangleInside.push(forward ? low : high);
      this.#triangleOutside.push(forward ? high : low);
      this.edge(middle, ring[i]!, 0);
    }
  }

  finish(size: Size3): LabelSurfaces {
    return {
      size,
      positions: this.#positions.finish(),
      home: this.#home.finish(),
      kind: this.#kind.finish(),
      capAxes: this.#capAxes.finish(),
      quads: this.#quads.finish(),
      quadInside: this.#quadInside.finish(),
      quadOutside: this.#quadOutside.finish(),
      triangles: this.#triangles.finish(),
      triangleInside: this.#triangleInside.finish(),
      triangleOutside: this.#triangleOutside.finish(),
      edges: this.#edges.finish(),
      edgeIsJunction: this.#edgeIsJunction.finish(),
    };
  }
}
