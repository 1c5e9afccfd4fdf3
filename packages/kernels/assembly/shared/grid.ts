/** Sample positions of an output row and the border rule; mirrors src/resample-grid.ts to the last bit. */

export const SLACK: f64 = 1e-6;

// @ts-ignore: decorator
@inline
export function isInside(p: f64, n: i32): bool {
  return p >= -0.5 - SLACK && p <= <f64>n - 0.5 + SLACK;
}

// @ts-ignore: decorator
@inline
export function clampTo(p: f64, n: i32): f64 {
  return p < 0 ? 0 : p > <f64>(n - 1) ? <f64>(n - 1) : p;
}

// @ts-ignore: decorator
@inline
export function nearestIndex(p: f64, n: i32): i32 {
  return <i32>clampTo(floor(p + 0.5 + SLACK), n);
}

/** One row of the output: position of voxel i is a i + b along each input axis. `matrix`: 12 doubles. */
// @ts-ignore: decorator
@unmanaged
export class Row {
  ax: f64;
  ay: f64;
  az: f64;
  bx: f64;
  by: f64;
  bz: f64;
  /** Output voxels start .. stop - 1 lie inside the input. */
  start: i32;
  stop: i32;

  /** Goes to output row `row` of a grid of (onx, ony) voxels a plane. */
  move(matrix: usize, row: i32, onx: i32, ony: i32, nx: i32, ny: i32, nz: i32): void {
    const plane = row / ony;
    const k = <f64>plane;
    const j = <f64>(row - plane * ony);
    this.ax = load<f64>(matrix);
    this.ay = load<f64>(matrix, 32);
    this.az = load<f64>(matrix, 64);
    this.bx = load<f64>(matrix, 8) * j + (load<f64>(matrix, 16) * k + load<f64>(matrix, 24));
    this.by = load<f64>(matrix, 40) * j + (load<f64>(matrix, 48) * k + load<f64>(matrix, 56));
    this.bz = load<f64>(matrix, 72) * j + (load<f64>(matrix, 80) * k + load<f64>(matrix, 88));
    // Positions move one way along a row, so those inside follow each other.
    let start = 0;
    let stop = onx;
    while (start < stop && !this.covers(start, nx, ny, nz)) start++;
    while (stop > start && !this.covers(stop - 1, nx, ny, nz)) stop--;
    this.start = start;
    this.stop = stop;
  }

  // @ts-ignore: decorator
  @inline
  x(i: i32): f64 {
    return this.ax * <f64>i + this.bx;
  }

  // @ts-ignore: decorator
  @inline
  y(i: i32): f64 {
    return this.ay * <f64>i + this.by;
  }

  // @ts-ignore: decorator
  @inline
  z(i: i32): f64 {
    return this.az * <f64>i + this.bz;
  }

  covers(i: i32, nx: i32, ny: i32, nz: i32): bool {
    return isInside(this.x(i), nx) && isInside(this.y(i), ny) && isInside(this.z(i), nz);
  }
}
