import assert from "node:assert/strict";
import { test } from "node:test";
import { diceOfClasses, scoresOf } from "./dice.js";

test("Dice is twice the overlap over the sum of sizes, class by class", () => {
  // Class 1: 3 voxels against 2, 2 of them in common; class 2: missed; class 3: nowhere.
  assert.deepEqual(diceOfClasses([1, 1, 1, 0, 0], [1, 1, 0, 2, 0], 4), [4 / 5, 0, null]);
});

test("classes that nobody annotated and ignored voxels do not count", () => {
  assert.deepEqual(diceOfClasses([1, 2, 2], [1, 0, 0], 3, { known: [1] }), [1, null]);
  assert.deepEqual(diceOfClasses([1, 1, 2], [1, 255, 255], 3, { ignored: 255 }), [1, null]);
  assert.throws(() => diceOfClasses([1], [1, 2], 3), /2 voxels/);
});

test("means are over the cases that count, then over structures", () => {
  const scores = scoresOf(
    [
      { id: "a", dice: [1, null, null] },
      { id: "b", dice: [0.5, 0.25, null] },
    ],
    4,
  );
  assert.deepEqual(scores.structures, [0.75, 0.25, null]);
  assert.equal(scores.mean, 0.5);
  assert.equal(scoresOf([], 3).mean, null);
});
