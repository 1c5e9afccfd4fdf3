import assert from "node:assert/strict";
import { test } from "node:test";
import { affineOf, RandomStream, type Size3 } from "@viscera/core";
import { Draws } from "../../synthesis/draws.js";
import { flip } from "./patch.js";
import { CaseOrder, isForeground, placePatch } from "./place.js";
import type { PreparedCase } from "./prepared-case.js";

const draws = (step: number) => new Draws(new RandomStream(5, "test"), step);

function preparedCase(size: Size3, known: number[] | null = null): PreparedCase {
  return {
    id: "a",
    size,
    affine: affineOf([1, 1, 1]),
    spacingMm: [1, 1, 1],
    channels: 1,
    labelBytes: 1,
    voxels: [
      { class: 1, count: 4, from: 0, listed: 4 },
      { class: 2, count: 1000, from: 4, listed: 1000 },
    ],
    known,
    synthesis: null,
  };
}

test("every case comes once a round, in another order each round, at any step", () => {
  const order = new CaseOrder(7, 5);
  const rounds = [0, 1, 2, 3].map((round) => [0, 1, 2, 3, 4].map((i) => order.at(5 * round + i)));
  for (const round of rounds) assert.deepEqual([...round].sort(), [0, 1, 2, 3, 4]);
  assert.ok(new Set(rounds.map(String)).size > 1);
  const again = new CaseOrder(7, 5);
  assert.equal(again.at(17), rounds[3]![2]);
  assert.equal(again.at(2), rounds[0]![2]);
});

test("a third of the samples are around structures, in every run of them", () => {
  for (const from of [0, 50, 12345]) {
    let count = 0;
    for (let i = 0; i < 100; i++) if (isForeground(from + i, 0.33)) count++;
    assert.ok(count >= 32 && count <= 34, `${count}`);
  }
  assert.ok(!isForeground(3, 0));
  assert.ok(isForeground(3, 1));
});

test("patches lie within the case, centred along an axis that is too short", () => {
  const entry = preparedCase([30, 9, 12]);
  const reader = { voxel: (_: PreparedCase, n: number) => (n * 7) % (30 * 9 * 12) };
  const seen = new Set<number>();
  for (let step = 0; step < 300; step++) {
    const start = placePatch(entry, [10, 12, 12], step % 2 === 0, reader, draws(step));
    assert.ok(start[0] >= 0 && start[0] <= 20);
    // 3 voxels are missing along y: 1 before and 2 behind, as windows are padded.
    assert.equal(start[1], -1);
    assert.equal(start[2], 0);
    if (step % 2) seen.add(start[0]);
  }
  assert.equal(seen.size, 21);
});

test("a foreground patch is around a voxel of a known class, each class as often", () => {
  const size: Size3 = [40, 40, 40];
  const asked: number[] = [];
  const reader = {
    voxel: (_: PreparedCase, n: number) => {
      asked.push(n);
      return 20 + 40 * (21 + 40 * 22);
    },
  };
  for (let step = 0; step < 400; step++) {
    assert.deepEqual(placePatch(preparedCase(size), [8, 8, 8], true, reader, draws(step)), [16, 17, 18]);
  }
  const first = asked.filter((n) => n < 4).length;
  assert.ok(Math.abs(first - 200) < 40, `${first}`);
  asked.length = 0;
  for (let step = 0; step < 50; step++)
    placePatch(preparedCase(size, [2]), [8, 8, 8], true, reader, draws(step));
  assert.ok(asked.length === 50 && asked.every((n) => n >= 4));
  asked.length = 0;
  placePatch(preparedCase(size, []), [8, 8, 8], true, reader, draws(0));
  assert.equal(asked.length, 0);
});

test("flipping turns each axis round, and twice is nothing", () => {
  const size: Size3 = [3, 4, 5];
  const source = Uint8Array.from({ length: 60 }, (_, i) => i);
  for (const axes of [[0], [1], [2], [0, 1, 2]]) {
    const data = source.slice();
    flip(data, size, axes);
    for (let k = 0; k < 5; k++)
      for (let j = 0; j < 4; j++)
        for (let i = 0; i < 3; i++) {
          const [x, y, z] = [i, j, k].map((n, a) => (axes.includes(a) ? size[a]! - 1 - n : n));
          assert.equal(data[i + 3 * (j + 4 * k)], source[x! + 3 * (y! + 4 * z!)]);
        }
    flip(data, size, axes);
    assert.deepEqual(data, source);
  }
});
