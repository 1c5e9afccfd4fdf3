/** Held-out Dice of a network on the way: prepared cases, sliding windows, no resampling back. */
import { type JobOptions, RandomStream, type Size3, throwIfCancelled } from "@viscera/core";
import { floatTensor, inferenceModel, type Network, type Weights } from "@viscera/nets";
import { openSession } from "@viscera/nets/node";
import { predictBlended } from "../../../blend.js";
import type { NetworkImage } from "../../../image.js";
import { type SynthesisTable, synthesiseImage, synthesisSpec } from "../../../synthesis/index.js";
import { IGNORED_VOXEL, type TrainingPlan } from "../../../training/data/index.js";
import {
  type CaseScore,
  diceOfClasses,
  type Example,
  exampleOf,
  meanOf,
  rankedPlaces,
  type ScoredExample,
} from "../../../training/loop/index.js";
import { windowStarts } from "../../../windows.js";
import { type PreparedDataset, readPreparedCase } from "../data/index.js";

/** Images of cases without one are made with this seed, so that every look sees the same. */
const SYNTHESIS_SEED = 20;
const ACCUMULATOR_BYTES = 1e9;

/** Windows that a look at the cases takes. */
export function windowsOf(prepared: PreparedDataset, ids: readonly string[], plan: TrainingPlan): number {
  return prepared.cases
    .filter(({ id }) => ids.includes(id))
    .reduce((sum, { size }) => sum + windowsOfSize(size, plan), 0);
}

function windowsOfSize(size: Size3, { input }: TrainingPlan): number {
  const counts = size.map((n, axis) => windowStarts(n, input.patch![axis]!, input.overlap).length);
  return counts.reduce((product, n) => product * n, 1);
}

/** The first of the cases, as many as take so many windows together, but at least one. */
export function casesWithin(
  prepared: PreparedDataset,
  ids: readonly string[],
  plan: TrainingPlan,
  windows: number,
): string[] {
  let sum = 0;
  return ids.filter((id, i) => {
    sum += windowsOf(prepared, [id], plan);
    return i === 0 || sum <= windows;
  });
}

/** Dice of each case on the network's grid, and slices of the worst, the median and the best. */
export async function validateNetwork(
  network: Network,
  weights: Weights,
  prepared: PreparedDataset,
  ids: readonly string[],
  plan: TrainingPlan,
  options: JobOptions = {},
): Promise<{ cases: CaseScore[]; examples: ScoredExample[] }> {
  const patch = plan.input.patch!;
  const [px, py, pz] = patch;
  const session = await openSession(
    inferenceModel(network, weights, { patch: [pz, py, px] }),
    options.threads ? { threads: options.threads } : {},
  );
  const cases: CaseScore[] = [];
  const examples: Example[] = [];
  try {
    for (const [index, id] of ids.entries()) {
      throwIfCancelled(options.signal);
      options.onProgress?.({ stage: "held-out cases", done: index, total: ids.length });
      const { case: found, image, truth } = await imageOf(prepared, id, plan);
      const { labels: predicted } = await predictBlended(
        async (window) => {
          const results = await session.run({
            input: floatTensor(window, [1, image.channels, pz, py, px]),
          });
          return results["scores"]!.data as Float32Array;
        },
        image,
        {
          classes: plan.classes,
          patch,
          overlap: plan.input.overlap,
          mirrorAxes: [],
          accumulatorBytes: ACCUMULATOR_BYTES,
        },
        options.signal ? { signal: options.signal } : {},
      );
      const dice = diceOfClasses(predicted, truth, plan.classes, {
        known: found.known,
        ignored: IGNORED_VOXEL,
      });
      cases.push({ id, dice });
      const { orientation } = plan.input;
      const { size, spacingMm } = found;
      examples.push(exampleOf({ id, size, spacingMm, orientation, image: image.data, truth, predicted }));
    }
  } finally {
    await session.dispose();
  }
  options.onProgress?.({ stage: "held-out cases", done: ids.length, total: ids.length });
  const means = cases.map(({ dice }) => meanOf(dice));
  return {
    cases,
    examples: rankedPlaces(means).map(({ rank, place }) => ({
      ...examples[place]!,
      rank,
      dice: means[place]!,
    })),
  };
}

/** A prepared case; of one without images, the image that is made of its labels, with other looks where they are given. */
export async function imageOf(
  prepared: PreparedDataset,
  id: string,
  plan: TrainingPlan,
  looks: SynthesisTable["looks"] = undefined,
) {
  const { case: found, image, labels } = await readPreparedCase(prepared, id);
  if (image) return { case: found, image, truth: labels };
  const [x, y, z] = found.spacingMm;
  const made = synthesiseImage(
    labels,
    found.size,
    { ...found.synthesis!, ...(looks ? { looks } : {}) },
    synthesisSpec({ spacingMm: [x, y, z], normalisation: plan.input.normalisation }),
    new RandomStream(SYNTHESIS_SEED, "segment.validation-image"),
    prepared.cases.indexOf(found),
  );
  const drawn: NetworkImage = { size: found.size, channels: 1, data: made.image };
  return { case: found, image: drawn, truth: made.target };
}
