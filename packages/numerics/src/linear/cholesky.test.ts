import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream } from "@viscera/core";
import { assertClose } from "@viscera/core/testing";
import {
  cholesky,
  inverseCholesky,
  logDeterminant,
  multiplyDense,
  multiplyVector,
  solveCholesky,
  symmetricEigen,
} from "../index.js";

const random = new RandomStream(5, "cholesky.test");

function randomPositive(n: number): Float64Array {
  const b = Float64Array.from({ length: n * n }, (_, i) => random.normal(n, i));
  const bt = b.map((_, k) => b[(k % n) * n + Math.floor(k / n)]!);
  const a = multiplyDense(b, bt, n);
  for (let i = 0; i < n; i++) a[i * n + i]! += 0.1;
  return a;
}

test("factors, inverse, solution and determinant agree with the matrix", () => {
  for (const n of [1, 2, 5, 12]) {
    const a = randomPositive(n);
    const l = cholesky(a, n)!;
    const x = Float64Array.from({ length: n }, (_, i) => random.normal(99, i));
    solveCholesky(l, multiplyVector(a, x, n), n).forEach((value, i) => {
      assertClose(value, x[i]!, { absolute: 1e-9 });
    });
    const identity = multiplyDense(a, inverseCholesky(l, n), n);
    identity.forEach((value, k) => assertClose(value, k % (n + 1) === 0 ? 1 : 0, { absolute: 1e-9 }));
    const { values } = symmetricEigen(a, n);
    const product = values.reduce((sum, value) => sum + Math.log(value), 0);
    assertClose(logDeterminant(l, n), product, { absolute: 1e-9 });
  }
  assert.equal(cholesky(Float64Array.of(1, 2, 2, 1), 2), null);
  assert.equal(cholesky(Float64Array.of(Number.NaN), 1), null);
});

test("eigenvalues and vectors: A v = lambda v, in rising order, and known values", () => {
  const n = 9;
  const a = randomPositive(n);
  const { values, vectors } = symmetricEigen(a, n);
  for (let row = 0; row < n; row++) {
    const v = vectors.slice(row * n, (row + 1) * n);
    multiplyVector(a, v, n).forEach((value, i) => {
      assertClose(value, values[row]! * v[i]!, { absolute: 1e-10 });
    });
    if (row > 0) assert.ok(values[row]! >= values[row - 1]!);
  }
  // Second differences: 2 - 2 cos(k pi / (n + 1)).
  const d = Float64Array.from({ length: n * n }, (_, k) => {
    const distance = Math.abs((k % n) - Math.floor(k / n));
    return distance === 0 ? 2 : distance === 1 ? -1 : 0;
  });
  symmetricEigen(d, n).values.forEach((value, k) => {
    assertClose(value, 2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1)), { absolute: 1e-13 });
  });
});
