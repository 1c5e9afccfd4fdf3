import { existsSync } from "node:fs";
import { join } from "node:path";
import { CASE_PATHS, orientationOf, spacingOf, type VoxelArray } from "@viscera/core";
import { readLabels, readScan } from "@viscera/scan/node";
import type { Command } from "commander";
import { CaseFolder } from "../case/case-folder.js";
import { Workspace } from "../case/workspace.js";
import { describePatient } from "../steps/describe-patient.js";
import type { CommandContext } from "../terminal/context.js";
import { printCase } from "./print-case.js";
import { bind, withCommonOptions, withExamples } from "./verb.js";

interface InfoOptions {
  series?: string;
  allowGaps?: boolean;
}

export function addInfo(program: Command, signal: AbortSignal): void {
  const command = program
    .command("info <path>")
    .description("what an image, a DICOM folder or a case holds (never a name or identifier)")
    .option("--series <uid>", "which series of a DICOM folder")
    .option("--allow-gaps", "accept missing slices and interpolate over them");
  withExamples(withCommonOptions(command), ["viscera info ct.nii.gz", "viscera info case"]);
  bind<InfoOptions>(command, signal, async (context, [path = ""], options) => {
    if (existsSync(join(path, CASE_PATHS.case))) {
      await printCase(new Workspace(await CaseFolder.open(path), context, "info"), { whole: true });
    } else {
      await printScan(context, path, options);
    }
  });
}

async function printScan(context: CommandContext, path: string, options: InfoOptions): Promise<void> {
  const scan = await readScan(path, {
    ...context.job("Read"),
    ...(options.series === undefined ? {} : { series: options.series }),
    allowGaps: options.allowGaps === true,
  });
  const { volume } = scan;
  const range = valueRange(volume.data);
  const spacing = spacingOf(volume.affine);
  for (const warning of scan.warnings) context.console.warning(warning);
  const unit = volume.unit ? ` ${volume.unit}` : "";
  const names = scan.colour || scan.format === "dicom" ? [] : await namesIn(path, volume.data, context);
  context.console.facts([
    ["Format", scan.format],
    ["Modality", volume.modality ?? "not given"],
    ["Size", `${volume.size.join(" x ")} voxels`],
    ["Spacing", `${spacing.map((mm) => +mm.toFixed(4)).join(" x ")} mm`],
    ["Extent", `${spacing.map((mm, axis) => (mm * volume.size[axis]!).toFixed(1)).join(" x ")} mm`],
    ["Axes", `${orientationOf(volume.affine)} (first voxel towards last)`],
    [
      "Values",
      scan.colour
        ? `${scan.colour.channels} colour channels`
        : `${volume.data.constructor.name.replace("Array", "")}, ${+range.least.toPrecision(6)} to ${+range.most.toPrecision(6)}${unit}, mean ${Number(range.mean.toPrecision(4))}`,
    ],
    ...(names.length > 0 ? [["Labels", `${names.length} named: ${listed(names)}`] as const] : []),
    ["Patient", describePatient(scan.patient)],
    ["SHA-256", scan.sha256],
  ]);
  context.console.result({
    format: scan.format,
    modality: volume.modality,
    unit: volume.unit,
    size: volume.size,
    spacingMm: spacing,
    orientation: orientationOf(volume.affine),
    affine: volume.affine,
    colour: scan.colour !== null,
    values: scan.colour ? null : range,
    labels: names,
    patient: scan.patient,
    warnings: scan.warnings,
    sha256: scan.sha256,
  });
}

/** Names of structures that a label image carries or has beside it; none for other images. */
async function namesIn(path: string, data: VoxelArray, context: CommandContext): Promise<string[]> {
  if (data instanceof Float32Array || data instanceof Float64Array) return [];
  const read = await readLabels(path, context.job("Labels")).catch(() => null);
  return read?.names.flatMap(({ name }) => name ?? []) ?? [];
}

function listed(names: readonly string[]): string {
  return names.length > 6 ? `${names.slice(0, 6).join(", ")}, ...` : names.join(", ");
}

/** Least, largest and mean of the finite values. */
function valueRange(data: VoxelArray): { least: number; most: number; mean: number } {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  let sum = 0;
  let count = 0;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (!Number.isFinite(value)) continue;
    if (value < least) least = value;
    if (value > most) most = value;
    sum += value;
    count++;
  }
  return { least, most, mean: count > 0 ? sum / count : Number.NaN };
}
