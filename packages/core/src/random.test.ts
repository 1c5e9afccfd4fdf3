import assert from "node:assert/strict";
import { test } from "node:test";
import { philox4x32, RandomStream } from "./index.js";

test("Philox4x32-10 gives the published known answers", () => {
  // Known-answer vectors of the Random123 paper's library.
  const vectors: [number[], number[], number[]][] = [
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ];
  const out = new Uint32Array(4);
  for (const [counter, key, expected] of vectors) {
    philox4x32(counter, key, out);
    assert.deepEqual([...out], expected);
  }
});

test("draws do not depend on their order and differ by purpose and seed", () => {
  const a = new RandomStream(1, "a");
  const forward = [0, 1, 2].map((i) => a.uniform(5, i));
  const backward = [2, 1, 0].map((i) => a.uniform(5, i)).reverse();
  assert.deepEqual(forward, backward);
  assert.notEqual(forward[0], new RandomStream(1, "b").uniform(5, 0));
  assert.notEqual(forward[0], new RandomStream(2, "a").uniform(5, 0));
  assert.notEqual(new RandomStream(2 ** 40, "a").uniform(5, 0), new RandomStream(0, "a").uniform(5, 0));
});

test("moments of uniform and normal draws", () => {
  const stream = new RandomStream(42, "moments");
  const n = 100000;
  let uniform = 0;
  let normal = 0;
  let square = 0;
  for (let i = 0; i < n; i++) {
    uniform += stream.uniform(0, i);
    const z = stream.normal(1, i);
    normal += z;
    square += z * z;
  }
  // Four standard errors.
  assert.ok(Math.abs(uniform / n - 0.5) < 4 * Math.sqrt(1 / 12 / n));
  assert.ok(Math.abs(normal / n) < 4 / Math.sqrt(n));
  assert.ok(Math.abs(square / n - 1) < 4 * Math.sqrt(2 / n));
});
