/**
 * Squared distances plane by plane: within a plane of the grid each point's squared distance to the plane's surface
 * points, by the lower envelope of parabolas (Felzenszwalb & Huttenlocher, doi:10.4086/toc.2012.v008a019); points of
 * other planes take the least over all planes of that plus the square of the way there. Costs the same however far
 * the surfaces are apart, and holds one plane in memory.
 */
import type { SurfacePoints } from "./surface-points.js";

export class SquaredPlanes {
  readonly #to: SurfacePoints;
  readonly #squares: readonly [Float64Array, Float64Array, Float64Array];
  /** Squared distance to the surface points of the plane at hand. */
  readonly #plane: Float64Array;
  readonly #apex: Int32Array;
  readonly #from: Float64Array;
  readonly #height: Float64Array;

  /** `squares[axis][d]` is the squared length of d steps along an axis. */
  constructor(to: SurfacePoints, squares: readonly [Float64Array, Float64Array, Float64Array]) {
    this.#to = to;
    this.#squares = squares;
    const [nx, ny] = to.bits.size;
    this.#plane = new Float64Array(nx * ny);
    this.#apex = new Int32Array(ny + 1);
    this.#from = new Float64Array(ny + 1);
    this.#height = new Float64Array(ny + 1);
  }

  /** Writes the squared distances of the points from number `first` on. */
  distances(from: SurfacePoints, first: number, out: Float64Array): void {
    const [nx, , nz] = this.#to.bits.size;
    const squaresZ = this.#squares[2];
    const { x, y, z, count } = from;
    out.fill(Number.POSITIVE_INFINITY, first);
    for (let plane = 0; plane < nz; plane++) {
      if (!this.#fill(plane)) continue;
      for (let n = first; n < count; n++) {
        const square = this.#plane[x[n]! + nx * y[n]!]! + squaresZ[Math.abs(z[n]! - plane)]!;
        if (square < out[n]!) out[n] = square;
      }
    }
  }

  /** Computes a plane; false where it holds no surface point. */
  #fill(z: number): boolean {
    const { size, rowWords, words } = this.#to.bits;
    const [nx, ny] = size;
    const plane = this.#plane;
    const [squaresX] = this.#squares;
    let any = false;
    for (let y = 0; y < ny; y++) {
      const row = rowWords * (y + ny * z);
      const to = nx * y;
      let last = -1;
      // Forwards the steps from the last point, backwards the steps to the next.
      for (let x = 0; x < nx; x++) {
        if ((words[row + (x >> 5)]! >>> (x & 31)) & 1) last = x;
        plane[to + x] = last < 0 ? Number.POSITIVE_INFINITY : squaresX[x - last]!;
      }
      if (last < 0) continue;
      any = true;
      let next = -1;
      for (let x = nx - 1; x >= 0; x--) {
        if ((words[row + (x >> 5)]! >>> (x & 31)) & 1) next = x;
        if (next < 0) continue;
        const square = squaresX[next - x]!;
        if (square < plane[to + x]!) plane[to + x] = square;
      }
    }
    if (any) for (let x = 0; x < nx; x++) this.#envelope(x);
    return any;
  }

  /** Replaces a column by min over q of value(q) + squaresY[|y - q|]. */
  #envelope(x: number): void {
    const [nx, ny] = this.#to.bits.size;
    const squaresY = this.#squares[1];
    const unit = squaresY[1]!;
    const plane = this.#plane;
    const apex = this.#apex;
    const from = this.#from;
    const height = this.#height;
    let top = -1;
    for (let q = 0; q < ny; q++) {
      const value = plane[x + nx * q]!;
      if (value === Number.POSITIVE_INFINITY) continue;
      let start = Number.NEGATIVE_INFINITY;
      while (top >= 0) {
        const p = apex[top]!;
        start = ((value - height[top]!) / unit + (q * q - p * p)) / (2 * (q - p));
        if (start > from[top]!) break;
        top--;
        start = Number.NEGATIVE_INFINITY;
      }
      top++;
      apex[top] = q;
      from[top] = start;
      height[top] = value;
    }
    if (top < 0) return;
    let current = 0;
    for (let y = 0; y < ny; y++) {
      while (current < top && from[current + 1]! < y) current++;
      plane[x + nx * y] = height[current]! + squaresY[Math.abs(y - apex[current]!)]!;
    }
  }
}
