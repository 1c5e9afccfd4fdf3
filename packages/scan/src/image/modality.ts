import type { Volume } from "@viscera/core";
import { finiteRange } from "./values.js";

/** Air in a CT is about -1000 HU; no other common modality has values below this. */
const AIR_HU = -500;
/** Far beyond metal, so that signed noise of another modality is not taken for air. */
const MOST_HU = 40000;

/** True when the file says so, or, where it does not (NIfTI), when the values look like Hounsfield units. */
export function looksLikeCt(volume: Volume): boolean {
  if (volume.modality !== null) return volume.modality === "CT";
  if (volume.unit !== null) return volume.unit === "HU";
  const range = finiteRange(volume.data);
  return range !== null && range.min < AIR_HU && range.min > -5000 && range.max > 0 && range.max < MOST_HU;
}
