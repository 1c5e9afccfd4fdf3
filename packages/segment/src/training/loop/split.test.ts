import assert from "node:assert/strict";
import { test } from "node:test";
import { drawCases, splitCases } from "./split.js";

const ids = Array.from({ length: 23 }, (_, i) => `case_${String(i).padStart(2, "0")}`);

test("a split depends on seed and names, not on the order of the cases", () => {
  const split = splitCases(ids, 0.3, 5);
  assert.deepEqual(splitCases([...ids].reverse(), 0.3, 5), split);
  assert.notDeepEqual(splitCases(ids, 0.3, 6), split);
  assert.equal(split.validation.length, 7);
  assert.deepEqual([...split.training, ...split.validation].sort(), ids);
});

test("by default a fifth is held out, nothing of a handful, at most forty", () => {
  assert.equal(splitCases(ids, null, 1).validation.length, 5);
  assert.equal(splitCases(ids.slice(0, 4), null, 1).validation.length, 0);
  const many = Array.from({ length: 500 }, (_, i) => `c${i}`);
  assert.equal(splitCases(many, null, 1).validation.length, 40);
});

test("named cases are held out; unknown ones and empty training are refused", () => {
  assert.deepEqual(splitCases(ids, ["case_03"], 1).validation, ["case_03"]);
  assert.throws(() => splitCases(ids, ["case_99"], 1), /no case "case_99"/);
  assert.throws(() => splitCases(["a"], ["a"], 1), /left to learn from/);
});

test("drawn cases of a smaller number are among those of a larger one", () => {
  const five = drawCases(ids, 5, 2);
  assert.equal(five.length, 5);
  assert.ok(drawCases([...ids].reverse(), 2, 2).every((id) => five.includes(id)));
  assert.notDeepEqual(drawCases(ids, 5, 3), five);
});
