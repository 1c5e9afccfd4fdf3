import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream } from "@viscera/core";
import { assertClose } from "@viscera/core/testing";
import { expm, multiplyDense, solveDense } from "../index.js";

test("solveDense inverts random systems", () => {
  const random = new RandomStream(3, "dense.test");
  for (const n of [1, 2, 7, 20]) {
    const a = Float64Array.from({ length: n * n }, (_, i) => random.normal(n, i));
    const x = Float64Array.from({ length: n * 2 }, (_, i) => random.normal(100 + n, i));
    const b = new Float64Array(n * 2);
    for (let i = 0; i < n; i++)
      for (let j = 0; j < 2; j++) for (let k = 0; k < n; k++) b[i * 2 + j]! += a[i * n + k]! * x[k * 2 + j]!;
    solveDense(a, b, n, 2).forEach((v, i) => assertClose(v, x[i]!, { absolute: 1e-9 }));
  }
  assert.throws(() => solveDense(new Float64Array(4), new Float64Array(2), 2, 1), /no unique solution/);
});

test("expm: diagonal, nilpotent and rotation matrices have closed forms", () => {
  const diagonal = expm(Float64Array.of(1, 0, 0, -30), 2);
  assertClose(diagonal[0]!, Math.E, { relative: 1e-14 });
  assertClose(diagonal[3]!, Math.exp(-30), { relative: 1e-10 });
  assert.deepEqual([...expm(Float64Array.of(0, 5, 0, 0), 2)], [1, 5, 0, 1]);
  const angle = 40;
  const rotation = expm(Float64Array.of(0, -angle, angle, 0), 2);
  assertClose(rotation[0]!, Math.cos(angle), { absolute: 1e-12 });
  assertClose(rotation[2]!, Math.sin(angle), { absolute: 1e-12 });
});

test("expm: Moler and Van Loan's defective example", () => {
  // exp of [[0,6,0,0],[0,0,6,0],[0,0,0,6],[0,0,0,0]] is the exact series of a nilpotent matrix.
  const a = new Float64Array(16);
  a[1] = a[6] = a[11] = 6;
  const e = expm(a, 4);
  assertClose(e[3]!, 36, { relative: 1e-14 });
  assertClose(e[2]!, 18, { relative: 1e-14 });
});

test("expm: exp(A) exp(-A) = 1 and exp(2A) = exp(A)^2 on random matrices", () => {
  const random = new RandomStream(5, "expm.test");
  for (const n of [3, 13]) {
    const a = Float64Array.from({ length: n * n }, (_, i) => 2 * random.normal(n, i));
    const e = expm(a, n);
    const product = multiplyDense(
      e,
      expm(
        a.map((v) => -v),
        n,
      ),
      n,
    );
    product.forEach((v, i) => assertClose(v, i % (n + 1) === 0 ? 1 : 0, { absolute: 1e-6 }));
    const squared = multiplyDense(e, e, n);
    expm(
      a.map((v) => 2 * v),
      n,
    ).forEach((v, i) => assertClose(v, squared[i]!, { relative: 1e-8, absolute: 1e-6 }));
  }
});

test("expm refuses what is not finite", () => {
  assert.throws(() => expm(Float64Array.of(Number.NaN), 1), /not finite/);
});
