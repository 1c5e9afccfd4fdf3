/** Which numbers of a network count classes, seen by building it for one class more. */
import { inputError } from "@viscera/core";
import { buildNetwork, type Network } from "@viscera/nets";

/** Names that architectures give to the number of outputs and of inputs. */
const CLASS_OPTIONS = ["num_classes", "out_channels", "n_classes"];
const CHANNEL_OPTIONS = ["input_channels", "in_channels"];

/** The same architecture for other numbers of classes and channels. Throws `input.architecture`. */
export function networkFor(
  base: Network,
  { classes, channels }: { classes: number; channels: number },
): Network {
  const named = (names: readonly string[]) => {
    const found = names.find((name) => name in base.options);
    if (found) return found;
    throw inputError(
      "architecture",
      `The options of the ${base.kind} do not say how many classes and channels it has.`,
      "Fine-tune a model whose architecture names them.",
    );
  };
  return buildNetwork(base.kind, {
    ...base.options,
    [named(CLASS_OPTIONS)]: classes,
    [named(CHANNEL_OPTIONS)]: channels,
  });
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
