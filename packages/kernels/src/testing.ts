/** For tests only: random images and the three ways a kernel can run. */
import assert from "node:assert/strict";
import { RandomStream, type Size3, voxelCount } from "@viscera/core";

/** Normally distributed values. */
export function randomImage(size: Size3, seed: number): Float32Array {
  const stream = new RandomStream(seed, "kernels.test");
  return Float32Array.from({ length: voxelCount(size) }, (_, i) => stream.normal(0, i));
}

/** Whole numbers in [0, count), every number alike. */
export function randomLabels(size: Size3, count: number, seed: number): Uint8Array {
  const stream = new RandomStream(seed, "kernels.test");
  return Uint8Array.from({ length: voxelCount(size) }, (_, i) => stream.integer(count, 1, i));
}

/** 1 with the given probability, else 0. */
export function randomMask(size: Size3, density: number, seed: number): Uint8Array {
  const stream = new RandomStream(seed, "kernels.test");
  return Uint8Array.from({ length: voxelCount(size) }, (_, i) => Number(stream.uniform(2, i) < density));
}

/** Boxes of labels 1 .. count on background, later ones over earlier ones. */
export function randomBoxes(size: Size3, count: number, seed: number): Uint8Array {
  const stream = new RandomStream(seed, "kernels.test");
  const out = new Uint8Array(voxelCount(size));
  for (let label = 1; label <= count; label++) {
    const [i0, j0, k0] = size.map((n, axis) => stream.integer(n, 3, 6 * label + axis)) as [
      number,
      number,
      number,
    ];
    const [i1, j1, k1] = [i0, j0, k0].map((low, axis) =>
      Math.min(size[axis]!, low + 1 + stream.integer(Math.ceil(size[axis]! / 2), 3, 6 * label + 3 + axis)),
    ) as [number, number, number];
    for (let k = k0; k < k1; k++)
      for (let j = j0; j < j1; j++)
        out.fill(label, i0 + size[0] * (j + size[1] * k), i1 + size[0] * (j + size[1] * k));
  }
  return out;
}

/** Runs `body` as if the machine could not share memory between threads. */
export async function withoutSharedMemory<T>(body: () => Promise<T>): Promise<T> {
  const kept = globalThis.SharedArrayBuffer;
  Reflect.deleteProperty(globalThis, "SharedArrayBuffer");
  try {
    return await body();
  } finally {
    Object.defineProperty(globalThis, "SharedArrayBuffer", {
      value: kept,
      configurable: true,
      writable: true,
    });
  }
}

/** Runs a kernel on the calling thread, on two workers and without shared memory; the bytes must be equal. */
export async function onAnyThreads<T extends ArrayBufferView>(
  kernel: (options: { threads: number }) => Promise<T>,
): Promise<T> {
  const one = await kernel({ threads: 1 });
  assert.ok(one.buffer instanceof ArrayBuffer, "the result is not shared memory");
  assertSameBytes(await kernel({ threads: 2 }), one, "two threads");
  assertSameBytes(await withoutSharedMemory(() => kernel({ threads: 2 })), one, "no shared memory");
  return one;
}

/** Fails unless type, length and bytes are equal; deepEqual takes seconds on images. */
export function assertSameBytes(actual: ArrayBufferView, expected: ArrayBufferView, message = ""): void {
  const bytes = (view: ArrayBufferView) => Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  assert.equal(actual.constructor.name, expected.constructor.name, message);
  assert.ok(bytes(actual).equals(bytes(expected)), `${message || "the arrays"}: other bytes`);
}

/** Largest absolute difference; equal infinities do not differ, a NaN differs from all. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assert.equal(a.length, b.length);
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = a[i] === b[i] ? 0 : Math.abs(a[i]! - b[i]!);
    if (!(difference <= most)) most = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return most;
}
