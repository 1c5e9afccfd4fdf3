/** What constant weights make simpler: batch norm is part of the convolution before it, PReLU a leaky rectifier. */
import { elementCount, floatTensor } from "../tensor.js";
import type { Weights } from "../weights/weights.js";
import type { Layer, Network, Operation } from "./network.js";

type Of<K extends Operation["kind"]> = Extract<Operation, { kind: K }>;
type Convolution = Of<"conv" | "convTranspose">;

/**
 * The same network without those batch norms that follow a convolution nobody else reads (its weights are changed
 * accordingly; others stay) and with leaky rectifiers for PReLUs of one slope.
 */
export function foldConstants(network: Network, weights: Weights): { network: Network; weights: Weights } {
  const folded: Weights = new Map(weights);
  const uses = new Array<number>(network.layers.length + 1).fill(0);
  for (const { inputs } of network.layers) for (const id of inputs) uses[id]!++;
  for (const id of network.outputs) uses[id]!++;
  const layers: Layer[] = [];
  /** Values of the network as values of the folded one. */
  const ids = [0];
  for (const { operation, inputs } of network.layers) {
    const before = network.layers[inputs[0]! - 1]?.operation;
    if (operation.kind === "batchNorm" && isConvolution(before) && uses[inputs[0]!] === 1) {
      const id = ids[inputs[0]!]!;
      layers[id - 1] = { ...layers[id - 1]!, operation: scaled(before, operation, folded) };
      ids.push(id);
    } else {
      layers.push({ operation: withSlope(operation, weights), inputs: inputs.map((id) => ids[id]!) });
      ids.push(layers.length);
    }
  }
  const outputs = network.outputs.map((id) => ids[id]!);
  return { network: { ...network, layers, outputs }, weights: folded };
}

function withSlope(operation: Operation, weights: Weights): Operation {
  if (operation.kind !== "prelu") return operation;
  const slopes = weights.get(operation.slope)!.data as Float32Array;
  return slopes.length === 1 ? { kind: "leakyRelu", slope: slopes[0]! } : operation;
}

function isConvolution(operation: Operation | undefined): operation is Convolution {
  return operation?.kind === "conv" || operation?.kind === "convTranspose";
}

/** The convolution with the norm inside; its weights take the place of those in `weights`. */
function scaled(convolution: Convolution, norm: Of<"batchNorm">, weights: Weights): Convolution {
  const numbers = (name: string) => weights.get(name)!.data as Float32Array;
  const variance = numbers(norm.runningVariance);
  const mean = numbers(norm.runningMean);
  const factor = Array.from(variance, (value, c) => {
    const scale = norm.scale === null ? 1 : numbers(norm.scale)[c]!;
    return scale / Math.sqrt(value + norm.epsilon);
  });
  const { dims } = weights.get(convolution.weight)!;
  const old = numbers(convolution.weight);
  // Filters are the first axis, but the second of transposed convolutions.
  const axis = convolution.kind === "conv" ? 0 : 1;
  const inner = elementCount(dims.slice(axis + 1));
  const data = Float32Array.from(old, (value, i) => value * factor[Math.floor(i / inner) % dims[axis]!]!);
  const bias = Float32Array.from(factor, (value, c) => {
    const before = convolution.bias === null ? 0 : numbers(convolution.bias)[c]!;
    const shift = norm.shift === null ? 0 : numbers(norm.shift)[c]!;
    return (before - mean[c]!) * value + shift;
  });
  const name = `${convolution.weight} with norm`;
  weights.set(convolution.weight, floatTensor(data, dims));
  weights.set(name, floatTensor(bias, [bias.length]));
  return { ...convolution, bias: name };
}
