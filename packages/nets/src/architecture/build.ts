/** From an architecture's name and options to the network. */
import { meshNet } from "./meshnet.js";
import type { Network } from "./network.js";
import { architectureError } from "./options.js";
import { plainConvUNet } from "./plain-conv-unet.js";
import { residualEncoderUNet } from "./residual-encoder-unet.js";
import { segResNet } from "./segresnet.js";
import { monaiUNet } from "./unet.js";
import { unetr } from "./unetr.js";

const ARCHITECTURES = {
  UNet: monaiUNet,
  PlainConvUNet: plainConvUNet,
  ResidualEncoderUNet: residualEncoderUNet,
  SegResNet: segResNet,
  MeshNet: meshNet,
  UNETR: unetr,
} as const;

export type ArchitectureKind = keyof typeof ARCHITECTURES;

/** Names that `buildNetwork` knows. */
export const architectureKinds = Object.keys(ARCHITECTURES) as ArchitectureKind[];

/**
 * The network of an architecture, by the option names of the original library. Throws `input.architecture` naming
 * the option that is unknown, missing or wrong.
 */
export function buildNetwork(kind: string, options: Record<string, unknown>): Network {
  if (Object.hasOwn(ARCHITECTURES, kind)) return ARCHITECTURES[kind as ArchitectureKind](options);
  throw architectureError(
    `The architecture "${kind}" is not known.`,
    `Known are ${architectureKinds.join(", ")}; other networks can be brought as ONNX.`,
  );
}
