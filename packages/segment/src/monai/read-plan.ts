/** From a MONAI bundle's inference.json to what it does (MONAI bundle specification, docs.monai.io). */
import { inputError } from "@viscera/core";
import { BundleConfig } from "./config.js";
import { type ConfigValue, isTable } from "./expression.js";
import type { MonaiOutput, MonaiPlan, MonaiWindows } from "./plan.js";
import { readPreparation } from "./read-preparation.js";
import { axisNumbers, optionReader, type TransformEntry, transformList } from "./transform-entry.js";

const NETWORKS = new Set(["UNet", "SegResNet"]);
/** Voxels along an axis. */
const LARGEST_WINDOW = 4096;
const DEFAULT_WEIGHTS = "models/model.pt";

/** Transforms after the network that change nothing of the labels. */
const WITHOUT_EFFECT = new Set([
  "EnsureType",
  "SaveImage",
  "ToTensor",
  "ToDevice",
  "DeleteItems",
  "SelectItems",
  "Decollate",
  "CastToType",
]);
/** Clean-up after the network that is left out, with a warning. */
const LEFT_OUT = new Set(["KeepLargestConnectedComponent", "FillHoles", "RemoveSmallObjects", "LabelFilter"]);

/** Throws `input.bundle` quoting what of the bundle cannot be honoured. */
export function readMonaiPlan(json: unknown): MonaiPlan {
  const config = new BundleConfig(json as ConfigValue);
  const warnings: string[] = [];
  const architecture = readNetwork(config);
  const [first, preparation] = readPreparation(config, warnings);
  return {
    architecture,
    weights: readWeightsPath(config),
    preparation,
    windows: readWindows(config, warnings),
    output: readOutput(config, first, architecture.options, warnings),
    warnings,
  };
}

function readNetwork(config: BundleConfig): MonaiPlan["architecture"] {
  const place = isTable(config.raw("network_def")) ? "network_def" : "network";
  const target = config.raw(place, "_target_");
  if (typeof target !== "string") {
    throw inputError(
      "bundle",
      "The bundle's inference.json describes no network: it has no network_def with a _target_.",
      "Bundles whose network is built by Python code of their own cannot run here.",
    );
  }
  const kind = target.split(".").at(-1)!;
  if (!NETWORKS.has(kind) || !/^(monai\.networks\.nets\.(\w+\.)?)?\w+$/.test(target)) {
    throw inputError(
      "bundle",
      `The bundle's network is ${target}; known are MONAI's ${[...NETWORKS].join(" and ")}.`,
      "Export it to ONNX and describe it by a viscera-model.json.",
    );
  }
  const definition = config.get(place) as { [key: string]: ConfigValue };
  const options = Object.entries(definition).filter(([key]) => !key.startsWith("_"));
  return { kind, options: { spatial_dims: 3, ...Object.fromEntries(options) } };
}

/** `load_path` of the checkpoint's loader where there is one that says so plainly, else the usual place. */
function readWeightsPath(config: BundleConfig): string {
  const handlers = config.raw("handlers");
  const loaders = [
    config.raw("checkpointloader"),
    ...(Array.isArray(handlers) ? handlers : []),
    config.raw("evaluator", "val_handlers"),
  ].flat();
  const loader = loaders.find(
    (entry) => isTable(entry) && /(^|\.)CheckpointLoader$/.test(String(entry["_target_"])),
  );
  if (!isTable(loader) || loader["load_path"] === undefined) return DEFAULT_WEIGHTS;
  const path = config.resolved(loader["load_path"]);
  const root = config.get("bundle_root");
  const within = typeof path === "string" && typeof root === "string" && path.startsWith(`${root}/`);
  const plain = (within ? path.slice(root.length) : String(path)).replace(/^(\.?\/+)+/, "");
  if (plain === "" || plain.split(/[\\/]/).includes("..") || /^[a-z]:/i.test(plain)) {
    throw inputError("bundle", `The bundle's weights lie outside its folder: ${String(path)}.`);
  }
  return plain;
}

function readWindows(config: BundleConfig, warnings: string[]): MonaiWindows {
  const inferer = config.raw("inferer");
  const whole: MonaiWindows = { size: [null, null, null], overlap: [0, 0, 0], sigma: null };
  if (inferer === undefined) return whole;
  const target = String(config.raw("inferer", "_target_")).split(".").at(-1);
  if (target === "SimpleInferer") return whole;
  if (target !== "SlidingWindowInferer" && target !== "SlidingWindowInfererAdapt") {
    throw inputError(
      "bundle",
      `The bundle's inferer is ${target}; known are SlidingWindowInferer and SimpleInferer.`,
    );
  }
  const option = optionReader("inferer", (key) => config.get("inferer", key));
  const size = axisNumbers("inferer roi_size", config.get("inferer", "roi_size") ?? null, [null, null, null]);
  const mode = option("mode", "string", "constant");
  if (mode !== "constant" && mode !== "gaussian") {
    throw inputError("bundle", `The bundle's inferer blends windows by "${mode}", which is not known.`);
  }
  const padding = option("padding_mode", "string", "constant");
  if (padding !== "constant" || option("cval", "number", 0) !== 0) {
    warnings.push(
      "A scan smaller than the network's window is seen with zeros around it, not as the bundle asks.",
    );
  }
  const sigma = axisNumbers("inferer sigma_scale", config.get("inferer", "sigma_scale") ?? 0.125, []);
  return {
    size: size.map((n) => {
      if (n !== null && n > LARGEST_WINDOW) {
        throw inputError("bundle", `The bundle's windows are of ${n} voxels, more than any scan has.`);
      }
      return n !== null && n >= 1 ? Math.round(n) : null;
    }),
    overlap: axisNumbers("inferer overlap", config.get("inferer", "overlap") ?? 0.25, []).map((share) => {
      if (share === null || !(share >= 0 && share < 1)) {
        throw inputError("bundle", `The bundle's windows overlap by ${share}, which is no share below 1.`);
      }
      return share;
    }),
    sigma: mode === "gaussian" ? sigma.map((share) => (share && share > 0 ? share : 0.125)) : null,
  };
}

function readOutput(
  config: BundleConfig,
  imageKey: string,
  { out_channels: channels }: Record<string, unknown>,
  warnings: string[],
): MonaiOutput {
  const output: MonaiOutput = { activation: "none", threshold: null, labelsFirst: false };
  let decided = false;
  let inverted = false;
  for (const entry of transformList(config, "postprocessing")) {
    if (WITHOUT_EFFECT.has(entry.name)) continue;
    if (entry.name === "Activations") output.activation = activationOf(entry);
    else if (entry.name === "AsDiscrete") {
      output.threshold = thresholdOf(entry, channels);
      output.labelsFirst = !inverted;
      decided = true;
    } else if (entry.name === "Invert") {
      inverted = true;
      if (decided && !nearestOf(entry)) {
        warnings.push(
          "Labels go back to the scan's grid by the nearest voxel; the bundle interpolates them.",
        );
      }
    } else if (LEFT_OUT.has(entry.name)) {
      warnings.push(`The bundle's clean-up of labels by ${entry.target} is left out.`);
    } else if (entry.keys.length === 0 || entry.keys.some((key) => key !== imageKey)) throw entry.refused();
  }
  if (!inverted) {
    output.labelsFirst = false;
    warnings.push("The bundle leaves its labels on the network's grid; here they come on the scan's.");
  }
  return output;
}

function activationOf(entry: TransformEntry): MonaiOutput["activation"] {
  const softmax = entry.option("softmax", "boolean", false);
  const sigmoid = entry.option("sigmoid", "boolean", false);
  if (entry.has("other") && entry.option("other", "string", "") !== "") throw entry.refused();
  return softmax ? "softmax" : sigmoid ? "sigmoid" : "none";
}

function thresholdOf(entry: TransformEntry, channels: unknown): number | null {
  if (entry.option("argmax", "boolean", false)) return null;
  const threshold = entry.option("threshold", "number", Number.NaN);
  if (Number.isNaN(threshold)) throw entry.refused();
  if (channels !== 1) {
    throw inputError(
      "bundle",
      `The bundle's network marks ${String(channels)} structures that may overlap, which a label map cannot hold.`,
      "Bundles whose classes exclude each other (softmax and argmax) run here.",
    );
  }
  return threshold;
}

/** MONAI's default is the nearest voxel. */
function nearestOf(entry: TransformEntry): boolean {
  return entry.option("nearest_interp", "boolean", true);
}
