/**
 * Samples a float image (nearest: any image) on another grid, output rows begin .. end - 1. The four or sixteen rows
 * around a sample are combined side by side in one vector.
 */
import { clampTo, nearestIndex, Row } from "./shared/grid";

export { splineColumns, splineRows, splineScratchBytes } from "./shared/spline-coefficients";

const ROW_BYTES: usize = 64;
/** In scratch memory a row is followed by a cubic sample's weights along k and offsets along j and k. */
export function scratchBytes(): usize {
  return ROW_BYTES + 3 * 16;
}

export function linear(
  begin: i32,
  end: i32,
  scratch: usize,
  input: usize,
  output: usize,
  nx: i32,
  ny: i32,
  nz: i32,
  onx: i32,
  ony: i32,
  matrix: usize,
  outside: f32,
): void {
  const row = changetype<Row>(scratch);
  const rowBytes = <usize>nx << 2;
  const planeBytes = rowBytes * <usize>ny;
  const lastX = max(0, nx - 2);
  for (let r = begin; r < end; r++) {
    row.move(matrix, r, onx, ony, nx, ny, nz);
    const out = output + ((<usize>r * <usize>onx) << 2);
    for (let i = 0; i < row.start; i++) store<f32>(out + (<usize>i << 2), outside);
    for (let i = row.stop; i < onx; i++) store<f32>(out + (<usize>i << 2), outside);
    for (let i = row.start; i < row.stop; i++) {
      const x = clampTo(row.x(i), nx);
      const y = clampTo(row.y(i), ny);
      const z = clampTo(row.z(i), nz);
      const x0 = min(<i32>x, lastX);
      const y0 = <i32>y;
      const z0 = <i32>z;
      const dy = y0 + 1 < ny ? rowBytes : 0;
      const dz = z0 + 1 < nz ? planeBytes : 0;
      const at = input + <usize>z0 * planeBytes + <usize>y0 * rowBytes + (<usize>x0 << 2);
      // Lanes: (x0, y0), (x1, y0), (x0, y1), (x1, y1).
      let lower = v128.load64_lane(at + dy, v128.load64_zero(at), 1);
      let upper = v128.load64_lane(at + dz + dy, v128.load64_zero(at + dz), 1);
      if (nx == 1) {
        lower = v128.shuffle<f32>(lower, lower, 0, 0, 2, 2);
        upper = v128.shuffle<f32>(upper, upper, 0, 0, 2, 2);
      }
      const tz = f32x4.splat(<f32>(z - <f64>z0));
      const ty = f32x4.splat(<f32>(y - <f64>y0));
      const plane = f32x4.add(lower, f32x4.mul(tz, f32x4.sub(upper, lower)));
      const next = v128.shuffle<f32>(plane, plane, 2, 3, 2, 3);
      const line = f32x4.add(plane, f32x4.mul(ty, f32x4.sub(next, plane)));
      const left = f32x4.extract_lane(line, 0);
      const right = f32x4.extract_lane(line, 1);
      store<f32>(out + (<usize>i << 2), left + <f32>(x - <f64>x0) * (right - left));
    }
  }
}

/** Whole-sample symmetric continuation. */
// @ts-ignore: decorator
@inline
function mirror(i: i32, n: i32): i32 {
  if (n == 1) return 0;
  const period = 2 * (n - 1);
  let m = i % period;
  if (m < 0) m += period;
  return m < n ? m : period - m;
}

/** The four cubic B-spline weights at t = 0 .. 1 after the second tap. */
// @ts-ignore: decorator
@inline
function cubicWeights(t: f64): v128 {
  const s = 1 - t;
  const w = f32x4.splat(<f32>((s * s * s) / 6));
  const w1 = f32x4.replace_lane(w, 1, <f32>((4 - 6 * t * t + 3 * t * t * t) / 6));
  const w2 = f32x4.replace_lane(w1, 2, <f32>((4 - 6 * s * s + 3 * s * s * s) / 6));
  return f32x4.replace_lane(w2, 3, <f32>((t * t * t) / 6));
}

/** The input holds spline coefficients. */
export function cubic(
  begin: i32,
  end: i32,
  scratch: usize,
  input: usize,
  output: usize,
  nx: i32,
  ny: i32,
  nz: i32,
  onx: i32,
  ony: i32,
  matrix: usize,
  outside: f32,
): void {
  const row = changetype<Row>(scratch);
  const weights = scratch + ROW_BYTES;
  const offsets = weights + 16;
  const rowBytes = <usize>nx << 2;
  let y0 = -1;
  let z0 = -1;
  for (let r = begin; r < end; r++) {
    row.move(matrix, r, onx, ony, nx, ny, nz);
    const out = output + ((<usize>r * <usize>onx) << 2);
    for (let i = 0; i < row.start; i++) store<f32>(out + (<usize>i << 2), outside);
    for (let i = row.stop; i < onx; i++) store<f32>(out + (<usize>i << 2), outside);
    for (let i = row.start; i < row.stop; i++) {
      const x = clampTo(row.x(i), nx);
      const y = clampTo(row.y(i), ny);
      const z = clampTo(row.z(i), nz);
      const x0 = <i32>x;
      if (y0 != <i32>y) {
        y0 = <i32>y;
        mirroredOffsets(offsets, y0, ny, rowBytes);
      }
      if (z0 != <i32>z) {
        z0 = <i32>z;
        mirroredOffsets(offsets + 16, z0, nz, rowBytes * <usize>ny);
      }
      const wy = cubicWeights(y - <f64>y0);
      v128.store(weights, cubicWeights(z - <f64>z0));
      const wy0 = v128.shuffle<f32>(wy, wy, 0, 0, 0, 0);
      const wy1 = v128.shuffle<f32>(wy, wy, 1, 1, 1, 1);
      const wy2 = v128.shuffle<f32>(wy, wy, 2, 2, 2, 2);
      const wy3 = v128.shuffle<f32>(wy, wy, 3, 3, 3, 3);
      const row0 = input + load<u32>(offsets);
      const row1 = input + load<u32>(offsets, 4);
      const row2 = input + load<u32>(offsets, 8);
      const row3 = input + load<u32>(offsets, 12);
      let sum = f32x4.splat(0);
      if (x0 >= 1 && x0 + 2 < nx) {
        const first = <usize>(x0 - 1) << 2;
        for (let c: usize = 0; c < 16; c += 4) {
          const plane = first + load<u32>(offsets + c, 16);
          const near = f32x4.add(
            f32x4.mul(wy0, v128.load(row0 + plane)),
            f32x4.mul(wy1, v128.load(row1 + plane)),
          );
          const far = f32x4.add(
            f32x4.mul(wy2, v128.load(row2 + plane)),
            f32x4.mul(wy3, v128.load(row3 + plane)),
          );
          sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(weights + c), f32x4.add(near, far)));
        }
      } else {
        for (let c: usize = 0; c < 16; c += 4) {
          const plane = load<u32>(offsets + c, 16);
          const near = f32x4.add(
            f32x4.mul(wy0, mirrored(row0 + plane, x0, nx)),
            f32x4.mul(wy1, mirrored(row1 + plane, x0, nx)),
          );
          const far = f32x4.add(
            f32x4.mul(wy2, mirrored(row2 + plane, x0, nx)),
            f32x4.mul(wy3, mirrored(row3 + plane, x0, nx)),
          );
          sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(weights + c), f32x4.add(near, far)));
        }
      }
      sum = f32x4.mul(sum, cubicWeights(x - <f64>x0));
      sum = f32x4.add(sum, v128.shuffle<f32>(sum, sum, 2, 3, 2, 3));
      store<f32>(out + (<usize>i << 2), f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1));
    }
  }
}

/** Bytes from the start of an axis to the four taps around p0. */
function mirroredOffsets(to: usize, p0: i32, n: i32, stride: usize): void {
  for (let t = 0; t < 4; t++) store<u32>(to + (<usize>t << 2), <usize>mirror(p0 - 1 + t, n) * stride);
}

/** Four taps around x0 of a row whose end is near. */
function mirrored(at: usize, x0: i32, nx: i32): v128 {
  const w = v128.load32_zero(at + (<usize>mirror(x0 - 1, nx) << 2));
  const w1 = v128.load32_lane(at + (<usize>mirror(x0, nx) << 2), w, 1);
  const w2 = v128.load32_lane(at + (<usize>mirror(x0 + 1, nx) << 2), w1, 2);
  return v128.load32_lane(at + (<usize>mirror(x0 + 2, nx) << 2), w2, 3);
}

// @ts-ignore: decorator
@inline
function nearest<T>(
  begin: i32,
  end: i32,
  scratch: usize,
  input: usize,
  output: usize,
  nx: i32,
  ny: i32,
  nz: i32,
  onx: i32,
  ony: i32,
  matrix: usize,
): void {
  const row = changetype<Row>(scratch);
  // The value outside stands behind the matrix.
  const outside = load<T>(matrix, 96);
  for (let r = begin; r < end; r++) {
    row.move(matrix, r, onx, ony, nx, ny, nz);
    const out = output + <usize>r * <usize>onx * sizeof<T>();
    for (let i = 0; i < row.start; i++) store<T>(out + <usize>i * sizeof<T>(), outside);
    for (let i = row.stop; i < onx; i++) store<T>(out + <usize>i * sizeof<T>(), outside);
    for (let i = row.start; i < row.stop; i++) {
      const x = <usize>nearestIndex(row.x(i), nx);
      const y = <usize>nearestIndex(row.y(i), ny);
      const z = <usize>nearestIndex(row.z(i), nz);
      const voxel = x + <usize>nx * (y + <usize>ny * z);
      store<T>(out + <usize>i * sizeof<T>(), load<T>(input + voxel * sizeof<T>()));
    }
  }
}

export function nearest1(begin: i32, end: i32, scratch: usize, input: usize, output: usize, nx: i32, ny: i32, nz: i32, onx: i32, ony: i32, matrix: usize): void {
  nearest<u8>(begin, end, scratch, input, output, nx, ny, nz, onx, ony, matrix);
}

export function nearest2(begin: i32, end: i32, scratch: usize, input: usize, output: usize, nx: i32, ny: i32, nz: i32, onx: i32, ony: i32, matrix: usize): void {
  nearest<u16>(begin, end, scratch, input, output, nx, ny, nz, onx, ony, matrix);
}

export function nearest4(begin: i32, end: i32, scratch: usize, input: usize, output: usize, nx: i32, ny: i32, nz: i32, onx: i32, ony: i32, matrix: usize): void {
  nearest<u32>(begin, end, scratch, input, output, nx, ny, nz, onx, ony, matrix);
}

export function nearest8(begin: i32, end: i32, scratch: usize, input: usize, output: usize, nx: i32, ny: i32, nz: i32, onx: i32, ony: i32, matrix: usize): void {
  nearest<u64>(begin, end, scratch, input, output, nx, ny, nz, onx, ony, matrix);
}
