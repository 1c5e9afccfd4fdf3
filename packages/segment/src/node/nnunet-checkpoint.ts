import { inputError } from "@viscera/core";
import { readTorchFile, type TorchObject, tensorsOf, torchEntry, type Weights } from "@viscera/nets";

/** What of a checkpoint of nnU-Net's trainer is needed to run its network. */
export interface NnUnetCheckpoint {
  weights: Weights;
  configuration: string;
  trainer: string;
  /** Axes of the tile along which the network may be mirrored. */
  mirrorAxes: readonly number[];
}

/** Reads a checkpoint_final.pth. Throws `input.weights`, `input.hostile`, `input.pickle`, `input.zip`. */
export function readNnUnetCheckpoint(bytes: Uint8Array, name: string): NnUnetCheckpoint {
  const checkpoint = readTorchFile(bytes, name);
  const weights = tensorsOf(checkpoint, "network_weights");
  const configuration = torchEntry(checkpoint, "init_args", "configuration");
  if (typeof configuration !== "string") {
    throw inputError(
      "weights",
      `${name} does not say which configuration it was trained for: it is not from nnU-Net v2's trainer.`,
      "Take the checkpoint_final.pth that nnU-Net wrote.",
    );
  }
  const trainer = torchEntry(checkpoint, "trainer_name");
  return {
    weights,
    configuration,
    trainer: typeof trainer === "string" ? trainer : "nnUNetTrainer",
    mirrorAxes: axesOf(torchEntry(checkpoint, "inference_allowed_mirroring_axes")),
  };
}

function axesOf(value: TorchObject | undefined): number[] {
  if (!Array.isArray(value)) return [];
  return value.filter((axis): axis is number => axis === 0 || axis === 1 || axis === 2);
}
