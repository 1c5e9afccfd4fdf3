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

/** Matrix product a·b into `out`, which is neither of them. */
export function multiplyDenseInto(a: Float64Array, b: Float64Array, n: number, out: Float64Array): void {
  for (let i = 0; i < n; i++) {
    const row = i * n;
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let k = 0, at = j; k < n; k++, at += n) sum += a[row + k]! * b[at]!;
      out[row + j] = sum;
    }
  }
}

/**
 * Replaces B (n x columns, row-major) by the solution of A X = B, by elimination with partial pivoting; A is used up. False
 * for a singular matrix.
 */
export function solveDenseInPlace(a: Float64Array, b: Float64Array, n: number, columns: number): boolean {
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(a[i * n + k]!) > Math.abs(a[pivot * n + k]!)) pivot = i;
    if (!(Math.abs(a[pivot * n + k]!) > 0)) return false;
    if (pivot !== k) {
      swapRows(a, n, k, pivot);
      swapRows(b, columns, k, pivot);
    }
    for (let i = k + 1; i < n; i++) {
      const factor = a[i * n + k]! / a[k * n + k]!;
      if (factor === 0) continue;
      for (let j = k + 1; j < n; j++) a[i * n + j]! -= factor * a[k * n + j]!;
      for (let j = 0; j < columns; j++) b[i * columns + j]! -= factor * b[k * columns + j]!;
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) {
      const factor = a[i * n + k]!;
      if (factor === 0) continue;
      for (let j = 0; j < columns; j++) b[i * columns + j]! -= factor * b[k * columns + j]!;
    }
    const diagonal = a[i * n + i]!;
    for (let j = 0; j < columns; j++) b[i * columns + j]! /= diagonal;
  }
  return true;
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

/** LU factors of a dense matrix with the order that pivoting gave its rows. */
export interface DenseFactors {
  size: number;
  /** L below the diagonal (ones on it), U on and above it, row-major. */
  lu: Float64Array;
  /** Row of the matrix that became row i. */
  rows: Int32Array;
}

/** LU with partial pivoting (Golub & Van Loan, algorithm 3.4.1); null for a singular matrix. */
export function factorDense(a: Float64Array, n: number): DenseFactors | null {
  const lu = a.slice();
  const rows = Int32Array.from({ length: n }, (_, i) => i);
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(lu[i * n + k]!) > Math.abs(lu[pivot * n + k]!)) pivot = i;
    if (!(Math.abs(lu[pivot * n + k]!) > 0)) return null;
    if (pivot !== k) {
      swapRows(lu, n, k, pivot);
      [rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!];
    }
    for (let i = k + 1; i < n; i++) {
      const factor = lu[i * n + k]! / lu[k * n + k]!;
      lu[i * n + k] = factor;
      if (factor === 0) continue;
      for (let j = k + 1; j < n; j++) lu[i * n + j]! -= factor * lu[k * n + j]!;
    }
  }
  return { size: n, lu, rows };
}

/** The solution of A x = b by the factors of A. */
export function solveFactored({ size: n, lu, rows }: DenseFactors, b: Float64Array): Float64Array {
  const x = Float64Array.from(rows, (row) => b[row]!);
  for (let i = 1; i < n; i++) {
    let sum = x[i]!;
    for (let k = 0; k < i; k++) sum -= lu[i * n + k]! * x[k]!;
    x[i] = sum;
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = x[i]!;
    for (let k = i + 1; k < n; k++) sum -= lu[i * n + k]! * x[k]!;
    x[i] = sum / lu[i * n + i]!;
  }
  return x;
}

/** Solves A X = B for `columns` right-hand sides; B is n x columns, row-major. Throws `failed.singular`. */
export function solveDense(a: Float64Array, b: Float64Array, n: number, columns: number): Float64Array {
  const x = b.slice();
  if (!solveDenseInPlace(a.slice(), x, n, columns)) {
    throw failedError("singular", "A linear system has no unique solution.");
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
