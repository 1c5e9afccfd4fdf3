import { inputError } from "@viscera/core";
import type { BundleConfig } from "./config.js";
import type { PreparationStep } from "./plan.js";
import { axisNumbers, type TransformEntry, transformList } from "./transform-entry.js";

/** Transforms that bring a scan into memory as it is. */
const WITHOUT_EFFECT = new Set([
  "LoadImage",
  "EnsureChannelFirst",
  "AddChannel",
  "AsChannelFirst",
  "EnsureType",
  "ToTensor",
  "ToDevice",
  "CastToType",
  "SelectItems",
  "DeleteItems",
  "Identity",
]);

/** Voxels added at a side of a crop. */
const LARGEST_MARGIN = 1024;

/** The key of the image among a bundle's data, and the steps it goes through. Throws `input.bundle`. */
export function readPreparation(config: BundleConfig, warnings: string[]): [string, PreparationStep[]] {
  const entries = transformList(config, "preprocessing");
  const imageKey =
    entries.find(({ name }) => name === "LoadImage")?.keys[0] ?? entries[0]?.keys[0] ?? "image";
  const steps: PreparationStep[] = [];
  for (const entry of entries) {
    if (!entry.keys.includes(imageKey)) {
      if (WITHOUT_EFFECT.has(entry.name) || entry.keys.every((key) => key === "label" || key === "seg"))
        continue;
      throw entry.refused();
    }
    if (WITHOUT_EFFECT.has(entry.name)) continue;
    const step = stepOf(entry, warnings);
    if (step) steps.push(step);
  }
  if (steps.filter(({ kind }) => kind === "spacing").length > 1) {
    throw inputError("bundle", "The bundle resamples a scan twice, which is not supported.");
  }
  return [imageKey, steps];
}

function stepOf(entry: TransformEntry, warnings: string[]): PreparationStep | null {
  const { option } = entry;
  switch (entry.name) {
    case "Orientation": {
      const code = option("axcodes", "string", "");
      if (!/^[RLAPSI]{3}$/.test(code)) throw entry.refused();
      return { kind: "orientation", code };
    }
    case "Spacing": {
      const mode = option("mode", "string", "bilinear");
      const padding = option("padding_mode", "string", "border");
      if (mode !== "bilinear" && mode !== "nearest") throw entry.refused();
      if (padding !== "border") {
        warnings.push(`Resampling repeats the scan's border; the bundle asks for "${padding}".`);
      }
      const spacing = axisNumbers("Spacing pixdim", entry.value("pixdim") ?? null, []);
      return { kind: "spacing", spacingMm: spacing.map((mm) => mm ?? -1), nearest: mode === "nearest" };
    }
    case "ScaleIntensityRange": {
      const [low, high] = [option("a_min", "number", Number.NaN), option("a_max", "number", Number.NaN)];
      if (!(high > low)) throw entry.refused();
      return {
        kind: "scaleRange",
        low,
        high,
        to: rangeOf(entry, "b_min", "b_max"),
        clip: option("clip", "boolean", false),
      };
    }
    case "ScaleIntensity": {
      if (entry.has("factor") && entry.value("factor") !== null) throw entry.refused();
      const to = entry.has("minv") || entry.has("maxv") ? rangeOf(entry, "minv", "maxv") : ([0, 1] as const);
      if (to === null) throw entry.refused();
      return { kind: "scale", to, byChannel: option("channel_wise", "boolean", false) };
    }
    case "NormalizeIntensity":
      return {
        kind: "normalise",
        subtract: numbersOf(entry, "subtrahend"),
        divide: numbersOf(entry, "divisor"),
        nonzero: option("nonzero", "boolean", false),
        byChannel: option("channel_wise", "boolean", false),
      };
    case "CropForeground": {
      if (entry.has("select_fn") || entry.has("channel_indices") || !entry.keys.includes(sourceOf(entry))) {
        throw entry.refused();
      }
      const whole = (key: string, otherwise: number) =>
        axisNumbers(`CropForeground ${key}`, entry.value(key) ?? otherwise, []).map((n) => {
          const value = n ?? otherwise;
          if (!Number.isInteger(value) || value < otherwise || value > LARGEST_MARGIN) throw entry.refused();
          return value;
        });
      return { kind: "cropForeground", margin: whole("margin", 0), divisible: whole("k_divisible", 1) };
    }
    default:
      throw entry.refused();
  }
}

function sourceOf(entry: TransformEntry): string {
  return entry.option("source_key", "string", entry.keys[0] ?? "");
}

function rangeOf(entry: TransformEntry, low: string, high: string): [number, number] | null {
  const [from, to] = [entry.value(low) ?? null, entry.value(high) ?? null];
  if (from === null && to === null) return null;
  if (typeof from !== "number" || typeof to !== "number") throw entry.refused();
  return [from, to];
}

/** A number for all channels, or one for each; null where it is to be measured. */
function numbersOf(entry: TransformEntry, key: string): number[] | null {
  const value = entry.value(key) ?? null;
  if (value === null) return null;
  const list = [value].flat();
  if (!list.every((n): n is number => typeof n === "number")) throw entry.refused();
  return list;
}
