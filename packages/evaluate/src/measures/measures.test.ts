import assert from "node:assert/strict";
import { test } from "node:test";
import { affineOf, type Size3, VisceraError } from "@viscera/core";
import { CONVENTIONS } from "../conventions/convention.js";
import { pairOfMasks } from "../masks/mask-pair.js";
import { checkSameGrid, compareLabels, decimalSpacing } from "./compare-labels.js";
import { MEASURE_DEFAULTS, measureStructure } from "./measure-structure.js";
import { metricOf } from "./metric.js";
import { optionsOf } from "./settings.js";

const SIZE: Size3 = [24, 20, 16];
const GRID = { size: SIZE, affine: affineOf([0.8, 0.8, 3]) };

/** A box of a label from a corner, 6 x 5 x 4 voxels. */
function boxAt(id: number, [x0, y0, z0]: readonly [number, number, number]): Uint8Array {
  const out = new Uint8Array(SIZE[0] * SIZE[1] * SIZE[2]);
  for (let z = z0; z < z0 + 4; z++)
    for (let y = y0; y < y0 + 5; y++)
      out.fill(id, x0 + SIZE[0] * (y + SIZE[1] * z), x0 + 6 + SIZE[0] * (y + SIZE[1] * z));
  return out;
}

test("a box moved by one voxel has the values of a hand calculation, wherever it lies in the image", async () => {
  for (const corner of [
    [0, 0, 0],
    [17, 15, 12],
    [9, 7, 5],
  ] as const) {
    const moved = [corner[0] + (corner[0] === 17 ? -1 : 1), corner[1], corner[2]] as const;
    const [found] = await compareLabels(
      { ...GRID, data: boxAt(3, corner) },
      { ...GRID, data: boxAt(3, moved) },
      () => MEASURE_DEFAULTS,
      null,
    );
    const { id, values } = found!;
    assert.equal(id, 3);
    assert.ok(Math.abs(values["dice"]! - 5 / 6) < 1e-12);
    assert.equal(values["hausdorff"], 0.8);
    assert.ok(Math.abs(values["volume_truth"]! - 120 * 0.00192) < 1e-12);
    assert.ok(Math.abs(values["centre_distance"]! - 0.8) < 1e-12);
    assert.equal(values["surface_dice"], 1);
  }
});

test("every convention names its metrics from the table, lesions and tubes where asked for", async () => {
  const pair = pairOfMasks(boxAt(1, [2, 2, 2]), boxAt(1, [3, 3, 3]), SIZE, [1, 1, 1]);
  for (const convention of CONVENTIONS) {
    const options = {
      ...MEASURE_DEFAULTS,
      convention,
      tubular: true,
      lesions: true,
      percentiles: [100, 95, 50],
    };
    const values = await measureStructure(pair, options);
    for (const name of Object.keys(values)) assert.ok(metricOf(name).label.length > 0);
    assert.ok("lesion_f1" in values && "cl_dice" in values && "volume_difference" in values);
  }
});

test("a region is its labels as one structure, whatever lies between them", async () => {
  const both = (first: number, second: number) => {
    const one = boxAt(first, [2, 2, 2]);
    boxAt(second, [8, 2, 2]).forEach((value, i) => {
      if (value !== 0) one[i] = value;
    });
    return one;
  };
  const found = await compareLabels(
    { ...GRID, data: both(1, 2) },
    { ...GRID, data: both(2, 1) },
    () => MEASURE_DEFAULTS,
    [1],
    { regions: { [-1]: [1, 2], [-2]: [7, 8] } },
  );
  assert.deepEqual(
    found.map(({ id, values }) => [id, values["dice"]]),
    [
      [1, 0],
      [-1, 1],
      [-2, 1],
    ],
  );
});

test("a structure that neither image holds is two empty masks", async () => {
  const data = boxAt(1, [2, 2, 2]);
  const compare = (convention: (typeof CONVENTIONS)[number]) =>
    compareLabels({ ...GRID, data }, { ...GRID, data }, () => ({ ...MEASURE_DEFAULTS, convention }), [7]);
  assert.equal((await compare("metrics-reloaded"))[0]!.values["dice"], 1);
  assert.ok(Number.isNaN((await compare("monai"))[0]!.values["dice"]!));
  assert.equal((await compare("deepmind"))[0]!.values["hausdorff"], Number.POSITIVE_INFINITY);
  assert.ok(Number.isNaN((await compare("medpy"))[0]!.values["hausdorff"]!));
  assert.equal((await compare("brats-lesionwise"))[0]!.values["lesion_dice"], 1);
});

test("lesions are dilated up to the image's border and not beyond", async () => {
  const data = boxAt(1, [0, 0, 0]);
  const [found] = await compareLabels(
    { ...GRID, data },
    { ...GRID, data },
    () => ({ ...MEASURE_DEFAULTS, convention: "brats-lesionwise" }),
    null,
  );
  assert.equal(found!.values["lesion_dice"], 1);
  assert.equal(found!.values["lesions_found"], 1);
});

test("the decimal spacing is what the file's single precision stands for", () => {
  const stored = affineOf([Math.fround(0.8), Math.fround(3.92), 1 / 3]);
  assert.deepEqual(decimalSpacing({ size: SIZE, affine: stored }), [0.8, 3.92, 1 / 3]);
  const fine = affineOf([Math.fround(0.781253), Math.fround(4.67188), 5]);
  assert.deepEqual(decimalSpacing({ size: SIZE, affine: fine }), [0.781253, 4.67188, 5]);
});

test("other grids are refused by what differs", () => {
  const refuse = (other: Partial<typeof GRID>, message: RegExp) =>
    assert.throws(
      () => checkSameGrid(GRID, { ...GRID, ...other }),
      (error: VisceraError) => {
        assert.equal(error.code, "input.grid");
        assert.match(error.message, message);
        return true;
      },
    );
  refuse({ size: [24, 20, 17] }, /24 x 20 x 16 voxels, the prediction 24 x 20 x 17/);
  refuse({ affine: affineOf([0.8, 0.8, 2.5]) }, /0.8 x 0.8 x 3 mm, the prediction's 0.8 x 0.8 x 2.5 mm/);
  refuse({ affine: affineOf([0.8, 0.8, 3], [5, 0, 0]) }, /5 mm apart/);
  refuse({ affine: [0, 0.8, 0, 0, 0.8, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 1] }, /different directions/);
  checkSameGrid(GRID, GRID);
});

test("a structure's own settings win", () => {
  const settings = {
    options: MEASURE_DEFAULTS,
    tolerancesMm: { 5: 1 },
    tubular: [5],
    lesions: "all",
    ids: null,
    regions: {},
  } as const;
  assert.deepEqual(
    [optionsOf(settings, 5).toleranceMm, optionsOf(settings, 5).tubular, optionsOf(settings, 6).toleranceMm],
    [1, true, 2],
  );
  assert.ok(!optionsOf(settings, 6).tubular && optionsOf(settings, 6).lesions);
});

test("options that make no sense are refused", async () => {
  const pair = pairOfMasks(boxAt(1, [2, 2, 2]), boxAt(1, [3, 3, 3]), SIZE, [1, 1, 1]);
  for (const wrong of [{ percentiles: [101] }, { toleranceMm: -1 }, { boundaryVoxels: 0 }])
    await assert.rejects(measureStructure(pair, { ...MEASURE_DEFAULTS, ...wrong }), VisceraError);
});
