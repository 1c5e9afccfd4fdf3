import { inputError } from "@viscera/core";

/** Why a file that no format recognises is no model. */
export function unknownFile(file: string, hint: string): Error {
  if (/\.(pth|pt|ckpt)$/i.test(file)) return weightsAlone(file);
  if (/\.ts$/i.test(file)) {
    return inputError(
      "torchscript",
      `${file} is a TorchScript program, which holds code and is never run here.`,
      "Give the bundle's folder with models/model.pt, or export the network to ONNX.",
    );
  }
  if (/\.zip$/i.test(file)) {
    return inputError(
      "model",
      `${file} is an archive, not a model.`,
      "Store the model in it with `viscera models add`.",
    );
  }
  return inputError("model", `${file} is not a model this program knows.`, hint);
}

/** The error for a checkpoint that comes without what describes it. */
export function weightsAlone(file: string): Error {
  return inputError(
    "model",
    `${file} is not a model: it holds weights alone, and nothing says what network they belong to, how a scan is prepared, and what the labels mean.`,
    "Give the folder it came in: for nnU-Net the one with plans.json and dataset.json, for MONAI the bundle with configs/inference.json.",
  );
}
