/**
 * Correlation along one axis, in place, sixteen voxels at a time. Each line is first copied to scratch memory with its
 * edge voxels repeated, so that the inner loop has no borders.
 */

import { BLOCK, copyBlock } from "./shared/block";

/** Bytes of scratch memory a thread needs for rows of nx voxels and columns of n, with up to `radius` weights a side. */
export function scratchBytes(nx: usize, n: usize, radius: usize): usize {
  const row = (2 * (nx + BLOCK) + 2 * radius) << 2;
  const columns = (n + 2 * radius) << 6;
  return max(row, columns) + 64;
}

/** Rows begin .. end - 1 of nx voxels; 2 radius + 1 weights. */
export function rows(
  begin: i32,
  end: i32,
  scratch: usize,
  data: usize,
  nx: usize,
  weights: usize,
  radius: usize,
): void {
  const line = scratch + (radius << 2);
  const result = line + ((nx + radius + BLOCK) << 2);
  const bytes = nx << 2;
  for (let row = begin; row < end; row++) {
    const at = data + <usize>row * bytes;
    const first = load<f32>(at);
    const last = load<f32>(at + bytes - 4);
    memory.copy(line, at, bytes);
    for (let r: usize = 1; r <= radius; r++) {
      store<f32>(line - (r << 2), first);
      store<f32>(line + bytes + ((r - 1) << 2), last);
    }
    for (let i: usize = 0; i < nx; i += BLOCK)
      correlate(scratch + (i << 2), 4, result + (i << 2), weights, radius);
    memory.copy(at, result, bytes);
  }
}

/**
 * Blocks begin .. end - 1 of up to 16 columns, `perRow` blocks to a row of nx voxels, rows `rowStride` bytes apart; a
 * column has n voxels `stride` bytes apart.
 */
export function columns(
  begin: i32,
  end: i32,
  scratch: usize,
  data: usize,
  nx: i32,
  perRow: i32,
  rowStride: usize,
  n: usize,
  stride: usize,
  weights: usize,
  radius: usize,
): void {
  const column = scratch + (radius << 6);
  const columnEnd = column + (n << 6);
  const result = columnEnd + (radius << 6);
  for (let block = begin; block < end; block++) {
    const row = block / perRow;
    const first = (block - row * perRow) * BLOCK;
    const bytes = <usize>min(BLOCK, nx - first) << 2;
    const from = data + <usize>row * rowStride + (<usize>first << 2);
    for (let to = column, at = from; to < columnEnd; to += 64, at += stride) copyBlock(to, at, bytes);
    for (let to = scratch; to < column; to += 64) copyBlock(to, column, 64);
    for (let to = columnEnd; to < result; to += 64) copyBlock(to, columnEnd - 64, 64);
    for (let p = scratch, to = from; p < scratch + (n << 6); p += 64, to += stride) {
      if (bytes == 64) correlate(p, 64, to, weights, radius);
      else {
        correlate(p, 64, result, weights, radius);
        memory.copy(to, result, bytes);
      }
    }
  }
}

/** Sixteen sums of weight times voxel; the next weight's voxels lie `step` bytes on. */
// @ts-ignore: decorator
@inline
function correlate(from: usize, step: usize, to: usize, weights: usize, radius: usize): void {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  const end = weights + (((radius << 1) + 1) << 2);
  for (let w = weights; w < end; w += 4, from += step) {
    const weight = v128.load32_splat(w);
    s0 = f32x4.add(s0, f32x4.mul(weight, v128.load(from)));
    s1 = f32x4.add(s1, f32x4.mul(weight, v128.load(from, 16)));
    s2 = f32x4.add(s2, f32x4.mul(weight, v128.load(from, 32)));
    s3 = f32x4.add(s3, f32x4.mul(weight, v128.load(from, 48)));
  }
  v128.store(to, s0);
  v128.store(to, s1, 16);
  v128.store(to, s2, 32);
  v128.store(to, s3, 48);
}
