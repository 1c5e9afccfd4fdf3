/**
 * Cubic B-spline coefficients with mirror boundaries, in place (Unser, doi:10.1109/79.799930); the plain version is
 * src/spline-coefficients.reference.ts.
 */

import { BLOCK, copyBlock } from "./block";

const POLE: f64 = -0.26794919243112270647;
const LAST: f64 = POLE / (POLE * POLE - 1);
/** The pole's powers beyond this one vanish in double precision. */
const HORIZON: i32 = 32;

/** Bytes of scratch memory for columns of n voxels. */
export function splineScratchBytes(n: usize): usize {
  return n << 6;
}

/** Rows begin .. end - 1 of nx voxels. */
export function splineRows(begin: i32, end: i32, _scratch: usize, data: usize, nx: i32): void {
  if (nx == 1) return;
  for (let row = begin; row < end; row++) {
    const at = data + ((<usize>row * <usize>nx) << 2);
    const end = at + (<usize>(nx - 1) << 2);
    let last: f64 = 1;
    for (let i = 1; i < nx; i++) last *= POLE;
    let start = <f64>load<f32>(at) + last * <f64>load<f32>(end);
    let power = POLE;
    for (let i = 1; i < min(nx - 1, HORIZON); i++) {
      const p = <usize>i << 2;
      start += power * (<f64>load<f32>(at + p) + last * <f64>load<f32>(end - p));
      power *= POLE;
    }
    let previous = (6 * start) / (1 - last * last);
    store<f32>(at, <f32>previous);
    let before = previous;
    for (let p = at + 4; p <= end; p += 4) {
      before = previous;
      previous = 6 * <f64>load<f32>(p) + POLE * previous;
      store<f32>(p, <f32>previous);
    }
    previous = LAST * (POLE * before + previous);
    store<f32>(end, <f32>previous);
    for (let p = end - 4; p >= at; p -= 4) {
      previous = POLE * (previous - <f64>load<f32>(p));
      store<f32>(p, <f32>previous);
    }
  }
}

/** Blocks of up to 16 columns; parameters as in separable-filter.ts. */
export function splineColumns(
  begin: i32,
  end: i32,
  scratch: usize,
  data: usize,
  nx: i32,
  perRow: i32,
  rowStride: usize,
  n: usize,
  stride: usize,
): void {
  if (n == 1) return;
  for (let block = begin; block < end; block++) {
    const row = block / perRow;
    const first = (block - row * perRow) * BLOCK;
    const bytes = <usize>min(BLOCK, nx - first) << 2;
    const at = data + <usize>row * rowStride + (<usize>first << 2);
    for (let p: usize = 0; p < n; p++) copyBlock(scratch + (p << 6), at + p * stride, bytes);
    for (let lane: usize = 0; lane < bytes; lane += 16) filter(scratch + lane, n);
    for (let p: usize = 0; p < n; p++) copyBlock(at + p * stride, scratch + (p << 6), bytes);
  }
}

/** Four columns whose voxels lie 64 bytes apart. */
function filter(at: usize, n: usize): void {
  const end = at + ((n - 1) << 6);
  let last: f64 = 1;
  for (let i: usize = 1; i < n; i++) last *= POLE;
  const mirrored = f32x4.splat(<f32>last);
  let start = f32x4.add(v128.load(at), f32x4.mul(mirrored, v128.load(end)));
  let power = POLE;
  for (let i: usize = 1; i < min(n - 1, <usize>HORIZON); i++) {
    const pair = f32x4.add(v128.load(at + (i << 6)), f32x4.mul(mirrored, v128.load(end - (i << 6))));
    start = f32x4.add(start, f32x4.mul(f32x4.splat(<f32>power), pair));
    power *= POLE;
  }
  const six = f32x4.splat(6);
  const pole = f32x4.splat(<f32>POLE);
  let previous = f32x4.mul(start, f32x4.splat(<f32>(6 / (1 - last * last))));
  v128.store(at, previous);
  let before = previous;
  for (let p = at + 64; p <= end; p += 64) {
    before = previous;
    previous = f32x4.add(f32x4.mul(six, v128.load(p)), f32x4.mul(pole, previous));
    v128.store(p, previous);
  }
  previous = f32x4.mul(f32x4.splat(<f32>LAST), f32x4.add(f32x4.mul(pole, before), previous));
  v128.store(end, previous);
  for (let p = end - 64; p >= at; p -= 64) {
    previous = f32x4.mul(pole, f32x4.sub(previous, v128.load(p)));
    v128.store(p, previous);
  }
}
