/** Plans that nnU-Net wrote before 2.4 describe the network by its planner's numbers instead of its arguments. */
import { z } from "zod";

const perStage = z.array(z.int().positive());
const perAxis = z.array(z.array(z.int().positive()));

/** The keys that were replaced by `architecture`. */
export const oldNetworkSchema = z.object({
  UNet_class_name: z.string(),
  UNet_base_num_features: z.int().positive(),
  unet_max_num_features: z.int().positive(),
  n_conv_per_stage_encoder: perStage,
  n_conv_per_stage_decoder: perStage,
  conv_kernel_sizes: perAxis,
  pool_op_kernel_sizes: perAxis,
});

/** The network's class and arguments as newer plans have them: what nnU-Net itself reconstructs. */
export function architectureOfOldPlans(
  old: z.infer<typeof oldNetworkSchema>,
  spatialDims: number,
): { network_class_name: string; arch_kwargs: Record<string, unknown> } {
  const plain = old.UNet_class_name === "PlainConvUNet";
  const stages = old.n_conv_per_stage_encoder.length;
  const file = plain ? "unet" : "residual_unet";
  return {
    network_class_name: `dynamic_network_architectures.architectures.${file}.${old.UNet_class_name}`,
    arch_kwargs: {
      n_stages: stages,
      features_per_stage: Array.from({ length: stages }, (_, stage) =>
        Math.min(old.UNet_base_num_features * 2 ** stage, old.unet_max_num_features),
      ),
      conv_op: `torch.nn.modules.conv.Conv${spatialDims}d`,
      kernel_sizes: old.conv_kernel_sizes,
      strides: old.pool_op_kernel_sizes,
      [plain ? "n_conv_per_stage" : "n_blocks_per_stage"]: old.n_conv_per_stage_encoder,
      n_conv_per_stage_decoder: old.n_conv_per_stage_decoder,
      conv_bias: true,
      norm_op: `torch.nn.modules.instancenorm.InstanceNorm${spatialDims}d`,
      norm_op_kwargs: { eps: 1e-5, affine: true },
      dropout_op: null,
      dropout_op_kwargs: null,
      nonlin: "torch.nn.LeakyReLU",
      nonlin_kwargs: { inplace: true },
    },
  };
}
