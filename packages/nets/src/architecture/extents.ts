/** Which extents a network takes, and what it makes of them. */
import { inputError } from "@viscera/core";
import type { Network, Operation } from "./network.js";

const AXES = ["d0", "d1", "d2"];

/** Throws `input.shape`, saying by what they must divide, when the network cannot take these extents of space. */
export function checkExtents(network: Network, extents: readonly number[]): void {
  const { kind, spatialDims, multipleOf } = network;
  const given = extents.join("x");
  if (extents.length !== spatialDims) {
    throw inputError(
      "shape",
      `This ${kind} is for ${spatialDims} spatial axes and cannot take ${given} voxels.`,
      "Use a network of as many axes as the image has.",
    );
  }
  if (network.extents && network.extents.join() !== extents.join()) {
    throw inputError(
      "shape",
      `This ${kind} takes ${network.extents.join("x")} voxels only, not ${given}.`,
      "Cut or pad the image to this size.",
    );
  }
  const wrong = extents.findIndex((n, axis) => !(n >= 1) || n % multipleOf[axis]! !== 0);
  if (wrong >= 0) {
    throw inputError(
      "shape",
      `This ${kind} cannot take ${given} voxels: along ${AXES[wrong]} the extent must be a multiple of ${multipleOf[wrong]}.`,
      `Cut or pad the image to multiples of ${multipleOf.join("x")}.`,
    );
  }
}

function convExtents(
  input: readonly number[],
  { kernel, strides, pads, dilations }: Extract<Operation, { kind: "conv" }>,
): number[] {
  return input.map((n, axis) => {
    const reach = dilations[axis]! * (kernel[axis]! - 1) + 1;
    return Math.floor((n + 2 * pads[axis]! - reach) / strides[axis]!) + 1;
  });
}

/** Shape of what an operation makes of inputs of the given shapes; `channels` of convolutions by their weights. */
function resultDims(
  operation: Operation,
  [x, y]: readonly (readonly number[])[],
  channelsOf: (weight: string) => readonly number[],
): readonly number[] {
  const dims = x!;
  const space = dims.slice(2);
  switch (operation.kind) {
    case "conv":
      return [dims[0]!, channelsOf(operation.weight)[0]!, ...convExtents(space, operation)];
    case "convTranspose": {
      const { kernel, strides, pads, outputPadding } = operation;
      const extents = space.map(
        (n, axis) => (n - 1) * strides[axis]! - 2 * pads[axis]! + kernel[axis]! + outputPadding[axis]!,
      );
      return [dims[0]!, channelsOf(operation.weight)[1]!, ...extents];
    }
    case "averagePool":
      return [dims[0]!, dims[1]!, ...space.map((n, axis) => Math.floor(n / operation.kernel[axis]!))];
    case "interpolate":
      return [dims[0]!, dims[1]!, ...space.map((n, axis) => Math.floor(n * operation.scales[axis]!))];
    case "concat":
      return [dims[0]!, dims[1]! + y![1]!, ...space];
    case "toTokens":
      return [dims[0]!, space.reduce((all, n) => all * n, 1), dims[1]!];
    case "toPatches": {
      const block = operation.block.reduce((all, n) => all * n, 1);
      return [dims[0]!, space.reduce((all, n) => all * n, 1) / block, block * dims[1]!];
    }
    case "toSpace":
      return [dims[0]!, dims[2]!, ...operation.extents];
    case "linear":
      return [...dims.slice(0, -1), channelsOf(operation.weight)[0]!];
    case "attention":
      return [...dims.slice(0, -1), dims.at(-1)! / 3];
    default:
      return dims;
  }
}

/**
 * Shapes of all values of a network for a batch of inputs with these extents: the input's, then each layer's.
 * Throws `input.shape` where the network cannot take the extents.
 */
export function valueDims(
  network: Network,
  batch: number,
  extents: readonly number[],
): (readonly number[])[] {
  checkExtents(network, extents);
  const weights = new Map(network.parameters.map(({ name, dims }) => [name, dims]));
  const values: (readonly number[])[] = [[batch, network.channels, ...extents]];
  for (const { operation, inputs } of network.layers) {
    const operands = inputs.map((id) => values[id]!);
    values.push(resultDims(operation, operands, (name) => weights.get(name)!));
  }
  return values;
}
