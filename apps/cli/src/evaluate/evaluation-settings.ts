/** Settings of an evaluation from the command line's text. */
import { usageError } from "@viscera/core";
import { conventionOf, type EvaluationSettings, MEASURE_DEFAULTS } from "@viscera/evaluate";
import { decimalNumber, wholeNumber } from "../terminal/context.js";
import type { StructureNames } from "./structure-names.js";

export interface EvaluationFlags {
  convention: string;
  labels?: string;
  tolerance?: string;
  percentile?: string;
  boundary?: string;
  tubular?: string;
  lesions?: string;
  dilation?: string;
  lesionVolume?: string;
}

const listOf = (text: string) =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");

/** Throws `usage` for what no setting can be. */
export function settingsFrom(flags: EvaluationFlags, names: StructureNames): EvaluationSettings {
  const convention = conventionOf(flags.convention);
  const among = (text: string | undefined, option: string) =>
    text === undefined
      ? []
      : text === "all"
        ? ("all" as const)
        : listOf(text).map((name) => names.idOf(name, option));
  const percentiles = listOf(flags.percentile ?? "95").map((text) =>
    decimalNumber(text, "--percentile", 0, 100),
  );
  const { lesionWise, boundaryVoxels } = MEASURE_DEFAULTS;
  if (convention !== "brats-lesionwise" && (flags.dilation ?? flags.lesionVolume) !== undefined)
    throw usageError("--dilation and --lesion-volume are settings of --convention brats-lesionwise.");
  if (convention !== "metrics-reloaded" && flags.boundary !== undefined)
    throw usageError("--boundary is a setting of --convention metrics-reloaded.");
  if (convention === "brats-lesionwise" && flags.percentile !== undefined)
    throw usageError("--convention brats-lesionwise has HD95 only, so it takes no --percentile.");
  const tolerances = tolerancesFrom(flags.tolerance, names);
  return {
    options: {
      ...MEASURE_DEFAULTS,
      convention,
      percentiles: [...new Set([100, ...percentiles])],
      toleranceMm: tolerances.general ?? MEASURE_DEFAULTS.toleranceMm,
      boundaryVoxels:
        flags.boundary === undefined ? boundaryVoxels : decimalNumber(flags.boundary, "--boundary", 0.5, 16),
      lesionWise: {
        ...lesionWise,
        ...(flags.dilation === undefined
          ? {}
          : { dilations: wholeNumber(flags.dilation, "--dilation", 0, 20) }),
        ...(flags.lesionVolume === undefined
          ? {}
          : { volumeThresholdMm3: decimalNumber(flags.lesionVolume, "--lesion-volume", 0, 1e9) }),
      },
    },
    tolerancesMm: tolerances.byId,
    tubular: among(flags.tubular, "--tubular"),
    lesions: among(flags.lesions, "--lesions"),
    regions: names.regions,
    ids:
      flags.labels === undefined
        ? null
        : flags.labels.trim() === "none"
          ? []
          : [...new Set(listOf(flags.labels).map((name) => names.idOf(name, "--labels")))].sort(
              (a, b) => a - b,
            ),
  };
}

/** "2", "liver=3,5=1" or "2,liver=3". */
function tolerancesFrom(
  text: string | undefined,
  names: StructureNames,
): { general: number | null; byId: Record<number, number> } {
  let general: number | null = null;
  const byId: Record<number, number> = {};
  for (const part of listOf(text ?? "")) {
    const [name, value, ...rest] = part.split("=");
    if (rest.length > 0) throw usageError(`--tolerance takes name=mm, not "${part}".`);
    const mm = decimalNumber(value ?? name!, "--tolerance", 0, 1e4);
    if (value !== undefined) byId[names.idOf(name!.trim(), "--tolerance")] = mm;
    else if (general === null) general = mm;
    else throw usageError("--tolerance gives two tolerances for all structures.");
  }
  return { general, byId };
}
