/** For tests only: small nnU-Net folders with random weights, written as nnU-Net and PyTorch (before 1.6) write them. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildNetwork, initialWeights, type Weights } from "@viscera/nets";

type Pickled = null | boolean | number | string | readonly Pickled[] | { [key: string]: Pickled };

/** Python's pickle protocol 2, as much of it as a checkpoint needs. */
class PickleWriter {
  readonly #bytes: number[] = [0x80, 2];

  op(code: string, ...bytes: number[]): this {
    this.#bytes.push(code.charCodeAt(0), ...bytes);
    return this;
  }

  value(value: Pickled): this {
    if (value === null) return this.op("N");
    if (typeof value === "boolean") return this.op(value ? "\x88" : "\x89");
    if (typeof value === "number") return this.op("J", ...little(value, 4));
    if (typeof value === "string") {
      const text = new TextEncoder().encode(value);
      return this.op("X", ...little(text.length, 4), ...text);
    }
    if (Array.isArray(value)) return this.tuple(() => value.forEach((entry) => this.value(entry as Pickled)));
    return this.dictionary(Object.entries(value), (entry) => this.value(entry));
  }

  tuple(entries: () => void): this {
    this.op("(");
    entries();
    return this.op("t");
  }

  dictionary<T>(entries: Iterable<readonly [string, T]>, write: (entry: T) => void): this {
    this.op("}").op("(");
    for (const [key, entry] of entries) {
      this.value(key);
      write(entry);
    }
    return this.op("u");
  }

  global(module: string, name: string): this {
    return this.op("c", ...new TextEncoder().encode(`${module}\n${name}\n`));
  }

  finish(): number[] {
    return [...this.#bytes, ".".charCodeAt(0)];
  }
}

function little(value: number, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** i) % 256);
}

const MAGIC = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/** A checkpoint of nnU-Net's trainer. */
export function checkpointBytes(
  weights: Weights,
  about: { configuration: string; mirrorAxes: readonly number[] | null },
): Uint8Array {
  const parts: Uint8Array[] = [];
  const add = (bytes: readonly number[]) => parts.push(Uint8Array.from(bytes));
  add([0x80, 2, 0x8a, MAGIC.length, ...MAGIC, 0x2e]);
  add(new PickleWriter().value(1001).finish());
  add(new PickleWriter().value({ protocol_version: 1001, little_endian: true }).finish());
  const pickle = new PickleWriter();
  pickle.op("}").op("(");
  pickle.value("network_weights").dictionary(weights, ({ dims, data }) => {
    const key = String([...weights.values()].findIndex((tensor) => tensor.data === data));
    const strides = dims.map((_, axis) => dims.slice(axis + 1).reduce((a, b) => a * b, 1));
    pickle.global("torch._utils", "_rebuild_tensor_v2").tuple(() => {
      pickle.tuple(() => {
        pickle.value("storage").global("torch", "FloatStorage");
        pickle.value(key).value("cpu").value(data.length).value(null);
      });
      pickle.op("Q").value(0).value(dims).value(strides).value(false);
      pickle.global("collections", "OrderedDict").op(")").op("R");
    });
    pickle.op("R");
  });
  pickle.value("init_args").value({ configuration: about.configuration, fold: 0 });
  pickle.value("trainer_name").value("nnUNetTrainer");
  pickle.value("inference_allowed_mirroring_axes").value(about.mirrorAxes);
  add(pickle.op("u").finish());
  const keys = [...weights.keys()].map((_, i) => String(i));
  const list = new PickleWriter().op("]").op("(");
  for (const key of keys) list.value(key);
  add(list.op("e").finish());
  for (const { data } of weights.values()) {
    add(little(data.length, 8));
    parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export interface FixtureSpec {
  /** Structures from label 1 on. */
  labels: readonly string[];
  seed: number;
  /** mm in tensor order; two numbers make a network of slices. */
  spacing?: readonly number[];
  patch?: readonly number[];
  configuration?: string;
  folds?: number;
  mirrorAxes?: readonly number[] | null;
  channels?: readonly string[];
}

/** Writes a trained-model folder of a network of two stages. */
export async function writeNnUnet(folder: string, spec: FixtureSpec): Promise<void> {
  const { spacing = [1.5, 1.5, 1.5], patch = [16, 16, 16], channels = ["CT"], folds = 1 } = spec;
  const dims = patch.length;
  const configuration = spec.configuration ?? (dims === 2 ? "2d" : "3d_fullres");
  const each = (n: number) => Array(dims).fill(n);
  const arch = {
    n_stages: 2,
    features_per_stage: [4, 8],
    conv_op: `torch.nn.modules.conv.Conv${dims}d`,
    kernel_sizes: [each(3), each(3)],
    strides: [each(1), each(2)],
    n_conv_per_stage: [1, 1],
    n_conv_per_stage_decoder: [1],
    conv_bias: true,
    norm_op: `torch.nn.modules.instancenorm.InstanceNorm${dims}d`,
    norm_op_kwargs: { eps: 1e-5, affine: true },
    dropout_op: null,
    dropout_op_kwargs: null,
    nonlin: "torch.nn.LeakyReLU",
    nonlin_kwargs: { inplace: true },
  };
  const resampling = { is_seg: false, order: 3, order_z: 0, force_separate_z: null };
  const plans = {
    dataset_name: "Dataset777_Fixture",
    image_reader_writer: "SimpleITKIO",
    transpose_forward: [0, 1, 2],
    transpose_backward: [0, 1, 2],
    label_manager: "LabelManager",
    foreground_intensity_properties_per_channel: Object.fromEntries(
      channels.map((_, c) => [c, { mean: 20, std: 100, percentile_00_5: -900, percentile_99_5: 300 }]),
    ),
    configurations: {
      [configuration]: {
        preprocessor_name: "DefaultPreprocessor",
        patch_size: patch,
        spacing,
        normalization_schemes: channels.map(() => "CTNormalization"),
        use_mask_for_norm: channels.map(() => false),
        resampling_fn_data: "resample_data_or_seg_to_shape",
        resampling_fn_data_kwargs: resampling,
        resampling_fn_probabilities: "resample_data_or_seg_to_shape",
        resampling_fn_probabilities_kwargs: { ...resampling, order: 1 },
        architecture: {
          network_class_name: "dynamic_network_architectures.architectures.unet.PlainConvUNet",
          arch_kwargs: arch,
        },
      },
    },
  };
  const dataset = {
    channel_names: Object.fromEntries(channels.map((name, c) => [c, name])),
    labels: Object.fromEntries([["background", 0], ...spec.labels.map((name, i) => [name, i + 1])]),
    file_ending: ".nii.gz",
  };
  const network = buildNetwork("PlainConvUNet", {
    ...arch,
    input_channels: channels.length,
    num_classes: spec.labels.length + 1,
  });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "plans.json"), JSON.stringify(plans));
  await writeFile(join(folder, "dataset.json"), JSON.stringify(dataset));
  for (let fold = 0; fold < folds; fold++) {
    await mkdir(join(folder, `fold_${fold}`), { recursive: true });
    const bytes = checkpointBytes(initialWeights(network, spec.seed + fold), {
      configuration,
      mirrorAxes: spec.mirrorAxes ?? null,
    });
    await writeFile(join(folder, `fold_${fold}`, "checkpoint_final.pth"), bytes);
  }
}
