import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream, VisceraError } from "@viscera/core";
import { assertClose } from "@viscera/core/testing";
import {
  buildNetwork,
  diceAndCrossEntropy,
  floatTensor,
  initialWeights,
  type LossSpec,
  Trainer,
  type TrainerState,
  type TrainingBatch,
  type TrainingStepSpec,
  type Weights,
} from "@viscera/nets";
import { openSession } from "@viscera/nets/node";
import { runOnTape } from "../architecture/testing.js";

const open = (model: Uint8Array) => openSession(model, { threads: 1 });
const random = new RandomStream(11, "nets.trainer-test");

const PATCH = [8, 8, 8];
const VOXELS = 512;
const small = { spatial_dims: 3, in_channels: 1, out_channels: 2, channels: [4, 8], strides: [2] };
const network = buildNetwork("UNet", { ...small, num_res_units: 1 });

/** A ball of raised intensity in noise; its place and size change from batch to batch. */
function toyBatch(index: number, samples = 1): TrainingBatch {
  const data = new Float32Array(samples * VOXELS);
  const target = new Uint8Array(samples * VOXELS);
  for (let n = 0; n < samples; n++) {
    const draw = (k: number) => random.uniform(index, n * 4 + k);
    const centre = [0, 1, 2].map((k) => 3 + 2 * draw(k));
    const radius = 2 + draw(3);
    for (let i = 0; i < VOXELS; i++) {
      const place = [i >> 6, (i >> 3) & 7, i & 7];
      const inside = Math.hypot(...place.map((p, k) => p - centre[k]!)) < radius;
      target[n * VOXELS + i] = inside ? 1 : 0;
      data[n * VOXELS + i] = (inside ? 1 : 0) + 0.3 * random.normal(index, 100 + n * VOXELS + i);
    }
  }
  return { data, target };
}

const SGD: TrainingStepSpec = {
  network,
  patch: PATCH,
  batch: 1,
  loss: diceAndCrossEntropy(),
  optimiser: { kind: "sgd", momentum: 0.9, nesterov: true, weightDecay: 1e-4 },
  clipNorm: 12,
};

async function withTrainer<T>(
  spec: TrainingStepSpec,
  body: (trainer: Trainer) => Promise<T>,
  weights: Weights = initialWeights(network, 3),
): Promise<T> {
  const trainer = await Trainer.create(spec, weights, open);
  try {
    return await body(trainer);
  } finally {
    await trainer.dispose();
  }
}

async function steps(trainer: Trainer, from: number, to: number, learningRate = 0.02): Promise<number[]> {
  const losses: number[] = [];
  for (let step = from; step < to; step++) {
    losses.push((await trainer.step(toyBatch(step), { step, learningRate, seed: 1 })).loss);
  }
  return losses;
}

function assertSameWeights(actual: Weights, expected: Weights): void {
  assert.deepEqual([...actual.keys()], [...expected.keys()]);
  for (const [name, { data }] of expected) assert.deepEqual(actual.get(name)!.data, data, name);
}

test("training finds a ball in noise", async () => {
  await withTrainer(SGD, async (trainer) => {
    const losses = await steps(trainer, 0, 40);
    const mean = (part: number[]) => part.reduce((a, b) => a + b, 0) / part.length;
    assert.ok(mean(losses.slice(-5)) < mean(losses.slice(0, 5)) - 0.5, losses.join(" "));
  });
});

test("a training goes on from its state bit by bit, also amid gathering, on any number of threads", async () => {
  const spec: TrainingStepSpec = {
    ...SGD,
    optimiser: { kind: "adamw" },
    accumulate: 3,
    emaDecay: 0.9,
    trainable: (name) => !name.includes("residual"),
    learningRateScale: (name) => (name.startsWith("model.0") ? 0.1 : 1),
  };
  const whole = await withTrainer(spec, async (trainer) => {
    await steps(trainer, 0, 11);
    return { weights: await trainer.weights(), average: await trainer.averagedWeights() };
  });
  for (const cut of [3, 4]) {
    let state: TrainerState | undefined;
    await withTrainer(spec, async (trainer) => {
      await steps(trainer, 0, cut);
      state = await trainer.state();
      // What happens after is not in the state.
      await steps(trainer, cut, cut + 3);
    });
    const again = await Trainer.create(spec, initialWeights(network, 99), (model) =>
      openSession(model, { threads: 2 }),
    );
    await again.restore(state!);
    await steps(again, cut, 11);
    assertSameWeights(await again.weights(), whole.weights);
    assertSameWeights((await again.averagedWeights())!, whole.average!);
    await again.dispose();
  }
});

test("two half batches gathered equal a whole one", async () => {
  const loss = { kind: "crossEntropy" } as const;
  const both = toyBatch(0, 2);
  const whole = await withTrainer({ ...SGD, loss, batch: 2 }, async (trainer) => {
    const { gradientNorm } = await trainer.step(both, { step: 0, learningRate: 0.1, seed: 1 });
    return { gradientNorm, weights: await trainer.weights() };
  });
  await withTrainer({ ...SGD, loss, accumulate: 2 }, async (trainer) => {
    const before = await trainer.weights();
    let gradientNorm = 0;
    for (const n of [0, 1]) {
      const half = {
        data: both.data.slice(n * VOXELS, (n + 1) * VOXELS),
        target: both.target.slice(n * VOXELS, (n + 1) * VOXELS),
      };
      if (n === 1) assertSameWeights(await trainer.weights(), before);
      ({ gradientNorm } = await trainer.step(half, { step: n, learningRate: 0.1, seed: 1 }));
    }
    assertClose(gradientNorm, whole.gradientNorm, { relative: 1e-5 });
    for (const [name, { data }] of await trainer.weights()) {
      (data as Float32Array).forEach((value, i) => {
        assertClose(value, whole.weights.get(name)!.data[i] as number, { absolute: 1e-6 }, name);
      });
    }
  });
});

test("frozen parameters stay and have no state; a learning-rate scale scales", async () => {
  const start = initialWeights(network, 3);
  const moved = async (spec: Partial<TrainingStepSpec>) =>
    withTrainer({ ...SGD, optimiser: { kind: "sgd" }, clipNorm: null, ...spec }, async (trainer) => {
      await trainer.step(toyBatch(0), { step: 0, learningRate: 0.1, seed: 1 });
      return { weights: await trainer.weights(), state: await trainer.state() };
    });
  const decoder = (name: string) => name.startsWith("model.2");
  const all = await moved({});
  const frozen = await moved({
    trainable: decoder,
    learningRateScale: (name) => (name.endsWith("bias") ? 0.5 : 1),
    optimiser: { kind: "sgd", momentum: 0.9 },
  });
  for (const [name, { data }] of start) {
    const now = frozen.weights.get(name)!.data;
    assert.equal(frozen.state.tensors.has(`momentum/${name}`), decoder(name));
    const scale = decoder(name) ? (name.endsWith("bias") ? 0.5 : 1) : 0;
    for (let i = 0; i < data.length; i++) {
      const change = (all.weights.get(name)!.data[i] as number) - (data[i] as number);
      assertClose((now[i] as number) - (data[i] as number), scale * change, { absolute: 1e-6 }, name);
    }
  }
});

test("a parameter that the loss does not reach is left alone, decay included", async () => {
  const deep = buildNetwork("PlainConvUNet", {
    input_channels: 1,
    num_classes: 2,
    n_stages: 3,
    features_per_stage: [4, 8, 8],
    kernel_sizes: [
      [3, 3, 3],
      [3, 3, 3],
      [3, 3, 3],
    ],
    strides: [
      [1, 1, 1],
      [2, 2, 2],
      [2, 2, 2],
    ],
    n_conv_per_stage: [1, 1, 1],
    n_conv_per_stage_decoder: [1, 1],
    conv_op: "torch.nn.modules.conv.Conv3d",
    conv_bias: true,
    norm_op: "torch.nn.modules.instancenorm.InstanceNorm3d",
    norm_op_kwargs: { eps: 1e-5, affine: true },
    nonlin: "torch.nn.LeakyReLU",
    nonlin_kwargs: { inplace: true },
    deep_supervision: true,
  });
  const start = initialWeights(deep, 1);
  const spec: TrainingStepSpec = {
    ...SGD,
    network: deep,
    optimiser: { kind: "adamw", weightDecay: 0.5 },
    deepSupervisionWeights: [1, 0],
  };
  await withTrainer(
    spec,
    async (trainer) => {
      await trainer.step(toyBatch(0), { step: 0, learningRate: 0.1, seed: 1 });
      const weights = await trainer.weights();
      for (const [name, { data }] of start) {
        const same = data.every((value: number | bigint, i: number) => value === weights.get(name)!.data[i]);
        assert.equal(same, name.startsWith("decoder.seg_layers.0"), name);
      }
    },
    start,
  );
});

test("running statistics follow the batches, and serve in their place", async () => {
  const batchNorm = buildNetwork("UNet", { ...small, num_res_units: 1, norm: "BATCH" });
  const spec: TrainingStepSpec = { ...SGD, network: batchNorm, loss: { kind: "crossEntropy" }, batch: 2 };
  const batch = toyBatch(0, 2);
  await withTrainer(
    spec,
    async (trainer) => {
      const seen: Weights[] = [await trainer.weights()];
      let loss = 0;
      for (let step = 0; step < 150; step++) {
        ({ loss } = await trainer.step(batch, { step, learningRate: 0, seed: 1 }));
        if (step < 2) seen.push(await trainer.weights());
      }
      const followed = batchNorm.parameters.filter(({ role }) => role.startsWith("running"));
      assert.ok(followed.length > 0);
      for (const { name } of followed) {
        const [first, second, third] = seen.map((weights) => weights.get(name)!.data as Float32Array);
        third!.forEach((value, i) => {
          const statistic = 10 * (second![i]! - 0.9 * first![i]!);
          assertClose(value, 0.9 * second![i]! + 0.1 * statistic, { absolute: 1e-5, relative: 1e-5 }, name);
        });
      }
      const [scores] = await runOnTape(
        open,
        batchNorm,
        await trainer.weights(),
        floatTensor(batch.data, [2, 1, ...PATCH]),
      );
      const logits = scores!.data as Float32Array;
      let sum = 0;
      batch.target.forEach((id, i) => {
        const at = Math.floor(i / VOXELS) * 2 * VOXELS + (i % VOXELS);
        const margin = (logits[at]! - logits[at + VOXELS]!) * (id === 1 ? 1 : -1);
        sum += Math.log1p(Math.exp(margin));
      });
      // The running variance is by one number fewer than the batch's own.
      assertClose(sum / batch.target.length, loss, { relative: 2e-3 });
    },
    initialWeights(batchNorm, 2),
  );
});

test("dropout depends on seed and step alone", async () => {
  const dropping = buildNetwork("UNet", { ...small, num_res_units: 1, dropout: 0.4 });
  await withTrainer(
    { ...SGD, network: dropping },
    async (trainer) => {
      const lossAt = async (step: number, seed: number) =>
        (await trainer.step(toyBatch(0), { step, learningRate: 0, seed })).loss;
      const first = await lossAt(5, 1);
      assert.notEqual(await lossAt(6, 1), first);
      assert.notEqual(await lossAt(5, 2), first);
      assert.equal(await lossAt(5, 1), first);
    },
    initialWeights(dropping, 2),
  );
});

test("the boundary loss takes distance maps", async () => {
  const loss: LossSpec = { kind: "boundary" };
  const { data, target } = toyBatch(0);
  const at = { step: 0, learningRate: 0, seed: 1 };
  await withTrainer({ ...SGD, loss }, async (trainer) => {
    const distances = new Float32Array(2 * VOXELS).fill(3);
    await assert.rejects(() => trainer.step({ data, target }, at), /no distance maps/);
    const { loss: near } = await trainer.step({ data, target, distances }, at);
    const { loss: far } = await trainer.step({ data, target, distances: distances.map((d) => 2 * d) }, at);
    assertClose(far, 2 * near, { relative: 1e-6 });
  });
});

test("partial labels reach the loss", async () => {
  const { data, target } = toyBatch(0);
  const nothing = new Uint8Array(VOXELS);
  await withTrainer({ ...SGD, partialLabels: true, clipNorm: null }, async (trainer) => {
    const at = { step: 0, learningRate: 0, seed: 1 };
    const known = await trainer.step({ data, target, known: Uint8Array.of(1, 1) }, at);
    const asBackground = await trainer.step({ data, target: nothing, known: Uint8Array.of(1, 1) }, at);
    const unknown = await trainer.step({ data, target: nothing, known: Uint8Array.of(1, 0) }, at);
    assert.notEqual(known.loss, asBackground.loss);
    // Background holds everything then, so there is nothing to learn.
    assertClose(unknown.loss, 0, { absolute: 1e-6 });
    assertClose(unknown.gradientNorm, 0, { absolute: 1e-6 });
    await assert.rejects(() => trainer.step({ data, target }, at), /no known classes/);
  });
});

test("a loss that is no number stops the training and leaves the weights as they were", async () => {
  await withTrainer(SGD, async (trainer) => {
    await steps(trainer, 0, 1);
    const before = await trainer.weights();
    const { data, target } = toyBatch(1);
    data[5] = Number.NaN;
    await assert.rejects(
      () => trainer.step({ data, target }, { step: 1, learningRate: 0.02, seed: 1 }),
      (error) =>
        error instanceof VisceraError &&
        error.code === "failed.diverged" &&
        /step 1 /.test(error.message) &&
        /0\.02/.test(error.hint),
    );
    assertSameWeights(await trainer.weights(), before);
  });
});

test("a state of another training and specifications that do not fit are refused", async () => {
  const state = await withTrainer(SGD, (trainer) => trainer.state());
  const input = (error: unknown) => error instanceof VisceraError && error.code === "input.state";
  await withTrainer({ ...SGD, optimiser: { kind: "adam" } }, async (trainer) => {
    await assert.rejects(() => trainer.restore(state), input);
  });
  const usage = (error: unknown) => error instanceof VisceraError && error.code === "usage";
  const refused = (spec: Partial<TrainingStepSpec>) =>
    assert.rejects(() => Trainer.create({ ...SGD, ...spec }, initialWeights(network, 1), open), usage);
  await refused({ batch: 0 });
  await refused({ deepSupervisionWeights: [0.5, 0.5] });
  await refused({ trainable: () => false });
  await refused({ regions: [[1]] });
  await refused({ loss: { kind: "crossEntropy", classWeights: [1, 2, 3] } });
});
