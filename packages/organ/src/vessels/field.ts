import { type Affine, invert, type Size3 } from "@viscera/core";
import type { Point } from "./vector.js";

/** A scalar field on voxels that is asked for values between them, at world positions. */
export class Field {
  readonly data: Float32Array;
  readonly size: Size3;
  readonly affine: Affine;
  readonly #inverse: Affine;

  constructor(data: Float32Array, size: Size3, affine: Affine) {
    this.data = data;
    this.size = size;
    this.affine = affine;
    this.#inverse = invert(affine);
  }

  /** Voxel indices, with fractions, of a world position. */
  indexOf([x, y, z]: Point): Point {
    const m = this.#inverse;
    return [
      m[0]! * x + m[1]! * y + m[2]! * z + m[3]!,
      m[4]! * x + m[5]! * y + m[6]! * z + m[7]!,
      m[8]! * x + m[9]! * y + m[10]! * z + m[11]!,
    ];
  }

  /** Trilinear value at a world position; beyond the border that of the border. */
  at(position: Point): number {
    const [nx, ny, nz] = this.size;
    const [x, y, z] = this.indexOf(position);
    const cx = Math.min(nx - 1, Math.max(0, x));
    const cy = Math.min(ny - 1, Math.max(0, y));
    const cz = Math.min(nz - 1, Math.max(0, z));
    const i = Math.min(nx - 2, Math.floor(cx));
    const j = Math.min(ny - 2, Math.floor(cy));
    const k = Math.min(nz - 2, Math.floor(cz));
    const fx = cx - i;
    const fy = cy - j;
    const fz = cz - k;
    const d = this.data;
    const v = i + nx * (j + ny * k);
    const w = v + nx * ny;
    const low =
      (d[v]! * (1 - fx) + d[v + 1]! * fx) * (1 - fy) + (d[v + nx]! * (1 - fx) + d[v + nx + 1]! * fx) * fy;
    const high =
      (d[w]! * (1 - fx) + d[w + 1]! * fx) * (1 - fy) + (d[w + nx]! * (1 - fx) + d[w + nx + 1]! * fx) * fy;
    return low * (1 - fz) + high * fz;
  }
}
