import assert from "node:assert/strict";
import { test } from "node:test";
import { type LabelArray, type Size3, VisceraError } from "@viscera/core";
import { type Connectivity, connectedComponents, fillHoles } from "./index.js";
import { assertSameBytes, randomBoxes, randomLabels, randomMask } from "./testing.js";

/** Components by flood filling from each voxel in scan order. */
function flood(
  values: LabelArray,
  [nx, ny, nz]: Size3,
  connectivity: Connectivity,
  background = false,
): Uint32Array {
  const most = { 6: 1, 18: 2, 26: 3 }[connectivity];
  const out = new Uint32Array(values.length);
  let count = 0;
  for (let seed = 0; seed < values.length; seed++) {
    if ((values[seed] === 0) !== background || out[seed] !== 0) continue;
    const stack = [seed];
    out[seed] = ++count;
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      const [i, j, k] = [at % nx, Math.floor(at / nx) % ny, Math.floor(at / (nx * ny))] as const;
      for (let c = Math.max(0, k - 1); c <= Math.min(nz - 1, k + 1); c++)
        for (let b = Math.max(0, j - 1); b <= Math.min(ny - 1, j + 1); b++)
          for (let a = Math.max(0, i - 1); a <= Math.min(nx - 1, i + 1); a++) {
            const next = a + nx * (b + ny * c);
            if (Math.abs(a - i) + Math.abs(b - j) + Math.abs(c - k) > most) continue;
            if (values[next] !== values[at] || out[next] !== 0) continue;
            out[next] = count;
            stack.push(next);
          }
    }
  }
  return out;
}

const SIZES: Size3[] = [
  [13, 11, 9],
  [1, 17, 5],
  [31, 1, 1],
  [2, 2, 40],
  [40, 9, 1],
];

test("components equal a flood fill for masks and label maps in every connectivity", async () => {
  for (const [s, size] of SIZES.entries())
    for (const values of [
      randomMask(size, 0.3, s),
      randomMask(size, 0.6, s),
      randomLabels(size, 3, s),
      Uint16Array.from(randomLabels(size, 2, s), (x) => 999 * (x + 1)),
      Uint32Array.from(randomBoxes(size, 20, s), (x) => 1e9 * (x % 4)),
    ])
      for (const connectivity of [6, 18, 26] as const) {
        const { components, count, voxels } = await connectedComponents(values, size, connectivity);
        const expected = flood(values, size, connectivity);
        assertSameBytes(components, expected, `${size} ${connectivity}`);
        assert.equal(
          count,
          expected.reduce((a, b) => Math.max(a, b), 0),
        );
        const histogram = new Uint32Array(count + 1);
        for (const component of expected) histogram[component]!++;
        assert.deepEqual(voxels, histogram);
      }
});

test("components: nothing in an empty mask, a comb is one piece", async () => {
  const empty = await connectedComponents(new Uint8Array(24), [2, 3, 4], 6);
  assert.deepEqual([empty.count, [...empty.voxels]], [0, [24]]);
  // Teeth along j that only the last row joins: every union points backwards.
  const comb = new Uint8Array(15 * 10).map((_, at) => ((at % 15) % 2 === 0 || at >= 15 * 9 ? 1 : 0));
  assert.equal((await connectedComponents(comb, [15, 10, 1], 6)).count, 1);
  await assert.rejects(connectedComponents(comb, [15, 10, 1], 8 as Connectivity), VisceraError);
  await assert.rejects(connectedComponents(comb, [15, 10, 2], 6), VisceraError);
});

test("components and holes: an abort stops them", async () => {
  const signal = AbortSignal.abort();
  await assert.rejects(connectedComponents(new Uint8Array(8), [2, 2, 2], 6, { signal }), VisceraError);
  await assert.rejects(fillHoles(new Uint8Array(8), [2, 2, 2], { signal }), VisceraError);
});

test("holes: filled where a flood of the background from the border does not come", async () => {
  for (const [s, size] of SIZES.entries())
    for (const density of [0.5, 0.75, 0.9]) {
      const mask = randomMask(size, density, 10 + s);
      const pieces = flood(mask, size, 6, true);
      const [nx, ny, nz] = size;
      const open = new Set<number>();
      for (let at = 0; at < mask.length; at++) {
        const [i, j, k] = [at % nx, Math.floor(at / nx) % ny, Math.floor(at / (nx * ny))] as const;
        if (i === 0 || j === 0 || k === 0 || i === nx - 1 || j === ny - 1 || k === nz - 1)
          open.add(pieces[at]!);
      }
      const expected = mask.map((value, at) => (value !== 0 || !open.has(pieces[at]!) ? 1 : 0));
      assertSameBytes(await fillHoles(mask, size), expected, `${size} ${density}`);
    }
});
