/** Tensors of a weight file as the parameters of a network. */
import { inputError } from "@viscera/core";
import { elementCount, floatTensor, type Tensor } from "../tensor.js";
import type { Weights } from "../weights/weights.js";
import type { Network, ParameterSpec } from "./network.js";

/** Put before every name by torch's DataParallel and compile. */
const PREFIXES = ["module.", "_orig_mod."];

/** Counters that state_dicts may hold beside the parameters; nothing depends on them. */
const COUNTERS = /(^|\.)(num_batches_tracked|total_ops|total_params)$/;

function withoutPrefixes(name: string): string {
  const prefix = PREFIXES.find((each) => name.startsWith(each));
  return prefix === undefined ? name : withoutPrefixes(name.slice(prefix.length));
}

function asFloats({ name, dims }: ParameterSpec, tensor: Tensor): Tensor {
  if (tensor.dims.join() !== dims.join()) {
    throw inputError(
      "weights",
      `The tensor "${name}" has the shape [${tensor.dims.join(", ")}]; the network needs [${dims.join(", ")}].`,
      "Check that the options of the architecture are those the weights were trained with.",
    );
  }
  if (tensor.type === "float32") return tensor;
  if (tensor.type === "float64") return floatTensor(Float32Array.from(tensor.data as Float64Array), dims);
  throw inputError(
    "weights",
    `The tensor "${name}" holds ${tensor.type}, where the network needs floating-point numbers.`,
    "Save the weights as float32.",
  );
}

/**
 * The weights of `network` among `tensors`, by name or alias, also behind "module." and "_orig_mod.". Throws
 * `input.weights` naming the tensor that is missing, of another shape, or of no use.
 */
export function matchWeights(network: Network, tensors: Weights): Weights {
  const found = new Map<string, Tensor>();
  for (const [name, tensor] of tensors) found.set(withoutPrefixes(name), tensor);
  const weights: Weights = new Map();
  for (const parameter of network.parameters) {
    const names = [parameter.name, ...(parameter.aliases ?? [])];
    const present = names.filter((name) => found.has(name));
    if (present.length === 0) {
      throw inputError(
        "weights",
        `The tensor "${parameter.name}" (${elementCount(parameter.dims)} numbers) is missing among the ${tensors.size} given.`,
        `Check that the weights belong to a ${network.kind} of these options.`,
      );
    }
    weights.set(parameter.name, asFloats(parameter, found.get(present[0]!)!));
    for (const name of present) found.delete(name);
  }
  for (const name of network.unused) found.delete(name);
  const rest = [...found.keys()].filter((name) => !COUNTERS.test(name));
  if (rest.length > 0) {
    throw inputError(
      "weights",
      `The network has no place for the tensor "${rest[0]}"${rest.length > 1 ? ` and ${rest.length - 1} more` : ""}.`,
      `Check that the weights belong to a ${network.kind} of these options.`,
    );
  }
  return weights;
}
