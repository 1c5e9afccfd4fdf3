/** Whether a model is made for a scan, from what is known of both, first without and then with the network. */
import { type JobOptions, type ModelFile, orientationOf, spacingOf, type Volume } from "@viscera/core";
import { finiteRange, looksLikeCt } from "@viscera/scan";
import type { NetworkModel } from "../model.js";
import { networkImage } from "../prepare.js";
import { type Familiarity, judgeFamiliarity } from "./familiarity.js";
import { seeScan } from "./window-features.js";

/** A scan smaller than this share of a model's window, along any axis, shows too little of what it knows. */
const LEAST_WINDOW = 0.4;
/** Windows that a coarse look takes. */
const COARSE_WINDOWS = 6;

const WORLD_AXES = ["RL", "AP", "SI"];

/** Why a model is not for this scan, as the end of a sentence about the model; null where nothing speaks against it. */
export function obstacleTo(scan: Volume, { input, outOfDistribution }: ModelFile): string | null {
  const { modality } = input;
  if (modality.length > 0) {
    const kind = scan.modality ?? (looksLikeCt(scan) ? "CT" : null);
    if (kind !== null && !modality.includes(kind)) return `is for ${modality.join(" or ")}, not ${kind}`;
    if (kind === null && modality.every((one) => one === "CT") && !couldBeCt(scan)) {
      return "is for CT, and these values are not a CT's";
    }
  }
  const sizeMm = sizeAlong(scan, input.orientation);
  const text = sizeMm.map((mm) => mm.toFixed(0)).join(" x ");
  const usual = outOfDistribution?.sizeMm;
  if (usual?.some(([low, high], axis) => sizeMm[axis]! < low || sizeMm[axis]! > high)) {
    const ranges = usual.map(([low, high]) => `${low.toFixed(0)}-${high.toFixed(0)}`).join(" x ");
    return `learnt from scans of ${ranges} mm, and this one has ${text} mm`;
  }
  const { patch, spacingMm } = input;
  if (!usual && patch && spacingMm) {
    const window = patch.map((n, axis) => n * spacingMm[axis]!);
    if (window.some((mm, axis) => sizeMm[axis]! < LEAST_WINDOW * mm)) {
      return `sees ${window.map((mm) => mm.toFixed(0)).join(" x ")} mm at once, and the scan has only ${text} mm`;
    }
  }
  return null;
}

/** A CT whose air was cut off still has fat below 0. */
function couldBeCt({ data, unit }: Volume): boolean {
  return unit === "HU" || (finiteRange(data)?.min ?? 0) < -50;
}

/** Physical size along the axes of an orientation. */
function sizeAlong({ size, affine }: Volume, orientation: string): number[] {
  const spacing = spacingOf(affine);
  const worldAxis = (letter: string) => WORLD_AXES.findIndex((letters) => letters.includes(letter));
  const own = [...orientationOf(affine)].map(worldAxis);
  return [...orientation].map((letter) => {
    const axis = own.indexOf(worldAxis(letter));
    return size[axis]! * spacing[axis]!;
  });
}

/** A coarse look: how like its training scans a network finds this one; null where it does not know them. */
export async function looksFamiliar(
  scan: Volume,
  model: NetworkModel,
  options: JobOptions = {},
): Promise<Familiarity | null> {
  if (!model.familiarity) return null;
  const [image, placed] = await networkImage([scan], model.description.input, options);
  return judgeFamiliarity(model.familiarity, await seeScan(image, placed, model, COARSE_WINDOWS, options));
}
