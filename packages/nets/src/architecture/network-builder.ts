/** Puts a `Network` together layer by layer; the only place that counts channels. */
import type {
  ActivationFunction,
  Initialiser,
  Layer,
  Network,
  Operation,
  ParameterRole,
  ParameterSpec,
} from "./network.js";

/** A value of the network under construction. */
export interface Value {
  readonly id: number;
  readonly channels: number;
}

/** Drawing of a convolution's or linear layer's parameters from the numbers of inputs and outputs of a number. */
export interface Initialisation {
  weight: (fanIn: number, fanOut: number) => Initialiser;
  bias: (fanIn: number) => Initialiser;
}

export interface ConvSpec {
  kernel: readonly number[];
  strides?: readonly number[];
  /** Default: those that keep the extent where the kernel is odd, (k - 1) / 2 · dilation. */
  pads?: readonly number[];
  dilations?: readonly number[];
  groups?: number;
  bias: boolean;
  initialisation: Initialisation;
}

export interface ConvTransposeSpec {
  kernel: readonly number[];
  strides: readonly number[];
  pads?: readonly number[];
  outputPadding?: readonly number[];
  bias: boolean;
  initialisation: Initialisation;
}

export type NormSpec =
  | { kind: "instance"; affine: boolean; epsilon: number }
  | { kind: "group"; groups: number; affine: boolean; epsilon: number }
  | { kind: "batch"; affine: boolean; epsilon: number };

export type ActivationSpec =
  | { kind: ActivationFunction }
  | { kind: "leakyRelu"; slope: number }
  | { kind: "prelu"; count: number; start: number };

/** Other names of a parameter, from the one it is made under. */
export type AliasRule = (name: string) => string[];

const constant = (value: number): Initialiser => ({ kind: "constant", value });
const product = (values: readonly number[]) => values.reduce((all, n) => all * n, 1);

export class NetworkBuilder {
  readonly spatialDims: 2 | 3;
  readonly input: Value;
  readonly #parameters: ParameterSpec[] = [];
  readonly #layers: Layer[] = [];
  readonly #aliases: AliasRule;
  #dropouts = 0;

  constructor(spatialDims: 2 | 3, channels: number, aliases: AliasRule = () => []) {
    this.spatialDims = spatialDims;
    this.input = { id: 0, channels };
    this.#aliases = aliases;
  }

  /** A number for every axis of space. */
  perAxis(value: number): number[] {
    return new Array<number>(this.spatialDims).fill(value);
  }

  layer(operation: Operation, inputs: readonly Value[], channels: number): Value {
    this.#layers.push({ operation, inputs: inputs.map(({ id }) => id) });
    return { id: this.#layers.length, channels };
  }

  /** A module used twice gives its parameter the same name again; it is one parameter. */
  parameter(
    name: string,
    dims: readonly number[],
    role: ParameterRole,
    init: Initialiser,
    aliases: readonly string[] = this.#aliases(name),
  ): string {
    if (!this.#parameters.some((other) => other.name === name)) {
      this.#parameters.push({ name, dims, role, init, ...(aliases.length > 0 && { aliases }) });
    }
    return name;
  }

  #weights(name: string, dims: readonly number[], biased: number, by: Initialisation) {
    // torch takes the second axis for the inputs, also of transposed convolutions.
    const fanOut = product(dims) / dims[1]!;
    const fanIn = product(dims) / dims[0]!;
    const weight = this.parameter(`${name}.weight`, dims, "weight", by.weight(fanIn, fanOut));
    const bias = biased > 0 ? this.parameter(`${name}.bias`, [biased], "bias", by.bias(fanIn)) : null;
    return { weight, bias };
  }

  conv(x: Value, name: string, channels: number, spec: ConvSpec): Value {
    const { kernel, strides = this.perAxis(1), dilations = this.perAxis(1), groups = 1 } = spec;
    const pads = spec.pads ?? kernel.map((k, axis) => Math.floor(((k - 1) * dilations[axis]!) / 2));
    const perGroup = x.channels / groups;
    const dims = [channels, perGroup, ...kernel];
    const names = this.#weights(name, dims, spec.bias ? channels : 0, spec.initialisation);
    const operation: Operation = { kind: "conv", ...names, kernel, strides, pads, dilations, groups };
    return this.layer(operation, [x], channels);
  }

  convTranspose(x: Value, name: string, channels: number, spec: ConvTransposeSpec): Value {
    const { kernel, strides, pads = this.perAxis(0), outputPadding = this.perAxis(0) } = spec;
    const dims = [x.channels, channels, ...kernel];
    const names = this.#weights(name, dims, spec.bias ? channels : 0, spec.initialisation);
    const operation: Operation = { kind: "convTranspose", ...names, kernel, strides, pads, outputPadding };
    return this.layer(operation, [x], channels);
  }

  linear(x: Value, name: string, channels: number, bias: boolean, initialisation: Initialisation): Value {
    const names = this.#weights(name, [channels, x.channels], bias ? channels : 0, initialisation);
    return this.layer({ kind: "linear", ...names }, [x], channels);
  }

  /** `scaleStart`: what the scale is before training. */
  norm(x: Value, name: string, spec: NormSpec, scaleStart = 1): Value {
    const dims = [x.channels];
    const scale = spec.affine
      ? this.parameter(`${name}.weight`, dims, "normScale", constant(scaleStart))
      : null;
    const shift = spec.affine ? this.parameter(`${name}.bias`, dims, "normShift", constant(0)) : null;
    const { epsilon } = spec;
    if (spec.kind === "instance") {
      return this.layer({ kind: "instanceNorm", scale, shift, epsilon }, [x], x.channels);
    }
    if (spec.kind === "group") {
      const { groups } = spec;
      return this.layer({ kind: "groupNorm", groups, scale, shift, epsilon }, [x], x.channels);
    }
    const runningMean = this.parameter(`${name}.running_mean`, dims, "runningMean", constant(0));
    const runningVariance = this.parameter(`${name}.running_var`, dims, "runningVariance", constant(1));
    return this.layer(
      { kind: "batchNorm", scale, shift, runningMean, runningVariance, epsilon },
      [x],
      x.channels,
    );
  }

  layerNorm(x: Value, name: string, epsilon = 1e-5): Value {
    const scale = this.parameter(`${name}.weight`, [x.channels], "normScale", constant(1));
    const shift = this.parameter(`${name}.bias`, [x.channels], "normShift", constant(0));
    return this.layer({ kind: "layerNorm", scale, shift, epsilon }, [x], x.channels);
  }

  /** `name` is that of the module, for the parameter of those that have one. */
  activation(x: Value, name: string, spec: ActivationSpec): Value {
    if (spec.kind === "leakyRelu") return this.layer(spec, [x], x.channels);
    if (spec.kind === "prelu") {
      const slope = this.parameter(`${name}.weight`, [spec.count], "slope", constant(spec.start));
      return this.layer({ kind: "prelu", slope }, [x], x.channels);
    }
    return this.layer({ kind: "activation", function: spec.kind }, [x], x.channels);
  }

  dropout(x: Value, rate: number, wholeChannels: boolean): Value {
    if (rate === 0) return x;
    const name = `dropout.${this.#dropouts++}`;
    return this.layer({ kind: "dropout", name, rate, wholeChannels }, [x], x.channels);
  }

  averagePool(x: Value, kernel: readonly number[]): Value {
    return this.layer({ kind: "averagePool", kernel }, [x], x.channels);
  }

  add(a: Value, b: Value): Value {
    return this.layer({ kind: "add" }, [a, b], a.channels);
  }

  concat(a: Value, b: Value): Value {
    return this.layer({ kind: "concat" }, [a, b], a.channels + b.channels);
  }

  network(
    description: Pick<Network, "kind" | "options" | "multipleOf"> &
      Partial<Pick<Network, "extents" | "unused">>,
    outputs: readonly Value[],
  ): Network {
    return {
      ...description,
      extents: description.extents ?? null,
      unused: description.unused ?? [],
      spatialDims: this.spatialDims,
      channels: this.input.channels,
      classes: outputs[0]!.channels,
      parameters: this.#parameters,
      layers: this.#layers,
      outputs: outputs.map(({ id }) => id),
    };
  }
}
