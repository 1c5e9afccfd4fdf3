/** MONAI's way of naming norms and activations: a name, or a name with its arguments. */
import { z } from "zod";
import type { ActivationSpec, NormSpec } from "./network-builder.js";
import { architectureError } from "./options.js";

/** "INSTANCE" or ["INSTANCE", { affine: true }]; capital or small letters. */
export const layerName = z.union([
  z.string(),
  z.tuple([z.string()]),
  z.tuple([z.string(), z.record(z.string(), z.unknown())]),
]);
export type LayerName = z.infer<typeof layerName>;

function split(value: LayerName): { name: string; given: Record<string, unknown> } {
  if (typeof value === "string") return { name: value.toLowerCase(), given: {} };
  return { name: value[0].toLowerCase(), given: value[1] ?? {} };
}

function refuse(kind: string, option: string, name: string, known: string): never {
  throw architectureError(
    `${kind} cannot be built with ${option} "${name}".`,
    `Known are ${known}; a model with another one has to be brought as ONNX.`,
  );
}

/** Reads the arguments `schema` knows; throws `input.architecture` naming another. */
function argumentsOf<T>(
  kind: string,
  option: string,
  given: Record<string, unknown>,
  schema: z.ZodType<T>,
): T {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const name = issue.code === "unrecognized_keys" ? issue.keys[0] : issue.path.join(".");
  throw architectureError(
    `The argument "${name}" of the option ${option} of ${kind} cannot be used.`,
    "Give the arguments as torch's layer takes them.",
  );
}

const epsilon = z.number().positive().default(1e-5);

/** `channels` is what MONAI fills in where group norm is not given its own number. */
export function monaiNorm(kind: string, value: LayerName): NormSpec {
  const { name, given } = split(value);
  const common = {
    eps: epsilon,
    momentum: z.number().optional(),
    track_running_stats: z.boolean().optional(),
  };
  if (name === "instance" || name === "instance_nvfuser") {
    const schema = z.strictObject({
      ...common,
      affine: z.boolean().default(false),
      num_features: z.int().optional(),
    });
    const { eps, affine } = argumentsOf(kind, "norm", given, schema);
    return { kind: "instance", affine, epsilon: eps };
  }
  if (name === "batch" || name === "syncbatch") {
    const schema = z.strictObject({
      ...common,
      affine: z.boolean().default(true),
      num_features: z.int().optional(),
    });
    const { eps, affine } = argumentsOf(kind, "norm", given, schema);
    return { kind: "batch", affine, epsilon: eps };
  }
  if (name === "group") {
    const schema = z.strictObject({
      eps: epsilon,
      affine: z.boolean().default(true),
      num_groups: z.int().min(1),
      num_channels: z.int().optional(),
    });
    const { eps, affine, num_groups } = argumentsOf(kind, "norm", given, schema);
    return { kind: "group", groups: num_groups, affine, epsilon: eps };
  }
  return refuse(kind, "norm", name, "INSTANCE, BATCH and GROUP");
}

export function monaiActivation(kind: string, value: LayerName): ActivationSpec {
  const { name, given } = split(value);
  const read = <T>(schema: z.ZodType<T>) => argumentsOf(kind, "act", given, schema);
  const inplace = z.boolean().optional();
  switch (name) {
    case "prelu": {
      const schema = z.strictObject({
        num_parameters: z.int().min(1).default(1),
        init: z.number().default(0.25),
      });
      const { num_parameters, init } = read(schema);
      return { kind: "prelu", count: num_parameters, start: init };
    }
    case "leakyrelu": {
      const { negative_slope } = read(z.strictObject({ negative_slope: z.number().default(0.01), inplace }));
      return { kind: "leakyRelu", slope: negative_slope };
    }
    case "relu":
    case "elu":
    case "sigmoid":
    case "tanh":
    case "gelu":
      read(z.strictObject({ inplace }));
      return { kind: name };
    case "swish":
    case "memswish":
      read(z.strictObject({ inplace }));
      return { kind: "silu" };
    default:
      return refuse(
        kind,
        "act",
        name,
        "PRELU, RELU, LEAKYRELU, ELU, GELU, SWISH, MEMSWISH, SIGMOID and TANH",
      );
  }
}
