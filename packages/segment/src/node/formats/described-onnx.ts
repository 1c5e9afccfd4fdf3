/** A described model whose weights are an ONNX file. */
import { join } from "node:path";
import { inputError, type ModelFile } from "@viscera/core";
import { type OnnxModelInfo, type OnnxValueInfo, readOnnxModel, type SessionOptions } from "@viscera/nets";
import { openSession } from "@viscera/nets/node";
import type { LoadedModel } from "../../model.js";
import { readModelFile, sha256 } from "../files.js";
import { licenceWarnings } from "../licence.js";
import { checkLabels, checkSum } from "./agreement.js";

/** Throws `input.missing`, `input.checksum`, `input.onnx`, `input.model`. */
export async function openDescribedOnnx(
  folder: string,
  description: ModelFile,
  options: SessionOptions,
): Promise<LoadedModel> {
  const bytes = await readModelFile(join(folder, description.weights));
  checkSum(description, sha256(bytes));
  const info = readOnnxModel(bytes, description.weights);
  const { input, output } = checkInterface(description, info);
  const channels = input.dims![1];
  const declared = output.dims?.[1];
  const classes =
    typeof declared === "number" && declared > 0
      ? declared
      : description.labels.reduce((most, { id }) => Math.max(most, id), 0) + 1;
  checkLabels(description, classes);
  const session = await openSession(bytes, options);
  return {
    description,
    session,
    input: input.name,
    output: { kind: "scores", name: output.name },
    channels: typeof channels === "number" && channels > 0 ? channels : 1,
    classes,
    peakChannels: null,
    receptiveRadius: null,
    warnings: licenceWarnings(description.name, description.licence, description.commercialUse),
    dispose: () => session.dispose(),
  };
}

function checkInterface(
  { name, weights }: ModelFile,
  info: OnnxModelInfo,
): { input: OnnxValueInfo; output: OnnxValueInfo } {
  if (info.externalData) {
    throw inputError(
      "onnx",
      `${weights} keeps its weights in files beside it, which is not supported.`,
      "Export the model into a single file.",
    );
  }
  const [input] = info.inputs;
  const [output] = info.outputs;
  const fits = (value: OnnxValueInfo | undefined) =>
    value?.type === "float32" && (value.dims === null || value.dims.length === 5);
  if (info.inputs.length !== 1 || !fits(input) || input!.dims === null || !fits(output)) {
    throw inputError(
      "onnx",
      `The network of "${name}" does not take one float32 tensor [1, channels, z, y, x] and give scores [1, classes, z, y, x].`,
      "Export the network alone, without preparation or post-processing.",
    );
  }
  return { input: input!, output: output! };
}
