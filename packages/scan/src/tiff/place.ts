/** Lengths in a TIFF: resolution fields, and what ImageJ writes into the description. */
import { type Affine, inputError } from "@viscera/core";
import { affineFromDirections } from "../image/geometry.js";
import { TAG, type TiffPage } from "./tags.js";

/** Millimetres of ImageJ's words for units. */
const UNIT_MM: Readonly<Record<string, number>> = {
  nm: 1e-6,
  nanometer: 1e-6,
  um: 1e-3,
  µm: 1e-3,
  μm: 1e-3,
  "\\u00b5m": 1e-3,
  micron: 1e-3,
  microns: 1e-3,
  micrometer: 1e-3,
  mm: 1,
  millimeter: 1,
  cm: 10,
  centimeter: 10,
  m: 1000,
  meter: 1000,
  inch: 25.4,
  in: 25.4,
};

/** ImageJ's "key=value" lines, null for another description. */
export function imageJFields(page: TiffPage): Map<string, string> | null {
  const text = page.text(TAG.description);
  if (!text.startsWith("ImageJ=")) return null;
  const lines = text.split(/\r?\n/).map((line) => line.split("=", 2) as [string, string?]);
  return new Map(lines.map(([key, value]) => [key.trim(), value?.trim() ?? ""]));
}

/** Throws `input.4d` where a description says that the pages are more than slices (ImageJ, OME). */
export function refuseHyperstack(page: TiffPage, name: string): void {
  const fields = imageJFields(page);
  const several = (text: string | undefined) => Number(text ?? 1) > 1;
  const ome = /<(?:\w+:)?Pixels\b[^>]*>/.exec(page.text(TAG.description))?.[0] ?? "";
  if (
    several(fields?.get("channels")) ||
    several(fields?.get("frames")) ||
    several(/\bSizeC="(\d+)"/.exec(ome)?.[1]) ||
    several(/\bSizeT="(\d+)"/.exec(ome)?.[1])
  ) {
    throw inputError(
      "4d",
      `${name} holds several channels or time points by its description; a single 3D image is needed.`,
      "Take one channel and time point out of it and save that as a TIFF of its own.",
    );
  }
}

/**
 * Affine of a TIFF, which names no place in the world: axes and origin as ITK takes them, x to the patient's left, y to
 * the back, z to the head, the first voxel at 0. Lengths that are not stated count as 1 mm, with a warning.
 */
export function tiffAffine(page: TiffPage, slices: number, warnings: string[]): Affine {
  const fields = imageJFields(page);
  const unitMm = UNIT_MM[(fields?.get("unit") ?? "").toLowerCase()] ?? null;
  const code = page.number(TAG.resolutionUnit, 2);
  const xyUnitMm = code === 3 ? 10 : code === 2 && !(fields && unitMm) ? 25.4 : unitMm;
  const x = lengthMm(xyUnitMm, 1 / page.number(TAG.xResolution, 0));
  const y = lengthMm(xyUnitMm, 1 / page.number(TAG.yResolution, 0));
  const z = lengthMm(unitMm, Number(fields?.get("spacing") ?? Number.NaN));
  if (!x || !y) warnings.push("The file does not say how large its pixels are; 1 mm was taken.");
  else if (xyUnitMm === 25.4) {
    warnings.push(
      `The pixels are ${x.toPrecision(3)} mm wide by dots per inch, which many programs write without a meaning.`,
    );
  }
  if (!z && slices > 1) warnings.push("The file does not say how far apart its slices are; 1 mm was taken.");
  const directions = [
    [x && y ? x : 1, 0, 0],
    [0, x && y ? y : 1, 0],
    [0, 0, z ?? 1],
  ];
  return affineFromDirections(directions, [0, 0, 0], { signs: [-1, -1, 1] });
}

function lengthMm(unitMm: number | null, length: number): number | null {
  const mm = Math.abs(length) * (unitMm ?? Number.NaN);
  return Number.isFinite(mm) && mm > 0 ? mm : null;
}
