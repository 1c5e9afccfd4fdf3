/** nnU-Net's U-Net with a residual encoder (blocks of ResNet-D, He et al., arXiv:1812.01187). */
import { z } from "zod";
import type { Network } from "./network.js";
import { NetworkBuilder, type Value } from "./network-builder.js";
import {
  block,
  decoder,
  NNUNET_OPTIONS,
  type NnunetPlan,
  nnunetAliases,
  nnunetPlan,
  stageCounts,
  strideProduct,
} from "./nnunet-layers.js";
import { architectureError, count, parseOptions } from "./options.js";

const KIND = "ResidualEncoderUNet";

const schema = z.strictObject({
  ...NNUNET_OPTIONS,
  n_blocks_per_stage: z.union([count, z.array(count).min(1)]),
  block: z.string().nullish(),
  bottleneck_channels: z.union([count, z.array(count)]).nullish(),
  stem_channels: count.nullish(),
});

/** The way round a block: pooled where it strides, mixed by a 1x1x1 convolution where channels change. */
function shortcut(
  builder: NetworkBuilder,
  plan: NnunetPlan,
  x: Value,
  name: string,
  channels: number,
  strides: readonly number[],
): Value {
  const strided = strides.some((n) => n !== 1);
  const y = strided ? builder.averagePool(x, strides) : x;
  if (x.channels === channels) return y;
  return block(builder, plan, y, `${name}.skip.${Number(strided)}`, channels, {
    kernel: builder.perAxis(1),
    bias: false,
    dropout: false,
    activation: false,
  });
}

function residualBlock(
  builder: NetworkBuilder,
  plan: NnunetPlan,
  x: Value,
  name: string,
  channels: number,
  options: { kernel: readonly number[]; strides: readonly number[]; bottleneck: number | null },
): Value {
  const { kernel, strides, bottleneck } = options;
  const point = builder.perAxis(1);
  // The last norm before the sum starts at 0, so that an untrained block passes its input on.
  const last = { dropout: false, activation: false, scaleStart: 0 };
  let y: Value;
  if (bottleneck === null) {
    y = block(builder, plan, x, `${name}.conv1`, channels, { kernel, strides });
    y = block(builder, plan, y, `${name}.conv2`, channels, { kernel, ...last });
  } else {
    y = block(builder, plan, x, `${name}.conv1`, bottleneck, { kernel: point, dropout: false });
    y = block(builder, plan, y, `${name}.conv2`, bottleneck, { kernel, strides });
    y = block(builder, plan, y, `${name}.conv3`, channels, { kernel: point, ...last });
  }
  const sum = builder.add(y, shortcut(builder, plan, x, name, channels, strides));
  const activationName = `${name}.nonlin${bottleneck === null ? 2 : 3}`;
  return plan.activation ? builder.activation(sum, activationName, plan.activation) : sum;
}

function bottlenecks(options: z.infer<typeof schema>, stages: number): readonly (number | null)[] {
  const name = options.block?.slice(options.block.lastIndexOf(".") + 1) ?? "BasicBlockD";
  if (name === "BasicBlockD") return new Array<null>(stages).fill(null);
  if (name === "BottleneckD" && options.bottleneck_channels != null) {
    return stageCounts(KIND, "bottleneck_channels", options.bottleneck_channels, stages);
  }
  throw architectureError(
    name === "BottleneckD"
      ? `${KIND} with BottleneckD needs the option bottleneck_channels.`
      : `${KIND} cannot be built with block "${options.block}".`,
    "Known blocks are BasicBlockD, and BottleneckD with bottleneck_channels.",
  );
}

export function residualEncoderUNet(given: Record<string, unknown>): Network {
  const options = parseOptions(KIND, schema, given);
  const plan = nnunetPlan(KIND, options, false);
  const blocks = stageCounts(KIND, "n_blocks_per_stage", options.n_blocks_per_stage, plan.stages);
  const bottleneck = bottlenecks(options, plan.stages);
  const builder = new NetworkBuilder(plan.spatialDims, options.input_channels, nnunetAliases(plan));
  let x = block(
    builder,
    plan,
    builder.input,
    "encoder.stem.convs.0",
    options.stem_channels ?? plan.features[0]!,
    { kernel: plan.kernels[0]! },
  );
  const skips: Value[] = [];
  for (let s = 0; s < plan.stages; s++) {
    for (let i = 0; i < blocks[s]!; i++) {
      x = residualBlock(builder, plan, x, `encoder.stages.${s}.blocks.${i}`, plan.features[s]!, {
        kernel: plan.kernels[s]!,
        strides: i === 0 ? plan.strides[s]! : builder.perAxis(1),
        bottleneck: bottleneck[s]!,
      });
    }
    skips.push(x);
  }
  const outputs = decoder(builder, plan, skips, options.num_classes, options.deep_supervision);
  return builder.network({ kind: KIND, options: given, multipleOf: strideProduct(plan) }, outputs);
}
