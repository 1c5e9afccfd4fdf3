/** What a step of training takes on a CPU, estimated from the shape of a U-Net. */
import { type Size3, voxelCount } from "@viscera/core";
import type { Topology } from "./topology.js";

/** Bytes a value of a feature map costs in a step: forward, gradient and what convolutions unfold. */
const BYTES_PER_FEATURE = 36;
/** Bytes a parameter costs: value, gradient, momentum and the copies that a step makes of them. */
const BYTES_PER_PARAMETER = 36;
/** Floating-point operations a second of a step, on two cores. */
const OPERATIONS_PER_SECOND = 1e11;

export interface StepCost {
  parameters: number;
  /** Peak memory of a step. */
  bytes: number;
  /** Time of a step on two cores of a current laptop or server. */
  seconds: number;
}

/**
 * Cost of a step of a plain U-Net. The constants are from steps of ONNX Runtime on two cores: PlainConvUNet with
 * 32 to 320 features took 2.4 s and 2.9 GB at 64^3 voxels, 6.3 s and 7.1 GB at 96^3 (150 to 190 GFLOP/s; narrower
 * networks reach less, so 100 is reckoned with).
 */
export function stepCost(
  { strides, kernels }: Pick<Topology, "strides" | "kernels">,
  network: {
    features: readonly number[];
    blocks: readonly number[];
    decoderBlocks: readonly number[];
    channels: number;
  },
  patch: Size3,
  batch: number,
): StepCost {
  const { features, blocks, decoderBlocks, channels } = network;
  let voxels = voxelCount(patch);
  const voxelsAt: number[] = [];
  let products = 0;
  let values = 0;
  let parameters = 0;
  const convolution = (taps: number, from: number, to: number, at: number) => {
    products += taps * from * to * at;
    parameters += taps * from * to;
    values += to * at;
  };
  let from = channels;
  for (const [stage, width] of features.entries()) {
    voxels /= voxelCount(strides[stage]!);
    voxelsAt.push(voxels);
    for (let i = 0; i < blocks[stage]!; i++) {
      convolution(voxelCount(kernels[stage]!), from, width, voxels);
      from = width;
    }
  }
  for (let stage = features.length - 2; stage >= 0; stage--) {
    const width = features[stage]!;
    const at = voxelsAt[stage]!;
    convolution(1, features[stage + 1]!, width, at);
    parameters += (voxelCount(strides[stage + 1]!) - 1) * features[stage + 1]! * width;
    for (let i = 0; i < decoderBlocks[stage]!; i++) {
      convolution(voxelCount(kernels[stage]!), i === 0 ? 2 * width : width, width, at);
    }
  }
  return {
    parameters,
    bytes: BYTES_PER_FEATURE * values * batch + BYTES_PER_PARAMETER * parameters,
    // Multiply and add, forward and twice that backward.
    seconds: (6 * products * batch) / OPERATIONS_PER_SECOND,
  };
}
