/** For tests only: small networks of every kind that fine-tuning has to know, and their outputs. */
import { RandomStream } from "@viscera/core";
import {
  buildNetwork,
  elementCount,
  floatTensor,
  inferenceModel,
  type Network,
  type Weights,
} from "@viscera/nets";
import { openSession } from "@viscera/nets/node";

export const PATCH = [8, 8, 8] as const;

export function plainUNet(classes: number, channels = 1): Network {
  return buildNetwork("PlainConvUNet", {
    input_channels: channels,
    n_stages: 3,
    features_per_stage: [4, 6, 8],
    conv_op: "torch.nn.modules.conv.Conv3d",
    kernel_sizes: [3, 3, 3],
    strides: [1, 2, 2],
    n_conv_per_stage: [1, 1, 1],
    num_classes: classes,
    n_conv_per_stage_decoder: [1, 1],
    conv_bias: true,
    norm_op: "torch.nn.modules.instancenorm.InstanceNorm3d",
    norm_op_kwargs: { eps: 1e-5, affine: true },
    dropout_op: null,
    dropout_op_kwargs: null,
    nonlin: "torch.nn.LeakyReLU",
    nonlin_kwargs: { inplace: true },
    deep_supervision: true,
  });
}

export function monaiUNet(classes: number, channels = 1): Network {
  return buildNetwork("UNet", {
    spatial_dims: 3,
    in_channels: channels,
    out_channels: classes,
    channels: [4, 6, 8],
    strides: [2, 2],
    num_res_units: 2,
  });
}

export function segResNet(classes: number, channels = 1): Network {
  return buildNetwork("SegResNet", {
    init_filters: 8,
    in_channels: channels,
    out_channels: classes,
    blocks_down: [1, 1, 1],
    blocks_up: [1, 1],
  });
}

export function meshNet(classes: number, channels = 1): Network {
  return buildNetwork("MeshNet", {
    n_channels: channels,
    n_classes: classes,
    channels: 5,
    dilations: [1, 2, 4, 2, 1],
  });
}

export function residualUNet(classes: number, channels = 1): Network {
  const { n_conv_per_stage, ...options } = plainUNet(classes, channels).options;
  return buildNetwork("ResidualEncoderUNet", { ...options, n_blocks_per_stage: n_conv_per_stage });
}

/** Weights of which none is 0 or 1 by rule. */
export function randomWeights(network: Network, seed: number): Weights {
  const random = new RandomStream(seed, "test.weights");
  return new Map(
    network.parameters.map(({ name, dims, role }, step) => [
      name,
      floatTensor(
        Float32Array.from({ length: elementCount(dims) }, (_, i) => {
          const value = 0.2 * random.normal(step, i);
          if (role === "runningVariance") return 1 + Math.abs(value);
          return role === "normScale" ? 1 + value : value;
        }),
        dims,
      ),
    ]),
  );
}

export function randomImage(channels: number, seed: number): Float32Array {
  const random = new RandomStream(seed, "test.image");
  return Float32Array.from({ length: channels * elementCount(PATCH) }, (_, i) => random.normal(0, i));
}

/** Scores of an image, one array a class. */
export async function scoresOf(
  network: Network,
  weights: Weights,
  image: Float32Array,
): Promise<Float32Array[]> {
  const session = await openSession(inferenceModel(network, weights, { patch: PATCH }), { threads: 1 });
  const results = await session.run({ input: floatTensor(image, [1, network.channels, ...PATCH]) });
  await session.dispose();
  const data = results["scores"]!.data as Float32Array;
  const voxels = elementCount(PATCH);
  return Array.from({ length: network.classes }, (_, c) => data.slice(c * voxels, (c + 1) * voxels));
}

export function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}
