import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readNpz, testWithShared } from "@viscera/core/testing";
import {
  buildNetwork,
  channelBlock,
  floatTensor,
  inferenceModel,
  initialWeights,
  matchWeights,
  type Network,
  readTorchFile,
  type Tensor,
  tensorsOf,
  type Weights,
} from "@viscera/nets";
import { openSession, runtimeBlock } from "@viscera/nets/node";
import { largestDifference, waves } from "../testing.js";
import { blockWeights } from "./blocked-weights.js";

const open = (model: Uint8Array, threads = 1) => openSession(model, { threads });
const block = await runtimeBlock();
const skip = block === null ? "this runtime has no blocked layout" : false;

const NNUNET = {
  input_channels: 2,
  num_classes: 3,
  n_stages: 3,
  features_per_stage: [16, 32, 24],
  conv_op: "torch.nn.modules.conv.Conv3d",
  kernel_sizes: 3,
  strides: [1, 2, 2],
  n_conv_per_stage_decoder: 1,
  conv_bias: true,
  norm_op: "torch.nn.modules.instancenorm.InstanceNorm3d",
  norm_op_kwargs: { eps: 1e-5, affine: true },
  nonlin: "torch.nn.LeakyReLU",
};
const PLAIN = { ...NNUNET, n_conv_per_stage: [1, 2, 1] };
const RESIDUAL = { ...NNUNET, n_blocks_per_stage: [1, 2, 1] };
const FLAT = { ...PLAIN, conv_op: "Conv2d", norm_op: "InstanceNorm2d" };
const UNEVEN = {
  strides: [1, [1, 2, 2], [2, 1, 2]],
  kernel_sizes: [
    [1, 3, 3],
    [3, 1, 3],
    [3, 3, 1],
  ],
};

const UNET = {
  spatial_dims: 3,
  in_channels: 1,
  out_channels: 2,
  channels: [16, 32, 32],
  strides: [2, 2],
  num_res_units: 2,
};

const SAMPLES: [string, Record<string, unknown>, number[]][] = [
  ["PlainConvUNet", PLAIN, [8, 12, 20]],
  ["PlainConvUNet", PLAIN, [4, 4, 4]],
  ["PlainConvUNet", { ...PLAIN, ...UNEVEN }, [6, 10, 12]],
  ["PlainConvUNet", { ...PLAIN, nonlin: "torch.nn.PReLU", norm_op_kwargs: null }, [4, 8, 4]],
  ["PlainConvUNet", { ...PLAIN, norm_op: "torch.nn.BatchNorm3d" }, [4, 8, 4]],
  ["UNet", UNET, [8, 12, 4]],
  ["UNet", { ...UNET, spatial_dims: 2, norm: "BATCH", dropout: 0.2 }, [8, 12]],
  ["PlainConvUNet", FLAT, [12, 20]],
  ["PlainConvUNet", { ...FLAT, strides: [1, [2, 1], [1, 2]] }, [6, 10]],
  ["ResidualEncoderUNet", RESIDUAL, [8, 12, 20]],
  ["ResidualEncoderUNet", { ...RESIDUAL, ...UNEVEN }, [6, 10, 12]],
  ["ResidualEncoderUNet", { ...RESIDUAL, block: "BottleneckD", bottleneck_channels: 16 }, [4, 8, 4]],
];

function variedWeights(network: Network): Weights {
  const weights = initialWeights(network, 5);
  for (const { name, role } of network.parameters) {
    if (role === "weight") continue;
    const data = weights.get(name)!.data as Float32Array;
    for (let i = 0; i < data.length; i++) data[i]! += 0.1 + 0.2 * Math.sin(i + name.length);
  }
  return weights;
}

async function infer(model: Uint8Array, input: Tensor, threads = 1): Promise<Float32Array> {
  const session = await open(model, threads);
  const { scores } = await session.run({ input });
  await session.dispose();
  return scores!.data as Float32Array;
}

function usesBlocks(model: Uint8Array): boolean {
  return Buffer.from(model).includes("com.microsoft.nchwc");
}

for (const [kind, options, extents] of SAMPLES) {
  test(`blocked ${kind} ${extents.join("x")}: the plain graph's scores, with any threads`, {
    skip,
  }, async () => {
    const network = buildNetwork(kind, options);
    const weights = variedWeights(network);
    const input = waves([1, network.channels, ...extents]);
    const expected = await infer(inferenceModel(network, weights, { patch: extents }), input);
    const model = inferenceModel(network, weights, { patch: extents, block });
    assert.ok(usesBlocks(model));
    const scores = await infer(model, input);
    const largest = largestDifference(expected, new Float32Array(expected.length));
    assert.ok(largestDifference(scores, expected) <= 1e-5 * largest);
    for (const threads of [2, 3]) assert.deepEqual(await infer(model, input, threads), scores);
  });
}

test("networks with other layers, or too few channels for a block, get the plain graph", () => {
  for (const [kind, options, patch] of [
    ["PlainConvUNet", { ...PLAIN, features_per_stage: 4 }, [4, 4, 4]],
    ["PlainConvUNet", { ...PLAIN, norm_op: "BatchNorm3d", nonlin_first: true }, [4, 4, 4]],
    ["PlainConvUNet", { ...PLAIN, input_channels: 9 }, [4, 4, 4]],
    ["PlainConvUNet", { ...PLAIN, nonlin: "GELU" }, [4, 4, 4]],
    [
      "PlainConvUNet",
      { ...PLAIN, nonlin: "PReLU", nonlin_kwargs: { num_parameters: 24 }, features_per_stage: 24 },
      [4, 4, 4],
    ],
    ["SegResNet", {}, [8, 8, 8]],
  ] as const) {
    const network = buildNetwork(kind, options);
    const model = inferenceModel(network, initialWeights(network, 1), { patch, block: 8 });
    assert.ok(!usesBlocks(model));
  }
});

test("a runtime that refuses the probe has no block", async () => {
  const refusing = () => Promise.reject(new Error("no such operator"));
  assert.equal(await channelBlock(refusing), null);
  assert.equal(await runtimeBlock({ device: "webgpu" }), null);
});

test("weights in blocks", () => {
  const number = (o: number, i: number, row: number, column: number) =>
    1000 * o + 100 * i + 10 * row + column;
  const { data, dims } = blockWeights(3, 3, [1, 2], 2, true, number);
  assert.deepEqual(dims, [4, 4, 1, 2]);
  // First block of outputs, first of inputs: tap, input, output.
  assert.deepEqual([...data.slice(0, 8)], [0, 1000, 100, 1100, 1, 1001, 101, 1101]);
  // Second block of inputs has channel 2 only.
  assert.deepEqual([...data.slice(8, 16)], [200, 1200, 0, 0, 201, 1201, 0, 0]);
  assert.deepEqual([...data.slice(16, 20)], [2000, 0, 2100, 0]);
  const plain = blockWeights(2, 3, [1, 1], 2, false, number);
  assert.deepEqual(
    [plain.dims, [...plain.data]],
    [
      [2, 3, 1, 1],
      [0, 1000, 100, 1100, 200, 1200],
    ],
  );
});

for (const [folderName, kind] of [
  ["plain", "PlainConvUNet"],
  ["resenc", "ResidualEncoderUNet"],
] as const) {
  testWithShared(
    `blocked ${kind}: nnU-Net's logits of a tile`,
    [`cases/nets/nnunet/${folderName}`],
    async ([folder]) => {
      const dataset = readdirSync(folder).find((each) => each.startsWith("Dataset"))!;
      const model = join(folder, dataset, readdirSync(join(folder, dataset))[0]!);
      const plans = JSON.parse(readFileSync(join(model, "plans.json"), "utf8"));
      const golden = readNpz(join(folder, "stages/5_tile.npz"));
      const { data, dims } = golden.get("input")!;
      const logits = golden.get("logits")!;
      const [channels, ...patch] = dims.slice(-4) as [number, ...number[]];
      const network = buildNetwork(kind, {
        ...plans.configurations["3d_fullres"].architecture.arch_kwargs,
        input_channels: channels,
        num_classes: logits.dims.at(-4),
      });
      const file = readTorchFile(readFileSync(join(model, "fold_0/checkpoint_final.pth")));
      const weights = matchWeights(network, tensorsOf(file, "network_weights"));
      const input = floatTensor(data as Float32Array, [1, channels, ...patch]);
      const scores = await infer(inferenceModel(network, weights, { patch, block }), input);
      const difference = largestDifference(scores, logits.data as Float32Array);
      assert.ok(difference <= 1e-4, `off by ${difference}`);
    },
  );
}
