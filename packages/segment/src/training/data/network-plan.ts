/** The options of each kind of network for a patch, under the names of the libraries that they are from. */
import { type ModelFile, type Size3, usageError, type Vec3, voxelCount } from "@viscera/core";
import { type StepCost, stepCost } from "./cost.js";
import { evenTopology, type Topology, topologyOf } from "./topology.js";

export interface NetworkPlan {
  /** Widened to what the network's strides divide. */
  topology: Topology;
  architecture: ModelFile["architecture"];
  /** Outputs of the network while it is trained: 1, or more where it is supervised in depth. */
  outputs: number;
  cost: StepCost;
}

interface NetworkShape {
  patch: Size3;
  spacingMm: Vec3;
  channels: number;
  classes: number;
  baseFeatures: number;
  batch: number;
}

type Planner = (shape: NetworkShape) => NetworkPlan;

const PLANNERS: Record<string, Planner> = {
  PlainConvUNet: (shape) => planNnunet("PlainConvUNet", shape),
  ResidualEncoderUNet: (shape) => planNnunet("ResidualEncoderUNet", shape),
  UNet: planMonaiUNet,
  SegResNet: planSegResNet,
  MeshNet: planMeshNet,
  UNETR: planUnetr,
};

/** Throws `usage` for a kind that is not planned. */
export function networkPlan(kind: string, shape: NetworkShape): NetworkPlan {
  const planner = Object.hasOwn(PLANNERS, kind) ? PLANNERS[kind] : undefined;
  if (planner) return planner(shape);
  throw usageError(
    `No training can be planned for the architecture "${kind}".`,
    `Take one of ${Object.keys(PLANNERS).join(", ")}.`,
  );
}

/** nnU-Net's largest number of features, ten times the first stage's. */
const MOST_FEATURES = 10;
/** Blocks of nnU-Net's residual encoder, stage by stage; the last number goes on. */
const RESIDUAL_BLOCKS = [1, 3, 4, 6];

/** Size in the order of tensors, d0 = z. */
const reversed = (size: Size3): number[] => [...size].reverse();

const featuresOf = ({ strides }: Topology, baseFeatures: number) =>
  strides.map((_, stage) => baseFeatures * Math.min(2 ** stage, MOST_FEATURES));

function planNnunet(kind: "PlainConvUNet" | "ResidualEncoderUNet", shape: NetworkShape): NetworkPlan {
  const { channels, classes, batch } = shape;
  const topology = topologyOf(shape.patch, shape.spacingMm);
  const residual = kind === "ResidualEncoderUNet";
  const features = featuresOf(topology, shape.baseFeatures);
  const blocks = features.map((_, stage) => (residual ? (RESIDUAL_BLOCKS[stage] ?? 6) : 2));
  const decoder = features.slice(1).map(() => (residual ? 1 : 2));
  const deep = features.length > 2;
  const options = {
    input_channels: channels,
    n_stages: features.length,
    features_per_stage: features,
    conv_op: "torch.nn.modules.conv.Conv3d",
    kernel_sizes: topology.kernels.map(reversed),
    strides: topology.strides.map(reversed),
    [residual ? "n_blocks_per_stage" : "n_conv_per_stage"]: blocks,
    num_classes: classes,
    n_conv_per_stage_decoder: decoder,
    conv_bias: true,
    norm_op: "torch.nn.modules.instancenorm.InstanceNorm3d",
    norm_op_kwargs: { eps: 1e-5, affine: true },
    dropout_op: null,
    dropout_op_kwargs: null,
    nonlin: "torch.nn.LeakyReLU",
    nonlin_kwargs: { inplace: true },
    deep_supervision: deep,
  };
  const network = {
    features,
    // A residual block has two convolutions.
    blocks: residual ? blocks.map((n) => 2 * n) : blocks,
    decoderBlocks: decoder,
    channels,
  };
  return {
    topology,
    architecture: { kind, options },
    outputs: deep ? features.length - 1 : 1,
    cost: stepCost(topology, network, topology.patch, batch),
  };
}

function planMonaiUNet({
  patch,
  spacingMm,
  channels,
  classes,
  baseFeatures,
  batch,
}: NetworkShape): NetworkPlan {
  const planned = topologyOf(patch, spacingMm);
  // It has two levels at least.
  const topology = planned.strides.length > 1 ? planned : evenTopology(patch, 1);
  const { strides, kernels } = topology;
  const features = featuresOf(topology, baseFeatures);
  const options = {
    spatial_dims: 3,
    in_channels: channels,
    out_channels: classes,
    channels: features,
    strides: strides.slice(1).map(reversed),
    num_res_units: 2,
  };
  // MONAI's first level strides already; only the last layer has the full resolution.
  const shifted = {
    strides: [...strides.slice(1), strides[0]!],
    kernels: kernels.map(() => kernels.at(-1)!),
  };
  const network = { features, blocks: features.map(() => 2), decoderBlocks: features.map(() => 1), channels };
  return {
    topology,
    architecture: { kind: "UNet", options },
    outputs: 1,
    cost: stepCost(shifted, network, topology.patch, batch),
  };
}

function planSegResNet({ patch, channels, classes, baseFeatures, batch }: NetworkShape): NetworkPlan {
  const topology = evenTopology(patch, 3);
  const groups = [8, 4, 2, 1].find((n) => baseFeatures % n === 0)!;
  const options = {
    spatial_dims: 3,
    init_filters: baseFeatures,
    in_channels: channels,
    out_channels: classes,
    norm: ["GROUP", { num_groups: groups }],
    num_groups: groups,
    blocks_down: [1, 2, 2, 4],
    blocks_up: [1, 1, 1],
  };
  const network = {
    features: [1, 2, 4, 8].map((n) => n * baseFeatures),
    // Two convolutions a block, and one before each level.
    blocks: [3, 5, 5, 9],
    decoderBlocks: [2, 2, 2],
    channels,
  };
  return {
    topology,
    architecture: { kind: "SegResNet", options },
    outputs: 1,
    cost: stepCost(topology, network, topology.patch, batch),
  };
}

/** Dilations of MeshNet (Fedorov et al., arXiv:1612.00940), as brainchop's models have them. */
const DILATIONS = [1, 2, 4, 8, 16, 8, 4, 2, 1];

function planMeshNet({ patch, channels, classes, baseFeatures, batch }: NetworkShape): NetworkPlan {
  const topology = evenTopology(patch, 0);
  const options = { n_channels: channels, n_classes: classes, channels: baseFeatures, dilations: DILATIONS };
  const network = { features: [baseFeatures], blocks: [DILATIONS.length], decoderBlocks: [], channels };
  return {
    topology,
    architecture: { kind: "MeshNet", options },
    outputs: 1,
    cost: stepCost(topology, network, topology.patch, batch),
  };
}

function planUnetr({ patch, channels, classes, baseFeatures, batch }: NetworkShape): NetworkPlan {
  const topology = evenTopology(patch, 4);
  const [hidden, layers] = [768, 12];
  const options = {
    in_channels: channels,
    out_channels: classes,
    img_size: reversed(topology.patch),
    feature_size: baseFeatures,
    hidden_size: hidden,
    mlp_dim: 4 * hidden,
    num_heads: 12,
  };
  const features = [1, 2, 4, 8, 16].map((n) => n * baseFeatures);
  const decoders = { features, blocks: [2, 2, 2, 2, 0], decoderBlocks: [2, 2, 2, 2], channels };
  const convolutions = stepCost(topology, decoders, topology.patch, batch);
  const tokens = voxelCount(topology.patch) / 4096;
  // Attention and two linear layers of four times the width, a token and layer.
  const weights = 12 * hidden ** 2 * layers + 4096 * channels * hidden;
  return {
    topology,
    architecture: { kind: "UNETR", options },
    outputs: 1,
    cost: {
      parameters: convolutions.parameters + weights,
      bytes: convolutions.bytes + 36 * weights + 36 * tokens * batch * layers * (14 * hidden + 12 * tokens),
      seconds: convolutions.seconds + (6 * weights * tokens * batch) / 1e11,
    },
  };
}
