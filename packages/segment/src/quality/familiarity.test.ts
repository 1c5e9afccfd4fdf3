import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream } from "@viscera/core";
import { assertClose } from "@viscera/core/testing";
import {
  familiarityWarnings,
  featureDistance,
  fitFamiliarity,
  imageFacts,
  judgeFamiliarity,
  spreadOf,
} from "@viscera/segment";
import { spreadFromWeights, spreadToWeights } from "./feature-distance.js";
import { SHARES } from "./image-facts.js";
import { spreadStarts } from "./window-features.js";

const random = new RandomStream(6, "familiarity.test");
let draw = 0;
const normal = () => random.normal(0, draw++);

const FEATURES = 40;

/** Features along few directions with some noise, as those of a network are. */
function window(shift = 0, caseShift = 0): Float32Array {
  const [a, b] = [normal() + caseShift, normal()];
  return Float32Array.from({ length: FEATURES }, (_, c) => {
    return 5 + a * Math.sin(c) + 0.5 * b * Math.cos(2 * c) + 0.1 * normal() + shift * (c % 2);
  });
}

const facts = (factor = 1) => ({
  sizeMm: [100 * factor, 90 + 5 * normal(), 80] as [number, number, number],
  quantiles: SHARES.map((share) => 4 * share + 0.05 * normal()),
});
const scan = (shift = 0, factor = 1) => {
  const caseShift = 0.3 * normal();
  return { facts: facts(factor), windows: Array.from({ length: 6 }, () => window(shift, caseShift)) };
};

test("the distance is Mahalanobis's where the windows are many", () => {
  // Two features with a correlation of 0.8, of other means and scales.
  const pair = () => {
    const a = normal();
    const b = 0.8 * a + 0.6 * normal();
    return Float32Array.of(3 + 2 * a, -1 + 10 * b);
  };
  const spread = spreadOf(Array.from({ length: 20_000 }, pair));
  const exact = (a: number, b: number) => Math.sqrt((a * a - 1.6 * a * b + b * b) / 0.36 / 2);
  for (const [a, b] of [
    [1, 1],
    [1, -1],
    [0, 2],
  ] as const) {
    // The correlation is shrunk by a twentieth.
    assertClose(featureDistance(spread, [3 + 2 * a, -1 + 10 * b]), exact(a, b), { relative: 0.15 });
  }
});

test("scans like those of training are familiar, others are not, and few scans say nothing", () => {
  const training = Array.from({ length: 16 }, () => scan());
  const heldOut = Array.from({ length: 4 }, () => scan());
  const { reference, cases, windows } = fitFamiliarity(training, heldOut)!;
  assert.equal(cases, 16);
  assert.equal(windows, 96);
  for (let i = 0; i < 20; i++) {
    assert.deepEqual(judgeFamiliarity(reference, scan()).reasons, []);
  }
  const strange = judgeFamiliarity(reference, scan(0.5));
  assert.ok(strange.distance > 1.2 * strange.limit, `${strange.distance} ${strange.limit}`);
  assert.match(
    familiarityWarnings(strange)[0]!,
    /^This scan looks unlike those the model has learnt from \(.*\): do not rely on its labels\.$/,
  );
  assert.equal(fitFamiliarity(training.slice(0, 3)), null);
});

test("size and brightness are looked at without the network", () => {
  const { reference } = fitFamiliarity(Array.from({ length: 8 }, () => scan()))!;
  assert.match(judgeFamiliarity(reference, scan(0, 3)).reasons.join(), /300 x \d+ x 80 mm it is far larger/);
  assert.match(judgeFamiliarity(reference, scan(0, 0.3)).reasons.join(), /far smaller/);
  const dark = scan();
  dark.facts.quantiles = dark.facts.quantiles.map((value) => 4 - value);
  assert.match(judgeFamiliarity(reference, dark).reasons.join(), /brightness/);
});

test("the facts of an image", () => {
  const data = Float32Array.from({ length: 1000 }, (_, i) => (i * 7) % 1000);
  const { sizeMm, quantiles } = imageFacts(
    { size: [10, 10, 10], channels: 1, data },
    { affine: [2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1] },
  );
  assert.deepEqual(sizeMm, [20, 10, 30]);
  assert.deepEqual(
    quantiles,
    SHARES.map((share) => 1000 * share),
  );
});

test("features survive their file, and a file for another network is refused", () => {
  const spread = spreadOf(Array.from({ length: 9 }, () => window()));
  assert.deepEqual(spreadFromWeights(spreadToWeights(spread), FEATURES), spread);
  assert.equal(spreadFromWeights(spreadToWeights(spread), FEATURES + 1), null);
});

test("features that never vary give a finite distance", () => {
  const spread = spreadOf([Float32Array.of(1, 2), Float32Array.of(1, 3)]);
  assert.ok(Number.isFinite(featureDistance(spread, [1.5, 2.5])));
  assert.ok(Number.isFinite(featureDistance(spreadOf([Float32Array.of(0), Float32Array.of(0)]), [0])));
});

test("few windows are spread over all there are", () => {
  assert.deepEqual(spreadStarts([8, 8, 8], [8, 8, 8], 0.5, 5), [[0, 0, 0]]);
  assert.deepEqual(spreadStarts([4, 8, 24], [8, 8, 8], 0.5, 1), [[-2, 0, 8]]);
  assert.deepEqual(spreadStarts([8, 8, 24], [8, 8, 8], 0.5, 2), [
    [0, 0, 4],
    [0, 0, 12],
  ]);
});
