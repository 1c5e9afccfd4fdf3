import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { RandomStream } from "@viscera/core";
import { assertClose, type NpyArray, readNpz, testWithShared } from "@viscera/core/testing";
import { boxDims, cropped, nonzeroBox, outsideMask } from "./crop.js";
import { type Dims3, transposed } from "./dims.js";
import { LabelExport } from "./label-export.js";
import { labelsOfScores } from "./labels.js";
import { type IntensityProperties, type NormalisationScheme, normalise } from "./normalise.js";
import {
  ordersOf,
  type ResampleRule,
  resampleChannel,
  resampledDims,
  resampleLabels,
  separateAxis,
} from "./resample.js";
import { interpolateAxis } from "./spline.js";
import { paddedTo, tileStarts } from "./tiles.js";

const FUNCTIONS = "cases/nets/nnunet/functions";
const json = (path: string) => JSON.parse(readFileSync(path, "utf8"));

/** The channels of an array [c, d0, d1, d2]. */
function channelsOf({ dims, data }: NpyArray): Float32Array[] {
  const voxels = dims[1]! * dims[2]! * dims[3]!;
  return Array.from({ length: dims[0]! }, (_, c) =>
    Float32Array.from((data as Float32Array).subarray(c * voxels, (c + 1) * voxels)),
  );
}
const dimsOf = ({ dims }: NpyArray) => dims.slice(-3) as unknown as Dims3;

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assert.equal(a.length, b.length);
  let worst = 0;
  for (let i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs(a[i]! - b[i]!));
  return worst;
}

describe("nnU-Net's functions", () => {
  testWithShared("shapes, separate axes, padding and tiles", [`${FUNCTIONS}/tables.json`], ([path]) => {
    const tables = json(path);
    for (const row of tables.compute_steps_for_sliding_window)
      assert.deepEqual(tileStarts(row.image_size, row.tile_size, row.step_size), row.steps);
    for (const row of tables.compute_new_shape)
      assert.deepEqual(resampledDims(row.old_shape, row.old_spacing, row.new_spacing), row.new_shape);
    for (const row of tables.determine_do_sep_z_and_axis)
      assert.equal(separateAxis(row.current_spacing, row.new_spacing, row.force_separate_z), row.axis);
    for (const row of tables.pad_nd_image) {
      const { dims, before } = paddedTo(row.shape.slice(1), row.patch_size);
      assert.deepEqual(dims, row.padded_shape.slice(1));
      assert.deepEqual(
        before.map((start, axis) => [start, start + row.shape[axis + 1]]),
        row.unpad_slices.slice(1),
      );
    }
  });

  testWithShared(
    "resampling of images and labels",
    [`${FUNCTIONS}/resampling.npz`, `${FUNCTIONS}/resampling.json`],
    ([arrays, parameters]) => {
      const all = readNpz(arrays);
      for (const [name, row] of Object.entries<Record<string, never>>(json(parameters))) {
        const source = all.get(row["input"]!)!;
        const expected = all.get(name)!;
        const rule: ResampleRule = {
          order: row["order"]!,
          orderZ: row["order_z"]!,
          forceSeparateZ: row["force_separate_z"]!,
        };
        const target = Array.from(row["new_shape"]! as number[]) as unknown as Dims3;
        const spacings = [row["current_spacing"]!, row["new_spacing"]!] as const;
        if (row["is_seg"]) {
          const got = resampleLabels(source.data as Int8Array, dimsOf(source), target, ...spacings, rule);
          const wrong = [...got.keys()].filter((v) => got[v] !== expected.data[v]);
          // Where a label's share is exactly a half, the sum's rounding decides.
          for (const v of wrong) {
            const label = Math.max(got[v]!, expected.data[v]!);
            const mask = Float32Array.from(source.data, (value) => (value === label ? 1 : 0));
            const share = resampleChannel(mask, dimsOf(source), target, ...spacings, rule)[v]!;
            assertClose(share, 0.5, { absolute: 1e-7 }, name);
          }
          assert.ok(wrong.length <= 3, `${name}: ${wrong.length} of ${got.length} labels`);
          continue;
        }
        const expectedChannels = channelsOf(expected);
        channelsOf(source).forEach((channel, c) => {
          const got = resampleChannel(channel, dimsOf(source), target, ...spacings, rule);
          const worst = largestDifference(got, expectedChannels[c]!);
          assert.ok(worst < 1e-6, `${name}, channel ${c}: ${worst}`);
        });
      }
    },
  );

  testWithShared(
    "normalisation",
    [`${FUNCTIONS}/normalisation.npz`, `${FUNCTIONS}/normalisation.json`],
    ([arrays, parameters]) => {
      const all = readNpz(arrays);
      const properties: IntensityProperties = json(parameters).intensityproperties;
      const outside = Uint8Array.from(all.get("nonzero_seg")!.data, (value) => (value < 0 ? 1 : 0));
      const cases: [string, NormalisationScheme, string?][] = [
        ["ct", { kind: "CTNormalization", properties }],
        ["zscore", { kind: "ZScoreNormalization", masked: false }],
        ["zscore_masked", { kind: "ZScoreNormalization", masked: true }],
        ["none", { kind: "NoNormalization" }],
        ["rescale01", { kind: "RescaleTo01Normalization" }],
        ["rgb01", { kind: "RGBTo01Normalization" }, "rgb_image"],
      ];
      for (const [name, scheme, source = "image"] of cases) {
        const data = Float32Array.from(all.get(source)!.data);
        normalise(data, scheme, outside);
        const worst = largestDifference(data, all.get(name)!.data);
        assert.ok(worst < 1e-5, `${name}: ${worst}`);
      }
      assert.throws(() => normalise(Float32Array.of(0, 256), { kind: "RGBTo01Normalization" }, null), {
        code: "input.range",
      });
    },
  );

  testWithShared("cropping to what is not zero", [`${FUNCTIONS}/crop_to_nonzero.npz`], async ([path]) => {
    const all = readNpz(path);
    const dims = dimsOf(all.get("data")!);
    const channels = channelsOf(all.get("data")!);
    const box = nonzeroBox(channels, dims)!;
    assert.deepEqual(
      box.start.flatMap((start, axis) => [start, box.end[axis]]),
      [...all.get("bbox")!.data],
    );
    const inside = channels.map((data) => cropped(data, dims, box));
    channelsOf(all.get("cropped")!).forEach((expected, c) => assert.deepEqual(inside[c], expected));
    const outside = Int8Array.from(await outsideMask(inside, boxDims(box)), (value) => -value);
    assert.deepEqual(outside, all.get("seg")!.data);
    assert.equal(nonzeroBox([new Float32Array(8)], [2, 2, 2]), null);
  });

  testWithShared("labels of classes and regions", [`${FUNCTIONS}/labels.npz`], ([path]) => {
    const all = readNpz(path);
    const read = (name: string, regions: readonly number[] | null, heads: number) => {
      const voxels = 6 * 7 * 8;
      const row = { labels: new Uint8Array(voxels), probability: new Float32Array(voxels) };
      const scores = all.get(name)!.data as Float32Array;
      labelsOfScores(scores, voxels, heads, regions, row);
      return row;
    };
    const compare = (
      { labels, probability }: ReturnType<typeof read>,
      expected: string,
      probabilities: string,
      headOf: (label: number) => number,
    ) => {
      const all4 = all.get(probabilities)!.data;
      labels.forEach((label, v) => {
        assert.equal(label, all.get(expected)!.data[v]);
        const share = label === 0 ? 0 : all4[headOf(label) * labels.length + v]!;
        assertClose(probability[v]!, share, { absolute: 1e-6 });
      });
    };
    compare(read("logits4", null, 4), "seg_argmax", "softmax", (label) => label);
    compare(read("logits3", [1, 2, 3], 3), "seg_regions_order_1_2_3", "sigmoid", (label) => label - 1);
    const two = read("logits3", [7, 4], 2);
    compare(two, "seg_regions_2heads_order_7_4", "sigmoid", (label) => (label === 7 ? 0 : 1));
  });

  test("transposing is undone by its inverse", () => {
    const dims: Dims3 = [2, 3, 4];
    const data = Float32Array.from({ length: 24 }, (_, v) => v);
    const turned = transposed(data, dims, [2, 0, 1]);
    assert.equal(turned[3 * 6 + 1 * 3 + 2], data[1 * 12 + 2 * 4 + 3]);
    assert.deepEqual(transposed(turned, [4, 2, 3], [1, 2, 0]), data);
  });

  test("cubic resampling reproduces a cubic polynomial away from the border", () => {
    const f = (x: number) => 0.01 * x ** 3 - 0.2 * x ** 2 + x;
    const data = Float64Array.from({ length: 60 }, (_, i) => f(i));
    const positions = Float64Array.from({ length: 70 }, (_, i) => 22 + i / 5);
    const got = interpolateAxis(data, [1, 60, 1], 1, positions, 3);
    got.forEach((value, i) => assertClose(value, f(positions[i]!), { absolute: 1e-6 }));
  });

  test("scores exported slice by slice equal those resampled whole", () => {
    const random = new RandomStream(3, "test.export");
    const from: Dims3 = [5, 6, 7];
    const rule: ResampleRule = { order: 1, orderZ: 0, forceSeparateZ: null };
    for (const [to, spacing, target] of [
      [
        [11, 9, 5],
        [1, 1, 1],
        [1, 1, 1],
      ],
      [
        [3, 6, 7],
        [1, 1, 1],
        [2, 1, 1],
      ],
      [
        [12, 4, 9],
        [5, 1, 1],
        [2, 1.5, 1],
      ],
      [
        [5, 6, 20],
        [1, 1, 4],
        [1, 1, 1],
      ],
    ] as [Dims3, number[], number[]][]) {
      const heads = 4;
      const plane = from[1] * from[2];
      const scores = Float32Array.from({ length: heads * from[0] * plane }, (_, i) => random.normal(0, i));
      const whole = Array.from({ length: heads }, (_, h) => {
        const channel = scores.slice(h * from[0] * plane, (h + 1) * from[0] * plane);
        return resampleChannel(channel, from, to, spacing, target, rule);
      });
      const labels = new Uint8Array(to[0] * to[1] * to[2]);
      const orders = ordersOf(rule, spacing, target);
      const output = new LabelExport({
        heads,
        regionLabels: null,
        from,
        to,
        orders,
        write: (i, j, k, row, count) =>
          labels.set(row.labels.subarray(0, count), k + to[2] * (j + to[1] * i)),
      });
      for (let slice = 0; slice < from[0]; slice++) {
        const part = new Float32Array(heads * plane);
        for (let h = 0; h < heads; h++)
          part.set(
            scores.subarray((h * from[0] + slice) * plane, (h * from[0] + slice + 1) * plane),
            h * plane,
          );
        output.take(slice, part);
      }
      labels.forEach((label, v) => {
        const best = Math.max(...whole.map((channel) => channel[v]!));
        assertClose(whole[label]![v]!, best, { absolute: 1e-6 });
      });
    }
  });
});
