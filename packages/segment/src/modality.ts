import { inputError, type ModelFile, type Volume } from "@viscera/core";
import { finiteRange } from "@viscera/scan";

/** Air in a CT is about -1000 HU; magnitudes of an MR scan have no such values. */
const AIR_HU = -500;

/**
 * Throws `input.modality` when the scan says it is of another kind than the model was trained on. Where the
 * file does not say (NIfTI), the values are looked at and a suspicion becomes a warning.
 */
export function checkModality(volume: Volume, model: ModelFile): string[] {
  const wanted = model.input.modality;
  if (wanted.length === 0) return [];
  const list = wanted.join(" or ");
  if (volume.modality !== null) {
    if (wanted.includes(volume.modality)) return [];
    throw inputError(
      "modality",
      `The scan is ${volume.modality}, but the model "${model.name}" was trained on ${list}.`,
      "Take a model for this kind of scan.",
    );
  }
  const looksLikeCt = volume.unit === "HU" || (finiteRange(volume.data)?.min ?? 0) < AIR_HU;
  if (looksLikeCt && !wanted.includes("CT")) {
    return [
      `The values look like a CT's, but the model "${model.name}" was trained on ${list}; expect nonsense.`,
    ];
  }
  if (!looksLikeCt && wanted.every((kind) => kind === "CT")) {
    return [
      `The values do not look like a CT's, on which the model "${model.name}" was trained; expect nonsense.`,
    ];
  }
  return [];
}
