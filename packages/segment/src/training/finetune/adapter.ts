/**
 * Adapters of low rank (LoRA; Hu et al., arXiv:2106.09685) on convolutions and linear layers: beside a frozen
 * weight W runs a second one of few channels, A, whose result B spreads over the outputs. Both are linear, so that
 * W + B A, put in the place of W, gives the same network without adapters.
 */

import { RandomStream } from "@viscera/core";
import {
  elementCount,
  floatTensor,
  type Layer,
  type Network,
  type Operation,
  type ParameterSpec,
  type Weights,
} from "@viscera/nets";
import { stagesOf } from "./stages.js";

export const ADAPTER_A = ".lora_a";
export const ADAPTER_B = ".lora_b";

type Adapted = Extract<Operation, { kind: "conv" | "linear" }>;

/** Layers that may get an adapter: ungrouped ones; the head learns by itself. */
function adaptedOperation(operation: Operation, head: ReadonlySet<string>): Adapted | null {
  if (operation.kind !== "linear" && !(operation.kind === "conv" && operation.groups === 1)) return null;
  return head.has(operation.weight) ? null : operation;
}

/**
 * The network with adapters of a rank beside its convolutions and linear layers; their parameters are the weight's
 * name with ".lora_a" [rank, in, ...kernel] and ".lora_b" [out, rank, 1, ...]. At the start B is 0 and nothing changes.
 */
export function withAdapters(network: Network, rank: number): Network {
  const { head } = stagesOf(network);
  const specs = new Map(network.parameters.map((spec) => [spec.name, spec]));
  const parameters: ParameterSpec[] = [...network.parameters];
  const layers: Layer[] = [];
  // Where each value of the network is among the new values.
  const placeOf = [0];
  const add = (operation: Operation, inputs: readonly number[]) => layers.push({ operation, inputs });
  for (const { operation, inputs } of network.layers) {
    const from = inputs.map((id) => placeOf[id]!);
    let value = add(operation, from);
    const adapted = adaptedOperation(operation, head);
    const { dims } = adapted ? specs.get(adapted.weight)! : { dims: [] };
    const [outputs = 0, ...rest] = dims;
    if (
      adapted &&
      rank <
        Math.min(
          outputs,
          rest.reduce((product, n) => product * n, 1),
        )
    ) {
      const [a, b] = [adapted.weight + ADAPTER_A, adapted.weight + ADAPTER_B];
      const fanIn = elementCount(rest);
      const dimsB = [outputs, rank, ...rest.slice(1).map(() => 1)];
      parameters.push(
        {
          name: a,
          dims: [rank, ...rest],
          role: "weight",
          init: { kind: "uniform", bound: 1 / Math.sqrt(fanIn) },
        },
        { name: b, dims: dimsB, role: "weight", init: { kind: "constant", value: 0 } },
      );
      const narrow = add({ ...adapted, weight: a, bias: null }, from);
      const spread = add(spreading(adapted, b), [narrow]);
      value = add({ kind: "add" }, [value, spread]);
    }
    placeOf.push(value);
  }
  return { ...network, parameters, layers, outputs: network.outputs.map((id) => placeOf[id]!) };
}

/** The layer that takes an adapter's few channels to all outputs. */
function spreading(operation: Adapted, weight: string): Operation {
  if (operation.kind === "linear") return { ...operation, weight, bias: null };
  const ones = operation.kernel.map(() => 1);
  return {
    ...operation,
    weight,
    bias: null,
    kernel: ones,
    strides: ones,
    dilations: ones,
    pads: ones.map(() => 0),
  };
}

/** Weights of the adapters as they begin, for a network of `withAdapters`. */
export function withAdapterWeights(network: Network, weights: Weights, seed: number): Weights {
  const random = new RandomStream(seed, "segment.adapters");
  const all: Weights = new Map(weights);
  for (const [index, { name, dims, init }] of network.parameters.entries()) {
    if (all.has(name)) continue;
    const data = new Float32Array(elementCount(dims));
    if (init.kind === "uniform") {
      for (let i = 0; i < data.length; i++) data[i] = init.bound * (2 * random.uniform(index, i) - 1);
    }
    all.set(name, floatTensor(data, dims));
  }
  return all;
}

/** Weights of `network` with the adapters added to the weights they stand beside. */
export function mergeAdapters(network: Network, weights: Weights): Weights {
  return new Map(
    network.parameters.map(({ name, dims }) => {
      const own = weights.get(name)!;
      const a = weights.get(name + ADAPTER_A);
      const b = weights.get(name + ADAPTER_B);
      if (!a || !b) return [name, own];
      const rank = a.dims[0]!;
      const outputs = dims[0]!;
      const inner = elementCount(dims) / outputs;
      const data = Float32Array.from(own.data as Float32Array);
      const [from, by] = [a.data as Float32Array, b.data as Float32Array];
      for (let o = 0; o < outputs; o++) {
        for (let i = 0; i < inner; i++) {
          let sum = 0;
          for (let r = 0; r < rank; r++) sum += by[o * rank + r]! * from[r * inner + i]!;
          data[o * inner + i]! += sum;
        }
      }
      return [name, floatTensor(data, dims)];
    }),
  );
}
