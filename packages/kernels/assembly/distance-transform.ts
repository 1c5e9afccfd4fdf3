/**
 * Squared Euclidean distances, axis by axis. Along j and k four neighbouring columns are searched outwards at once,
 * which is fastest near a boundary; a group that needs more than REACH steps takes the lower envelope of parabolas
 * (Felzenszwalb & Huttenlocher, doi:10.4086/toc.2012.v008a019) column by column.
 */

import { BLOCK } from "./shared/block";

/** Steps searched outwards before the envelope takes over. */
const REACH: usize = 64;

/** Bytes of scratch memory a thread needs for columns of n voxels. */
export function scratchBytes(n: usize): usize {
  return 4 * groupBytes(n) + 4 * (n << 4) + tableBytes(n) + 24 * (n + 1);
}

/** A group of columns has REACH infinite voxels at either end. */
// @ts-ignore: decorator
@inline
function groupBytes(n: usize): usize {
  return (n + 2 * REACH) << 4;
}

/** Squared lengths of steps (float) and the envelope's reciprocals (double). */
// @ts-ignore: decorator
@inline
function tableBytes(n: usize): usize {
  return ((REACH + 2) << 2) + (n << 3);
}

/**
 * Rows begin .. end - 1 of nx voxels: squared distance in mm^2 to the nearest zero voxel of the row, Infinity
 * where it has none.
 */
export function rows(
  begin: i32,
  end: i32,
  _scratch: usize,
  mask: usize,
  out: usize,
  nx: i32,
  spacing: f64,
): void {
  for (let row = begin; row < end; row++) {
    const m = mask + <usize>row * <usize>nx;
    const o = out + ((<usize>row * <usize>nx) << 2);
    let distance: f64 = Infinity;
    for (let i = 0; i < nx; i++) {
      distance = load<u8>(m + i) ? distance + spacing : 0;
      store<f32>(o + (<usize>i << 2), <f32>distance);
    }
    distance = Infinity;
    for (let i = nx - 1; i >= 0; i--) {
      const at = o + (<usize>i << 2);
      distance = load<u8>(m + i) ? distance + spacing : 0;
      const nearest = min(<f64>load<f32>(at), distance);
      store<f32>(at, <f32>(nearest * nearest));
    }
  }
}

/**
 * Blocks begin .. end - 1 of up to 16 columns, `perRow` blocks to a row of nx voxels, rows `rowStride` bytes apart.
 * A column has n voxels `stride` bytes apart. Squared distances become those with this axis taken in; where `root`,
 * distances.
 */
export function columns(
  begin: i32,
  end: i32,
  scratch: usize,
  out: usize,
  nx: i32,
  perRow: i32,
  rowStride: usize,
  n: usize,
  stride: usize,
  spacing: f64,
  root: i32,
): void {
  const group = groupBytes(n);
  const result = scratch + 4 * group;
  const squares = result + 4 * (n << 4);
  const reciprocals = squares + ((REACH + 2) << 2);
  const envelope = squares + tableBytes(n);
  const square = spacing * spacing;
  for (let d: usize = 0; d < REACH + 2; d++) store<f32>(squares + (d << 2), <f32>(<f64>(d * d) * square));
  for (let d: usize = 1; d < n; d++) store<f64>(reciprocals + (d << 3), 1 / (2 * <f64>d * square));
  const infinity = f32x4.splat(Infinity);
  for (let g = 0; g < 4; g++)
    for (let p: usize = 0; p < REACH; p++) {
      v128.store(scratch + <usize>g * group + (p << 4), infinity);
      v128.store(scratch + <usize>g * group + ((p + n + REACH) << 4), infinity);
    }
  for (let block = begin; block < end; block++) {
    const row = block / perRow;
    const first = (block - row * perRow) * BLOCK;
    const width = min(BLOCK, nx - first);
    const at = out + <usize>row * rowStride + (<usize>first << 2);
    gather(scratch + (REACH << 4), group, at, n, stride, width);
    for (let g = 0; g << 2 < width; g++) {
      const columns4 = scratch + <usize>g * group + (REACH << 4);
      const result4 = result + <usize>g * (n << 4);
      if (search(columns4, result4, n, squares)) continue;
      for (let lane: usize = 0; lane < 4; lane++)
        lowerEnvelope(columns4 + (lane << 2), result4 + (lane << 2), n, square, reciprocals, envelope);
    }
    scatter(result, at, n, stride, width, root);
  }
}

/** Copies a block of columns to four groups; lanes beyond `width` become 0. */
function gather(to: usize, group: usize, from: usize, n: usize, stride: usize, width: i32): void {
  const end = to + (n << 4);
  if (width == BLOCK) {
    for (; to < end; to += 16, from += stride) {
      v128.store(to, v128.load(from));
      v128.store(to + group, v128.load(from, 16));
      v128.store(to + 2 * group, v128.load(from, 32));
      v128.store(to + 3 * group, v128.load(from, 48));
    }
    return;
  }
  for (; to < end; to += 16, from += stride)
    for (let i: i32 = 0; i < BLOCK; i++)
      store<f32>(
        to + <usize>(i >> 2) * group + ((i & 3) << 2),
        i < width ? load<f32>(from + (<usize>i << 2)) : 0,
      );
}

/** Writes a block's results back. */
function scatter(from: usize, to: usize, n: usize, stride: usize, width: i32, root: i32): void {
  const group = n << 4;
  const end = from + group;
  if (width == BLOCK && root) {
    for (; from < end; from += 16, to += stride) {
      v128.store(to, f32x4.sqrt(v128.load(from)));
      v128.store(to, f32x4.sqrt(v128.load(from + group)), 16);
      v128.store(to, f32x4.sqrt(v128.load(from + 2 * group)), 32);
      v128.store(to, f32x4.sqrt(v128.load(from + 3 * group)), 48);
    }
    return;
  }
  if (width == BLOCK) {
    for (; from < end; from += 16, to += stride) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from + group), 16);
      v128.store(to, v128.load(from + 2 * group), 32);
      v128.store(to, v128.load(from + 3 * group), 48);
    }
    return;
  }
  for (; from < end; from += 16, to += stride)
    for (let i: i32 = 0; i < width; i++) {
      const value = load<f32>(from + <usize>(i >> 2) * group + ((i & 3) << 2));
      store<f32>(to + (<usize>i << 2), root ? sqrt(value) : value);
    }
}

/**
 * Minimum over steps d of value + d^2, outwards from each voxel of four columns until the step alone is longer than
 * what was found. False where REACH steps did not do.
 */
function search(from: usize, to: usize, n: usize, squares: usize): bool {
  const end = from + (n << 4);
  for (; from < end; from += 16, to += 16) {
    let best = v128.load(from);
    let step: usize = 16;
    let square = squares + 4;
    let length = v128.load32_splat(square);
    while (v128.any_true(f32x4.gt(best, length))) {
      if (step > REACH << 4) return false;
      best = f32x4.pmin(
        best,
        f32x4.add(f32x4.pmin(v128.load(from - step), v128.load(from + step)), length),
      );
      step += 16;
      square += 4;
      length = v128.load32_splat(square);
    }
    v128.store(to, best);
  }
  return true;
}

/** One column by the lower envelope of the parabolas value + (spacing (p - q))^2. */
function lowerEnvelope(
  from: usize,
  to: usize,
  n: usize,
  square: f64,
  reciprocals: usize,
  envelope: usize,
): void {
  // 24 bytes a parabola: where it takes over (double), its height (double), its apex.
  let top = envelope - 24;
  for (let q: usize = 0; q < n; q++) {
    const height = <f64>load<f32>(from + (q << 4));
    if (height == Infinity) continue;
    let start: f64 = -Infinity;
    while (top >= envelope) {
      const p = load<u32>(top, 16);
      start =
        (height - load<f64>(top, 8)) * load<f64>(reciprocals + ((q - p) << 3)) + 0.5 * <f64>(q + p);
      if (start > load<f64>(top)) break;
      top -= 24;
      start = -Infinity;
    }
    top += 24;
    store<f64>(top, start);
    store<f64>(top, height, 8);
    store<u32>(top, <u32>q, 16);
  }
  if (top < envelope) {
    for (let p: usize = 0; p < n; p++) store<f32>(to + (p << 4), Infinity);
    return;
  }
  store<f64>(top, Infinity, 24);
  let current = envelope;
  for (let p: usize = 0; p < n; p++) {
    while (load<f64>(current, 24) < <f64>p) current += 24;
    const step = <f64>p - <f64>load<u32>(current, 16);
    store<f32>(to + (p << 4), <f32>(load<f64>(current, 8) + step * step * square));
  }
}
