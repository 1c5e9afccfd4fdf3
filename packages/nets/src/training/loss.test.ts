import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { RandomStream } from "@viscera/core";
import { assertClose, type NpyArray, readNpz, testWithShared } from "@viscera/core/testing";
import {
  classTarget,
  deepSupervisionLoss,
  deepSupervisionWeights,
  diceAndBinaryCrossEntropy,
  diceAndCrossEntropy,
  GraphBuilder,
  type LossSpec,
  monaiDiceCrossEntropy,
  sampleNearest,
  Tape,
} from "@viscera/nets";
import { openSession } from "@viscera/nets/node";
import { bytes, type Case, evaluate, evaluateCase, float, plainClasses } from "./testing.js";

const open = (model: Uint8Array) => openSession(model, { threads: 1 });

const random = new RandomStream(5, "nets.loss-test");
const normals = (count: number, step: number) =>
  Float32Array.from({ length: count }, (_, i) => random.normal(step, i));
function assertNear(actual: ArrayLike<number>, expected: ArrayLike<number>, relative = 1e-5): void {
  assert.equal(actual.length, expected.length);
  let largest = 0;
  for (let i = 0; i < expected.length; i++) largest = Math.max(largest, Math.abs(expected[i]!));
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!);
    assert.ok(error <= relative * largest, `${i}: ${actual[i]} is not ${expected[i]} (largest ${largest})`);
  }
}

/** Class ids [N, ...] of a golden file's [N, 1, ...]. */
const idsOf = ({ data, dims }: NpyArray) => bytes(data, [dims[0]!, ...dims.slice(2)]);
const scoresOf = ({ data, dims }: NpyArray) => float(data as Float32Array, dims);

const GOLDEN: Record<string, { spec: LossSpec; ignore?: number }> = {
  loss_ce: { spec: { kind: "crossEntropy" } },
  loss_ce_class_weights: { spec: { kind: "crossEntropy", classWeights: [0.2, 1, 3] } },
  loss_ce_ignore2: { spec: { kind: "crossEntropy" }, ignore: 2 },
  loss_monai_dice: { spec: { kind: "dice" } },
  loss_monai_dice_nobg_batch_sq: {
    spec: { kind: "dice", includeBackground: false, squaredPrediction: true, batch: true },
  },
  loss_monai_dicece: { spec: monaiDiceCrossEntropy() },
  loss_nnunet_softdice_sample: { spec: { kind: "softDice", includeBackground: false, smooth: 1e-5 } },
  loss_nnunet_softdice_batch: {
    spec: { kind: "softDice", includeBackground: false, smooth: 1e-5, batch: true },
  },
  loss_nnunet_dc_ce_sample: { spec: diceAndCrossEntropy() },
  loss_nnunet_dc_ce_batch: { spec: diceAndCrossEntropy({ batchDice: true }) },
  loss_nnunet_dc_ce_ignore2: { spec: diceAndCrossEntropy(), ignore: 2 },
};

testWithShared(
  "losses and their gradients equal the original libraries'",
  ["cases/nets/layers"],
  async ([folder]) => {
    for (const [name, { spec, ignore }] of Object.entries(GOLDEN)) {
      const arrays = readNpz(join(folder, `${name}.npz`));
      const result = await evaluateCase(open, {
        scores: scoresOf(arrays.get("x")!),
        ids: idsOf(arrays.get("target")!),
        spec,
        ...(ignore === undefined ? {} : { ignore }),
      });
      assertClose(result.loss, arrays.get("y_f64")!.data[0]!, { relative: 1e-5 }, name);
      assertNear(result.gradients[0]!, arrays.get("gx_f64")!.data);
      await result.dispose();
    }
  },
);

testWithShared(
  "Dice and binary cross-entropy of regions equal nnU-Net's",
  ["cases/nets/layers/loss_nnunet_dc_bce_regions.npz"],
  async ([file]) => {
    const arrays = readNpz(file);
    const { data, dims } = arrays.get("target")!;
    // Channel 0 is the union of classes 1 and 2, channel 1 class 2 alone: their sum is the class.
    const [samples, , ...space] = dims as [number, number, ...number[]];
    const voxels = space.reduce((a, b) => a * b);
    const ids = Uint8Array.from({ length: samples * voxels }, (_, i) => {
      const first = Math.floor(i / voxels) * 2 * voxels + (i % voxels);
      return data[first]! + data[first + voxels]!;
    });
    const result = await evaluateCase(open, {
      scores: scoresOf(arrays.get("x")!),
      ids: bytes(ids, [samples, ...space]),
      spec: diceAndBinaryCrossEntropy(),
      regions: [[1, 2], [2]],
    });
    assertClose(result.loss, arrays.get("y_f64")!.data[0]!, { relative: 1e-5 });
    assertNear(result.gradients[0]!, arrays.get("gx_f64")!.data);
    await result.dispose();
  },
);

testWithShared(
  "deep supervision equals nnU-Net's wrapper",
  ["cases/nets/layers/loss_nnunet_deep_supervision.npz"],
  async ([file]) => {
    const arrays = readNpz(file);
    const inputs = ["x", "x2"].map((name) => scoresOf(arrays.get(name)!));
    const truths = ["target", "target2"].map((name) => idsOf(arrays.get(name)!));
    const feeds = { x0: inputs[0]!, x1: inputs[1]!, y0: truths[0]!, y1: truths[1]! };
    const result = await evaluate(open, feeds, (tape) => {
      const outputs = inputs.map(({ dims }, i) => tape.parameter(`x${i}`, dims));
      const targets = truths.map(({ dims }, i) => classTarget(tape, tape.input(`y${i}`, dims, "uint8"), 3));
      const loss = deepSupervisionLoss(tape, diceAndCrossEntropy(), outputs, (level) => targets[level]!, [
        2 / 3,
        1 / 3,
      ]);
      return { loss, gradientsOf: outputs };
    });
    assertClose(result.loss, arrays.get("y_f64")!.data[0]!, { relative: 1e-5 });
    assertNear(result.gradients[0]!, arrays.get("gx_f64")!.data);
    assertNear(result.gradients[1]!, arrays.get("gx2_f64")!.data);
    await result.dispose();
  },
);

const DIMS = [2, 3, 2, 3, 4];
const IDS = bytes(
  Array.from({ length: 48 }, (_, i) => (i % 7 === 3 ? 255 : random.integer(i < 24 ? 2 : 3, 90, i))),
  [2, 2, 3, 4],
);
const REGIONS = [[1, 2], [2], [0, 1]];

/** Central differences at a few scores, in single precision. */
async function assertFiniteDifferences(name: string, options: Case): Promise<void> {
  const { gradients, run, dispose } = await evaluateCase(open, options);
  const x = options.scores.data as Float32Array;
  const h = 0.02;
  for (let i = 1; i < x.length; i += 13) {
    const at = async (value: number) => {
      const moved = x.slice();
      moved[i] = value;
      return (await run({ x: float(moved, options.scores.dims) })).loss;
    };
    const slope = ((await at(x[i]! + h)) - (await at(x[i]! - h))) / (2 * h);
    assertClose(gradients[0]![i]!, slope, { absolute: 3e-5, relative: 3e-3 }, `${name} at ${i}`);
  }
  await dispose();
}

const distances = float(normals(144, 7), DIMS);
const DIFFERENCED: LossSpec[] = [
  { kind: "crossEntropy", labelSmoothing: 0.2, classWeights: [1, 2, 0.5] },
  { kind: "crossEntropy", reduction: "sum" },
  { kind: "binaryCrossEntropy" },
  { kind: "dice", jaccard: true, activation: "sigmoid" },
  { kind: "generalisedDice" },
  {
    kind: "generalisedDice",
    weighting: "simple",
    batch: true,
    activation: "sigmoid",
    includeBackground: false,
  },
  { kind: "generalisedDice", weighting: "uniform" },
  { kind: "tversky", alpha: 0.3, beta: 0.7 },
  { kind: "tversky", batch: true, includeBackground: false },
  { kind: "focal" },
  { kind: "focal", gamma: 1.5, alpha: 0.25 },
  { kind: "focal", activation: "sigmoid", alpha: 0.25 },
  { kind: "boundary" },
  { kind: "boundary", activation: "sigmoid", includeBackground: true },
];

test("gradients equal finite differences, for classes and regions, with ignored voxels and unknown classes", async () => {
  const scores = float(normals(144, 6), DIMS);
  for (const spec of DIFFERENCED) {
    const sigmoid =
      spec.kind === "binaryCrossEntropy" || ("activation" in spec && spec.activation === "sigmoid");
    const known = bytes([1, 0, 1, 1, 1, 0], [2, 3]);
    for (const partial of [false, true]) {
      if (partial && "labelSmoothing" in spec) continue;
      await assertFiniteDifferences(`${JSON.stringify(spec)} ${partial}`, {
        scores,
        ids: IDS,
        spec,
        distances,
        ...(sigmoid ? { regions: REGIONS } : {}),
        ...(partial ? { known } : {}),
      });
    }
  }
});

test("focal, Tversky, generalised Dice, boundary loss and smoothed cross-entropy equal their definitions", async () => {
  const x = normals(144, 8);
  const samples = [0, 1].map((sample) => plainClasses(x, sample, IDS.data as Uint8Array));
  const classes = samples.flat();
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const voxelwise = (of: (p: number, y: number) => number) =>
    mean(classes.flatMap(({ p, y }) => p.map((value, i) => of(value, y[i]!))));
  const distance = samples.flatMap((sample, n) => {
    const kept = Array.from({ length: 24 }, (_, v) => v).filter((v) => IDS.data[n * 24 + v] !== 255);
    return [1, 2].flatMap((c) =>
      sample[c]!.p.map((p, i) => p * (distances.data[(n * 3 + c) * 24 + kept[i]!] as number)),
    );
  });
  // Sample 0 lacks class 2, which then gets the largest weight there.
  const general = samples.map((sample) => {
    const weights = sample.map(({ volume }) => (volume > 0 ? volume ** -2 : 0));
    const w = weights.map((value) => (value === 0 ? Math.max(...weights) : value));
    const above = sample.reduce((sum, { tp }, c) => sum + 2 * w[c]! * tp, 1e-5);
    const below = sample.reduce((sum, { predicted, volume }, c) => sum + w[c]! * (predicted + volume), 1e-5);
    return 1 - above / below;
  });
  assert.equal(samples[0]![2]!.volume, 0);
  const expected: [LossSpec, number][] = [
    [{ kind: "focal" }, voxelwise((p, y) => -y * (1 - p) ** 2 * Math.log(p))],
    [
      { kind: "tversky", alpha: 0.3, beta: 0.7 },
      mean(
        classes.map(
          ({ tp, predicted, volume }) =>
            1 - (tp + 1e-5) / (tp + 0.3 * (predicted - tp) + 0.7 * (volume - tp) + 1e-5),
        ),
      ),
    ],
    [{ kind: "generalisedDice" }, mean(general)],
    [{ kind: "boundary" }, mean(distance)],
    [
      { kind: "crossEntropy", labelSmoothing: 0.3 },
      voxelwise((p, y) => -3 * (0.7 * y + 0.3 / 3) * Math.log(p)),
    ],
  ];
  for (const [spec, value] of expected) {
    const result = await evaluateCase(open, { scores: float(x, DIMS), ids: IDS, spec, distances });
    assertClose(result.loss, value, { relative: 2e-6 }, spec.kind);
    await result.dispose();
  }
});

const EVERY: LossSpec[] = [
  diceAndCrossEntropy(),
  diceAndCrossEntropy({ batchDice: true }),
  monaiDiceCrossEntropy({ batch: true }),
  { kind: "generalisedDice" },
  { kind: "tversky" },
  { kind: "focal" },
  { kind: "boundary" },
];

test("scores of any size and empty truth give finite losses and gradients", async () => {
  const huge = Float32Array.from(normals(144, 12), (value) => value * 2000);
  const nothing = bytes(new Uint8Array(48).fill(255), IDS.dims);
  const oneClass = bytes(new Uint8Array(48).fill(1), IDS.dims);
  const known = bytes([0, 0, 0, 1, 0, 0], [2, 3]);
  const specs: LossSpec[] = [...EVERY, { kind: "crossEntropy", reduction: "sum" }];
  for (const spec of specs) {
    for (const ids of [IDS, nothing, oneClass]) {
      for (const scores of [huge, new Float32Array(144)]) {
        for (const partial of [false, true]) {
          const more = partial ? { known } : {};
          const result = await evaluateCase(open, {
            scores: float(scores, DIMS),
            ids,
            spec,
            distances,
            ...more,
          });
          assert.ok(Number.isFinite(result.loss), `${spec.kind}: ${result.loss}`);
          assert.ok(result.gradients[0]!.every(Number.isFinite), `${spec.kind}: gradient`);
          await result.dispose();
        }
      }
    }
  }
});

test("a region's score of 0 is moved", async () => {
  const { gradients, dispose } = await evaluateCase(open, {
    scores: float(new Float32Array(144), DIMS),
    ids: IDS,
    ignore: null,
    spec: { kind: "binaryCrossEntropy" },
    regions: REGIONS,
  });
  // d/dx = sigmoid(0) - y = ±1/2, over 144 scores.
  assert.ok(gradients[0]!.every((g) => Math.abs(Math.abs(g) - 0.5 / 144) < 1e-9));
  await dispose();
});

testWithShared(
  "coarser truth equals nnU-Net's",
  ["cases/nets/nnunet/plain/training/batch.npz", "cases/nets/nnunet/resenc/training/batch.npz"],
  async (files) => {
    for (const file of files) {
      const arrays = readNpz(file);
      const full = arrays.get("target_0")!;
      const tape = new Tape(new GraphBuilder());
      const x = tape.input("x", full.dims, "uint8");
      for (const level of [1, 2]) {
        const { dims } = arrays.get(`target_${level}`)!;
        const coarse = sampleNearest(tape, x, dims.slice(2), 2);
        tape.graph.output(coarse.value, `level_${level}`, "uint8", dims);
      }
      const session = await openSession(tape.graph.build(), { threads: 1 });
      const out = await session.run({ x: bytes(full.data, full.dims) });
      for (const level of [1, 2]) {
        assert.deepEqual(
          out[`level_${level}`]!.data,
          Uint8Array.from(arrays.get(`target_${level}`)!.data as Int16Array),
        );
      }
      await session.dispose();
    }
  },
);

test("weights of deep supervision halve, the coarsest has none", () => {
  assert.deepEqual(deepSupervisionWeights(1), [1]);
  assert.deepEqual(deepSupervisionWeights(3), [2 / 3, 1 / 3, 0]);
});

test("the same bits on any number of threads", async () => {
  const space = [24, 28, 20];
  const voxels = 24 * 28 * 20;
  for (const [samples, classes] of [
    [1, 2],
    [2, 9],
  ] as const) {
    const scores = float(
      Float32Array.from(
        { length: samples * classes * voxels },
        (_, i) => 3 * Math.sin(i * 0.37) + Math.cos(i * i),
      ),
      [samples, classes, ...space],
    );
    const ids = bytes(
      Array.from({ length: samples * voxels }, (_, i) => (i >> 5) % classes),
      [samples, ...space],
    );
    const known = bytes(
      Array.from({ length: samples * classes }, (_, i) => (i % 3 === 2 ? 0 : 1)),
      [samples, classes],
    );
    const spec: LossSpec = {
      kind: "sum",
      terms: [diceAndCrossEntropy(), { kind: "focal" } as const, { kind: "generalisedDice" } as const].map(
        (loss) => ({ weight: 1, loss }),
      ),
    };
    const on = async (threads: number) => {
      const result = await evaluateCase((model) => openSession(model, { threads }), {
        scores,
        ids,
        spec,
        known,
      });
      await result.dispose();
      return result;
    };
    const one = await on(1);
    for (const threads of [2, 3, 5]) {
      const more = await on(threads);
      assert.equal(more.loss, one.loss);
      assert.deepEqual(more.gradients[0], one.gradients[0]);
    }
  }
});
