import assert from "node:assert/strict";
import { test } from "node:test";
import {
  applyNetwork,
  buildNetwork,
  channelBlock,
  deepestValue,
  GraphBuilder,
  inferenceModel,
  initialWeights,
  type Network,
  Tape,
  type Tensor,
} from "@viscera/nets";
import { openSession } from "@viscera/nets/node";
import { largestDifference, waves } from "./testing.js";

const open = (model: Uint8Array) => openSession(model, { threads: 1 });

const NNUNET = {
  input_channels: 1,
  num_classes: 3,
  n_stages: 3,
  features_per_stage: [16, 32, 24],
  conv_op: "torch.nn.modules.conv.Conv3d",
  kernel_sizes: 3,
  strides: [1, 2, 2],
  n_conv_per_stage: 2,
  n_conv_per_stage_decoder: 1,
  conv_bias: true,
  norm_op: "torch.nn.modules.instancenorm.InstanceNorm3d",
  norm_op_kwargs: { eps: 1e-5, affine: true },
  nonlin: "torch.nn.LeakyReLU",
};
const UNET = {
  spatial_dims: 3,
  in_channels: 1,
  out_channels: 3,
  channels: [16, 32],
  strides: [2],
  num_res_units: 1,
};
const MESHNET = { n_channels: 1, n_classes: 3, channels: 5, dilations: [1, 2] };

const SAMPLES: [string, Record<string, unknown>, number][] = [
  ["PlainConvUNet", NNUNET, 24],
  ["UNet", UNET, 32],
];

async function run(model: Uint8Array, input: Tensor, name: string): Promise<Float32Array> {
  const session = await open(model);
  const results = await session.run({ input });
  await session.dispose();
  return results[name]!.data as Float32Array;
}

/** The mean over space, by hand, of a value that a graph gives out. */
async function meansOf(network: Network, id: number, input: Tensor): Promise<Float32Array> {
  const graph = new GraphBuilder();
  const tape = new Tape(graph);
  const weights = initialWeights(network, 5);
  const constant = (name: string) => {
    const { data, dims } = weights.get(name)!;
    return tape.wrap(graph.weights(name, data as Float32Array, dims), dims);
  };
  const only = { ...network, outputs: [id] };
  const [value] = applyNetwork(tape, only, tape.input("input", input.dims), constant);
  graph.output(value!.value, "value", "float32", value!.dims);
  const data = await run(graph.build(), input, "value");
  const [, channels] = value!.dims as [number, number];
  const voxels = data.length / channels;
  return Float32Array.from({ length: channels }, (_, c) => {
    return data.subarray(c * voxels, (c + 1) * voxels).reduce((sum, x) => sum + x / voxels, 0);
  });
}

for (const [kind, options, channels] of SAMPLES) {
  test(`features of a ${kind} are the mean of its bottleneck, in either layout`, async () => {
    const network = buildNetwork(kind, options);
    const patch = [8, 12, 16];
    const deepest = deepestValue(network, patch);
    assert.equal(deepest.channels, channels);
    const input = waves([1, 1, ...patch]);
    const weights = initialWeights(network, 5);
    const expected = await meansOf(network, deepest.id, input);
    const block = await channelBlock(open);
    for (const layout of block === null ? [null] : [null, block]) {
      const model = inferenceModel(network, weights, { patch, features: true, block: layout });
      const features = await run(model, input, "features");
      assert.ok(largestDifference(features, expected) < 1e-5);
      const scores = await run(model, input, "scores");
      const alone = inferenceModel(network, weights, { patch, block: layout });
      assert.ok(largestDifference(scores, await run(alone, input, "scores")) < 1e-5);
    }
  });
}

test("a network without a bottleneck gives what its head sees", () => {
  const network = buildNetwork("MeshNet", MESHNET);
  const { id, channels } = deepestValue(network, [8, 8, 8]);
  assert.equal(channels, 5);
  assert.equal(id, network.outputs[0]! - 1);
});
