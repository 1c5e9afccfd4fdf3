/**
 * MeshNet: dilated convolutions at full resolution (Fedorov et al., arXiv:1612.00940), with the options and names of
 * brainchop's PyTorch source. `channels` and `dilations` stand for its table of layers; a network whose batch norms
 * were folded into the convolutions has `bnorm` false.
 */
import { z } from "zod";
import { XAVIER_RELU } from "./initialisation.js";
import type { Network } from "./network.js";
import { NetworkBuilder } from "./network-builder.js";
import { count, extent, parseOptions, rate } from "./options.js";

const KIND = "MeshNet";

const schema = z.strictObject({
  n_channels: count,
  n_classes: count,
  channels: count.default(21),
  dilations: z.array(extent).min(1).max(64).default([1, 2, 4, 8, 16, 8, 4, 2, 1]),
  bnorm: z.boolean().default(true),
  gelu: z.boolean().default(false),
  dropout_p: rate.default(0),
});

/** Places of a block's modules in sources that do not name them. */
const PLACES: Record<string, number> = { conv: 0, bnorm: 1 };

function aliases(name: string): string[] {
  const named = /^(model\.\d+\.)(conv|bnorm)(\..*)$/.exec(name);
  return named ? [`${named[1]}${PLACES[named[2]!]}${named[3]}`] : [];
}

export function meshNet(given: Record<string, unknown>): Network {
  const options = parseOptions(KIND, schema, given);
  const builder = new NetworkBuilder(3, options.n_channels, aliases);
  let x = builder.input;
  options.dilations.forEach((dilation, i) => {
    x = builder.conv(x, `model.${i}.conv`, options.channels, {
      kernel: [3, 3, 3],
      dilations: builder.perAxis(dilation),
      bias: true,
      initialisation: XAVIER_RELU,
    });
    if (options.bnorm) {
      x = builder.norm(x, `model.${i}.bnorm`, { kind: "batch", affine: true, epsilon: 1e-5 });
    }
    x = builder.activation(x, `model.${i}`, { kind: options.gelu ? "gelu" : "relu" });
    x = builder.dropout(x, options.dropout_p, true);
  });
  x = builder.conv(x, `model.${options.dilations.length}`, options.n_classes, {
    kernel: [1, 1, 1],
    bias: true,
    initialisation: XAVIER_RELU,
  });
  return builder.network({ kind: KIND, options: given, multipleOf: [1, 1, 1] }, [x]);
}
