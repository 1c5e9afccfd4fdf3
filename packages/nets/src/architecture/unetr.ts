/**
 * MONAI's UNETR (monai.networks.nets.UNETR): a vision transformer of 12 blocks as encoder, convolutions as decoder.
 * Hatamizadeh et al., arXiv:2103.10504.
 */
import { z } from "zod";
import { EMBEDDING, TORCH_DEFAULT } from "./initialisation.js";
import { layerName, monaiNorm } from "./monai-layers.js";
import type { Network } from "./network.js";
import { NetworkBuilder, type NormSpec, type Value } from "./network-builder.js";
import { architectureError, axes, count, parseOptions, rate, spatialDims } from "./options.js";

const KIND = "UNETR";
const BLOCKS = 12;
/** Voxels of an embedded block along every axis. */
const PATCH = 16;

const embedding = z.enum(["conv", "perceptron"]);

const schema = z.strictObject({
  in_channels: count,
  out_channels: count,
  img_size: z.union([count, z.array(count).min(2).max(3)]),
  feature_size: count.default(16),
  hidden_size: count.default(768),
  mlp_dim: count.default(3072),
  num_heads: count.default(12),
  proj_type: embedding.optional(),
  /** Older name of `proj_type`. */
  pos_embed: embedding.optional(),
  norm_name: layerName.default("instance"),
  conv_block: z.boolean().default(true),
  res_block: z.boolean().default(true),
  dropout_rate: rate.default(0),
  spatial_dims: spatialDims.default(3),
  qkv_bias: z.boolean().default(false),
  save_attn: z.boolean().optional(),
});
type Options = z.output<typeof schema>;

function tokens(builder: NetworkBuilder, options: Options, extents: readonly number[]): Value {
  const { hidden_size: hidden, in_channels } = options;
  const name = "vit.patch_embedding";
  const block = builder.perAxis(PATCH);
  let x: Value;
  if ((options.proj_type ?? options.pos_embed ?? "conv") === "conv") {
    const y = builder.conv(builder.input, `${name}.patch_embeddings`, hidden, {
      kernel: block,
      strides: block,
      pads: builder.perAxis(0),
      bias: true,
      initialisation: TORCH_DEFAULT,
    });
    x = builder.layer({ kind: "toTokens" }, [y], hidden);
  } else {
    const width = in_channels * PATCH ** builder.spatialDims;
    const y = builder.layer({ kind: "toPatches", block }, [builder.input], width);
    x = builder.linear(y, `${name}.patch_embeddings.1`, hidden, true, EMBEDDING);
  }
  const count = extents.reduce((all, n) => (all * n) / PATCH, 1);
  const parameter = builder.parameter(`${name}.position_embeddings`, [1, count, hidden], "embedding", {
    kind: "normal",
    deviation: 0.02,
  });
  x = builder.layer({ kind: "addParameter", parameter }, [x], hidden);
  return builder.dropout(x, options.dropout_rate, false);
}

function transformerBlock(builder: NetworkBuilder, options: Options, x: Value, name: string): Value {
  const { hidden_size: hidden, dropout_rate } = options;
  const drop = (y: Value) => builder.dropout(y, dropout_rate, false);
  let y = builder.layerNorm(x, `${name}.norm1`);
  y = builder.linear(y, `${name}.attn.qkv`, 3 * hidden, options.qkv_bias, TORCH_DEFAULT);
  y = builder.layer({ kind: "attention", heads: options.num_heads }, [y], hidden);
  y = drop(builder.linear(y, `${name}.attn.out_proj`, hidden, true, TORCH_DEFAULT));
  const attended = builder.add(x, y);
  y = builder.layerNorm(attended, `${name}.norm2`);
  y = builder.linear(y, `${name}.mlp.linear1`, options.mlp_dim, true, TORCH_DEFAULT);
  y = drop(builder.activation(y, `${name}.mlp.fn`, { kind: "gelu" }));
  y = drop(builder.linear(y, `${name}.mlp.linear2`, hidden, true, TORCH_DEFAULT));
  return builder.add(attended, y);
}

/** MONAI from 1.3 on makes every block's cross-attention, which UNETR never asks for. */
function crossAttention(options: Options): string[] {
  const linears = ["to_q", "to_k", "to_v"].flatMap((name) =>
    options.qkv_bias ? [`${name}.weight`, `${name}.bias`] : [`${name}.weight`],
  );
  return Array.from({ length: BLOCKS }, (_, i) => `vit.blocks.${i}`).flatMap((block) => [
    `${block}.norm_cross_attn.weight`,
    `${block}.norm_cross_attn.bias`,
    ...[...linears, "out_proj.weight", "out_proj.bias"].map((name) => `${block}.cross_attn.${name}`),
  ]);
}

class ConvolutionalPart {
  readonly #builder: NetworkBuilder;
  readonly #norm: NormSpec;
  readonly #residual: boolean;

  constructor(builder: NetworkBuilder, norm: NormSpec, residual: boolean) {
    this.#builder = builder;
    this.#norm = norm;
    this.#residual = residual;
  }

  #conv(x: Value, name: string, channels: number, kernel: number): Value {
    return this.#builder.conv(x, `${name}.conv`, channels, {
      kernel: this.#builder.perAxis(kernel),
      bias: false,
      initialisation: TORCH_DEFAULT,
    });
  }

  #activation(x: Value, name: string): Value {
    return this.#builder.activation(x, name, { kind: "leakyRelu", slope: 0.01 });
  }

  /** UnetResBlock or UnetBasicBlock of MONAI. */
  block(x: Value, name: string, channels: number): Value {
    const builder = this.#builder;
    let y = this.#conv(x, `${name}.conv1`, channels, 3);
    y = this.#activation(builder.norm(y, `${name}.norm1`, this.#norm), `${name}.lrelu`);
    y = this.#conv(y, `${name}.conv2`, channels, 3);
    y = builder.norm(y, `${name}.norm2`, this.#norm);
    if (this.#residual) {
      let way = x;
      if (x.channels !== channels) {
        way = builder.norm(this.#conv(x, `${name}.conv3`, channels, 1), `${name}.norm3`, this.#norm);
      }
      y = builder.add(y, way);
    }
    return this.#activation(y, `${name}.lrelu`);
  }

  enlarge(x: Value, name: string, channels: number): Value {
    const twice = this.#builder.perAxis(2);
    return this.#builder.convTranspose(x, `${name}.conv`, channels, {
      kernel: twice,
      strides: twice,
      bias: false,
      initialisation: TORCH_DEFAULT,
    });
  }

  /** UnetrPrUpBlock: enlarged once and `times` more. */
  projected(x: Value, name: string, channels: number, times: number, blocks: boolean): Value {
    let y = this.enlarge(x, `${name}.transp_conv_init`, channels);
    for (let i = 0; i < times; i++) {
      y = this.enlarge(y, `${name}.blocks.${i}${blocks ? ".0" : ""}`, channels);
      if (blocks) y = this.block(y, `${name}.blocks.${i}.1`, channels);
    }
    return y;
  }

  /** UnetrUpBlock */
  up(x: Value, skip: Value, name: string): Value {
    const enlarged = this.enlarge(x, `${name}.transp_conv`, skip.channels);
    return this.block(this.#builder.concat(enlarged, skip), `${name}.conv_block`, skip.channels);
  }
}

export function unetr(given: Record<string, unknown>): Network {
  const options = parseOptions(KIND, schema, given);
  const { spatial_dims, hidden_size, num_heads, feature_size, conv_block } = options;
  const extents = axes(KIND, "img_size", options.img_size, spatial_dims);
  if (extents.some((n) => n % PATCH !== 0)) {
    throw architectureError(
      `The option img_size of ${KIND} is ${extents.join("x")}.`,
      `Give multiples of ${PATCH}.`,
    );
  }
  if (hidden_size % num_heads !== 0) {
    throw architectureError(
      `The option hidden_size of ${KIND} is ${hidden_size}, which ${num_heads} heads cannot share.`,
      "Give hidden_size as a multiple of num_heads.",
    );
  }
  const builder = new NetworkBuilder(spatial_dims, options.in_channels);
  const part = new ConvolutionalPart(builder, monaiNorm(KIND, options.norm_name), options.res_block);

  const hidden: Value[] = [];
  let x = tokens(builder, options, extents);
  for (let i = 0; i < BLOCKS; i++) {
    x = transformerBlock(builder, options, x, `vit.blocks.${i}`);
    hidden.push(x);
  }
  x = builder.layerNorm(x, "vit.norm");
  const grid = extents.map((n) => n / PATCH);
  const space = (value: Value) => builder.layer({ kind: "toSpace", extents: grid }, [value], hidden_size);

  const skips = [
    part.block(builder.input, "encoder1.layer", feature_size),
    part.projected(space(hidden[3]!), "encoder2", 2 * feature_size, 2, conv_block),
    part.projected(space(hidden[6]!), "encoder3", 4 * feature_size, 1, conv_block),
    part.projected(space(hidden[9]!), "encoder4", 8 * feature_size, 0, conv_block),
  ];
  let y = space(x);
  for (let level = 3; level >= 0; level--) y = part.up(y, skips[level]!, `decoder${level + 2}`);
  y = builder.conv(y, "out.conv.conv", options.out_channels, {
    kernel: builder.perAxis(1),
    bias: true,
    initialisation: TORCH_DEFAULT,
  });
  const multipleOf = builder.perAxis(PATCH);
  return builder.network(
    { kind: KIND, options: given, multipleOf, extents, unused: crossAttention(options) },
    [y],
  );
}
