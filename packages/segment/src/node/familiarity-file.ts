/** The file beside a model's weights that says what its training scans look like to it. */
import { join } from "node:path";
import { inputError, type ModelFile, type OutOfDistribution } from "@viscera/core";
import { deepestValue, type Network, readSafetensors, writeSafetensors } from "@viscera/nets";
import { writeWhole } from "@viscera/scan/node";
import {
  type FamiliarityReference,
  type fitFamiliarity,
  spreadFromWeights,
  spreadToWeights,
} from "../quality/index.js";
import { readModelFile, sha256 } from "./files.js";

export const FEATURES_FILE_NAME = "features.safetensors";

/**
 * null for a model without one. Throws `input.missing`, `input.checksum`, `input.safetensors`, `input.model` for tensors that do
 * not fit the network.
 */
export async function readFamiliarity(
  folder: string,
  { name, outOfDistribution, input }: ModelFile,
  network: Network,
): Promise<FamiliarityReference | null> {
  if (!outOfDistribution || !input.patch) return null;
  const { features: file, sha256: expected, limit, quantiles, sizeMm } = outOfDistribution;
  const bytes = await readModelFile(join(folder, file));
  if (sha256(bytes) !== expected) {
    throw inputError(
      "checksum",
      `${file} of the model "${name}" is not the one its viscera-model.json describes.`,
      "Copy or download the model again.",
    );
  }
  const { channels } = deepestValue(network, [...input.patch].reverse());
  const spread = spreadFromWeights(readSafetensors(bytes, file), channels);
  if (!spread) {
    throw inputError(
      "model",
      `${file} of the model "${name}" does not hold the ${channels} features of its network.`,
      "Copy or download the model again.",
    );
  }
  return { spread, limits: { limit, quantiles, sizeMm } };
}

/** Writes the file into a model's folder; what viscera-model.json has to say of it. */
export async function writeFamiliarity(
  folder: string,
  { reference, cases, windows }: NonNullable<ReturnType<typeof fitFamiliarity>>,
): Promise<OutOfDistribution> {
  const bytes = writeSafetensors(spreadToWeights(reference.spread));
  await writeWhole(join(folder, FEATURES_FILE_NAME), bytes);
  return { features: FEATURES_FILE_NAME, sha256: sha256(bytes), cases, windows, ...reference.limits };
}
