/** Where a network's parameters stand between its input and its output. */
import type { Network } from "@viscera/nets";
import { classParameters } from "./class-axes.js";
import { parametersOfLayer } from "./layer-parameters.js";

/** How much smaller than the input each value is, as the product over axes; value 0 is the input. */
function shrinkage(network: Network): number[] {
  const scales = [1];
  const product = (numbers: readonly number[]) => numbers.reduce((all, n) => all * n, 1);
  for (const { operation, inputs } of network.layers) {
    const before = scales[inputs[0]!]!;
    let scale = before;
    if (operation.kind === "conv") scale = before * product(operation.strides);
    else if (operation.kind === "convTranspose") scale = before / product(operation.strides);
    else if (operation.kind === "averagePool") scale = before * product(operation.kernel);
    else if (operation.kind === "interpolate") scale = before / product(operation.scales);
    scales.push(scale);
  }
  return scales;
}

export interface Stages {
  /** Stages of resolution from the first, 0, by parameter. */
  stageOf: ReadonlyMap<string, number>;
  count: number;
  /** The first stage behind the coarsest resolution: what lies there and later is the decoder. */
  decoderStart: number;
  /** Parameters that count classes: of the layers that give the outputs, for deep supervision too. */
  head: ReadonlySet<string>;
}

/**
 * Divides a network into stages: runs of layers at one resolution, in the order they are computed. A network that
 * keeps its resolution has a stage for every convolution, and its last third counts as decoder.
 */
export function stagesOf(network: Network): Stages {
  const scales = shrinkage(network);
  const flat = scales.every((scale) => scale === 1);
  const stageOf = new Map<string, number>();
  let stage = 0;
  let last: number | null = null;
  let coarsest = 0;
  let coarsestScale = 1;
  for (const [index, { operation }] of network.layers.entries()) {
    const names = parametersOfLayer(operation);
    if (names.length === 0) continue;
    const scale = scales[index + 1]!;
    if (last !== null && (flat ? operation.kind === "conv" : scale !== last)) stage++;
    last = scale;
    if (scale >= coarsestScale) {
      coarsestScale = scale;
      coarsest = stage;
    }
    for (const name of names) if (!stageOf.has(name)) stageOf.set(name, stage);
  }
  const count = stage + 1;
  return {
    stageOf,
    count,
    decoderStart: flat ? Math.ceil((2 * count) / 3) : coarsest + 1,
    head: classParameters(network),
  };
}

/**
 * Factors of the learning rate: 1 for the head and the last stage, `decay` times less for every stage further from
 * it (Howard and Ruder, doi:10.18653/v1/P18-1031, who divide by 2.6 from layer to layer).
 */
export function layerwiseRates(network: Network, decay: number): (name: string) => number {
  const { stageOf, count, head } = stagesOf(network);
  return (name) => (head.has(name) ? 1 : decay ** (count - 1 - (stageOf.get(name) ?? count - 1)));
}
