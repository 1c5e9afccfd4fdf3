/**
 * MONAI's UNet (monai.networks.nets.UNet): strided convolutions down, transposed ones up, both with residual units
 * where asked. Kerfoot et al., doi:10.1007/978-3-030-12029-0_40.
 */
import { z } from "zod";
import { TORCH_DEFAULT } from "./initialisation.js";
import { layerName, monaiActivation, monaiNorm } from "./monai-layers.js";
import type { Network } from "./network.js";
import { type ActivationSpec, NetworkBuilder, type NormSpec, type Value } from "./network-builder.js";
import {
  architectureError,
  axes,
  count,
  extent,
  parseOptions,
  perAxis,
  rate,
  spatialDims,
} from "./options.js";

const KIND = "UNet";

const schema = z.strictObject({
  spatial_dims: spatialDims,
  in_channels: count,
  out_channels: count,
  channels: z.array(count).min(2).max(16),
  strides: z.array(z.union([extent, z.array(extent)])).min(1),
  kernel_size: perAxis.default(3),
  up_kernel_size: perAxis.default(3),
  num_res_units: z.int().min(0).default(0),
  act: layerName.default("PRELU"),
  norm: layerName.default("INSTANCE"),
  dropout: rate.default(0),
  bias: z.boolean().default(true),
  adn_ordering: z
    .string()
    .regex(/^[NDAnda]*$/, 'expected letters of "NDA"')
    .default("NDA"),
});

interface Style {
  kernel: readonly number[];
  upKernel: readonly number[];
  units: number;
  norm: NormSpec;
  activation: ActivationSpec;
  dropout: number;
  bias: boolean;
  ordering: string;
}

export function monaiUNet(given: Record<string, unknown>): Network {
  const options = parseOptions(KIND, schema, given);
  const rank = options.spatial_dims;
  const levels = options.channels.length;
  if (options.strides.length < levels - 1) {
    throw architectureError(
      `The option strides of ${KIND} has ${options.strides.length} entries for ${levels} levels.`,
      `Give ${levels - 1} strides, one for each step between levels.`,
    );
  }
  const kernels = (name: "kernel_size" | "up_kernel_size") => {
    const kernel = axes(KIND, name, options[name], rank);
    if (kernel.every((k) => k % 2 === 1)) return kernel;
    throw architectureError(`The option ${name} of ${KIND} has an even extent.`, "Give odd kernel extents.");
  };
  const style: Style = {
    kernel: kernels("kernel_size"),
    upKernel: kernels("up_kernel_size"),
    units: options.num_res_units,
    norm: monaiNorm(KIND, options.norm),
    activation: monaiActivation(KIND, options.act),
    dropout: options.dropout,
    bias: options.bias,
    ordering: options.adn_ordering.toUpperCase(),
  };
  const strides = options.strides
    .slice(0, levels - 1)
    .map((stride, i) => axes(KIND, `strides[${i}]`, stride, rank));
  const builder = new NetworkBuilder(rank, options.in_channels);

  const level = (x: Value, name: string, depth: number, outChannels: number): Value => {
    const channels = options.channels[depth]!;
    if (depth === levels - 1) return down(builder, style, x, name, channels, builder.perAxis(1));
    const skip = down(builder, style, x, `${name}.0`, channels, strides[depth]!);
    // The level below gives as many channels as it takes, but the lowest, which gives its own.
    const below = level(skip, `${name}.1.submodule`, depth + 1, channels);
    return up(builder, style, builder.concat(skip, below), `${name}.2`, outChannels, {
      strides: strides[depth]!,
      top: depth === 0,
    });
  };
  const output = level(builder.input, "model", 0, options.out_channels);
  const multipleOf = strides.reduce((all, each) => all.map((n, axis) => n * each[axis]!), builder.perAxis(1));
  return builder.network({ kind: KIND, options: given, multipleOf }, [output]);
}

/** Activation, dropout and norm in the order asked for; each is a module named by its letter. */
function finish(builder: NetworkBuilder, style: Style, x: Value, name: string): Value {
  let y = x;
  for (const letter of style.ordering) {
    if (letter === "N") y = builder.norm(y, `${name}.N`, style.norm);
    if (letter === "A") y = builder.activation(y, `${name}.A`, style.activation);
    if (letter === "D") y = builder.dropout(y, style.dropout, false);
  }
  return y;
}

/** A convolution with what follows it. */
function unit(
  builder: NetworkBuilder,
  style: Style,
  x: Value,
  name: string,
  channels: number,
  { strides, only }: { strides: readonly number[]; only: boolean },
): Value {
  const y = builder.conv(x, `${name}.conv`, channels, {
    kernel: style.kernel,
    strides,
    bias: style.bias,
    initialisation: TORCH_DEFAULT,
  });
  return only ? y : finish(builder, style, y, `${name}.adn`);
}

function residualUnit(
  builder: NetworkBuilder,
  style: Style,
  x: Value,
  name: string,
  channels: number,
  options: { strides: readonly number[]; units: number; lastOnly: boolean },
): Value {
  let y = x;
  for (let u = 0; u < options.units; u++) {
    y = unit(builder, style, y, `${name}.conv.unit${u}`, channels, {
      strides: u === 0 ? options.strides : builder.perAxis(1),
      only: options.lastOnly && u === options.units - 1,
    });
  }
  const strided = options.strides.some((s) => s !== 1);
  if (!strided && x.channels === channels) return builder.add(y, x);
  const residual = builder.conv(x, `${name}.residual`, channels, {
    kernel: strided ? style.kernel : builder.perAxis(1),
    strides: options.strides,
    bias: style.bias,
    initialisation: TORCH_DEFAULT,
  });
  return builder.add(y, residual);
}

function down(
  builder: NetworkBuilder,
  style: Style,
  x: Value,
  name: string,
  channels: number,
  strides: readonly number[],
): Value {
  return style.units > 0
    ? residualUnit(builder, style, x, name, channels, { strides, units: style.units, lastOnly: false })
    : unit(builder, style, x, name, channels, { strides, only: false });
}

function up(
  builder: NetworkBuilder,
  style: Style,
  x: Value,
  name: string,
  channels: number,
  { strides, top }: { strides: readonly number[]; top: boolean },
): Value {
  const convName = style.units > 0 ? `${name}.0` : name;
  let y = builder.convTranspose(x, `${convName}.conv`, channels, {
    kernel: style.upKernel,
    strides,
    pads: style.upKernel.map((k) => (k - 1) / 2),
    outputPadding: strides.map((s) => s - 1),
    bias: style.bias,
    initialisation: TORCH_DEFAULT,
  });
  if (!(top && style.units === 0)) y = finish(builder, style, y, `${convName}.adn`);
  if (style.units === 0) return y;
  return residualUnit(builder, style, y, `${name}.1`, channels, {
    strides: builder.perAxis(1),
    units: 1,
    lastOnly: top,
  });
}
