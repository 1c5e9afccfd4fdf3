import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream, type Size3, VisceraError } from "@viscera/core";
import { OUTSIDE_VALUE, synthesiseImage, synthesisSpec, synthesisTableSchema } from "./index.js";

const SIZE: Size3 = [28, 24, 20];
const CT = { kind: "ct", low: -500, high: 500, mean: 0, sd: 150 } as const;
const grid = { spacingMm: [3, 3, 3] as [number, number, number], normalisation: CT };

const table = synthesisTableSchema.parse({
  tissues: [
    { name: "air", values: [0], target: 0, ct: [-1000, -1000], air: true },
    { name: "liver", values: [5, 6], target: 1, ct: [60, 60], enhanced: [110, 110], lesions: true },
    { name: "bone", values: [9], target: 2, ct: [300, 300], shell: { ct: [900, 900] } },
    { name: "unsure", values: [12], target: 255, ct: [0, 0] },
  ],
});

/** A slab of each value along x, and one row beyond the map. */
function slabs(): Uint8Array {
  const [nx, ny, nz] = SIZE;
  const values = [0, 5, 6, 9, 12];
  const labels = new Uint8Array(nx * ny * nz);
  for (let i = 0; i < labels.length; i++) {
    const x = i % nx;
    labels[i] = x === nx - 1 ? OUTSIDE_VALUE : values[Math.floor((x * values.length) / nx)]!;
  }
  return labels;
}

/** Nothing but the tissues themselves: no noise can be turned off, so it is averaged out. */
const plain = {
  ctShare: 1,
  mrShare: 0,
  lesions: 0,
  surroundings: 0,
  lowResolution: 0,
  artefacts: 0,
  crop: 0,
};

const make = (step: number, spec = {}, seed = 1) =>
  synthesiseImage(
    slabs(),
    SIZE,
    table,
    synthesisSpec({ ...grid, ...spec }),
    new RandomStream(seed, "test.synthesis"),
    step,
  );

test("an image depends on seed and step only", () => {
  const spec = { lesions: 1, surroundings: 1, lowResolution: 1, artefacts: 1, crop: 0.5 };
  for (const step of [0, 7, 8]) {
    const one = make(step, spec);
    assert.deepEqual(make(step, spec), one);
    assert.notDeepEqual(make(step + 100, spec).image, one.image);
    assert.notDeepEqual(make(step, spec, 2).image, one.image);
  }
});

test("every look gives finite values within the model's range", () => {
  for (const normalisation of [CT, { kind: "zscore" }, { kind: "minmax" }, { kind: "none" }] as const) {
    for (let step = 0; step < 24; step++) {
      const spec = {
        normalisation,
        lesions: 1,
        surroundings: 1,
        lowResolution: 0.5,
        artefacts: 0.7,
        crop: 0.5,
      };
      const { image } = make(step, { ...spec, ctShare: 0.4, mrShare: 0.3 });
      assert.ok(
        image.every((value) => Number.isFinite(value)),
        `${normalisation.kind}, step ${step}`,
      );
      if (normalisation.kind === "ct") assert.ok(image.every((value) => Math.abs(value) <= 500 / 150 + 1e-5));
    }
  }
});

test("label values become their class, and what is beyond the map 0 and ignored", () => {
  const { image, target } = make(3, plain);
  slabs().forEach((value, i) => {
    const wanted = { 0: 0, 5: 1, 6: 1, 9: 2, 12: 255, [OUTSIDE_VALUE]: 255 }[value];
    assert.equal(target[i], wanted);
    if (value === OUTSIDE_VALUE) assert.equal(image[i], 0);
  });
});

test("a label value that the table lacks, or has twice, is refused", () => {
  const labels = slabs();
  labels[100] = 77;
  const spec = synthesisSpec(grid);
  const random = new RandomStream(1, "test.synthesis");
  const code = (wanted: string, text: RegExp) => (error: unknown) =>
    error instanceof VisceraError && error.code === wanted && text.test(error.message);
  assert.throws(
    () => synthesiseImage(labels, SIZE, table, spec, random, 0),
    code("input.synthesis-value", /77/),
  );
  const wide = Uint16Array.from(slabs());
  wide[100] = 300;
  assert.throws(
    () => synthesiseImage(wide, SIZE, table, spec, random, 0),
    code("input.synthesis-value", /300/),
  );
  const twice = synthesisTableSchema.parse({
    tissues: [...table.tissues, { name: "again", values: [9], target: 0, ct: [0, 0] }],
  });
  assert.throws(
    () => synthesiseImage(slabs(), SIZE, twice, spec, random, 0),
    code("input.synthesis-table", /9.*bone.*again/),
  );
});

test("tissues of a CT have the means of the table: between native and enhanced, bone with its shell", () => {
  const labels = slabs();
  const [nx, ny] = SIZE;
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  let boneSum = 0;
  const steps = 40;
  for (let step = 0; step < steps; step++) {
    const { image } = make(step, { ...plain, normalisation: { kind: "none" } });
    const mean = (wanted: (i: number) => boolean) => {
      const chosen = image.filter((_, i) => wanted(i));
      return chosen.reduce((sum, value) => sum + value, 0) / chosen.length;
    };
    const x = (i: number) => i % nx;
    // Middles of the slabs, away from blurred borders.
    const air = mean((i) => x(i) < 3);
    assert.ok(Math.abs(air + 1000) < 25, `air ${air}`);
    const liver = mean((i) => x(i) >= 8 && x(i) <= 13);
    lowest = Math.min(lowest, liver);
    highest = Math.max(highest, liver);
    const y = (i: number) => Math.floor(i / nx) % ny;
    boneSum += mean((i) => labels[i] === 9 && x(i) === 19 && y(i) > 4 && y(i) < 19);
  }
  assert.ok(lowest > -20 && lowest < 80, `darkest liver ${lowest}`);
  assert.ok(highest > 90 && highest < 190, `brightest liver ${highest}`);
  assert.ok(Math.abs(boneSum / steps - 300) < 60, `bone ${boneSum / steps}`);
});

test("a table may say how many images look like a CT", () => {
  const random = new RandomStream(5, "test.looks");
  const spec = synthesisSpec({ ...grid, ...plain, normalisation: { kind: "none" } });
  for (const [ct, wanted] of [
    [1, 12],
    [0, 0],
  ] as const) {
    const own = { ...table, looks: { ct, mr: 0 } };
    let count = 0;
    for (let step = 0; step < 12; step++) {
      const { image } = synthesiseImage(slabs(), SIZE, own, spec, random, step);
      // Only a CT's air is far below 0.
      if (image.some((value) => value < -500)) count++;
    }
    assert.equal(count, wanted);
  }
  assert.throws(() => synthesisTableSchema.parse({ ...table, looks: { ct: 0.7, mr: 0.4 } }));
});

test("lesions lie in tissues that may have them, and become their class", () => {
  const labels = slabs();
  const spec = synthesisSpec({ ...grid, ...plain, lesions: 1 });
  const random = new RandomStream(3, "test.lesions");
  const marked = { ...table, lesionTarget: 7 };
  let found = 0;
  for (let step = 0; step < 12; step++) {
    const { target } = synthesiseImage(labels, SIZE, marked, spec, random, step);
    target.forEach((value, i) => {
      if (value !== 7) return;
      found++;
      assert.ok(labels[i] === 5 || labels[i] === 6, `a lesion in value ${labels[i]}`);
    });
    const unmarked = synthesiseImage(labels, SIZE, table, spec, random, step).target;
    assert.ok(unmarked.every((value, i) => (value === 1) === (labels[i] === 5 || labels[i] === 6)));
  }
  assert.ok(found > 100, `${found} lesion voxels`);
});

test("things around the body are painted on air only", () => {
  const empty = synthesisTableSchema.parse({
    tissues: [
      { name: "air", values: [0], target: 0, ct: [-1000, -1000], air: true },
      { name: "body", values: [1], target: 1, ct: [0, 0], texture: [0, 0] },
    ],
  });
  const [nx, ny, nz] = [32, 32, 8];
  const labels = new Uint8Array(nx * ny * nz).map((_, i) => (i % nx < 16 ? 1 : 0));
  const spec = synthesisSpec({ ...grid, ...plain, surroundings: 1, normalisation: { kind: "none" } });
  const random = new RandomStream(4, "test.surroundings");
  let things = 0;
  for (let step = 0; step < 20; step++) {
    const { image, target } = synthesiseImage(labels, [nx, ny, nz], empty, spec, random, step);
    let body = 0;
    for (let i = 0; i < image.length; i++) {
      if (i % nx < 13) body = Math.max(body, Math.abs(image[i]!));
      if (i % nx > 18 && image[i]! > -600) things++;
      assert.equal(target[i], labels[i]);
    }
    assert.ok(body < 300, `something in the body: ${body}`);
  }
  assert.ok(things > 200, `${things} voxels of things`);
});

test("a z-score model's images have about mean 0 and deviation 1", () => {
  let mean = 0;
  let square = 0;
  const steps = 40;
  for (let step = 0; step < steps; step++) {
    const spec = { normalisation: { kind: "zscore" }, ctShare: 0, mrShare: 0.5, crop: 0 };
    const labels = slabs();
    const image = make(step, spec).image.filter((_, i) => labels[i] !== OUTSIDE_VALUE);
    const own = image.reduce((sum, value) => sum + value, 0) / image.length;
    mean += own / steps;
    square += image.reduce((sum, value) => sum + (value - own) ** 2, 0) / image.length / steps;
  }
  assert.ok(Math.abs(mean) < 0.2, `mean ${mean}`);
  assert.ok(square > 0.7 && square < 1.6, `variance ${square}`);
});
