/** Weights of a network taken over by one with other labels or other input channels. */
import { inputError, RandomStream } from "@viscera/core";
import { elementCount, floatTensor, type Network, type Weights } from "@viscera/nets";
import { classAxes } from "./class-axes.js";
import { parametersOfLayer } from "./layer-parameters.js";

/** Class in the base of each class of the new network; null for one the base does not know. 0 stays 0. */
export type ClassMap = readonly (number | null)[];

/** Labels of equal name stay; their ids may differ. */
export function classMap(
  base: readonly { id: number; name: string }[],
  wanted: readonly { id: number; name: string }[],
): ClassMap {
  const plain = (name: string) =>
    name
      .trim()
      .toLowerCase()
      .replace(/[\s-]+/g, "_");
  const known = new Map(base.map(({ id, name }) => [plain(name), id]));
  const map: (number | null)[] = [0];
  for (const { id, name } of wanted) map[id] = known.get(plain(name)) ?? null;
  return map;
}

/**
 * Weights for `network` (of `networkFor`) from those of `base`. Along every axis that counts classes, classes that
 * the base knows keep their numbers; what others begin with is drawn like the base's own, around the mean over the
 * classes. Where outputs also come in, new classes have no part in old ones at first. First layers for another
 * number of channels get the mean over the base's channels, divided so that equal channels give the same result.
 */
export function transferWeights(
  base: Network,
  baseWeights: Weights,
  network: Network,
  classes: ClassMap,
  seed: number,
): Weights {
  const axesOf = classAxes(base);
  const fromInput = new Set(
    base.layers
      .filter(({ inputs }) => inputs.includes(0))
      .flatMap(({ operation }) => parametersOfLayer(operation)),
  );
  const random = new RandomStream(seed, "segment.new-head");
  const weights: Weights = new Map();
  for (const [index, { name, dims }] of network.parameters.entries()) {
    const old = baseWeights.get(name)!;
    let array = old.data as Float32Array;
    const shape = [...old.dims];
    const axes = axesOf.get(name) ?? [];
    for (const axis of axes) {
      // In a weight [out, in, ...], old outputs do not listen to new classes among the inputs.
      const silent = axis === 1 && axes.includes(0);
      array = remapped(array, shape, axis, classes, silent, (i) => random.normal(index, i));
      shape[axis] = classes.length;
    }
    if (axes.length === 0 && shape[1] !== dims[1] && fromInput.has(name)) {
      array = spreadChannels(array, shape, dims[1]!);
      shape[1] = dims[1]!;
    }
    if (shape.join() !== dims.join()) {
      throw inputError(
        "architecture",
        `The base's "${name}" of ${old.dims.join("x")} numbers has no place in the new network (${dims.join("x")}).`,
        "Fine-tune with the same number of channels.",
      );
    }
    weights.set(name, floatTensor(array === old.data ? array.slice() : array, dims));
  }
  return weights;
}

/** An array with the entries along one axis chosen by class; new ones are drawn around the mean, or 0. */
function remapped(
  data: Float32Array,
  shape: readonly number[],
  axis: number,
  classes: ClassMap,
  silent: boolean,
  normal: (index: number) => number,
): Float32Array {
  const count = shape[axis]!;
  const inner = elementCount(shape.slice(axis + 1));
  const outer = elementCount(shape.slice(0, axis));
  const out = new Float32Array(outer * classes.length * inner);
  let squares = 0;
  for (const value of data) squares += value * value;
  const deviation = Math.sqrt(squares / data.length);
  for (let o = 0; o < outer; o++) {
    for (const [c, from] of classes.entries()) {
      for (let i = 0; i < inner; i++) {
        const at = (o * classes.length + c) * inner + i;
        if (from !== null) out[at] = data[(o * count + from) * inner + i]!;
        else if (!silent) {
          let sum = 0;
          for (let k = 0; k < count; k++) sum += data[(o * count + k) * inner + i]!;
          out[at] = sum / count + (shape.length > 1 ? deviation * normal(at) : 0);
        }
      }
    }
  }
  return out;
}

/** A weight [out, in, ...] for another number of equal inputs. */
function spreadChannels(data: Float32Array, shape: readonly number[], channels: number): Float32Array {
  const [outputs = 1, inputs = 1] = shape;
  const inner = elementCount(shape.slice(2));
  const out = new Float32Array(outputs * channels * inner);
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inner; i++) {
      let sum = 0;
      for (let c = 0; c < inputs; c++) sum += data[(o * inputs + c) * inner + i]!;
      for (let c = 0; c < channels; c++) out[(o * channels + c) * inner + i] = sum / channels;
    }
  }
  return out;
}
