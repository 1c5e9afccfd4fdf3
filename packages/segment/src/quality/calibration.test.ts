import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream } from "@viscera/core";
import { assertClose } from "@viscera/core/testing";
import { type CalibrationPair, expectedDice, fitCalibration } from "@viscera/segment";

const random = new RandomStream(4, "calibration.test");

/** A structure's pairs on a known curve. */
function pairsOf(
  structure: number,
  cases: number,
  dice: (probability: number) => number,
  noise = 0.03,
): CalibrationPair[] {
  return Array.from({ length: cases }, (_, i) => {
    const probability = 0.55 + 0.44 * random.uniform(structure, i);
    const found = dice(probability) + noise * random.normal(100 + structure, i);
    return { case: `c${i}`, structure, probability, dice: Math.min(1, Math.max(0, found)) };
  });
}

const logistic = (a: number, b: number) => (p: number) =>
  1 / (1 + Math.exp(-(a + b * Math.log(p / (1 - p)))));

test("a curve behind the pairs is found again", () => {
  const truth = logistic(-1, 0.9);
  const calibration = fitCalibration(pairsOf(1, 60, truth))!;
  for (const p of [0.6, 0.75, 0.9, 0.97])
    assertClose(expectedDice(calibration, 1, p), truth(p), { absolute: 0.03 });
  assert.ok(calibration.meanError < 0.04);
  assert.equal(calibration.cases, 60);
});

test("structures differ, and one that was hardly seen is taken for an ordinary one", () => {
  const easy = logistic(0.5, 1);
  const hard = logistic(-2.5, 1);
  const pairs = [...pairsOf(1, 30, easy), ...pairsOf(2, 30, hard), ...pairsOf(3, 1, hard)];
  const calibration = fitCalibration(pairs)!;
  assertClose(expectedDice(calibration, 1, 0.9), easy(0.9), { absolute: 0.05 });
  assertClose(expectedDice(calibration, 2, 0.9), hard(0.9), { absolute: 0.05 });
  const pooled = expectedDice(calibration, 99, 0.9);
  assert.ok(pooled > hard(0.9) + 0.1 && pooled < easy(0.9) - 0.1);
  const seenOnce = expectedDice(calibration, 3, 0.9);
  assert.ok(seenOnce <= pooled && seenOnce > hard(0.9), `${hard(0.9)} ${seenOnce} ${pooled}`);
});

test("the curve never falls, whatever the pairs say", () => {
  const calibration = fitCalibration(pairsOf(1, 40, (p) => 1.4 - p))!;
  const curve = [0.5, 0.6, 0.8, 0.95].map((p) => expectedDice(calibration, 1, p));
  assert.deepEqual(
    curve,
    [...curve].sort((a, b) => a - b),
  );
});

test("too few cases are no calibration, and hopeless ones no error", () => {
  assert.equal(fitCalibration(pairsOf(1, 3, (p) => p)), null);
  const one = pairsOf(1, 6, (p) => p).map((pair) => ({ ...pair, case: "only" }));
  assert.equal(fitCalibration(one), null);
  const failed = Array.from({ length: 5 }, (_, i) => ({
    case: `c${i}`,
    structure: 1,
    probability: 1,
    dice: 0,
  }));
  assert.ok(expectedDice(fitCalibration(failed)!, 1, 1) < 0.1);
});
