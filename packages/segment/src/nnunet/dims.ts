/** Arrays as nnU-Net has them: extents [d0, d1, d2] = [z, y, x] as read, d2 fastest in memory. */
export type Dims3 = readonly [number, number, number];

/** Axes of a transposition: axis a of the result is axis `order[a]` of the source. */
export type AxisOrder = readonly [number, number, number];

export const permuted = <T>(values: readonly T[], order: AxisOrder): [T, T, T] =>
  order.map((axis) => values[axis]!) as [T, T, T];

/** Steps in memory along each axis. */
export const stridesOf = ([, n1, n2]: Dims3): Dims3 => [n1 * n2, n2, 1];

export const sizeOfDims = ([n0, n1, n2]: Dims3): number => n0 * n1 * n2;

/** The array with its axes in another order; the array itself where that is the order it has. */
export function transposed(data: Float32Array, dims: Dims3, order: AxisOrder): Float32Array {
  if (order.every((axis, a) => axis === a)) return data;
  const [n0, n1, n2] = permuted(dims, order);
  const [s0, s1, s2] = permuted(stridesOf(dims), order);
  const out = new Float32Array(data.length);
  let at = 0;
  for (let i = 0; i < n0; i++)
    for (let j = 0; j < n1; j++) {
      let from = i * s0 + j * s1;
      for (let k = 0; k < n2; k++, from += s2) out[at++] = data[from]!;
    }
  return out;
}
