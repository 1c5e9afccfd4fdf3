import assert from "node:assert/strict";
import { test } from "node:test";
import { affineOf, VisceraError, type Volume } from "@viscera/core";
import { BundleConfig } from "./config.js";
import { type ConfigValue, evaluate } from "./expression.js";
import { adjustIntensity } from "./intensity.js";
import { labelWriter } from "./label-writer.js";
import { prepareLikeMonai } from "./prepare.js";
import { windowLayout } from "./sliding-windows.js";

const refused = (pattern: RegExp) => (error: unknown) =>
  error instanceof VisceraError && error.code === "input.bundle" && pattern.test(error.message);

test("expressions compute values as Python does", () => {
  const values: Record<string, ConfigValue> = {
    a: 3,
    list: [1, 2, 3],
    text: "ab",
    table: { k: 5 },
    yes: true,
  };
  const cases: [string, ConfigValue][] = [
    ["1 + 2 * 3 ** 2", 19],
    ["-2 ** 2", -4],
    ["2 ** -1", 0.5],
    ["-7 // 2", -4],
    ["-7 % 3", 2],
    ["7 / 2", 3.5],
    ["(1, 2, 3)", [1, 2, 3]],
    ["(4)", 4],
    ["(4,)", [4]],
    ["()", []],
    ["[1] * 3 + [2]", [1, 1, 1, 2]],
    ["@list[-1] + len(@list)", 6],
    ["@table['k']", 5],
    ["@text + '/' + \"c\"", "ab/c"],
    ["os.path.join(@text, 'model.pt')", "ab/model.pt"],
    ["1 if @yes else 2", 1],
    ["1 if not @yes and True or @a > 5 else 2", 2],
    ["@a if @a is not None else 0", 3],
    ["None is None", true],
    ["max(1, @a, 2.5e0)", 3],
    ["int(3.9)", 3],
    ["@a == 3 and @text != 'x'", true],
  ];
  for (const [source, expected] of cases) {
    assert.deepEqual(
      evaluate(source, (name) => values[name] ?? null),
      expected,
      source,
    );
  }
});

test("expressions that do more than compute are refused by quoting them", () => {
  for (const [source, why] of [
    ["__import__('os').system('x')", /__import__/],
    ["exec('1')", /exec/],
    ["torch.device('cuda')", /torch\.device/],
    ["lambda x: x", /lambda/],
    ["[x for x in @a]", /x is not run/],
    ["@a.shape", /\./],
    ["constructor('x')", /constructor/],
    ["@table['__proto__']", /no such item/],
    ["[1] * 99999999", /too long/],
    ["[[1] * 9000] * 9000", /too long/],
    ["'a' * 3", /does not go/],
    [`${"(".repeat(3000)}1${")".repeat(3000)}`, /too deeply/],
    [`${"not ".repeat(3000)}`, /too early/],
    ["1 +", /too early/],
    ["1 2", /not understood/],
    ["'a", /not understood/],
    ["[1] == [1]", /compares/],
    ["", /too early/],
  ] as const) {
    assert.throws(() => evaluate(source, () => ({ k: 1 })), refused(why), source);
  }
});

test("references are followed, also many times over, and those in a circle end", () => {
  const wide: Record<string, ConfigValue> = { r0: 1 };
  for (let i = 1; i < 30; i++) wide[`r${i}`] = `$@r${i - 1} + @r${i - 1} + @r${i - 1}`;
  assert.equal(new BundleConfig(wide).get("r29"), 3 ** 29);
  const config = new BundleConfig({
    a: "@b",
    b: "$@a",
    c: { d: ["@e#f", "@e::f"] },
    e: { f: 7 },
    g: "@c",
    h: "@h",
  });
  assert.deepEqual(config.get("g", "d"), [7, 7]);
  assert.equal(config.get("c", "nothing"), undefined);
  for (const key of ["a", "b", "h"]) assert.throws(() => config.get(key), refused(/back/), key);
});

test("windows lie and count as MONAI's", () => {
  // roi 4 and 6, overlap 0.5 and 0.25: intervals int(4 * 0.5) = 2 and int(6 * 0.75) = 4.
  const layout = windowLayout({ size: [6, 4, null], overlap: [0.25, 0.5, 0], sigma: null }, [5, 9, 15]);
  assert.deepEqual(layout.patch, [5, 4, 6]);
  assert.deepEqual(layout.starts, [[0], [0, 2, 4, 5], [0, 4, 8, 9]]);
  assert.ok(layout.importance.every((weight) => weight === 1));
  const { importance } = windowLayout(
    { size: [8, 8, 8], overlap: [0.5, 0.5, 0.5], sigma: [0.125, 0.125, 0.125] },
    [8, 8, 8],
  );
  const weight = (i: number) => Math.exp(-((i - 3.5) ** 2) / 2);
  assert.ok(Math.abs(importance[3 + 8 * (2 + 8 * 4)]! - weight(3) * weight(2) * weight(4)) < 1e-7);
  assert.equal(importance[0], Math.fround(1e-3));
});

test("intensities are scaled and normalised by MONAI's rules", () => {
  const data = () => ({ data: Float32Array.of(0, 2, 4, 0, 10, 20), channels: 2 });
  const after = (step: Parameters<typeof adjustIntensity>[1]) => {
    const image = data();
    adjustIntensity(image, step);
    return [...image.data].map((value) => Math.round(value * 1e4) / 1e4);
  };
  const normalise = { kind: "normalise", subtract: null, divide: null } as const;
  assert.deepEqual(after({ ...normalise, nonzero: true, byChannel: true }), [0, -1, 1, 0, -1, 1]);
  assert.deepEqual(
    after({ ...normalise, nonzero: false, byChannel: true }),
    [-1.2247, 0, 1.2247, -1.2247, 0, 1.2247],
  );
  assert.deepEqual(
    after({ ...normalise, nonzero: false, byChannel: false, subtract: [6], divide: [2] }),
    [-3, -2, -1, -3, 2, 7],
  );
  assert.deepEqual(after({ kind: "scale", to: [-1, 1], byChannel: true }), [-1, 0, 1, -1, 0, 1]);
  assert.deepEqual(
    after({ kind: "scaleRange", low: 2, high: 12, to: [0, 1], clip: true }),
    [0, 0, 0.2, 0, 0.8, 1],
  );
  assert.deepEqual(after({ kind: "scaleRange", low: 0, high: 2, to: null, clip: true }), [0, 1, 2, 0, 5, 10]);
});

function volume(
  size: readonly [number, number, number],
  value: (x: number, y: number, z: number) => number,
): Volume {
  const [nx, ny] = size;
  const data = Float32Array.from({ length: nx * ny * size[2] }, (_, v) =>
    value(v % nx, Math.floor(v / nx) % ny, Math.floor(v / nx / ny)),
  );
  return { size, affine: affineOf([2, 1, 1]), data, modality: null, unit: null };
}

test("a linear image keeps its values when resampled; labels come back to where they were, also around a crop", () => {
  const scan = volume([7, 8, 9], (x, y, z) =>
    x >= 2 && x < 5 && y >= 3 && y < 7 && z >= 1 && z < 6 ? 1 + x : 0,
  );
  const prepared = prepareLikeMonai(
    [scan],
    [
      { kind: "orientation", code: "RAS" },
      { kind: "cropForeground", margin: [0, 1, 0], divisible: [1, 1, 4] },
      { kind: "spacing", spacingMm: [1, 1, -1], nearest: false },
    ],
  );
  // Stored axes are z, y, x: five slices become a multiple of four, four rows get one at both sides.
  assert.deepEqual(prepared.size, [8, 6, 5]);
  const middle = [0, 1, 2, 3, 4].map((x) => prepared.data[3 + 8 * (2 + 6 * x)]);
  assert.deepEqual(middle, [3, 3.5, 4, 4.5, 5]);
  for (const labelsFirst of [false, true]) {
    const writer = labelWriter({
      from: prepared.size,
      to: prepared.base.size,
      places: prepared.places,
      classes: 2,
      output: { activation: "none", threshold: null, labelsFirst },
    });
    const voxels = 8 * 6;
    for (let slice = 0; slice < 5; slice++) {
      const scores = new Float32Array(2 * voxels);
      for (let v = 0; v < voxels; v++) scores[voxels + v] = prepared.data[slice * voxels + v]! > 0.5 ? 3 : -3;
      writer.take(slice, scores);
    }
    const { labels, confidence } = writer.finish();
    // The base runs along z, y, x.
    labels.forEach((label, v) => {
      const [z, y, x] = [v % 9, Math.floor(v / 9) % 8, Math.floor(v / 72)];
      assert.equal(label, scan.data[x + 7 * (y + 8 * z)]! > 0 ? 1 : 0, `${x} ${y} ${z} ${labelsFirst}`);
    });
    assert.ok(confidence.get(1)! > 0.9);
  }
});
