import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { assertClose, type NpyArray, readNpy, readNpz, testWithShared } from "@viscera/core/testing";
import {
  buildNetwork,
  diceAndBinaryCrossEntropy,
  diceAndCrossEntropy,
  floatTensor,
  type LossSpec,
  matchWeights,
  monaiDiceCrossEntropy,
  type Network,
  type OptimiserSpec,
  readTorchFile,
  type Tensor,
  type TorchObject,
  type TorchTensor,
  Trainer,
  type TrainingBatch,
  type TrainingStepSpec,
  tensorsOf,
  torchEntry,
  type Weights,
} from "@viscera/nets";
import { openSession } from "@viscera/nets/node";
import { runOnTape } from "../architecture/testing.js";
import { buildTrainingGraph } from "./training-graph.js";

const open = (model: Uint8Array) => openSession(model, { threads: 1 });
const json = (...path: string[]) => JSON.parse(readFileSync(join(...path), "utf8"));

const NESTEROV: OptimiserSpec = { kind: "sgd", momentum: 0.99, nesterov: true, weightDecay: 3e-5 };

type Gradients = Map<string, Float32Array>;

/**
 * Checks the gradients of a batch, from the graph that trainers run. A leaky ReLU or PReLU whose input is 0 up to
 * rounding has either slope, which moves gradients of small networks by up to 1 %: so the check may also hold for
 * weights that differ from the given ones by rounding only.
 */
async function checkGradients(
  spec: TrainingStepSpec,
  weights: Weights,
  batch: TrainingBatch,
  check: (gradients: Gradients) => void,
): Promise<void> {
  const { model, trained, inputs } = buildTrainingGraph(spec);
  const session = await open(model);
  const { network, patch } = spec;
  const failures: unknown[] = [];
  for (let attempt = 0; attempt < 8 && failures.length === attempt; attempt++) {
    const out = await session.run({
      ...Object.fromEntries(inputs.map((name) => [name, rounded(weights.get(name)!, attempt)])),
      data: floatTensor(batch.data, [spec.batch, network.channels, ...patch]),
      target: { type: "uint8", dims: [spec.batch, ...patch], data: batch.target },
    });
    try {
      check(new Map(trained.map(({ name }) => [name, out[`gradient/${name}`]!.data as Float32Array])));
    } catch (error) {
      failures.push(error);
    }
  }
  await session.dispose();
  if (failures.length === 8) throw failures[0];
}

/** The tensor itself (attempt 0), or with every number off by up to its last bit. */
function rounded({ dims, data }: Tensor, attempt: number): Tensor {
  const ulp = attempt === 0 ? 0 : 2 ** -23;
  const moved = (data as Float32Array).map((value, i) => value * (1 + ulp * Math.sin(i * 7.3 + attempt)));
  return floatTensor(moved, dims);
}

function assertGradient(name: string, actual: Float32Array, expected: NpyArray["data"]): void {
  let largest = 0;
  for (const value of expected) largest = Math.max(largest, Math.abs(value));
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!);
    assert.ok(error <= 1e-4 * largest + 1e-6, `${name}[${i}]: ${actual[i]} is not ${expected[i]}`);
  }
}

interface MonaiRun {
  loss: LossSpec;
  optimiser: OptimiserSpec;
  learningRate: number;
  /** Relative, by step counted from 0. */
  tolerance: (step: number) => number;
}

const MONAI_RUNS: Record<"ce_adam" | "dicece_sgd", MonaiRun> = {
  ce_adam: {
    loss: { kind: "crossEntropy" },
    optimiser: { kind: "adam" },
    learningRate: 1e-3,
    tolerance: (step) => (step === 0 ? 1e-6 : step < 3 ? 2e-5 : 5e-4),
  },
  dicece_sgd: {
    loss: monaiDiceCrossEntropy(),
    optimiser: NESTEROV,
    learningRate: 0.01,
    tolerance: () => 5e-6,
  },
};

// The full-size network is in validation/nets.
testWithShared("MONAI UNet: ten steps of both trainings", ["cases/nets/monai-unet"], async ([folder]) => {
  const results = json(folder, "mini.results.json");
  const network = buildNetwork("UNet", results.network);
  const image = readNpy(join(folder, "image.npy"));
  const batch = {
    data: image.data as Float32Array,
    target: readNpy(join(folder, "label.npy")).data as Uint8Array,
  };
  const checkpoint = readTorchFile(readFileSync(join(folder, "mini.init.pth")));
  const weights = matchWeights(network, tensorsOf(checkpoint));
  for (const [mode, run] of Object.entries(MONAI_RUNS)) {
    const spec = { network, patch: [32, 32, 32], batch: 1, ...run };
    const expected = results[mode];
    await checkGradients(spec, weights, batch, (gradients) => {
      for (const [name, norm] of Object.entries<number>(expected.grad_norm_step1_f64_per_parameter)) {
        assertClose(Math.hypot(...gradients.get(name)!), norm, { relative: 1e-4, absolute: 1e-6 }, name);
      }
      // The file holds these gradients under "ce/" too, where the norms above show them to be wrong.
      if (mode !== "dicece_sgd") return;
      for (const [name, { data }] of readNpz(join(folder, "mini.grad_step1.npz"))) {
        if (!name.startsWith("dicece/")) continue;
        assertGradient(name, gradients.get(name.slice(7).replace("#first_row", ""))!, data);
      }
    });
    const trainer = await Trainer.create(spec, weights, open);
    for (let step = 0; step < 10; step++) {
      const got = await trainer.step(batch, { step, learningRate: run.learningRate, seed: 0 });
      const relative = run.tolerance(step);
      assertClose(got.loss, expected.loss_per_step_f64[step], { relative }, `${mode} loss ${step}`);
      if (mode === "dicece_sgd") {
        const norm = expected.grad_norm_per_step_f64[step];
        assertClose(got.gradientNorm, norm, { relative: 1e-4 }, `${mode} gradient ${step}`);
      }
    }
    const after = await trainer.weights();
    await trainer.dispose();
    const [logits] = await runOnTape(open, network, after, floatTensor(batch.data, image.dims));
    checkFinalLogits(
      logits!.data as Float32Array,
      readNpy(join(folder, `mini.${mode}.final_logits.npy`)).data as Float32Array,
      mode === "dicece_sgd"
        ? { largest: 1e-4 }
        : { mean: 3 * expected.mean_abs_diff_final_logits_f32_vs_f64 },
    );
  }
});

function checkFinalLogits(
  actual: Float32Array,
  expected: Float32Array,
  limits: { largest?: number; mean?: number },
): void {
  const voxels = actual.length / 2;
  let largest = 0;
  let sum = 0;
  let otherClass = 0;
  for (let i = 0; i < actual.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!);
    largest = Math.max(largest, error);
    sum += error;
    if (i < voxels && actual[i]! < actual[i + voxels]! !== expected[i]! < expected[i + voxels]!) otherClass++;
  }
  if (limits.largest !== undefined) assert.ok(largest <= limits.largest, `off by ${largest}`);
  if (limits.mean !== undefined)
    assert.ok(sum / actual.length <= limits.mean, `off by ${sum / actual.length}`);
  // Adam moves biases before a norm by the sign of rounding noise: two runs in single precision differ by about
  // the square root of 2 more than one from double precision (188 voxels with PyTorch).
  assert.ok(
    otherClass <= (limits.mean === undefined ? 0 : 0.02) * voxels,
    `${otherClass} voxels of another class`,
  );
}

/** Momentum vectors of torch's SGD by parameter; it numbers parameters in the order of the network's modules. */
function momentumOf(checkpoint: TorchObject, network: Network): Weights {
  const names = new Set(network.parameters.map(({ name }) => name));
  const order = [...tensorsOf(checkpoint, "network_weights").keys()].filter((name) => names.has(name));
  const momentum: Weights = new Map();
  order.forEach((name, i) => {
    const buffer = torchEntry(checkpoint, "optimizer_state", "state", i, "momentum_buffer");
    if (buffer) momentum.set(name, (buffer as TorchTensor).read());
  });
  return momentum;
}

const NNUNET = [
  {
    name: "plain",
    model: "Dataset901_GoldenCT/nnUNetTrainer__nnUNetPlans__3d_fullres",
    input_channels: 1,
    num_classes: 4,
    regions: null,
  },
  {
    name: "resenc",
    model: "Dataset902_GoldenMR/nnUNetTrainer_onlyMirror01__nnUNetResEncUNetMPlans__3d_fullres",
    input_channels: 2,
    num_classes: 3,
    regions: [[1, 2, 3], [2, 3], [3]],
  },
];

for (const { name, model, input_channels, num_classes, regions } of NNUNET) {
  testWithShared(`nnU-Net ${name}: five training steps`, [`cases/nets/nnunet/${name}`], async ([folder]) => {
    const { architecture } = json(folder, model, "plans.json").configurations["3d_fullres"];
    const results = json(folder, "training", "results.json");
    const network = buildNetwork(architecture.network_class_name.split(".").at(-1), {
      ...architecture.arch_kwargs,
      input_channels,
      num_classes,
      deep_supervision: true,
    });
    const arrays = readNpz(join(folder, "training", "batch.npz"));
    const { dims, data } = arrays.get("data")!;
    const [samples, , ...patch] = dims as [number, number, ...number[]];
    const batch = { data: data as Float32Array, target: classesOf(arrays.get("target_0")!) };
    const checkpoint = readTorchFile(readFileSync(join(folder, model, "fold_0", "checkpoint_final.pth")));
    const weights = matchWeights(network, tensorsOf(checkpoint, "network_weights"));
    const loss = regions ? diceAndBinaryCrossEntropy : diceAndCrossEntropy;
    const spec: TrainingStepSpec = {
      network,
      patch,
      batch: samples,
      loss: loss({ batchDice: results.batch_dice }),
      regions,
      optimiser: NESTEROV,
      clipNorm: results.clip_norm,
      deepSupervisionWeights: results.deep_supervision_weights,
    };

    const outputs = await runOnTape(open, network, weights, floatTensor(batch.data, dims));
    const coarse = readNpz(join(folder, "training", "deep_supervision_outputs_step1.npz"));
    for (const level of [1, 2]) {
      const expected = coarse.get(`output_${level}`)!.data;
      const actual = outputs[level]!.data as Float32Array;
      assert.equal(actual.length, expected.length);
      actual.forEach((value, i) => {
        assertClose(value, expected[i]!, { absolute: 1e-4 }, `output ${level}`);
      });
    }

    const small = readNpz(join(folder, "training", "gradients_step1_small_tensors.npz"));
    const norms = Object.entries<number>(results.grad_norm_step1_per_parameter_f32);
    await checkGradients(spec, weights, batch, (gradients) => {
      assert.equal(norms.length, gradients.size);
      for (const [parameter, norm] of norms) {
        const own = Math.hypot(...gradients.get(parameter)!);
        assertClose(own, norm, { relative: 1e-4, absolute: 1e-6 }, parameter);
      }
      for (const [parameter, { data }] of small) {
        assertGradient(parameter, gradients.get(parameter)!, data);
      }
    });

    const trainer = await Trainer.create(spec, weights, open);
    const state = await trainer.state();
    for (const [parameter, buffer] of momentumOf(checkpoint, network)) {
      state.tensors.set(`momentum/${parameter}`, buffer);
    }
    await trainer.restore(state);
    for (let step = 0; step < 5; step++) {
      const got = await trainer.step(batch, { step, learningRate: results.lr, seed: 0 });
      const relative = step < 4 ? 1e-5 : 5e-5;
      assertClose(got.loss, results.loss_per_step_f32[step], { relative }, `loss ${step}`);
      const norm = results.grad_norm_before_clip_per_step_f32[step];
      // From the third step on rounding of the first weights moves it by 1e-3.
      assertClose(got.gradientNorm, norm, { relative: step < 2 ? 1e-4 : 2e-3 }, `gradient ${step}`);
    }
    for (const [parameter, { data }] of await trainer.weights()) {
      const unused = results.parameters_without_gradient_torch_None.includes(parameter);
      if (unused) assert.deepEqual(data, weights.get(parameter)!.data, parameter);
      else {
        const [, norm] = results.weight_norm_before_and_after_last_step_and_change_norm[parameter];
        assertClose(Math.hypot(...(data as Float32Array)), norm, { relative: 1e-4 }, parameter);
      }
    }
    await trainer.dispose();
  });
}

/** Class ids of a label map [N, 1, ...], or of nested regions [N, R, ...]: how many of them hold a voxel. */
function classesOf({ data, dims }: NpyArray): Uint8Array {
  const [samples, channels, ...space] = dims as [number, number, ...number[]];
  const voxels = space.reduce((a, b) => a * b);
  const ids = new Uint8Array(samples * voxels);
  for (let i = 0; i < data.length; i++) {
    ids[Math.floor(i / (channels * voxels)) * voxels + (i % voxels)]! += data[i]!;
  }
  return ids;
}
