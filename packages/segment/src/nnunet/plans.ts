/** plans.json of nnU-Net v2: how scans are prepared for a configuration, and which network it has. */
import { inputError } from "@viscera/core";
import { z } from "zod";
import type { AxisOrder } from "./dims.js";
import type { IntensityProperties, NormalisationScheme } from "./normalise.js";
import { architectureOfOldPlans, oldNetworkSchema } from "./old-plans.js";
import type { ResampleRule } from "./resample.js";

/** How nnU-Net lays a scan's voxels out: as stored, or turned to RAS first. */
export type NnUnetReader = "SimpleITKIO" | "NibabelIO" | "NibabelIOWithReorient";
const READERS: readonly string[] = ["SimpleITKIO", "NibabelIO", "NibabelIOWithReorient"];

/** One configuration of a plans file, in tensor order [d0, d1, d2]; a 2-D one has two numbers. */
export interface NnUnetPlan {
  configuration: string;
  reader: NnUnetReader;
  transposeForward: AxisOrder;
  /** mm; of the transposed axes. */
  spacing: readonly number[];
  patch: readonly number[];
  /** One scheme a channel. */
  normalisation: readonly NormalisationScheme[];
  resampleData: ResampleRule;
  /** Of the network's scores, back to the scan's grid; orders 0 and 1 only. */
  resampleScores: ResampleRule;
  architecture: { kind: "PlainConvUNet" | "ResidualEncoderUNet"; options: Record<string, unknown> };
}

const order = z.union([z.literal(0), z.literal(1), z.literal(3)]);
const resamplingSchema = z.strictObject({
  is_seg: z.literal(false),
  order: order.default(3),
  order_z: order.default(0),
  force_separate_z: z.boolean().nullable().default(false),
});
const intensitySchema = z.object({
  mean: z.number(),
  std: z.number(),
  percentile_00_5: z.number(),
  percentile_99_5: z.number(),
});
const axesSchema = z.array(z.int().min(0).max(2)).length(3);
const extents = z.array(z.int().positive()).min(2).max(3);

const plansSchema = z.object({
  image_reader_writer: z.string(),
  transpose_forward: axesSchema,
  transpose_backward: axesSchema,
  label_manager: z.string().default("LabelManager"),
  configurations: z.record(z.string(), z.record(z.string(), z.unknown())),
  foreground_intensity_properties_per_channel: z.record(z.string(), intensitySchema).optional(),
  foreground_intensity_properties_by_modality: z.record(z.string(), intensitySchema).optional(),
});

const configurationSchema = z.object({
  preprocessor_name: z.string().default("DefaultPreprocessor"),
  patch_size: extents,
  spacing: z.array(z.number().positive()).min(2).max(3),
  normalization_schemes: z.array(z.string()).min(1),
  use_mask_for_norm: z.array(z.boolean()),
  resampling_fn_data: z.string(),
  resampling_fn_data_kwargs: resamplingSchema,
  resampling_fn_probabilities: z.string(),
  resampling_fn_probabilities_kwargs: resamplingSchema,
  previous_stage: z.string().nullish(),
  architecture: z
    .object({ network_class_name: z.string(), arch_kwargs: z.record(z.string(), z.unknown()) })
    .optional(),
});

type Plans = z.infer<typeof plansSchema>;

const FOREIGN = "Run it with nnU-Net itself, or take a model planned by nnU-Net's own planners.";

function refuse(where: string, reason: string, hint = FOREIGN): never {
  throw inputError("plans", `${where} ${reason}`, hint);
}

/** Checks a form; the first thing that is wrong is named. */
function parsed<Schema extends z.ZodType>(schema: Schema, json: unknown, where: string): z.infer<Schema> {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  return refuse(where, `is not as nnU-Net writes it: ${path.length ? `${path.join(".")}: ` : ""}${message}.`);
}

/** The checked plans file. Throws `input.plans` where it is none of nnU-Net v2's. */
function checkedPlans(json: unknown, where: string): Plans {
  if (typeof json !== "object" || json === null || !("configurations" in json)) {
    refuse(
      where,
      "holds no configurations: it is not from nnU-Net v2.",
      "Models of nnU-Net v1 cannot be run; train or convert the model with version 2.",
    );
  }
  const plans = parsed(plansSchema, json, where);
  const back = plans.transpose_forward.map((_, axis) => plans.transpose_forward.indexOf(axis));
  if (back.some((axis, a) => axis !== plans.transpose_backward[a])) {
    refuse(where, "has a transpose_backward that does not undo its transpose_forward.");
  }
  if (!READERS.includes(plans.image_reader_writer)) {
    refuse(where, `reads images with ${plans.image_reader_writer}; known are ${READERS.join(", ")}.`);
  }
  if (plans.label_manager !== "LabelManager") {
    refuse(where, `uses the label manager ${plans.label_manager}, which is unknown here.`);
  }
  return plans;
}

/** Names of the configurations in a plans file. Throws `input.plans`. */
export function configurationsOf(json: unknown, where: string): string[] {
  return Object.keys(checkedPlans(json, where).configurations);
}

/**
 * One configuration of a plans file, new or old style, with what it inherits. Throws `input.plans` for what
 * this program cannot follow exactly: cascades, and classes and functions of other authors.
 */
export function readPlan(json: unknown, configuration: string, where = "plans.json"): NnUnetPlan {
  const plans = checkedPlans(json, where);
  const raw = inherited(plans, configuration, where);
  const place = `The configuration ${configuration} of ${where}`;
  const settings = parsed(configurationSchema, raw, place);
  const dims = settings.patch_size.length;
  if (settings.previous_stage) {
    refuse(
      place,
      `is the second stage of a cascade: it needs the labels of ${settings.previous_stage}, which is not supported.`,
      "Take the 3d_fullres or the 3d_lowres configuration of this model.",
    );
  }
  if (settings.spacing.length !== dims) refuse(place, "has a spacing and a patch of different dimensions.");
  if (settings.preprocessor_name !== "DefaultPreprocessor") {
    refuse(place, `prepares scans with ${settings.preprocessor_name}, which is unknown here.`);
  }
  for (const name of [settings.resampling_fn_data, settings.resampling_fn_probabilities]) {
    if (name !== "resample_data_or_seg_to_shape")
      refuse(place, `resamples with ${name}, which is unknown here.`);
  }
  const scores = ruleOf(settings.resampling_fn_probabilities_kwargs);
  if (scores.order === 3 || scores.orderZ === 3) {
    refuse(place, "resamples the network's scores by cubic splines, which is not supported.");
  }
  return {
    configuration,
    reader: plans.image_reader_writer as NnUnetReader,
    transposeForward: plans.transpose_forward as unknown as AxisOrder,
    spacing: settings.spacing,
    patch: settings.patch_size,
    normalisation: settings.normalization_schemes.map((name, channel) =>
      schemeOf(name, settings.use_mask_for_norm[channel] ?? false, propertiesOf(plans, channel), place),
    ),
    resampleData: ruleOf(settings.resampling_fn_data_kwargs),
    resampleScores: scores,
    architecture: architectureOf(raw, settings.architecture, dims, place),
  };
}

const ruleOf = (kwargs: z.infer<typeof resamplingSchema>): ResampleRule => ({
  order: kwargs.order,
  orderZ: kwargs.order_z,
  forceSeparateZ: kwargs.force_separate_z,
});

/** A configuration over the one it inherits from, and that over its own. */
function inherited(plans: Plans, name: string, where: string): Record<string, unknown> {
  const chain: string[] = [];
  let settings: Record<string, unknown> = {};
  for (let at: unknown = name; at !== undefined; ) {
    const known = Object.keys(plans.configurations);
    if (typeof at !== "string" || !known.includes(at)) {
      refuse(
        where,
        `has no configuration ${String(at)}; it has ${known.join(", ")}.`,
        "Ask for one of these.",
      );
    }
    if (chain.includes(at))
      refuse(where, `has configurations that inherit in a circle: ${chain.join(", ")}.`);
    chain.push(at);
    const own = plans.configurations[at]!;
    settings = { ...own, ...settings };
    at = own["inherits_from"];
  }
  return settings;
}

function propertiesOf(plans: Plans, channel: number): IntensityProperties | undefined {
  const all =
    plans.foreground_intensity_properties_per_channel ?? plans.foreground_intensity_properties_by_modality;
  return all?.[String(channel)];
}

function schemeOf(
  name: string,
  masked: boolean,
  properties: IntensityProperties | undefined,
  place: string,
): NormalisationScheme {
  switch (name) {
    case "CTNormalization":
      if (!properties) refuse(place, "normalises a CT, but the plans hold no intensities of its channel.");
      return { kind: name, properties };
    case "ZScoreNormalization":
      return { kind: name, masked };
    case "NoNormalization":
    case "RescaleTo01Normalization":
    case "RGBTo01Normalization":
      return { kind: name };
    default:
      return refuse(place, `normalises with ${name}, which is unknown here.`);
  }
}

const NETWORKS = ["PlainConvUNet", "ResidualEncoderUNet"] as const;

function architectureOf(
  raw: unknown,
  given: { network_class_name: string; arch_kwargs: Record<string, unknown> } | undefined,
  dims: number,
  place: string,
): NnUnetPlan["architecture"] {
  const { network_class_name, arch_kwargs } =
    given ?? architectureOfOldPlans(parsed(oldNetworkSchema, raw, place), dims);
  const kind = NETWORKS.find((name) =>
    new RegExp(`^dynamic_network_architectures\\.architectures\\.\\w+\\.${name}$`).test(network_class_name),
  );
  if (!kind) {
    refuse(place, `has the network ${network_class_name}; known are ${NETWORKS.join(" and ")}.`);
  }
  return { kind, options: arch_kwargs };
}
