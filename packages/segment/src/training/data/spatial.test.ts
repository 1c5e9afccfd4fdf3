import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream, type Size3, voxelCount } from "@viscera/core";
import { assertClose } from "@viscera/core/testing";
import { Draws } from "../../synthesis/draws.js";
import { augmentationPreset } from "./augmentation.js";
import { drawSpatial, type SpatialTransform, sourceBox, transformPatch, voxelMatrix } from "./spatial.js";

const IDENTITY = [1, 0, 0, 0, 1, 0, 0, 0, 1];
const draws = (step: number) => new Draws(new RandomStream(3, "test"), step);

/** A case whose image is its labels: blobs of some values. */
function blobs(size: Size3): { image: Float32Array; labels: Uint8Array } {
  const labels = new Uint8Array(voxelCount(size));
  for (let k = 0, i = 0; k < size[2]; k++)
    for (let j = 0; j < size[1]; j++)
      for (let x = 0; x < size[0]; x++, i++)
        labels[i] = Math.floor(2 + 2 * Math.sin(x / 5) * Math.cos(j / 6) * Math.sin(1 + k / 4));
  return { image: Float32Array.from(labels), labels };
}

function run(transform: SpatialTransform, size: Size3, start: Size3, patch: Size3, outside = 0) {
  const { image, labels } = blobs(size);
  const region = { start: [0, 0, 0] as Size3, size, image, labels };
  const out = { image: new Float32Array(voxelCount(patch)), labels: new Uint8Array(voxelCount(patch)) };
  transformPatch(region, transform, start, patch, outside, out.image, out.labels);
  return { ...out, source: { image, labels } };
}

test("the identity gives the patch itself, and zeros and the outside label beyond the case", () => {
  const size: Size3 = [20, 18, 16];
  const patch: Size3 = [8, 7, 6];
  const start: Size3 = [15, 4, -2];
  const { image, labels, source } = run({ matrix: IDENTITY, elastic: null }, size, start, patch, 9);
  for (let k = 0, i = 0; k < patch[2]; k++)
    for (let j = 0; j < patch[1]; j++)
      for (let x = 0; x < patch[0]; x++, i++) {
        const inside = x + start[0] < size[0] && k + start[2] >= 0;
        const from = x + start[0] + size[0] * (j + start[1] + size[1] * (k + start[2]));
        assert.equal(image[i], inside ? source.image[from] : 0);
        assert.equal(labels[i], inside ? source.labels[from] : 9);
      }
});

test("a quarter turn about z moves voxels where they belong", () => {
  const size: Size3 = [9, 9, 9];
  const matrix = voxelMatrix([0, 0, Math.PI / 2], 1, [1, 1, 1]);
  const { labels, source } = run({ matrix, elastic: null }, size, [0, 0, 0], size);
  for (let k = 0; k < 9; k++)
    for (let j = 0; j < 9; j++)
      for (let i = 0; i < 9; i++) {
        // Voxel (i, j) looks at (-(j - 4), i - 4) from the centre.
        assert.equal(labels[i + 9 * (j + 9 * k)], source.labels[8 - j + 9 * (i + 9 * k)]);
      }
});

test("rotation keeps lengths in mm and handedness whatever the voxels", () => {
  const spacing = [0.7, 1.1, 3] as const;
  const m = voxelMatrix([0.3, -0.5, 0.8], 1.3, spacing);
  const image = (v: number[]) =>
    [0, 1, 2].map((r) => spacing[r]! * v.reduce((sum, x, c) => sum + m[3 * r + c]! * x, 0));
  const axes = [0, 1, 2].map((a) => image([0, 1, 2].map((b) => (a === b ? 1 / spacing[a]! : 0))));
  for (const a of axes) assertClose(Math.hypot(...a), 1.3, { relative: 1e-12 });
  const [x, y, z] = axes as [number[], number[], number[]];
  const cross = [x[1]! * y[2]! - x[2]! * y[1]!, x[2]! * y[0]! - x[0]! * y[2]!, x[0]! * y[1]! - x[1]! * y[0]!];
  assertClose(
    cross.reduce((sum, c, i) => sum + c * z[i]!, 0),
    1.3 ** 3,
    { relative: 1e-12 },
  );
});

test("a label stays on what the image shows, through rotation, scaling and elastic deformation", () => {
  const size: Size3 = [40, 40, 40];
  const spec = augmentationPreset("strong");
  const always = {
    rotation: { ...spec.rotation, probability: 1 },
    scaling: { ...spec.scaling, probability: 1 },
    elastic: { ...spec.elastic, probability: 1, range: [0.2, 0.2] as [number, number] },
  };
  for (let step = 0; step < 4; step++) {
    const transform = drawSpatial(always, [24, 24, 24], [1, 1, 1], draws(step))!;
    const { image, labels } = run(transform, size, [8, 8, 8], [24, 24, 24]);
    let changed = 0;
    for (let i = 0; i < image.length; i++) {
      // Away from borders between labels the linear image is the label.
      if (Number.isInteger(image[i]!)) assert.equal(image[i], labels[i]);
      else if (Math.abs(image[i]! - labels[i]!) > 1) changed++;
    }
    assert.ok(changed < image.length / 20, `${changed} voxels apart`);
    const { labels: still } = run({ matrix: IDENTITY, elastic: null }, size, [8, 8, 8], [24, 24, 24]);
    assert.notDeepEqual(labels, still);
  }
});

test("labels come from the voxel nearest to where the image is sampled", () => {
  const size: Size3 = [40, 40, 40];
  const patch: Size3 = [20, 20, 20];
  const transform = { matrix: voxelMatrix([0.2, -0.3, 0.4], 0.9, [1, 1, 1]), elastic: null };
  for (const axis of [0, 1, 2]) {
    const labels = Uint8Array.from({ length: voxelCount(size) }, (_, i) => Math.floor(i / 40 ** axis) % 40);
    const region = { start: [0, 0, 0] as Size3, size, image: Float32Array.from(labels), labels };
    const image = new Float32Array(voxelCount(patch));
    const nearest = new Uint8Array(voxelCount(patch));
    transformPatch(region, transform, [10, 10, 10], patch, 0, image, nearest);
    for (let i = 0; i < image.length; i++) assertClose(image[i]!, nearest[i]!, { absolute: 0.5001 });
  }
});

test("the source box holds all that a patch needs of its case", () => {
  const size: Size3 = [40, 36, 44];
  const patch: Size3 = [16, 20, 12];
  const spec = augmentationPreset("strong");
  const always = {
    rotation: { ...spec.rotation, probability: 1 },
    scaling: { ...spec.scaling, probability: 1 },
    elastic: { ...spec.elastic, probability: 0.5, range: [0.25, 0.25] as [number, number] },
  };
  const { image, labels } = blobs(size);
  for (let step = 0; step < 12; step++) {
    const start: Size3 = [(step * 5) % 30, (step * 3) % 20, 30];
    const transform = drawSpatial(always, patch, [1, 1.2, 2], draws(step))!;
    const box = sourceBox(transform, start, patch, size);
    const cut = (from: Float32Array | Uint8Array) => {
      const out: number[] = [];
      for (let k = 0; k < box.size[2]; k++)
        for (let j = 0; j < box.size[1]; j++)
          for (let i = 0; i < box.size[0]; i++)
            out.push(from[box.start[0] + i + size[0] * (box.start[1] + j + size[1] * (box.start[2] + k))]!);
      return out;
    };
    const region = { ...box, image: Float32Array.from(cut(image)), labels: Uint8Array.from(cut(labels)) };
    const whole = run(transform, size, start, patch, 7);
    const out = { image: new Float32Array(voxelCount(patch)), labels: new Uint8Array(voxelCount(patch)) };
    transformPatch(region, transform, start, patch, 7, out.image, out.labels);
    assert.deepEqual(out.labels, whole.labels);
    for (let i = 0; i < out.image.length; i++)
      assertClose(out.image[i]!, whole.image[i]!, { absolute: 1e-5 });
  }
});

test("elastic displacement is smooth, of the spread asked for, and never folds", () => {
  const patch: Size3 = [48, 48, 48];
  const spec = {
    ...augmentationPreset("none"),
    elastic: { probability: 1, controlVoxels: 12, range: [0.3, 0.3] as [number, number] },
  };
  const transform = drawSpatial(spec, patch, [1, 1, 1], draws(1))!;
  // An image of x, y or z shows where voxels come from.
  const size: Size3 = [80, 80, 80];
  const ramps = [0, 1, 2].map((axis) => {
    const image = new Float32Array(voxelCount(size));
    for (let i = 0; i < image.length; i++) image[i] = Math.floor(i / 80 ** axis) % 80;
    const out = new Float32Array(voxelCount(patch));
    const region = { start: [0, 0, 0] as Size3, size, image, labels: new Uint8Array(image.length) };
    transformPatch(region, transform, [16, 16, 16], patch, 0, out, new Uint8Array(out.length));
    return out;
  }) as [Float32Array, Float32Array, Float32Array];
  let squares = 0;
  const at = (i: number, j: number, k: number) => i + 48 * (j + 48 * k);
  for (let k = 0; k < 47; k++)
    for (let j = 0; j < 47; j++)
      for (let i = 0; i < 47; i++) {
        squares += (ramps[0][at(i, j, k)]! - 16 - i) ** 2;
        const step = (n: number) =>
          ramps.map((ramp) => ramp[n]! - ramp[at(i, j, k)]!) as [number, number, number];
        const [a, b, c] = [step(at(i + 1, j, k)), step(at(i, j + 1, k)), step(at(i, j, k + 1))];
        const volume =
          a[0] * (b[1] * c[2] - b[2] * c[1]) -
          a[1] * (b[0] * c[2] - b[2] * c[0]) +
          a[2] * (b[0] * c[1] - b[1] * c[0]);
        assert.ok(volume > 0, `folded at ${i}, ${j}, ${k}`);
      }
  // A B-spline of independent points has less spread than they: (sum of squared weights)^(3/2), 0.32 on average.
  const sd = Math.sqrt(squares / 47 ** 3) / 12;
  assert.ok(sd > 0.05 && sd < 0.2, `${sd}`);
});

test("each part is drawn with its probability", () => {
  const spec = {
    ...augmentationPreset("none"),
    rotation: { probability: 0.2, degrees: [10, 10, 10] as const },
    scaling: { probability: 0.3, range: [0.8, 0.9] as [number, number] },
    elastic: { probability: 0.1, controlVoxels: 8, range: [0.1, 0.1] as [number, number] },
  };
  const n = 2000;
  let still = 0;
  let elastic = 0;
  let scaled = 0;
  for (let step = 0; step < n; step++) {
    const transform = drawSpatial(spec, [8, 8, 8], [1, 1, 1], draws(step));
    if (!transform) still++;
    else {
      if (transform.elastic) elastic++;
      const [a, b, c] = transform.matrix as [number, number, number];
      if (Math.hypot(a, b, c) < 0.95) scaled++;
    }
  }
  const near = (count: number, p: number) => Math.abs(count - n * p) < 4 * Math.sqrt(n * p * (1 - p));
  assert.ok(near(still, 0.8 * 0.7 * 0.9), `${still}`);
  assert.ok(near(elastic, 0.1), `${elastic}`);
  assert.ok(near(scaled, 0.3), `${scaled}`);
});
