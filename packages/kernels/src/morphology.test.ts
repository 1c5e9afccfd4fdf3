import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type Size3, VisceraError, voxelCount } from "@viscera/core";
import {
  close,
  closePool,
  dilate,
  dilateReference,
  erode,
  erodeReference,
  open,
  type StructuringElement,
} from "./index.js";
import { assertSameBytes, onAnyThreads, randomBoxes, randomMask } from "./testing.js";

after(closePool);

const sum = (mask: Uint8Array) => mask.reduce((a, b) => a + b, 0);

test("morphology: the reference grows a point to balls, octahedra, cuboctahedra and cubes", () => {
  const size: Size3 = [9, 9, 9];
  const point = new Uint8Array(729);
  point[364] = 5;
  const grown = (element: StructuringElement) => sum(dilateReference(point, size, element));
  assert.equal(grown({ connectivity: 6, steps: 2 }), 25);
  assert.equal(grown({ connectivity: 18, steps: 1 }), 19);
  assert.equal(grown({ connectivity: 18, steps: 2 }), 93);
  assert.equal(grown({ connectivity: 26, steps: 3 }), 343);
  assert.equal(grown({ radiusMm: 0, spacingMm: [1, 1, 1] }), 1);
  assert.equal(grown({ radiusMm: Math.SQRT2, spacingMm: [1, 1, 1] }), 19);
  // Along i three voxels fit, along j and k none.
  assert.equal(grown({ radiusMm: 1.5, spacingMm: [0.5, 2, 2] }), 7);
});

test("morphology: kernels equal the references", async () => {
  const elements: StructuringElement[] = [
    { connectivity: 6, steps: 2 },
    { connectivity: 18, steps: 1 },
    { connectivity: 18, steps: 2 },
    { connectivity: 26, steps: 2 },
    { connectivity: 26, steps: 0 },
    { radiusMm: 2.5, spacingMm: [0.8, 1, 1.7] },
  ];
  for (const element of elements)
    for (const size of [
      [23, 20, 18],
      [1, 5, 1],
      [2, 1, 30],
    ] as Size3[]) {
      const mask = randomMask(size, 0.02, 1);
      const blocks = randomBoxes(size, 9, 2);
      assertSameBytes(await dilate(mask, size, element), dilateReference(mask, size, element));
      assertSameBytes(await erode(blocks, size, element), erodeReference(blocks, size, element));
    }
});

test("morphology: balls give the same on any threads", async () => {
  const size: Size3 = [66, 61, 63];
  const mask = randomBoxes(size, 5, 3);
  const element = { radiusMm: 3, spacingMm: [1, 1, 1.5] } as const;
  const opened = await onAnyThreads((options) => open(mask, size, element, options));
  assert.ok(
    opened.every((value, i) => value <= (mask[i] ? 1 : 0)),
    "an opening lies within the mask",
  );
  assertSameBytes(await open(opened, size, element), opened, "opening again changes nothing");
});

test("morphology: opening removes a thin bridge, closing a thin gap, and the image border stays", async () => {
  const size: Size3 = [20, 9, 9];
  const element = { connectivity: 26, steps: 1 } as const;
  const mask = new Uint8Array(voxelCount(size)).map((_, at) => (at % 20 < 8 || at % 20 > 11 ? 1 : 0));
  assertSameBytes(await open(mask, size, element), mask);
  const bridged = mask.slice();
  for (let i = 8; i < 12; i++) bridged[i + 20 * (4 + 9 * 4)] = 1;
  assertSameBytes(await open(bridged, size, element), mask);
  const gap = new Uint8Array(voxelCount(size)).map((_, at) => (at % 20 === 9 ? 0 : 1));
  assertSameBytes(
    await close(gap, size, element),
    gap.map(() => 1),
  );
});

test("morphology: refuses elements that do not exist", async () => {
  const mask = new Uint8Array(8);
  const wrong: unknown[] = [
    { connectivity: 8, steps: 1 },
    { connectivity: 6, steps: -1 },
    { radiusMm: Number.NaN, spacingMm: [1, 1, 1] },
    { radiusMm: 1, spacingMm: [1, 1, 0] },
  ];
  for (const element of wrong)
    await assert.rejects(dilate(mask, [2, 2, 2], element as StructuringElement), VisceraError);
});
