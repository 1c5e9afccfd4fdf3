import assert from "node:assert/strict";
import { test } from "node:test";
import {
  architectureKinds,
  buildNetwork,
  checkExtents,
  dropoutInputs,
  elementCount,
  floatTensor,
  inferenceModel,
  initialWeights,
  matchWeights,
  type Network,
  type Tensor,
  valueDims,
  type Weights,
} from "@viscera/nets";
import { openSession } from "@viscera/nets/node";
import { largestDifference, runOnTape, waves } from "./testing.js";

const NNUNET = {
  input_channels: 1,
  num_classes: 3,
  n_stages: 3,
  features_per_stage: [4, 8, 12],
  conv_op: "torch.nn.modules.conv.Conv3d",
  kernel_sizes: [[1, 3, 3], 3, [3, 3, 3]],
  strides: [1, [1, 2, 2], 2],
  n_conv_per_stage_decoder: 1,
  norm_op: "torch.nn.modules.instancenorm.InstanceNorm3d",
  norm_op_kwargs: { eps: 1e-5, affine: true },
  nonlin: "torch.nn.LeakyReLU",
  nonlin_kwargs: { inplace: true },
};
const PLAIN = { ...NNUNET, n_conv_per_stage: [1, 2, 2] };
const RESIDUAL = { ...NNUNET, n_blocks_per_stage: [1, 2, 1] };
const UNET = { spatial_dims: 3, in_channels: 1, out_channels: 2, channels: [4, 8, 16], strides: [2, 2] };
const UNETR = {
  in_channels: 1,
  out_channels: 2,
  img_size: [16, 16, 32],
  feature_size: 4,
  hidden_size: 24,
  mlp_dim: 32,
  num_heads: 3,
};

const SAMPLES: [string, Record<string, unknown>, number[]][] = [
  ["UNet", { ...UNET, num_res_units: 2 }, [8, 12, 4]],
  ["PlainConvUNet", PLAIN, [6, 8, 12]],
  ["PlainConvUNet", { ...PLAIN, norm_op: "BatchNorm3d", nonlin_first: true, conv_bias: true }, [6, 8, 12]],
  [
    "PlainConvUNet",
    {
      ...PLAIN,
      conv_op: "torch.nn.modules.conv.Conv2d",
      norm_op: "torch.nn.modules.instancenorm.InstanceNorm2d",
      kernel_sizes: [3, [1, 3], 3],
      strides: [1, [1, 2], 2],
    },
    [6, 12],
  ],
  ["ResidualEncoderUNet", RESIDUAL, [6, 8, 12]],
  ["ResidualEncoderUNet", { ...RESIDUAL, block: "BottleneckD", bottleneck_channels: 4 }, [2, 4, 4]],
  ["SegResNet", { init_filters: 8 }, [8, 16, 8]],
  ["MeshNet", { n_channels: 1, n_classes: 3, channels: 5 }, [9, 11, 7]],
  ["MeshNet", { n_channels: 2, n_classes: 3, channels: 5, bnorm: false, gelu: true }, [9, 7, 5]],
  ["UNETR", UNETR, [16, 16, 32]],
];

const open = (model: Uint8Array, threads = 1) => openSession(model, { threads });

/** Random everywhere, also where training starts from 0 or 1. */
function variedWeights(network: Network): Weights {
  const weights = initialWeights(network, 7);
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

test("every architecture is among the samples", () => {
  assert.deepEqual([...new Set(SAMPLES.map(([kind]) => kind))].sort(), [...architectureKinds].sort());
});

for (const [kind, options, extents] of SAMPLES) {
  test(`${kind} ${extents.join("x")}: the inference graph gives the tape's scores, with any threads`, async () => {
    const network = buildNetwork(kind, options);
    const weights = variedWeights(network);
    const input = waves([1, network.channels, ...extents]);
    const [expected] = await runOnTape(open, network, weights, input);
    assert.deepEqual(expected!.dims, valueDims(network, 1, extents)[network.outputs[0]!]);
    assert.deepEqual(expected!.dims, [1, network.classes, ...extents]);
    const model = inferenceModel(network, weights, { patch: extents });
    const scores = await infer(model, input);
    const largest = largestDifference(expected!.data as Float32Array, new Float32Array(scores.length));
    assert.ok(largest > 0.1);
    assert.ok(largestDifference(scores, expected!.data as Float32Array) <= 1e-5 * largest);
    assert.deepEqual(await infer(model, input, 2), scores);
  });
}

test("deep supervision gives the coarser scores too, and needs no other weights", async () => {
  for (const [kind, options] of [
    ["PlainConvUNet", PLAIN],
    ["ResidualEncoderUNet", RESIDUAL],
  ] as const) {
    const alone = buildNetwork(kind, options);
    const network = buildNetwork(kind, { ...options, deep_supervision: true });
    assert.deepEqual(network.parameters, alone.parameters);
    const weights = variedWeights(network);
    const input = waves([1, 1, 4, 8, 8]);
    const outputs = await runOnTape(open, network, weights, input);
    assert.deepEqual(
      outputs.map(({ dims }) => dims),
      [
        [1, 3, 4, 8, 8],
        [1, 3, 4, 4, 4],
      ],
    );
    const [one] = await runOnTape(open, alone, weights, input);
    assert.deepEqual(outputs[0], one);
  }
});

test("extents that do not divide are refused with what they must divide by", () => {
  const network = buildNetwork("PlainConvUNet", PLAIN);
  assert.deepEqual(network.multipleOf, [2, 4, 4]);
  const weights = initialWeights(network, 1);
  assert.throws(() => inferenceModel(network, weights, { patch: [6, 8, 10] }), {
    code: "input.shape",
    message: "This PlainConvUNet cannot take 6x8x10 voxels: along d2 the extent must be a multiple of 4.",
  });
  assert.throws(() => checkExtents(network, [6, 8]), { code: "input.shape", message: /3 spatial axes/ });
  assert.throws(() => checkExtents(network, [6, 8, 0]), { code: "input.shape", message: /multiple of 4/ });
  assert.throws(() => checkExtents(buildNetwork("UNETR", UNETR), [32, 32, 32]), {
    message: /16x16x32 voxels only/,
  });
});

test("unknown, missing and wrong options are refused by name", () => {
  const refused = (kind: string, options: Record<string, unknown>, message: RegExp) =>
    assert.throws(() => buildNetwork(kind, options), { code: "input.architecture", message });
  refused("UNet", { ...UNET, chanels: [4] }, /UNet has no option "chanels"/);
  refused("UNet", { ...UNET, strides: [2] }, /strides of UNet has 1 entries for 3 levels/);
  refused("UNet", { ...UNET, kernel_size: 2 }, /kernel_size of UNet has an even extent/);
  refused("UNet", { ...UNET, act: "mish" }, /act "mish"/);
  refused("UNet", { ...UNET, act: ["prelu", { weight: 3 }] }, /argument "weight" of the option act/);
  refused("UNet", { ...UNET, norm: ["group", {}] }, /argument "num_groups" of the option norm/);
  refused("UNet", { ...UNET, in_channels: undefined }, /in_channels of UNet/);
  refused("PlainConvUNet", { ...PLAIN, norm_op_kwargs: { epsilon: 1 } }, /"epsilon" in norm_op_kwargs/);
  refused(
    "PlainConvUNet",
    { ...PLAIN, strides: [1, 2] },
    /strides of PlainConvUNet has 2 entries for 3 stages/,
  );
  refused("PlainConvUNet", { ...PLAIN, strides: [1, [2, 2], 2] }, /strides\[1\] .* 2 numbers for 3 axes/);
  refused("PlainConvUNet", { ...PLAIN, conv_op: "torch.nn.Conv1d" }, /conv_op "torch.nn.Conv1d"/);
  refused("PlainConvUNet", { ...PLAIN, nonlin: "os.system" }, /nonlin "os.system"/);
  refused(
    "ResidualEncoderUNet",
    { ...RESIDUAL, block: "BottleneckD" },
    /needs the option bottleneck_channels/,
  );
  refused("SegResNet", { blocks_up: [1] }, /blocks_up of SegResNet has 1 entries for 4 levels/);
  refused("SegResNet", { upsample_mode: "pixelshuffle" }, /upsample_mode/);
  refused("UNETR", { ...UNETR, img_size: 40 }, /img_size of UNETR is 40x40x40/);
  refused("MeshNet", { n_channels: 1 }, /n_classes of MeshNet/);
  refused("toString", {}, /"toString" is not known/);
});

test("parameter counts that MONAI 1.3.2's source gives", () => {
  const counted = (kind: string, options: Record<string, unknown>) =>
    buildNetwork(kind, options).parameters.reduce((sum, { dims }) => sum + elementCount(dims), 0);
  assert.equal(counted("SegResNet", {}), 1_176_186);
  assert.equal(
    counted("SegResNet", { init_filters: 16, in_channels: 4, out_channels: 3, dropout_prob: 0.2 }),
    4_702_227,
  );
  assert.equal(counted("UNETR", { in_channels: 1, out_channels: 14, img_size: 96 }), 92_784_046);
});

test("the plain U-Net of nnU-Net's default plans has 31 million parameters", () => {
  const network = buildNetwork("PlainConvUNet", {
    ...NNUNET,
    num_classes: 2,
    n_stages: 6,
    features_per_stage: [32, 64, 128, 256, 320, 320],
    kernel_sizes: 3,
    strides: [1, 2, 2, 2, 2, 2],
    n_conv_per_stage: 2,
    n_conv_per_stage_decoder: 2,
    conv_bias: true,
  });
  assert.equal(
    network.parameters.reduce((sum, { dims }) => sum + elementCount(dims), 0),
    31_195_594,
  );
});

test("initial weights: same seed same numbers, spread as the originals draw them", () => {
  const network = buildNetwork("UNet", { ...UNET, channels: [32, 32, 32] });
  assert.deepEqual(initialWeights(network, 3), initialWeights(network, 3));
  const uniform = initialWeights(network, 3).get("model.1.submodule.0.conv.weight")!.data as Float32Array;
  // 32 channels of 27 taps: uniform within 1 / sqrt(864).
  const bound = 1 / Math.sqrt(864);
  assert.ok(uniform.every((value) => Math.abs(value) <= bound));
  const spread = (data: Float32Array) =>
    Math.sqrt(data.reduce((sum, value) => sum + value * value, 0) / data.length);
  assert.ok(Math.abs(spread(uniform) / (bound / Math.sqrt(3)) - 1) < 0.02);
  assert.notDeepEqual(uniform, initialWeights(network, 4).get("model.1.submodule.0.conv.weight")!.data);

  const plain = buildNetwork("PlainConvUNet", { ...PLAIN, features_per_stage: 32, conv_bias: true });
  const weights = initialWeights(plain, 3);
  const he = weights.get("encoder.stages.1.0.convs.1.conv.weight")!.data as Float32Array;
  assert.ok(Math.abs(spread(he) / Math.sqrt(2 / (1.0001 * 864)) - 1) < 0.02);
  assert.ok(weights.get("encoder.stages.1.0.convs.1.conv.bias")!.data.every((value) => value === 0));
  const residual = initialWeights(buildNetwork("ResidualEncoderUNet", RESIDUAL), 1);
  assert.ok(residual.get("encoder.stages.0.blocks.0.conv2.norm.weight")!.data.every((n) => n === 0));
  assert.ok(residual.get("encoder.stages.0.blocks.0.conv1.norm.weight")!.data.every((n) => n === 1));
});

test("weights are found by alias and behind torch's prefixes", () => {
  const network = buildNetwork("PlainConvUNet", PLAIN);
  const weights = initialWeights(network, 1);
  const renamed: Weights = new Map();
  for (const { name, aliases } of network.parameters) {
    renamed.set(`module._orig_mod.${aliases?.at(-1) ?? name}`, weights.get(name)!);
  }
  assert.ok(renamed.has("module._orig_mod.decoder.encoder.stages.0.0.convs.0.all_modules.0.weight"));
  assert.deepEqual(matchWeights(network, renamed), weights);
});

test("weights that do not fit are refused with the tensor's name", () => {
  const network = buildNetwork("MeshNet", { n_channels: 1, n_classes: 3, channels: 4, dilations: [1, 2] });
  const weights = initialWeights(network, 1);
  const refused = (change: (weights: Weights) => void, message: RegExp) => {
    const changed: Weights = new Map(weights);
    change(changed);
    assert.throws(() => matchWeights(network, changed), { code: "input.weights", message });
  };
  refused((w) => w.delete("model.1.bnorm.running_var"), /"model.1.bnorm.running_var" .* is missing/);
  refused(
    (w) => w.set("model.2.bias", floatTensor(new Float32Array(4), [4])),
    /"model.2.bias" has the shape \[4\]; the network needs \[3\]/,
  );
  refused(
    (w) => w.set("model.3.bias", floatTensor(new Float32Array(4), [4])),
    /no place for .* "model.3.bias"/,
  );
  refused(
    (w) => w.set("model.2.bias", { type: "int32", dims: [3], data: new Int32Array(3) }),
    /"model.2.bias" holds int32/,
  );
  const counted: Weights = new Map(weights);
  counted.set("model.0.bnorm.num_batches_tracked", { type: "int64", dims: [], data: new BigInt64Array(1) });
  assert.deepEqual(matchWeights(network, counted), weights);
});

test("dropout in training takes its masks as inputs", async () => {
  const network = buildNetwork("MeshNet", {
    n_channels: 1,
    n_classes: 2,
    channels: 3,
    dilations: [1, 1],
    bnorm: false,
    dropout_p: 0.25,
  });
  const masks = dropoutInputs(network, 1, [4, 4, 4]);
  assert.deepEqual(masks, [
    { name: "dropout.0", rate: 0.25, dims: [1, 3, 1, 1, 1] },
    { name: "dropout.1", rate: 0.25, dims: [1, 3, 1, 1, 1] },
  ]);
  const weights = variedWeights(network);
  const input = waves([1, 1, 4, 4, 4]);
  const run = async (value: number) => {
    const feeds = Object.fromEntries(
      masks.map(({ name, dims }) => [
        name,
        floatTensor(new Float32Array(elementCount(dims)).fill(value), dims),
      ]),
    );
    const [scores] = await runOnTape(open, network, weights, input, { training: true }, feeds);
    return scores!.data as Float32Array;
  };
  const [scores] = await runOnTape(open, network, weights, input);
  assert.deepEqual(await run(1), scores!.data);
  // All features dropped: only the last bias is left.
  const bias = weights.get("model.2.bias")!.data as Float32Array;
  assert.deepEqual(
    await run(0),
    Float32Array.from({ length: 128 }, (_, i) => bias[Math.floor(i / 64)]!),
  );
  const single = buildNetwork("UNet", { ...UNET, dropout: 0.1 });
  assert.deepEqual(dropoutInputs(single, 2, [8, 8, 8])[0]!.dims, [2, 4, 4, 4, 4]);
});

test("batch norm in training gives the batch's statistics", async () => {
  const network = buildNetwork("MeshNet", { n_channels: 1, n_classes: 2, channels: 3, dilations: [1, 2] });
  const seen: string[] = [];
  const weights = variedWeights(network);
  const input = waves([2, 1, 4, 4, 4]);
  const [trained] = await runOnTape(open, network, weights, input, {
    training: true,
    onBatchStatistics: ({ runningMean, runningVariance, mean, variance, count }) => {
      seen.push(runningMean, runningVariance);
      assert.deepEqual([mean.dims, variance.dims, count], [[3], [3], 128]);
    },
  });
  assert.deepEqual(seen, [
    "model.0.bnorm.running_mean",
    "model.0.bnorm.running_var",
    "model.1.bnorm.running_mean",
    "model.1.bnorm.running_var",
  ]);
  const [stored] = await runOnTape(open, network, weights, input);
  assert.ok(largestDifference(trained!.data as Float32Array, stored!.data as Float32Array) > 0.01);
});
