/** A network's scores beside their truth, with what losses take from both; each part enters the graph once. */
import { usageError } from "@viscera/core";
import type { Tape, Variable } from "../autodiff/index.js";
import type { Value } from "../onnx/graph-builder.js";
import {
  type ChannelSoftmax,
  channelSoftmax,
  largestChannel,
  sumOverChannels,
  withFirstChannel,
} from "./channels.js";
import type { Activation } from "./loss-spec.js";
import type { Target } from "./target.js";

/** Added to a logarithm, it takes a class out of a sum of exponentials and leaves no NaN behind. */
const NEVER = -1e9;

export class Scores {
  readonly tape: Tape;
  /** [N, C, ...] */
  readonly logits: Variable;
  readonly target: Target;
  readonly #made = new Map<string, Variable>();
  #softmax: ChannelSoftmax | undefined;

  constructor(tape: Tape, logits: Variable, target: Target) {
    this.tape = tape;
    this.logits = logits;
    this.target = target;
  }

  get classes(): number {
    return this.logits.dims[1]!;
  }

  /** The axes of space. */
  get space(): number[] {
    return this.logits.dims.slice(2).map((_, i) => i + 2);
  }

  /** One number a class, as a constant that broadcasts over samples and space. */
  perClass(numbers: readonly number[]): Variable {
    const { graph } = this.tape;
    if (numbers.length !== this.classes) {
      throw usageError(`There are ${numbers.length} class weights for ${this.classes} classes.`);
    }
    const dims = [1, this.classes, ...this.space.map(() => 1)];
    return this.tape.wrap(graph.reshape(graph.floats(numbers), dims), dims);
  }

  /** Masks of the classes; with softmax, classes not annotated in a sample count as background there. */
  masks(activation: Activation): Variable {
    const { masks, known } = this.target;
    if (activation === "sigmoid" || known === null) return masks;
    return this.#once("masks", () => {
      const { tape } = this;
      const background = sumOverChannels(tape, masks, this.#inBackground);
      return withFirstChannel(tape, background, tape.mul(masks, known));
    });
  }

  /** Scores less the largest of each voxel. */
  get #shifted(): Variable {
    return this.#once("shifted", () => this.tape.sub(this.logits, largestChannel(this.tape, this.logits)));
  }

  get #softmaxed(): ChannelSoftmax {
    this.#softmax ??= channelSoftmax(this.tape, this.#shifted);
    return this.#softmax;
  }

  /**
   * Up to `logSum`, logarithms of the softmax. Background's is that of the sum over itself and all classes not
   * annotated in the sample (the marginal loss, Shi et al., doi:10.1016/j.media.2021.101979); theirs say nothing.
   */
  get relativeLogarithms(): Variable {
    if (this.target.known === null) return this.#shifted;
    return this.#once("relativeLogarithms", () => {
      const { tape } = this;
      const outside = tape.mul(tape.sub(tape.constant(1), this.#inBackground), tape.constant(NEVER));
      const members = tape.add(this.#shifted, outside);
      const largest = largestChannel(tape, members);
      const { logSum } = channelSoftmax(tape, tape.sub(members, largest));
      return withFirstChannel(tape, tape.add(logSum, largest), this.#shifted);
    });
  }

  /** What `relativeLogarithms` are too large by, [N, 1, ...]. */
  get logSum(): Variable {
    return this.#softmaxed.logSum;
  }

  /** Probabilities; with softmax, 0 for classes not annotated in a sample. */
  probabilities(activation: Activation): Variable {
    const { tape } = this;
    const { known } = this.target;
    return this.#once(activation, () => {
      if (activation === "sigmoid") return tape.sigmoid(this.logits);
      const { probabilities } = this.#softmaxed;
      if (known === null) return probabilities;
      const background = sumOverChannels(tape, probabilities, this.#inBackground);
      return withFirstChannel(tape, background, tape.mul(probabilities, known));
    });
  }

  /** The part of each sample's classes in a mean over classes: 1 or 0, [N, C, 1, ...]. */
  countedClasses(activation: Activation, includeBackground: boolean): Variable {
    const { tape, classes } = this;
    const { known } = this.target;
    const samples = this.logits.dims[0]!;
    // A single channel is no background.
    const leaveOut = !includeBackground && classes > 1;
    const counted = Array.from({ length: samples * classes }, (_, i) =>
      leaveOut && i % classes === 0 ? 0 : 1,
    );
    const dims = [samples, classes, ...this.space.map(() => 1)];
    const all = tape.wrap(tape.graph.reshape(tape.graph.floats(counted), dims), dims);
    if (known === null) return all;
    const annotated = tape.mul(all, known);
    return activation === "sigmoid" ? annotated : tape.where(this.#isBackground, all, annotated);
  }

  /** log(1 + e^x), right at both ends; its gradient at 0 is 1/2, as it is. */
  softplus(x: Variable): Variable {
    const { tape } = this;
    const largest = tape.stopGradient(tape.relu(x));
    return tape.add(largest, tape.log(tape.add(tape.exp(tape.neg(largest)), tape.exp(tape.sub(x, largest)))));
  }

  /** Sum of all elements, a scalar. */
  total(x: Variable): Variable {
    return this.tape.reduceSum(
      x,
      x.dims.map((_, axis) => axis),
      false,
    );
  }

  /** Mean of all elements, a scalar. */
  mean(x: Variable): Variable {
    return this.tape.reduceMean(
      x,
      x.dims.map((_, axis) => axis),
      false,
    );
  }

  /** Classes whose probability goes into background's, [N, C, 1, ...]; background is one of them. */
  get #inBackground(): Variable {
    const { tape } = this;
    return this.#once("inBackground", () =>
      tape.where(this.#isBackground, tape.constant(1), tape.sub(tape.constant(1), this.target.known!)),
    );
  }

  get #isBackground(): Value {
    const flags = this.perClass(Array.from({ length: this.classes }, (_, c) => (c === 0 ? 1 : 0)));
    return this.tape.graph.cast(flags.value, "bool");
  }

  #once(name: string, make: () => Variable): Variable {
    let variable = this.#made.get(name);
    if (variable === undefined) {
      variable = make();
      this.#made.set(name, variable);
    }
    return variable;
  }
}
