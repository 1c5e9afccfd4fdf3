/** A network on a tape: its forward pass in operations that can be differentiated. */
import { failedError } from "@viscera/core";
import type { Tape, Variable } from "../autodiff/index.js";
import { elementCount } from "../tensor.js";
import { checkExtents, valueDims } from "./extents.js";
import type { ActivationFunction, Network, Operation } from "./network.js";

export interface BatchStatistics {
  /** Names of the parameters that follow the statistics. */
  runningMean: string;
  runningVariance: string;
  /** [C], of this batch; the variance is biased. */
  mean: Variable;
  variance: Variable;
  /** How many numbers each channel's statistics are of. */
  count: number;
}

export interface ApplyOptions {
  /** Dropout works, and batch norm takes the batch's own statistics. Default false. */
  training?: boolean;
  /** In training, takes each batch norm's statistics. */
  onBatchStatistics?: (statistics: BatchStatistics) => void;
}

/** Input of a tape that a network with dropout needs in training. */
export interface DropoutInput {
  name: string;
  dims: readonly number[];
  /** Share of numbers to be 0; the others are 1 / (1 - rate). */
  rate: number;
}

/** The masks that `applyNetwork` makes inputs of the tape in training. */
export function dropoutInputs(network: Network, batch: number, extents: readonly number[]): DropoutInput[] {
  const dims = valueDims(network, batch, extents);
  return network.layers.flatMap(({ operation, inputs }) =>
    operation.kind === "dropout"
      ? [{ name: operation.name, rate: operation.rate, dims: maskDims(operation, dims[inputs[0]!]!) }]
      : [],
  );
}

function maskDims({ wholeChannels }: { wholeChannels: boolean }, dims: readonly number[]): readonly number[] {
  return wholeChannels ? dims.map((n, axis) => (axis < 2 ? n : 1)) : dims;
}

/**
 * The outputs for `input` [N, channels, ...space], full resolution first. `parameter` gives the variable of a
 * parameter by its name; with `training` the masks of `dropoutInputs` become inputs of the tape. Throws
 * `input.shape` where the network cannot take the extents.
 */
export function applyNetwork(
  tape: Tape,
  network: Network,
  input: Variable,
  parameter: (name: string) => Variable,
  options: ApplyOptions = {},
): Variable[] {
  checkExtents(network, input.dims.slice(2));
  const values: Variable[] = [input];
  for (const { operation, inputs } of network.layers) {
    const operands = inputs.map((id) => values[id]!);
    values.push(applyOperation(tape, operation, operands, parameter, options));
  }
  return network.outputs.map((id) => values[id]!);
}

/** One layer's operation. */
export function applyOperation(
  tape: Tape,
  operation: Operation,
  operands: readonly Variable[],
  parameter: (name: string) => Variable,
  options: ApplyOptions = {},
): Variable {
  const [x, y] = operands as [Variable, Variable];
  const orNull = (name: string | null) => (name === null ? null : parameter(name));
  switch (operation.kind) {
    case "conv": {
      const { weight, bias, strides, pads, dilations, groups } = operation;
      const sides = [...pads, ...pads];
      return tape.conv(x, parameter(weight), orNull(bias), { strides, pads: sides, dilations, groups });
    }
    case "convTranspose": {
      const { weight, bias, strides, pads, outputPadding } = operation;
      const sides = [...pads, ...pads];
      return tape.convTranspose(x, parameter(weight), orNull(bias), { strides, pads: sides, outputPadding });
    }
    case "instanceNorm":
      return tape.instanceNorm(x, orNull(operation.scale), orNull(operation.shift), operation.epsilon);
    case "groupNorm": {
      const { groups, scale, shift, epsilon } = operation;
      return tape.groupNorm(x, groups, orNull(scale), orNull(shift), epsilon);
    }
    case "batchNorm":
      return batchNorm(tape, operation, x, parameter, options);
    case "layerNorm":
      return tape.layerNorm(x, parameter(operation.scale), parameter(operation.shift), operation.epsilon);
    case "activation":
      return activation(tape, operation.function, x);
    case "leakyRelu":
      return tape.leakyRelu(x, operation.slope);
    case "prelu":
      return tape.prelu(x, parameter(operation.slope));
    case "dropout":
      return options.training ? tape.dropout(x, tape.input(operation.name, maskDims(operation, x.dims))) : x;
    case "averagePool":
      return tape.averagePool(x, { kernel: operation.kernel, strides: operation.kernel });
    case "interpolate":
      return tape.interpolate(x, operation.scales, operation.mode, { alignCorners: operation.alignCorners });
    case "add":
      return tape.add(x, y);
    case "concat":
      return tape.concat(operands, 1);
    case "toTokens": {
      const [batch, channels, ...space] = x.dims as [number, number, ...number[]];
      return tape.transpose(tape.reshape(x, [batch, channels, elementCount(space)]), [0, 2, 1]);
    }
    case "toPatches":
      return toPatches(tape, x, operation.block);
    case "toSpace": {
      const [batch, , channels] = x.dims as [number, number, number];
      return tape.reshape(tape.transpose(x, [0, 2, 1]), [batch, channels, ...operation.extents]);
    }
    case "linear": {
      const product = tape.matMul(x, tape.transpose(parameter(operation.weight), [1, 0]));
      return operation.bias === null ? product : tape.add(product, parameter(operation.bias));
    }
    case "addParameter":
      return tape.add(x, parameter(operation.parameter));
    case "attention": {
      const channels = x.dims.at(-1)! / 3;
      const part = (i: number) => tape.slice(x, [i * channels], [(i + 1) * channels], [2]);
      return tape.attention(part(0), part(1), part(2), operation.heads);
    }
  }
}

function toPatches(tape: Tape, x: Variable, block: readonly number[]): Variable {
  const [batch, channels, ...space] = x.dims as [number, number, ...number[]];
  const blocks = space.map((n, axis) => n / block[axis]!);
  const split = tape.reshape(x, [batch, channels, ...space.flatMap((_, a) => [blocks[a]!, block[a]!])]);
  const outer = space.map((_, axis) => 2 + 2 * axis);
  const turned = tape.transpose(split, [0, ...outer, ...outer.map((axis) => axis + 1), 1]);
  return tape.reshape(turned, [batch, elementCount(blocks), elementCount(block) * channels]);
}

function activation(tape: Tape, name: ActivationFunction, x: Variable): Variable {
  if (name !== "elu") return tape[name](x);
  return tape.add(tape.relu(x), tape.sub(tape.exp(tape.minimum(x, 0)), tape.constant(1)));
}

function batchNorm(
  tape: Tape,
  operation: Extract<Operation, { kind: "batchNorm" }>,
  x: Variable,
  parameter: (name: string) => Variable,
  { training = false, onBatchStatistics }: ApplyOptions,
): Variable {
  const { runningMean, runningVariance, epsilon } = operation;
  const scale = operation.scale === null ? null : parameter(operation.scale);
  const shift = operation.shift === null ? null : parameter(operation.shift);
  if (training) {
    const { y, mean, variance } = tape.batchNorm(x, scale, shift, { eps: epsilon });
    const count = elementCount(x.dims) / x.dims[1]!;
    if (count < 2) {
      throw failedError("shape", "Batch norm needs more than one voxel a channel to be trained.");
    }
    onBatchStatistics?.({ runningMean, runningVariance, mean, variance, count });
    return y;
  }
  const perChannel = [x.dims[1]!, ...x.dims.slice(2).map(() => 1)];
  const deviation = tape.sqrt(tape.add(parameter(runningVariance), tape.constant(epsilon)));
  const factor = tape.div(scale ?? tape.constant(1), deviation);
  const centred = tape.sub(x, tape.reshape(parameter(runningMean), perChannel));
  const scaled = tape.mul(centred, tape.reshape(factor, perChannel));
  return shift ? tape.add(scaled, tape.reshape(shift, perChannel)) : scaled;
}
