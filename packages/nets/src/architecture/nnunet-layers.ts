/**
 * What PlainConvUNet and ResidualEncoderUNet of MIC-DKFZ/dynamic-network-architectures (0.4.4) share: their
 * options, the block conv - dropout - norm - nonlinearity, and the decoder. Isensee et al., "nnU-Net",
 * doi:10.1038/s41592-020-01008-z; "nnU-Net revisited", arXiv:2404.09556.
 */
import { z } from "zod";
import { HE_LEAKY } from "./initialisation.js";
import type { ActivationSpec, NetworkBuilder, NormSpec, Value } from "./network-builder.js";
import { architectureError, axes, count, extent, rate } from "./options.js";

/** Numbers for every stage: one for all, or a list with an entry (or one an axis) a stage. */
const perStage = z.union([extent, z.array(z.union([extent, z.array(extent)])).min(1)]);
const countPerStage = z.union([count, z.array(count).min(1)]);

const normArguments = z
  .strictObject({
    eps: z.number().positive().optional(),
    affine: z.boolean().optional(),
    momentum: z.number().optional(),
    track_running_stats: z.boolean().optional(),
  })
  .nullish();

const nonlinArguments = z
  .strictObject({
    inplace: z.boolean().optional(),
    negative_slope: z.number().optional(),
    num_parameters: count.optional(),
    init: z.number().optional(),
  })
  .nullish();

export const NNUNET_OPTIONS = {
  input_channels: count,
  num_classes: count,
  n_stages: z.int().min(2).max(16),
  features_per_stage: countPerStage,
  conv_op: z.string(),
  kernel_sizes: perStage,
  strides: perStage,
  n_conv_per_stage_decoder: countPerStage,
  conv_bias: z.boolean().default(false),
  norm_op: z.string().nullish(),
  norm_op_kwargs: normArguments,
  dropout_op: z.string().nullish(),
  dropout_op_kwargs: z.strictObject({ p: rate.default(0.5), inplace: z.boolean().optional() }).nullish(),
  nonlin: z.string().nullish(),
  nonlin_kwargs: nonlinArguments,
  deep_supervision: z.boolean().default(false),
};

const shape = z.object(NNUNET_OPTIONS);
type Options = z.infer<typeof shape>;

/** The common options with an entry for every stage and axis. */
export interface NnunetPlan {
  kind: string;
  spatialDims: 2 | 3;
  stages: number;
  features: readonly number[];
  kernels: readonly (readonly number[])[];
  strides: readonly (readonly number[])[];
  decoderConvs: readonly number[];
  bias: boolean;
  norm: NormSpec | null;
  /** null: there is none; a rate of 0 still takes a place among the modules. */
  dropout: { rate: number; wholeChannels: boolean } | null;
  activation: ActivationSpec | null;
  activationFirst: boolean;
}

/** `options`: a number for all stages, or one for each. */
export function stageCounts(
  kind: string,
  name: string,
  value: number | readonly number[],
  stages: number,
): readonly number[] {
  const list = typeof value === "number" ? new Array<number>(stages).fill(value) : value;
  if (list.length !== stages) {
    throw architectureError(
      `The option ${name} of ${kind} has ${list.length} entries for ${stages} stages.`,
      `Give ${stages} entries, or one number for all.`,
    );
  }
  return list;
}

/** The class behind a dotted Python name such as "torch.nn.modules.conv.Conv3d". */
function className(dotted: string): string {
  return dotted.slice(dotted.lastIndexOf(".") + 1);
}

function unknownClass(kind: string, option: string, name: string, known: string): never {
  throw architectureError(
    `${kind} cannot be built with ${option} "${name}".`,
    `Known are ${known}; a model with another one has to be brought as ONNX.`,
  );
}

function normOf(kind: string, { norm_op, norm_op_kwargs }: Options): NormSpec | null {
  if (!norm_op) return null;
  const epsilon = norm_op_kwargs?.eps ?? 1e-5;
  const name = className(norm_op);
  if (/^InstanceNorm[23]d$/.test(name)) {
    return { kind: "instance", affine: norm_op_kwargs?.affine ?? false, epsilon };
  }
  if (/^BatchNorm[23]d$/.test(name)) {
    return { kind: "batch", affine: norm_op_kwargs?.affine ?? true, epsilon };
  }
  return unknownClass(
    kind,
    "norm_op",
    norm_op,
    "InstanceNorm2d, InstanceNorm3d, BatchNorm2d and BatchNorm3d",
  );
}

function activationOf(kind: string, { nonlin, nonlin_kwargs }: Options): ActivationSpec | null {
  if (!nonlin) return null;
  switch (className(nonlin)) {
    case "LeakyReLU":
      return { kind: "leakyRelu", slope: nonlin_kwargs?.negative_slope ?? 0.01 };
    case "ReLU":
      return { kind: "relu" };
    case "PReLU":
      return { kind: "prelu", count: nonlin_kwargs?.num_parameters ?? 1, start: nonlin_kwargs?.init ?? 0.25 };
    case "GELU":
      return { kind: "gelu" };
    case "SiLU":
      return { kind: "silu" };
    case "ELU":
      return { kind: "elu" };
    default:
      return unknownClass(kind, "nonlin", nonlin, "LeakyReLU, ReLU, PReLU, GELU, SiLU and ELU");
  }
}

function dropoutOf(kind: string, { dropout_op, dropout_op_kwargs }: Options): NnunetPlan["dropout"] {
  if (!dropout_op) return null;
  const name = className(dropout_op);
  if (!/^Dropout[23]?d?$/.test(name)) {
    unknownClass(kind, "dropout_op", dropout_op, "Dropout, Dropout2d and Dropout3d");
  }
  return { rate: dropout_op_kwargs?.p ?? 0.5, wholeChannels: name !== "Dropout" };
}

export function nnunetPlan(kind: string, options: Options, activationFirst: boolean): NnunetPlan {
  const { n_stages: stages } = options;
  const dimensions = /^Conv([23])d$/.exec(className(options.conv_op));
  if (!dimensions) unknownClass(kind, "conv_op", options.conv_op, "Conv2d and Conv3d");
  const spatialDims = Number(dimensions[1]) as 2 | 3;
  const everyStage = (name: string, value: Options["strides"]) => {
    const list = typeof value === "number" ? new Array<number>(stages).fill(value) : value;
    if (list.length !== stages) stageCounts(kind, name, list.map(Number), stages);
    return list.map((entry, s) => axes(kind, `${name}[${s}]`, entry, spatialDims));
  };
  return {
    kind,
    spatialDims,
    stages,
    features: stageCounts(kind, "features_per_stage", options.features_per_stage, stages),
    kernels: everyStage("kernel_sizes", options.kernel_sizes),
    strides: everyStage("strides", options.strides),
    decoderConvs: stageCounts(kind, "n_conv_per_stage_decoder", options.n_conv_per_stage_decoder, stages - 1),
    bias: options.conv_bias,
    norm: normOf(kind, options),
    dropout: dropoutOf(kind, options),
    activation: activationOf(kind, options),
    activationFirst,
  };
}

/**
 * Names under which the original repeats a parameter: every module of a block also as `all_modules.<place>`, and
 * the whole encoder inside the decoder.
 */
export function nnunetAliases(plan: NnunetPlan): (name: string) => string[] {
  const place: Record<string, number> = { conv: 0 };
  let next = plan.dropout ? 2 : 1;
  const order = plan.activationFirst && plan.norm ? ["nonlin", "norm"] : ["norm", "nonlin"];
  for (const module of order) {
    if (module === "norm" ? plan.norm : plan.activation) place[module] = next++;
  }
  return (name) => {
    const within = /^(.*\.)(conv|norm|nonlin)(\.[^.]+)$/.exec(name);
    const names = within ? [name, `${within[1]}all_modules.${place[within[2]!]}${within[3]}`] : [name];
    return names
      .flatMap((each) => (each.startsWith("encoder.") ? [each, `decoder.${each}`] : [each]))
      .slice(1);
  };
}

export interface BlockOptions {
  kernel: readonly number[];
  strides?: readonly number[];
  bias?: boolean;
  dropout?: boolean;
  activation?: boolean;
  /** What the norm's scale is before training. */
  scaleStart?: number;
}

/** ConvDropoutNormReLU of the original. */
export function block(
  builder: NetworkBuilder,
  plan: NnunetPlan,
  x: Value,
  name: string,
  channels: number,
  { kernel, strides, bias = plan.bias, dropout = true, activation = true, scaleStart }: BlockOptions,
): Value {
  let y = builder.conv(x, `${name}.conv`, channels, {
    kernel,
    strides: strides ?? builder.perAxis(1),
    pads: kernel.map((k) => Math.floor((k - 1) / 2)),
    bias,
    initialisation: HE_LEAKY,
  });
  if (dropout && plan.dropout) y = builder.dropout(y, plan.dropout.rate, plan.dropout.wholeChannels);
  const norm = () => {
    if (plan.norm) y = builder.norm(y, `${name}.norm`, plan.norm, scaleStart);
  };
  if (!plan.activationFirst) norm();
  if (activation && plan.activation) y = builder.activation(y, `${name}.nonlin`, plan.activation);
  if (plan.activationFirst) norm();
  return y;
}

/** From the encoder's results, finest first, to the scores, full resolution first. */
export function decoder(
  builder: NetworkBuilder,
  plan: NnunetPlan,
  skips: readonly Value[],
  classes: number,
  deepSupervision: boolean,
): Value[] {
  const outputs: Value[] = [];
  let x = skips.at(-1)!;
  for (let s = 0; s < plan.stages - 1; s++) {
    const below = plan.stages - 1 - s;
    const skip = skips[below - 1]!;
    const strides = plan.strides[below]!;
    const up = builder.convTranspose(x, `decoder.transpconvs.${s}`, skip.channels, {
      kernel: strides,
      strides,
      bias: plan.bias,
      initialisation: HE_LEAKY,
    });
    x = builder.concat(up, skip);
    for (let i = 0; i < plan.decoderConvs[s]!; i++) {
      x = block(builder, plan, x, `decoder.stages.${s}.convs.${i}`, skip.channels, {
        kernel: plan.kernels[below - 1]!,
      });
    }
    // The original has a head at every level, used or not, so that weights fit either way.
    outputs.unshift(
      builder.conv(x, `decoder.seg_layers.${s}`, classes, {
        kernel: builder.perAxis(1),
        bias: true,
        initialisation: HE_LEAKY,
      }),
    );
  }
  return deepSupervision ? outputs : outputs.slice(0, 1);
}

/** What the input's extents must be multiples of: the product of all strides. */
export function strideProduct(plan: NnunetPlan): number[] {
  return plan.strides.reduce<number[]>(
    (all, strides) => all.map((n, axis) => n * strides[axis]!),
    new Array<number>(plan.spatialDims).fill(1),
  );
}
