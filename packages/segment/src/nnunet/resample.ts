/**
 * nnU-Net's resampling (default_resampling.py over skimage.transform.resize without anti-aliasing): in float64,
 * by boxes that share their borders; where voxels are much longer along one axis than along the others, the slices across
 * it in their plane first, then along it by an order of its own.
 */

import { roundHalfEven } from "../windows.js";
import { type Dims3, sizeOfDims } from "./dims.js";
import { rangeOf } from "./normalise.js";
import { boxPositions, interpolateAxis, type SplineOrder } from "./spline.js";

export interface ResampleRule {
  order: SplineOrder;
  /** Along the axis resampled separately. */
  orderZ: SplineOrder;
  /** null: separately where the spacings ask for it. */
  forceSeparateZ: boolean | null;
}

/** Largest ratio of spacings up to which all axes are resampled alike. */
const ANISOTROPY = 3;

/** Extents after resampling from one spacing to another. */
export function resampledDims(dims: Dims3, spacing: readonly number[], target: readonly number[]): Dims3 {
  return dims.map((n, axis) => roundHalfEven((spacing[axis]! / target[axis]!) * n)) as unknown as Dims3;
}

/** The axis to resample separately, null for none. */
export function separateAxis(
  current: readonly number[],
  target: readonly number[],
  force: boolean | null,
): number | null {
  if (force === false) return null;
  const anisotropic = (spacing: readonly number[]) =>
    Math.max(...spacing) / Math.min(...spacing) > ANISOTROPY;
  const decisive = force || anisotropic(current) ? current : anisotropic(target) ? target : null;
  if (!decisive) return null;
  const coarsest = Math.max(...decisive);
  const axes = [0, 1, 2].filter((axis) => decisive[axis] === coarsest);
  return axes.length === 1 ? axes[0]! : null;
}

/** How one call resamples: each axis's order, and the separate axis if any. */
interface AxisOrders {
  orders: readonly SplineOrder[];
  separate: number | null;
}

function axisOrders(
  { order, orderZ, forceSeparateZ }: ResampleRule,
  current: readonly number[],
  target: readonly number[],
): AxisOrders {
  const separate = separateAxis(current, target, forceSeparateZ);
  return { orders: [0, 1, 2].map((axis) => (axis === separate ? orderZ : order)), separate };
}

/** The order each axis is interpolated with, between grids of these spacings. */
export function ordersOf(
  rule: ResampleRule,
  current: readonly number[],
  target: readonly number[],
): readonly SplineOrder[] {
  return axisOrders(rule, current, target).orders;
}

const sameDims = (a: Dims3, b: Dims3) => a.every((n, axis) => n === b[axis]);

/**
 * A channel on `newDims` voxels; the array itself where it has them already. Values stay within the range of the
 * input, of each slice where slices are resampled separately.
 */
export function resampleChannel(
  data: Float32Array,
  dims: Dims3,
  newDims: Dims3,
  current: readonly number[],
  target: readonly number[],
  rule: ResampleRule,
): Float32Array {
  if (sameDims(dims, newDims)) return data;
  const { orders, separate } = axisOrders(rule, current, target);
  return Float32Array.from(resampled(data, dims, newDims, orders, separate));
}

function resampled(
  data: Float32Array | Float64Array,
  dims: Dims3,
  newDims: Dims3,
  orders: readonly SplineOrder[],
  separate: number | null,
): Float64Array {
  const at = [...dims] as [number, number, number];
  let values: Float32Array | Float64Array = data;
  // Axes that lose most samples first: the others then have less to do.
  const inPlane = [0, 1, 2]
    .filter((axis) => axis !== separate)
    .sort((a, b) => newDims[a]! / dims[a]! - newDims[b]! / dims[b]!);
  const along = (axis: number) => {
    if (at[axis] === newDims[axis]) return;
    values = interpolateAxis(values, at, axis, boxPositions(at[axis]!, newDims[axis]!), orders[axis]!);
    at[axis] = newDims[axis]!;
  };
  inPlane.forEach(along);
  const out = values instanceof Float64Array ? values : Float64Array.from(values);
  if (separate === null) {
    clip(out, 0, 1, out.length, rangeOf(data));
    return out;
  }
  clipSlices(data, dims, out, at, separate);
  values = out;
  along(separate);
  return values;
}

/** Holds every slice across `axis` within the range that the same slice of the source has. */
function clipSlices(
  source: Float32Array | Float64Array,
  dims: Dims3,
  out: Float64Array,
  outDims: Dims3,
  axis: number,
): void {
  const inner = (extents: Dims3) => extents.slice(axis + 1).reduce((product, n) => product * n, 1);
  const [from, to] = [inner(dims), inner(outDims)];
  const n = dims[axis]!;
  for (let slice = 0; slice < n; slice++) {
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    for (let at = slice * from; at < source.length; at += n * from) {
      const part = rangeOf(source.subarray(at, at + from));
      min = Math.min(min, part.min);
      max = Math.max(max, part.max);
    }
    clip(out, slice * to, n * to, to, { min, max });
  }
}

/** Clips runs of `length` values, `stride` apart from `start` on. */
function clip(
  data: Float64Array,
  start: number,
  stride: number,
  length: number,
  { min, max }: { min: number; max: number },
): void {
  for (let at = start; at < data.length; at += Math.max(stride, length))
    for (let v = at; v < at + length; v++) data[v] = Math.min(max, Math.max(min, data[v]!));
}

/**
 * A label map on `newDims` voxels: for order 0 the nearest label; else every label's mask is resampled and set
 * where it reaches a half, larger labels over smaller ones.
 */
export function resampleLabels(
  data: Int8Array | Int16Array,
  dims: Dims3,
  newDims: Dims3,
  current: readonly number[],
  target: readonly number[],
  rule: ResampleRule,
): Int16Array {
  if (sameDims(dims, newDims)) return Int16Array.from(data);
  const { orders, separate } = axisOrders(rule, current, target);
  if (separate === null) return byMasks(data, dims, newDims, orders, false);
  const inPlane = newDims.map((n, axis) => (axis === separate ? dims[axis] : n)) as unknown as Dims3;
  const slices = byMasks(data, dims, inPlane, Array(3).fill(rule.order), false);
  return byMasks(slices, inPlane, newDims, Array(3).fill(rule.orderZ), true);
}

/** Half of a mask counts as inside in a plane, and as outside across it. */
function byMasks(
  data: Int8Array | Int16Array,
  dims: Dims3,
  newDims: Dims3,
  orders: readonly SplineOrder[],
  halfIsOut: boolean,
): Int16Array {
  if (orders.every((order) => order === 0)) {
    return Int16Array.from(resampled(Float64Array.from(data), dims, newDims, orders, null));
  }
  const out = new Int16Array(sizeOfDims(newDims));
  for (const label of [...new Set(data)].sort((a, b) => a - b)) {
    const mask = Float32Array.from(data, (value) => (value === label ? 1 : 0));
    const share = resampled(mask, dims, newDims, orders, null);
    for (let v = 0; v < out.length; v++) if (halfIsOut ? share[v]! > 0.5 : share[v]! >= 0.5) out[v] = label;
  }
  return out;
}
