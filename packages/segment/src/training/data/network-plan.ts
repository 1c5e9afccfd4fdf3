/** The options of each kind of network for a topology, under the names of the libraries that they are from. */
import { type ModelFile, type Size3, usageError } from "@viscera/core";
import { type StepCost, stepCost } from "./cost.js";
import type { Topology } from "./topology.js";

export type PlannedKind = "PlainConvUNet" | "ResidualEncoderUNet" | "UNet" | "SegResNet";

export interface NetworkPlan {
  architecture: ModelFile["architecture"];
  /** Outputs of the network while it is trained: 1, or more where it is supervised in depth. */
  outputs: number;
  cost: StepCost;
}

interface NetworkShape {
  kind: string;
  channels: number;
  classes: number;
  baseFeatures: number;
  batch: number;
}

/** nnU-Net's largest number of features, ten times the first stage's. */
const MOST_FEATURES = 10;
/** Blocks of nnU-Net's residual encoder, stage by stage. */
const RESIDUAL_BLOCKS = [1, 3, 4, 6, 6, 6, 6, 6, 6, 6];

/** Size in the order of tensors, d0 = z. */
const reversed = (size: Size3): number[] => [...size].reverse();

/** Throws `usage` for a kind that is not planned. */
export function networkPlan(topology: Topology, shape: NetworkShape): NetworkPlan {
  const { kind, channels, classes, baseFeatures, batch } = shape;
  const { strides, kernels, patch } = topology;
  const features = strides.map((_, stage) => baseFeatures * Math.min(2 ** stage, MOST_FEATURES));
  const once = features.map(() => 1);
  const twice = features.map(() => 2);
  const cost = (blocks: number[], decoderBlocks: number[]) =>
    stepCost(topology, { features, blocks, decoderBlocks, channels }, patch, batch);
  if (kind === "PlainConvUNet" || kind === "ResidualEncoderUNet") {
    const residual = kind === "ResidualEncoderUNet";
    const blocks = residual ? features.map((_, stage) => RESIDUAL_BLOCKS[stage]!) : twice;
    const decoder = (residual ? once : twice).slice(1);
    const options = {
      input_channels: channels,
      n_stages: features.length,
      features_per_stage: features,
      conv_op: "torch.nn.modules.conv.Conv3d",
      kernel_sizes: kernels.map(reversed),
      strides: strides.map(reversed),
      ...(residual ? { n_blocks_per_stage: blocks } : { n_conv_per_stage: blocks }),
      num_classes: classes,
      n_conv_per_stage_decoder: decoder,
      conv_bias: true,
      norm_op: "torch.nn.modules.instancenorm.InstanceNorm3d",
      norm_op_kwargs: { eps: 1e-5, affine: true },
      dropout_op: null,
      dropout_op_kwargs: null,
      nonlin: "torch.nn.LeakyReLU",
      nonlin_kwargs: { inplace: true },
      deep_supervision: features.length > 2,
    };
    return {
      architecture: { kind, options },
      outputs: options.deep_supervision ? features.length - 1 : 1,
      // A residual block has two convolutions.
      cost: cost(residual ? blocks.map((n) => 2 * n) : blocks, decoder),
    };
  }
  if (kind === "UNet") {
    const options = {
      spatial_dims: 3,
      in_channels: channels,
      out_channels: classes,
      channels: features,
      strides: strides.slice(1).map(reversed),
      num_res_units: 2,
    };
    // MONAI's first stage strides already; only the last layer has the full resolution.
    const shifted = {
      strides: [...strides.slice(1), strides[0]!],
      kernels: kernels.map(() => kernels.at(-1)!),
    };
    const network = { features, blocks: twice, decoderBlocks: once, channels };
    return {
      architecture: { kind, options },
      outputs: 1,
      cost: stepCost(shifted, network, patch, batch),
    };
  }
  if (kind === "SegResNet") {
    const options = {
      spatial_dims: 3,
      init_filters: baseFeatures,
      in_channels: channels,
      out_channels: classes,
      blocks_down: [1, 2, 2, 4],
      blocks_up: [1, 1, 1],
    };
    const four = (values: number[]) => values.slice(0, 4);
    const depth = { strides: strides.slice(0, 4), kernels: kernels.slice(0, 4) };
    const network = {
      features: four(features.map((_, stage) => baseFeatures * 2 ** stage)),
      blocks: four([2, 4, 4, 8]),
      decoderBlocks: [2, 2, 2],
      channels,
    };
    return {
      architecture: { kind, options },
      outputs: 1,
      cost: stepCost(depth, network, patch, batch),
    };
  }
  throw usageError(
    `No plan can be made for the architecture "${kind}".`,
    "Take PlainConvUNet, ResidualEncoderUNet, UNet or SegResNet.",
  );
}
