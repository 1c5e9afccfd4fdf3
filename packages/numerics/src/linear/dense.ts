/** Dense square matrices as Float64Array, row-major, n x n. Small systems (n up to a few hundred). */
import { failedError } from "@viscera/core";

/** Matrix product a·b. */
export function multiplyDense(a: Float64Array, b: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let k = 0; k < n; k++) {
      const factor = a[i * n + k]!;
      if (factor === 0) continue;
      for (let j = 0; j < n; j++) out[i * n + j]! += factor * b[k * n + j]!;
    }
  return out;
}

/** Matrix times vector. */
export function multiplyVector(a: Float64Array, x: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += a[i * n + j]! * x[j]!;
    out[i] = sum;
  }
  return out;
}

/** Largest absolute column sum. */
export function norm1(a: Float64Array, n: number): number {
  let largest = 0;
  for (let j = 0; j < n; j++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += Math.abs(a[i * n + j]!);
    largest = Math.max(largest, sum);
  }
  return largest;
}

/**
 * Solves A X = B for `columns` right-hand sides by LU with partial pivoting (Golub & Van Loan, algorithm
 * 3.4.1). B is n x columns, row-major; inputs stay as they are. Throws `failed.singular`.
 */
export function solveDense(a: Float64Array, b: Float64Array, n: number, columns: number): Float64Array {
  const lu = a.slice();
  const x = b.slice();
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(lu[i * n + k]!) > Math.abs(lu[pivot * n + k]!)) pivot = i;
    if (!(Math.abs(lu[pivot * n + k]!) > 0))
      throw failedError("singular", "A linear system has no unique solution.");
    if (pivot !== k) {
      swapRows(lu, n, k, pivot);
      swapRows(x, columns, k, pivot);
    }
    for (let i = k + 1; i < n; i++) {
      const factor = lu[i * n + k]! / lu[k * n + k]!;
      if (factor === 0) continue;
      for (let j = k + 1; j < n; j++) lu[i * n + j]! -= factor * lu[k * n + j]!;
      for (let j = 0; j < columns; j++) x[i * columns + j]! -= factor * x[k * columns + j]!;
    }
  }
  for (let i = n - 1; i >= 0; i--)
    for (let j = 0; j < columns; j++) {
      let sum = x[i * columns + j]!;
      for (let k = i + 1; k < n; k++) sum -= lu[i * n + k]! * x[k * columns + j]!;
      x[i * columns + j] = sum / lu[i * n + i]!;
    }
  return x;
}

function swapRows(a: Float64Array, width: number, r: number, s: number): void {
  for (let j = 0; j < width; j++) {
    const held = a[r * width + j]!;
    a[r * width + j] = a[s * width + j]!;
    a[s * width + j] = held;
  }
}
