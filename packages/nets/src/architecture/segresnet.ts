/**
 * MONAI's SegResNet (monai.networks.nets.SegResNet): norm - activation - convolution blocks with additive skips.
 * Myronenko, arXiv:1810.11654, without the autoencoder.
 */
import { z } from "zod";
import { TORCH_DEFAULT } from "./initialisation.js";
import { layerName, monaiActivation, monaiNorm } from "./monai-layers.js";
import type { Network } from "./network.js";
import { type ActivationSpec, NetworkBuilder, type NormSpec, type Value } from "./network-builder.js";
import { architectureError, count, parseOptions, rate, spatialDims } from "./options.js";

const KIND = "SegResNet";

const schema = z.strictObject({
  spatial_dims: spatialDims.default(3),
  init_filters: count.default(8),
  in_channels: count.default(1),
  out_channels: count.default(2),
  dropout_prob: rate.nullish(),
  act: layerName.default("RELU"),
  norm: layerName.default(["GROUP", { num_groups: 8 }]),
  norm_name: z.string().default(""),
  num_groups: count.default(8),
  use_conv_final: z.literal(true).default(true),
  blocks_down: z.array(z.int().min(0).max(64)).min(2).max(12).default([1, 2, 2, 4]),
  blocks_up: z.array(z.int().min(0).max(64)).min(1).max(11).default([1, 1, 1]),
  upsample_mode: z.enum(["deconv", "nontrainable"]).default("nontrainable"),
});

interface Style {
  norm: NormSpec;
  activation: ActivationSpec;
}

function conv(builder: NetworkBuilder, x: Value, name: string, channels: number, kernel: number, stride = 1) {
  return builder.conv(x, `${name}.conv`, channels, {
    kernel: builder.perAxis(kernel),
    strides: builder.perAxis(stride),
    bias: false,
    initialisation: TORCH_DEFAULT,
  });
}

function residualBlock(builder: NetworkBuilder, { norm, activation }: Style, x: Value, name: string): Value {
  let y = x;
  for (const i of [1, 2]) {
    y = builder.norm(y, `${name}.norm${i}`, norm);
    y = builder.activation(y, `${name}.act`, activation);
    y = conv(builder, y, `${name}.conv${i}`, x.channels, 3);
  }
  return builder.add(y, x);
}

function enlarge(builder: NetworkBuilder, x: Value, name: string, mode: "deconv" | "nontrainable"): Value {
  const scales = builder.perAxis(2);
  if (mode === "nontrainable") {
    return builder.layer(
      { kind: "interpolate", scales, mode: "linear", alignCorners: false },
      [x],
      x.channels,
    );
  }
  return builder.convTranspose(x, `${name}.deconv`, x.channels, {
    kernel: scales,
    strides: scales,
    bias: true,
    initialisation: TORCH_DEFAULT,
  });
}

export function segResNet(given: Record<string, unknown>): Network {
  const options = parseOptions(KIND, schema, given);
  const { blocks_down, blocks_up, init_filters } = options;
  if (options.norm_name !== "" && options.norm_name.toLowerCase() !== "group") {
    throw architectureError(
      `The option norm_name of ${KIND} is "${options.norm_name}".`,
      'Give the option norm; norm_name can only be "group".',
    );
  }
  if (blocks_up.length !== blocks_down.length - 1) {
    throw architectureError(
      `The option blocks_up of ${KIND} has ${blocks_up.length} entries for ${blocks_down.length} levels down.`,
      `Give ${blocks_down.length - 1} entries.`,
    );
  }
  const style: Style = {
    norm: options.norm_name
      ? { kind: "group", groups: options.num_groups, affine: true, epsilon: 1e-5 }
      : monaiNorm(KIND, options.norm),
    activation: monaiActivation(KIND, options.act),
  };
  if (style.norm.kind === "group" && init_filters % style.norm.groups !== 0) {
    throw architectureError(
      `${KIND} cannot normalise ${init_filters} filters in ${style.norm.groups} groups.`,
      "Give init_filters as a multiple of num_groups.",
    );
  }
  // The last activation is the network's own module, held twice.
  const aliases = (name: string) => (name === "act_mod.weight" ? ["conv_final.1.weight"] : []);
  const builder = new NetworkBuilder(options.spatial_dims, options.in_channels, aliases);

  let x = conv(builder, builder.input, "convInit", init_filters, 3);
  x = builder.dropout(x, options.dropout_prob ?? 0, true);
  const skips: Value[] = [];
  blocks_down.forEach((blocks, level) => {
    if (level > 0) x = conv(builder, x, `down_layers.${level}.0`, init_filters * 2 ** level, 3, 2);
    for (let b = 1; b <= blocks; b++) x = residualBlock(builder, style, x, `down_layers.${level}.${b}`);
    skips.push(x);
  });
  blocks_up.forEach((blocks, i) => {
    const skip = skips[blocks_up.length - 1 - i]!;
    x = conv(builder, x, `up_samples.${i}.0`, skip.channels, 1);
    x = enlarge(builder, x, `up_samples.${i}.1`, options.upsample_mode);
    x = builder.add(x, skip);
    for (let b = 0; b < blocks; b++) x = residualBlock(builder, style, x, `up_layers.${i}.${b}`);
  });
  x = builder.norm(x, "conv_final.0", style.norm);
  x = builder.activation(x, "act_mod", style.activation);
  x = builder.conv(x, "conv_final.2.conv", options.out_channels, {
    kernel: builder.perAxis(1),
    bias: true,
    initialisation: TORCH_DEFAULT,
  });
  const multipleOf = builder.perAxis(2 ** blocks_up.length);
  return builder.network({ kind: KIND, options: given, multipleOf }, [x]);
}
