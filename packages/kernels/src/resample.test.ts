import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type Affine, affineOf, IDENTITY, type Size3, VisceraError, type VoxelArray } from "@viscera/core";
import { closePool, type Interpolation, resample, resampleReference } from "./index.js";
import { assertSameBytes, largestDifference, onAnyThreads, randomImage, randomLabels } from "./testing.js";

after(closePool);

const OBLIQUE: Affine = [0.6, 0.1, -0.2, 0.5, 0.05, 0.8, 0.1, 0.2, -0.1, 0.1, 0.55, 0.6, 0, 0, 0, 1];

/** A cubic polynomial of the position. */
const polynomial = (x: number, y: number, z: number) => 2 + x - 0.5 * y * y + 0.1 * z ** 3 + 0.2 * x * y * z;
const trilinear = (x: number, y: number, z: number) => 2 + x - 0.5 * y + 3 * z + 0.2 * x * y * z;

function sampled(
  size: Size3,
  f: (x: number, y: number, z: number) => number,
  m: Affine = IDENTITY,
): Float64Array {
  const out = new Float64Array(size[0] * size[1] * size[2]);
  for (let k = 0, at = 0; k < size[2]; k++)
    for (let j = 0; j < size[1]; j++)
      for (let i = 0; i < size[0]; i++, at++)
        out[at] = f(
          m[0]! * i + m[1]! * j + m[2]! * k + m[3]!,
          m[4]! * i + m[5]! * j + m[6]! * k + m[7]!,
          m[8]! * i + m[9]! * j + m[10]! * k + m[11]!,
        );
  return out;
}

test("resample: the reference reproduces what each interpolation is exact for", () => {
  const size: Size3 = [40, 40, 40];
  const m: Affine = [0.3, 0.1, 0, 16, 0, 0.4, -0.1, 17, 0.05, 0, 0.3, 18, 0, 0, 0, 1];
  const outputSize: Size3 = [9, 8, 7];
  const along = (interpolation: Interpolation, image: VoxelArray) =>
    resampleReference(image, size, { outputSize, outputToInput: m, interpolation, outside: 0 });
  const linear = along("linear", sampled(size, trilinear));
  const expected = sampled(outputSize, trilinear, m);
  assert.ok(largestDifference(linear, expected) < 1e-6 * 1500);
  // The mirrored border reaches 20 voxels inwards as 0.27^20.
  const cubic = along("cubic", sampled(size, polynomial));
  assert.ok(largestDifference(cubic, sampled(outputSize, polynomial, m)) < 1e-6 * 3000);
});

test("resample: cubic values of scipy.ndimage 1.17 (order 3, mode mirror)", async () => {
  const image = Float32Array.of(3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8);
  const outputToInput: Affine = [0.7, 0.2, 0, 0.1, 0, 0.5, 0.3, 0.2, 0.1, 0, 0.4, 0.1, 0, 0, 0, 1];
  const parameters = {
    outputSize: [3, 2, 1] as Size3,
    outputToInput,
    interpolation: "cubic" as const,
    outside: 0,
  };
  const expected = [2.726316, 1.7884626, 3.729346, 1.7482571, 4.24832, 7.3438196];
  assert.ok(largestDifference(resampleReference(image, [3, 2, 2], parameters), expected) < 1e-5);
  assert.ok(largestDifference(await resample(image, [3, 2, 2], parameters), expected) < 1e-5);
});

test("resample: edges extend by half a voxel, beyond stands the outside value", async () => {
  const image = Int16Array.of(10, 20, 30);
  const at = (outputToInput: Affine, interpolation: Interpolation) =>
    resample(image, [3, 1, 1], { outputSize: [5, 1, 1], outputToInput, interpolation, outside: -7 });
  assert.deepEqual([...(await at(affineOf([1, 1, 1], [-1, 0, 0]), "linear"))], [-7, 10, 20, 30, -7]);
  assert.deepEqual([...(await at(affineOf([1, 1, 1], [-0.5, 0, 0]), "linear"))], [10, 15, 25, 30, -7]);
  assert.deepEqual([...(await at(affineOf([0.6, 1, 1], [-0.5, 0, 0]), "nearest"))], [10, 10, 20, 20, 30]);
  assert.deepEqual([...(await at(affineOf([1, 1, 1], [0, 0.4, -0.5]), "nearest"))], [10, 20, 30, -7, -7]);
  assert.deepEqual([...(await at(affineOf([1, 1, 1], [0, 0.6, 0]), "nearest"))], [-7, -7, -7, -7, -7]);
});

test("resample: the kernel equals the reference on oblique grids and any threads", async () => {
  const cases: [Size3, Size3][] = [
    [
      [61, 66, 70],
      [70, 60, 64],
    ],
    [
      [3, 2, 200],
      [140, 41, 50],
    ],
    [
      [1, 40, 30],
      [2, 30, 40],
    ],
    [
      [5, 1, 1],
      [9, 2, 1],
    ],
  ];
  for (const [size, outputSize] of cases)
    for (const interpolation of ["linear", "cubic"] as const) {
      const image = randomImage(size, 1);
      const kept = image.slice();
      const parameters = { outputSize, outputToInput: OBLIQUE, interpolation, outside: -1000 };
      const actual = await onAnyThreads((options) => resample(image, size, parameters, options));
      const expected = resampleReference(image, size, parameters);
      assert.ok(largestDifference(actual, expected) < 2e-5, `${interpolation} ${size}`);
      assertSameBytes(image, kept);
    }
});

test("resample: an output of several slabs has no seams", async () => {
  const outputSize: Size3 = [8, 8, 290_000];
  const outputToInput: Affine = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 / 290_000, 0, 0, 0, 0, 1];
  const parameters = { outputSize, outputToInput, interpolation: "linear" as const, outside: 0 };
  const out = await resample(Float32Array.of(0, 1), [1, 1, 2], parameters, { threads: 2 });
  assert.ok(out.byteLength > 2 ** 26);
  let worst = 0;
  for (let at = 0; at < out.length; at++) worst = Math.max(worst, Math.abs(out[at]! - (at >> 6) / 290_000));
  assert.ok(worst < 1e-7, String(worst));
});

test("resample: nearest copies values of every number type exactly", async () => {
  const size: Size3 = [31, 33, 35];
  const outputSize: Size3 = [64, 63, 70];
  const types = [
    Int8Array,
    Uint8Array,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
  ];
  for (const Type of types) {
    const image = new Type(randomLabels(size, 120, 3));
    image[5] = 2 ** (8 * Type.BYTES_PER_ELEMENT - 2) - 1;
    const parameters = { outputSize, outputToInput: OBLIQUE, interpolation: "nearest" as const, outside: 99 };
    const actual = await onAnyThreads((options) =>
      resample<VoxelArray, "nearest">(image, size, parameters, options),
    );
    assert.ok(actual instanceof Type);
    assertSameBytes(actual, resampleReference<VoxelArray, "nearest">(image, size, parameters));
  }
});

test("resample: refuses an outside value that the number type cannot hold, and affines that are no numbers", async () => {
  const parameters = { outputSize: [1, 1, 1] as Size3, outputToInput: IDENTITY, outside: -1024 };
  const image = new Uint8Array(1);
  await assert.rejects(resample(image, [1, 1, 1], { ...parameters, interpolation: "nearest" }), VisceraError);
  assert.deepEqual(
    await resample(image, [1, 1, 1], { ...parameters, interpolation: "linear" }),
    new Float32Array(1),
  );
  const broken = IDENTITY.map((x) => x / 0);
  await assert.rejects(
    resample(image, [1, 1, 1], { ...parameters, outputToInput: broken, interpolation: "linear" }),
    VisceraError,
  );
});
