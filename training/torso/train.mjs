#!/usr/bin/env node
import { readFile } from "node:fs/promises";
import { join } from "node:path";
/**
 * Trains the foundation model `torso`. A stopped run goes on when called again with the same numbers.
 *
 *   node training/torso/train.mjs <data set> <model> [--minutes 600] [--patch 80] [--features 24] [--seed 1] [--threads 2]
 *
 * What differs from `viscera train`, and why:
 * - intensities: CT between -500 and 500 HU, divided by 150, so that soft tissues are apart whatever else is in the
 *   image; images of random contrast come with mean 0 and deviation 1, as an MR does after z-scoring, so one network
 *   learns both (fine-tuning on MR takes z-scores);
 * - no mirroring: a body's sides, and head and feet, are told apart by shape;
 * - elastic deformation of most patches: the label maps are few.
 */
import { parseArgs } from "node:util";
import { augmentationPreset } from "@viscera/segment";
import { readDataset, trainModel } from "@viscera/segment/node";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: "string", default: "600" },
    patch: { type: "string", default: "80" },
    features: { type: "string", default: "24" },
    batch: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
    threads: { type: "string" },
  },
});
const [data, out] = positionals;
if (!data || !out) {
  console.error("Usage: node training/torso/train.mjs <data set> <model> [--minutes 600]");
  process.exit(2);
}
const patch = Number(flags.patch);
const validation = (await readFile(join(data, "validation.txt"), "utf8")).trim().split("\n");
const cancel = new AbortController();
process.once("SIGINT", () => cancel.abort());
const trained = await trainModel(await readDataset(data), {
  out,
  name: "torso",
  command: `node training/torso/train.mjs ${process.argv.slice(2).join(" ")}`,
  seed: Number(flags.seed),
  ...(flags.threads ? { threads: Number(flags.threads) } : {}),
  budget: { minutes: Number(flags.minutes) },
  validation,
  half: true,
  signal: cancel.signal,
  plan: {
    spacingMm: [3, 3, 3],
    patch: [patch, patch, patch],
    batch: Number(flags.batch),
    baseFeatures: Number(flags.features),
    normalisation: { kind: "ct", low: -500, high: 500, mean: 0, sd: 150 },
    augmentation: {
      ...augmentationPreset("light"),
      rotation: { probability: 0.5, degrees: [20, 20, 20] },
      scaling: { probability: 0.6, range: [0.75, 1.3] },
      elastic: { probability: 0.6, controlVoxels: 20, range: [0, 0.25] },
      mirror: { probability: 0, axes: [] },
    },
  },
  onProgress: ({ stage, done, total }) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${stage}: ${done} of ${total}   `);
  },
  onValidation: (_, { step, mean }) =>
    console.log(`step ${step}: Dice ${mean?.toFixed(3)} on held-out cases`),
});
console.log(
  `${trained.steps} steps; Dice ${trained.scores?.mean?.toFixed(3) ?? "not measured"}: ${trained.folder}`,
);
