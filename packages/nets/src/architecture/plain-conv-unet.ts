/** nnU-Net's plain U-Net. */
import { z } from "zod";
import type { Network } from "./network.js";
import { NetworkBuilder, type Value } from "./network-builder.js";
import {
  block,
  decoder,
  NNUNET_OPTIONS,
  nnunetAliases,
  nnunetPlan,
  stageCounts,
  strideProduct,
} from "./nnunet-layers.js";
import { count, parseOptions } from "./options.js";

const KIND = "PlainConvUNet";

const schema = z.strictObject({
  ...NNUNET_OPTIONS,
  n_conv_per_stage: z.union([count, z.array(count).min(1)]),
  nonlin_first: z.boolean().default(false),
});

export function plainConvUNet(given: Record<string, unknown>): Network {
  const options = parseOptions(KIND, schema, given);
  const plan = nnunetPlan(KIND, options, options.nonlin_first);
  const convs = stageCounts(KIND, "n_conv_per_stage", options.n_conv_per_stage, plan.stages);
  const builder = new NetworkBuilder(plan.spatialDims, options.input_channels, nnunetAliases(plan));
  const skips: Value[] = [];
  let x = builder.input;
  for (let s = 0; s < plan.stages; s++) {
    for (let i = 0; i < convs[s]!; i++) {
      x = block(builder, plan, x, `encoder.stages.${s}.0.convs.${i}`, plan.features[s]!, {
        kernel: plan.kernels[s]!,
        ...(i === 0 && { strides: plan.strides[s]! }),
      });
    }
    skips.push(x);
  }
  const outputs = decoder(builder, plan, skips, options.num_classes, options.deep_supervision);
  return builder.network({ kind: KIND, options: given, multipleOf: strideProduct(plan) }, outputs);
}
