import assert from "node:assert/strict";
import { test } from "node:test";
import { assertClose } from "@viscera/core/testing";
import { morris, sobolIndices } from "../index.js";

const ishigami = (x: Float64Array) => {
  const [a = 0, b = 0, c = 0] = x.map((u) => Math.PI * (2 * u - 1));
  return [Math.sin(a) + 7 * Math.sin(b) ** 2 + 0.1 * c ** 4 * Math.sin(a)];
};
const A = [0, 1, 4.5, 9, 99];
const gFunction = (x: Float64Array) => [
  A.reduce((p, a, i) => p * ((Math.abs(4 * x[i]! - 2) + a) / (1 + a)), 1),
];

test("Ishigami's function has its analytic indices, within their intervals", async () => {
  const [index] = await sobolIndices(ishigami, 3, { seed: 3, samples: 8192, bootstrap: 100 });
  const v1 = 0.5 * (1 + (0.1 * Math.PI ** 4) / 5) ** 2;
  const v2 = 49 / 8;
  const v13 = (0.01 * Math.PI ** 8 * 8) / 225;
  const v = v1 + v2 + v13;
  assertClose(index!.mean, 3.5, { absolute: 0.02 });
  assertClose(index!.variance, v, { relative: 0.04 });
  const first = [v1 / v, v2 / v, 0];
  const total = [(v1 + v13) / v, v2 / v, v13 / v];
  for (let i = 0; i < 3; i++) {
    assertClose(index!.first[i]!, first[i]!, { absolute: 0.02 }, `S${i}`);
    assertClose(index!.total[i]!, total[i]!, { absolute: 0.02 }, `T${i}`);
    // Twice the width: an interval of 95 % may miss.
    const room = index!.totalHigh[i]! - index!.totalLow[i]!;
    assert.ok(index!.totalLow[i]! - room / 2 < total[i]! && total[i]! < index!.totalHigh[i]! + room / 2);
  }
});

test("Sobol's g function has its analytic indices", async () => {
  const [index] = await sobolIndices(gFunction, 5, { seed: 1, samples: 8192, bootstrap: 0 });
  const parts = A.map((a) => 1 / (3 * (1 + a) ** 2));
  const v = parts.reduce((p, part) => p * (1 + part), 1) - 1;
  for (const [i, part] of parts.entries()) {
    assertClose(index!.first[i]!, part / v, { absolute: 0.02 });
    assertClose(index!.total[i]!, (part * (1 + v)) / (1 + part) / v, { absolute: 0.02 });
  }
  assert.equal(index!.firstLow.length, 0);
});

test("several results at once; one that never changes depends on nothing; failures are left out", async () => {
  const f = (x: Float64Array) => [x[0]! + 2 * x[1]!, 5, x[0]! < 0.1 ? Number.NaN : x[1]!];
  const [sum, constant, partial] = await sobolIndices(f, 2, { seed: 2, samples: 2048, bootstrap: 0 });
  assertClose(sum!.first[0]!, 0.2, { absolute: 0.02 });
  assertClose(sum!.total[1]!, 0.8, { absolute: 0.02 });
  assert.deepEqual([...constant!.total], [0, 0]);
  assert.ok(partial!.samples < 2048 && partial!.samples > 1500);
  assertClose(partial!.first[1]!, 1, { absolute: 0.03 });
});

test("elementary effects: exact for linear functions, spread where variables interact", async () => {
  const f = (x: Float64Array) => [3 * x[0]! - 2 * x[1]!, x[0]! * x[1]! + x[2]!];
  const [linear, mixed] = await morris(f, 3, { seed: 1, trajectories: 50 });
  [3, -2, 0].forEach((slope, i) => {
    assertClose(linear!.mean[i]!, slope, { absolute: 1e-12 });
    assertClose(linear!.meanAbsolute[i]!, Math.abs(slope), { absolute: 1e-12 });
    assertClose(linear!.deviation[i]!, 0, { absolute: 1e-6 });
  });
  assert.ok(mixed!.deviation[0]! > 0.2 && mixed!.deviation[2]! < 1e-6);
  // Symmetric about the middle: the mean effect vanishes, the absolute one does not.
  const [valley] = await morris((x) => [(x[0]! - 0.5) ** 2 * 100], 1, { seed: 4, trajectories: 200 });
  assert.ok(Math.abs(valley!.mean[0]!) < 5 && valley!.meanAbsolute[0]! > 20);
});
