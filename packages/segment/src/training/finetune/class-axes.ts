/** Which numbers of a network count classes, seen by building it for one class more. */
import { inputError } from "@viscera/core";
import { buildNetwork, type Network } from "@viscera/nets";

/** Options of each architecture for the channels of its input and its classes. */
const NAMES: Record<string, { channels: string; classes: string }> = {
  PlainConvUNet: { channels: "input_channels", classes: "num_classes" },
  ResidualEncoderUNet: { channels: "input_channels", classes: "num_classes" },
  UNet: { channels: "in_channels", classes: "out_channels" },
  SegResNet: { channels: "in_channels", classes: "out_channels" },
  UNETR: { channels: "in_channels", classes: "out_channels" },
  MeshNet: { channels: "n_channels", classes: "n_classes" },
};

/** The same architecture for other numbers of classes and channels. Throws `input.architecture`. */
export function networkFor(
  { kind, options }: Network,
  { classes, channels }: { classes: number; channels: number },
): Network {
  const names = NAMES[kind];
  if (!names) {
    throw inputError(
      "architecture",
      `The architecture "${kind}" cannot be made for other labels.`,
      `Fine-tune a ${Object.keys(NAMES).join(", ")}.`,
    );
  }
  return buildNetwork(kind, { ...options, [names.classes]: classes, [names.channels]: channels });
}

/** Axes of each parameter that count classes; parameters without such an axis are left out. */
export function classAxes(network: Network): Map<string, number[]> {
  const { classes, channels } = network;
  const probe = networkFor(network, { classes: classes + 1, channels });
  const probed = new Map(probe.parameters.map(({ name, dims }) => [name, dims]));
  const found = new Map<string, number[]>();
  for (const { name, dims } of network.parameters) {
    const axes = [...dims.keys()].filter((axis) => (probed.get(name)?.[axis] ?? dims[axis]) !== dims[axis]);
    if (axes.length > 0) found.set(name, axes);
  }
  return found;
}

/** Parameters that count classes: the network's head. */
export function classParameters(network: Network): Set<string> {
  return new Set(classAxes(network).keys());
}
