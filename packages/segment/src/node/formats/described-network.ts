/** A described model whose weights are tensors of an architecture known here. */
import { join } from "node:path";
import { inputError, type ModelFile } from "@viscera/core";
import {
  buildNetwork,
  matchWeights,
  type Network,
  readSafetensors,
  type SessionOptions,
  type Weights,
} from "@viscera/nets";
import type { NetworkModel } from "../../model.js";
import { readFamiliarity } from "../familiarity-file.js";
import { readModelFile, sha256 } from "../files.js";
import { licenceWarnings } from "../licence.js";
import { NetworkSession } from "../network-session.js";
import { checkLabels, checkSum } from "./agreement.js";

/**
 * A description's network and its members' weights. Throws `input.missing`, `input.checksum`,
 * `input.architecture`, `input.safetensors`, `input.weights`, `input.model`.
 */
export async function readDescribedNetwork(
  folder: string,
  description: ModelFile,
  files: readonly string[],
): Promise<{ network: Network; members: Weights[] }> {
  const { architecture } = description;
  const network = buildNetwork(architecture.kind, architecture.options);
  if (network.spatialDims !== 3) {
    throw inputError(
      "architecture",
      `The network of "${description.name}" is for images of ${network.spatialDims} dimensions.`,
      "Give a model of three.",
    );
  }
  checkLabels(description, network.classes);
  const contents = await Promise.all(files.map((file) => readModelFile(join(folder, file))));
  checkSum(description, sha256(...contents));
  const members = contents.map((bytes, i): Weights => {
    return matchWeights(network, readSafetensors(bytes, files[i]));
  });
  return { network, members };
}

/** `files` are the weights of one network, or of the members of an ensemble. Throws as `readDescribedNetwork`. */
export async function openDescribedNetwork(
  folder: string,
  description: ModelFile,
  files: readonly string[],
  options: SessionOptions,
): Promise<NetworkModel> {
  const { network, members } = await readDescribedNetwork(folder, description, files);
  const familiarity = await readFamiliarity(folder, description, network);
  const session = await NetworkSession.open(network, members, description.input.patch, options);
  return { ...openNetwork(description, session), ...(familiarity ? { familiarity } : {}) };
}

/** A model of a description and its network's session. */
export function openNetwork(description: ModelFile, session: NetworkSession): NetworkModel {
  const { network } = session;
  return {
    description,
    session,
    input: "input",
    output: { kind: "scores", name: "scores", probabilities: "probabilities", features: "features" },
    channels: network.channels,
    classes: network.classes,
    peakChannels: null,
    receptiveRadius: null,
    warnings: licenceWarnings(description.name, description.licence, description.commercialUse),
    dispose: () => session.dispose(),
  };
}
