/**
 * For tests only: what MONAI 1.3.2 (torch 1.13) gives for the weights and the input of `waves` in monai.test.ts.
 */
export interface MonaiOutput {
  kind: string;
  options: Record<string, unknown>;
  extents: readonly number[];
  /** Trainable numbers. */
  parameters: number;
  /** Of the state_dict. */
  tensors: number;
  mean: number;
  deviation: number;
  first: readonly number[];
  last: readonly number[];
}

export const MONAI_OUTPUTS: readonly MonaiOutput[] = [
  {
    kind: "SegResNet",
    options: { in_channels: 1, out_channels: 2, init_filters: 8, blocks_down: [1, 2, 1], blocks_up: [1, 1] },
    extents: [4, 8, 12],
    parameters: 122234,
    tensors: 45,
    mean: 0.2750911,
    deviation: 0.8356043,
    first: [0.7972251, 0.9424208, 0.7252352],
    last: [-0.1313664, 0.01610142],
  },
  {
    kind: "SegResNet",
    options: {
      spatial_dims: 2,
      in_channels: 2,
      out_channels: 3,
      init_filters: 4,
      blocks_down: [1, 1],
      blocks_up: [2],
      norm: ["INSTANCE", { affine: true }],
      act: "PRELU",
      upsample_mode: "deconv",
    },
    extents: [8, 6],
    parameters: 2584,
    tensors: 39,
    mean: -0.03893397,
    deviation: 1.10162,
    first: [0.1482195, 0.2087861, 0.6544243],
    last: [-1.296037, -1.292067],
  },
  {
    kind: "SegResNet",
    options: { spatial_dims: 2, norm: "batch", act: ["leakyrelu", { negative_slope: 0.2 }] },
    extents: [16, 24],
    parameters: 394986,
    tensors: 158,
    mean: -47087.08,
    deviation: 3196171.0,
    first: [539438.2, 370469.5, 302160.5],
    last: [-4952158.0, -3577978.0],
  },
  {
    kind: "UNETR",
    options: {
      in_channels: 1,
      out_channels: 2,
      img_size: [16, 32, 32],
      feature_size: 2,
      hidden_size: 24,
      mlp_dim: 16,
      num_heads: 4,
    },
    extents: [16, 32, 32],
    parameters: 181390,
    tensors: 170,
    mean: 0.4628692,
    deviation: 1.029906,
    first: [0.1352161, -0.09685937, -0.2401368],
    last: [-0.1159581, -0.1312091],
  },
  {
    kind: "UNETR",
    options: {
      in_channels: 2,
      out_channels: 2,
      img_size: [32, 48],
      feature_size: 4,
      hidden_size: 24,
      mlp_dim: 32,
      num_heads: 2,
      proj_type: "perceptron",
      spatial_dims: 2,
      res_block: false,
      qkv_bias: true,
      norm_name: "batch",
    },
    extents: [32, 48],
    parameters: 118474,
    tensors: 257,
    mean: -0.2658266,
    deviation: 4.911742,
    first: [-0.2360986, -0.2379785, -0.2385987],
    last: [-23.53494, -14.71213],
  },
  {
    kind: "UNet",
    options: {
      spatial_dims: 3,
      in_channels: 2,
      out_channels: 3,
      channels: [4, 8, 16],
      strides: [2, 2],
      norm: ["GROUP", { num_groups: 2 }],
      act: "RELU",
      dropout: 0.1,
      kernel_size: [3, 3, 5],
    },
    extents: [8, 12, 16],
    parameters: 10899,
    tensors: 18,
    mean: -0.2966857,
    deviation: 0.9658809,
    first: [-0.2884192, -0.2884192, -0.2884192],
    last: [-0.2565801, 0.0321784],
  },
  {
    kind: "UNet",
    options: {
      spatial_dims: 2,
      in_channels: 1,
      out_channels: 3,
      channels: [4, 8, 16],
      strides: [2, 1],
      num_res_units: 1,
      norm: "BATCH",
      act: ["leakyrelu", { negative_slope: 0.2 }],
      up_kernel_size: 5,
      adn_ordering: "AN",
    },
    extents: [8, 12],
    parameters: 5045,
    tensors: 50,
    mean: 1.213004,
    deviation: 4.011709,
    first: [-1.109743, -1.146211, -1.870733],
    last: [15.52873, 10.19738],
  },
  {
    kind: "UNet",
    options: {
      spatial_dims: 3,
      in_channels: 1,
      out_channels: 2,
      channels: [4, 8],
      strides: [[2, 2, 1]],
      num_res_units: 3,
      bias: false,
      norm: ["instance", { affine: true }],
    },
    extents: [8, 12, 5],
    parameters: 6271,
    tensors: 31,
    mean: 0.4744264,
    deviation: 3.49866,
    first: [-1.040535, -0.7009449, 0.1854451],
    last: [1.220057, 0.9083691],
  },
];
