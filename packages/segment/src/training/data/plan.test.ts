import assert from "node:assert/strict";
import { test } from "node:test";
import { type Size3, type Vec3, voxelCount } from "@viscera/core";
import { assertClose } from "@viscera/core/testing";
import { architectureKinds, buildNetwork } from "@viscera/nets";
import { stepCost } from "./cost.js";
import { type Fingerprint, foregroundSample, intensityStatistics, percentile } from "./fingerprint.js";
import { splitFolds } from "./folds.js";
import { mirrorableAxes, planTraining, targetSpacing } from "./plan.js";
import { topologyOf } from "./topology.js";

function fingerprint(size: Size3, spacingMm: Vec3, over: Partial<Fingerprint> = {}): Fingerprint {
  return {
    cases: [0, 1, 2].map((i) => ({ id: `c${i}`, size, spacingMm })),
    intensities: [{ mean: 80, sd: 130, low: -90, median: 70, high: 300 }],
    modality: ["MR"],
    channels: ["T1"],
    labels: [{ id: 1, name: "liver", values: [1] }],
    synthetic: false,
    warnings: [],
    ...over,
  };
}

test("percentiles and moments of the structures' voxels", () => {
  assert.equal(percentile([0, 10, 20, 30, 40], 50), 20);
  assertClose(percentile([0, 10], 99.5), 9.95, { absolute: 1e-12 });
  const target = Uint8Array.from({ length: 1000 }, (_, i) => (i < 500 ? 1 : i < 600 ? 255 : 0));
  const image = Float32Array.from({ length: 1000 }, (_, i) => i);
  const sample = foregroundSample(image, target);
  assert.deepEqual(
    sample,
    Float32Array.from({ length: 500 }, (_, i) => i),
  );
  const statistics = intensityStatistics([sample]);
  assertClose(statistics.mean, 249.5, { absolute: 1e-9 });
  assertClose(statistics.sd, Math.sqrt((500 ** 2 - 1) / 12), { relative: 1e-9 });
  const many = foregroundSample(new Float32Array(50_000).fill(2), new Uint8Array(50_000).fill(3));
  assert.equal(many.length, 10_000);
});

test("the spacing is the median, and finer along a coarse axis of few slices", () => {
  const cases = (z: number[]) =>
    z.map((s, i) => ({ id: `${i}`, size: [256, 256, 30] as Size3, spacingMm: [0.8, 0.8, s] as Vec3 }));
  assert.deepEqual(targetSpacing(cases([2, 2, 2.4])), [0.8, 0.8, 2]);
  assert.deepEqual(targetSpacing(cases([3, 5, 5])), [0.8, 0.8, 3.4]);
  assert.deepEqual(targetSpacing(cases([0.5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5])), [0.8, 0.8, 5]);
});

test("nnU-Net's networks for hippocampus and for thick slices", () => {
  // As in nnU-Net's plans of Task 4 (patch 40 x 56 x 40) and of the thick-slice prostate (20 x 320 x 256).
  const hippocampus = topologyOf([36, 50, 35], [1, 1, 1]);
  assert.deepEqual(hippocampus.patch, [40, 56, 40]);
  assert.equal(hippocampus.strides.length, 4);
  const prostate = topologyOf([256, 320, 20], [0.62, 0.62, 3.6]);
  assert.deepEqual(prostate.patch, [256, 320, 20]);
  assert.deepEqual(
    prostate.strides.map((s) => s.join("")),
    ["111", "221", "221", "222", "222", "221", "221"],
  );
  assert.deepEqual(
    prostate.kernels.map((k) => k.join("")),
    ["331", "331", "333", "333", "333", "333", "333"],
  );
});

test("plans keep to memory, and their patches are divisible by the strides", () => {
  for (const [size, spacing] of [
    [
      [512, 512, 300],
      [0.8, 0.8, 1.5],
    ],
    [
      [35, 50, 35],
      [1, 1, 1],
    ],
    [
      [320, 320, 20],
      [0.6, 0.6, 3.6],
    ],
  ] as [Size3, Vec3][]) {
    for (const memoryBytes of [2e9, 6e9, 24e9]) {
      for (const architecture of ["PlainConvUNet", "ResidualEncoderUNet", "UNet"]) {
        const plan = planTraining(fingerprint(size, spacing), { memoryBytes, architecture });
        const patch = plan.input.patch!;
        assert.ok(plan.cost.bytes <= memoryBytes, `${plan.cost.bytes} of ${memoryBytes}`);
        const strides = plan.architecture.options["strides"] as number[][];
        const divisor = [2, 1, 0].map((axis) => strides.reduce((product, s) => product * s[axis]!, 1));
        assert.ok(
          patch.every((n, axis) => n % divisor[axis]! === 0),
          `${patch} by ${divisor}`,
        );
        assert.ok(patch.every((n, axis) => n < size[axis]! + divisor[axis]!));
        assertClose(
          plan.deepSupervisionWeights.reduce((a, b) => a + b, 0),
          1,
          { absolute: 1e-12 },
        );
        assert.equal(plan.classes, 2);
      }
    }
  }
  const big = planTraining(fingerprint([512, 512, 300], [0.8, 0.8, 1.5]), { memoryBytes: 6e9 });
  const bigger = planTraining(fingerprint([512, 512, 300], [0.8, 0.8, 1.5]), { memoryBytes: 24e9 });
  assert.ok(voxelCount(bigger.input.patch!) > 2 * voxelCount(big.input.patch!));
  assert.throws(() => planTraining(fingerprint([64, 64, 64], [1, 1, 1]), { memoryBytes: 1e6 }), {
    code: "usage",
  });
});

test("the planned networks can be built, take the patch, and have about the parameters reckoned with", () => {
  const data = fingerprint([200, 180, 40], [1, 1, 3.5], { channels: ["T1", "T2"] });
  for (const architecture of architectureKinds) {
    const plan = planTraining(data, { architecture, ...(architecture === "UNETR" && { memoryBytes: 12e9 }) });
    const { kind, options } = plan.architecture;
    const network = buildNetwork(kind, options);
    assert.equal(network.outputs.length, plan.deepSupervisionWeights.length);
    const patch = [...plan.input.patch!].reverse();
    assert.ok(patch.every((n, axis) => n % network.multipleOf[axis]! === 0));
    const parameters = network.parameters.reduce((sum, { dims }) => sum + dims.reduce((a, b) => a * b, 1), 0);
    assertClose(plan.cost.parameters, parameters, { relative: 0.15 });
  }
});

test("the cost is near what was measured for PlainConvUNet", () => {
  const topology = topologyOf([96, 96, 96], [1, 1, 1]);
  const six = { strides: [...topology.strides], kernels: [...topology.kernels] };
  while (six.strides.length < 6) {
    six.strides.push([2, 2, 2]);
    six.kernels.push([3, 3, 3]);
  }
  const network = {
    features: [32, 64, 128, 256, 320, 320],
    blocks: [2, 2, 2, 2, 2, 2],
    decoderBlocks: [2, 2, 2, 2, 2],
    channels: 1,
  };
  const large = stepCost(six, network, [96, 96, 96], 1);
  assertClose(large.parameters, 31.2e6, { relative: 0.01 });
  assertClose(large.bytes, 7.1e9, { relative: 0.15 });
  assertClose(stepCost(six, network, [64, 64, 64], 1).bytes, 2.9e9, { relative: 0.15 });
  assert.ok(large.seconds > 6 && large.seconds < 13);
});

test("a short time gives a smaller network, then a smaller patch", () => {
  const data = fingerprint([256, 256, 200], [1, 1, 1]);
  const plans = [undefined, 1000, 300, 60].map((minutes) =>
    planTraining(data, minutes === undefined ? {} : { minutes }),
  );
  const seconds = plans.map(({ cost }) => cost.seconds);
  for (let i = 1; i < seconds.length; i++) assert.ok(seconds[i]! <= seconds[i - 1]!);
  assert.ok(seconds[2]! * 4000 <= 300 * 60);
  const hippocampus = planTraining(fingerprint([35, 50, 35], [1, 1, 1]), { minutes: 60 });
  assert.deepEqual(hippocampus.input.patch, [40, 56, 40]);
  assert.deepEqual(hippocampus.architecture.options["features_per_stage"], [16, 32, 64, 128]);
  const asked = planTraining(data, { minutes: 1, patch: [60, 50, 40], baseFeatures: 20, batch: 3 });
  assert.deepEqual((asked.architecture.options["features_per_stage"] as number[])[0], 20);
  assert.ok(asked.input.patch!.every((n, axis) => n >= [60, 50, 40][axis]! && n < [60, 50, 40][axis]! + 16));
  assert.equal(asked.batch, 3);
});

test("CT is normalised by its structures, other modalities by each image", () => {
  const size: Size3 = [64, 64, 64];
  const ct = planTraining(fingerprint(size, [1, 1, 1], { modality: ["CT"] }));
  assert.deepEqual(ct.input.normalisation, { kind: "ct", low: -90, high: 300, mean: 80, sd: 130 });
  assert.deepEqual(planTraining(fingerprint(size, [1, 1, 1])).input.normalisation, { kind: "zscore" });
  const as = (channel: string) =>
    planTraining(fingerprint(size, [1, 1, 1], { channels: [channel], modality: [] })).input.normalisation
      .kind;
  assert.deepEqual(["noNorm", "rescale_to_0_1", "T1"].map(as), ["none", "minmax", "zscore"]);
  const made = planTraining(
    fingerprint(size, [1, 1, 1], { intensities: [], modality: ["CT"], synthetic: true }),
  );
  assert.deepEqual(made.input.normalisation, { kind: "zscore" });
  assert.deepEqual(made.synthesis?.spacingMm, [1, 1, 1]);
});

test("left and right are not mirrored", () => {
  assert.deepEqual(mirrorableAxes(["liver", "spleen"]), [0, 1, 2]);
  assert.deepEqual(mirrorableAxes(["kidney_left", "liver"]), [1, 2]);
  assert.deepEqual(mirrorableAxes(["Right parotid"]), [1, 2]);
  assert.deepEqual(mirrorableAxes(["Parotid_L"]), [1, 2]);
  assert.deepEqual(mirrorableAxes(["bright_matter", "cleft"]), [0, 1, 2]);
  const labels = [{ id: 1, name: "kidney_left", values: [1] }];
  const plan = planTraining(fingerprint([64, 64, 64], [1, 1, 1], { labels }));
  assert.deepEqual(plan.input.mirrorAxes, [1, 2]);
  assert.deepEqual(plan.augmentation.mirror.axes, [1, 2]);
  const flat = planTraining(fingerprint([256, 256, 20], [0.6, 0.6, 3.6]));
  assert.deepEqual(flat.augmentation.rotation.degrees, [0, 0, 30]);
});

test("impossible options are refused", () => {
  const data = fingerprint([64, 64, 64], [1, 1, 1]);
  for (const options of [
    { minutes: 0 },
    { batch: 1.5 },
    { patch: [0, 8, 8] as Size3 },
    { spacingMm: [1, 1, Number.NaN] as Vec3 },
    { architecture: "VNet" },
    { architecture: "toString" },
  ]) {
    assert.throws(() => planTraining(data, options), { code: "usage" });
  }
});

test("folds hold every case back once, whatever the order of the ids", () => {
  const ids = Array.from({ length: 13 }, (_, i) => `case_${i}`);
  const folds = splitFolds(ids, 5, 3);
  assert.deepEqual(folds.flatMap(({ validation }) => validation).sort(), [...ids].sort());
  for (const { training, validation } of folds) {
    assert.deepEqual([...training, ...validation].sort(), [...ids].sort());
    assert.ok(validation.length >= 2 && validation.length <= 3);
  }
  assert.deepEqual(splitFolds([...ids].reverse(), 5, 3), folds);
  assert.notDeepEqual(splitFolds(ids, 5, 4), folds);
  assert.throws(() => splitFolds(["a"], 2), { code: "usage" });
});
