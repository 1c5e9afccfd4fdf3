/** Products of small row-major matrices that the likelihood is made of. */

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Copies the lower triangle to the upper. */
export function mirror(matrix: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) for (let k = 0; k < i; k++) matrix[k * n + i] = matrix[i * n + k]!;
}

/** Z' A Z for the first `q` columns of Z (m x width). */
export function congruence(
  a: Float64Array,
  z: Float64Array,
  m: number,
  q: number,
  width: number,
): Float64Array {
  const az = new Float64Array(m * q);
  for (let i = 0; i < m; i++)
    for (let k = 0; k < m; k++)
      for (let c = 0; c < q; c++) az[i * q + c]! += a[i * m + k]! * z[k * width + c]!;
  const result = new Float64Array(q * q);
  for (let i = 0; i < m; i++)
    for (let a_ = 0; a_ < q; a_++)
      for (let c = 0; c < q; c++) result[a_ * q + c]! += z[i * width + a_]! * az[i * q + c]!;
  return result;
}

/** The BFGS update of a Hessian; null where the curvature along the step is not positive. */
export function updated(
  matrix: Float64Array,
  step: Float64Array,
  turn: Float64Array,
  n: number,
): Float64Array | null {
  const sy = dot(step, turn);
  const bs = new Float64Array(n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) bs[i]! += matrix[i * n + j]! * step[j]!;
  const sbs = dot(step, bs);
  if (!(sy > 1e-10 * sbs) || !(sbs > 0)) return null;
  const next = matrix.slice();
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) next[i * n + j]! += (turn[i]! * turn[j]!) / sy - (bs[i]! * bs[j]!) / sbs;
  return next;
}
