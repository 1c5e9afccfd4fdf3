import type { Operation } from "@viscera/nets";

/** Names of the parameters of a layer. */
export function parametersOfLayer(operation: Operation): string[] {
  switch (operation.kind) {
    case "conv":
    case "convTranspose":
    case "linear":
      return present([operation.weight, operation.bias]);
    case "instanceNorm":
    case "groupNorm":
    case "layerNorm":
      return present([operation.scale, operation.shift]);
    case "batchNorm": {
      const { scale, shift, runningMean, runningVariance } = operation;
      return present([scale, shift, runningMean, runningVariance]);
    }
    case "prelu":
      return [operation.slope];
    case "addParameter":
      return [operation.parameter];
    default:
      return [];
  }
}

const present = (names: readonly (string | null)[]) => names.filter((name) => name !== null);
