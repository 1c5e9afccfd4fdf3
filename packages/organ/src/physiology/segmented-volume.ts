/** Which segmented structures measure a tissue's volume, and when they may. */
import type { OrganRecord } from "@viscera/core";
import { displayName } from "../structures/index.js";
import { DENSITY_G_PER_ML, type ReferenceAdult, type Tissue } from "./reference-adult.js";

/** Each inner list is one complete way to cover the tissue; the first that is whole in the image is used. */
const STRUCTURES: Partial<Record<Tissue, readonly (readonly string[])[]>> = {
  liver: [["liver"]],
  kidney: [["kidney_left", "kidney_right"]],
  spleen: [["spleen"]],
  brain: [["brain"]],
  heart: [
    ["heart"],
    [
      "heart_myocardium",
      "heart_atrium_left",
      "heart_ventricle_left",
      "heart_atrium_right",
      "heart_ventricle_right",
    ],
  ],
  lung: [
    [
      "lung_upper_lobe_left",
      "lung_lower_lobe_left",
      "lung_upper_lobe_right",
      "lung_middle_lobe_right",
      "lung_lower_lobe_right",
    ],
    ["lung_left", "lung_right"],
  ],
};
/** Volume of a tissue in this patient, or the reason why the image does not give it. */
export function measuredVolume(
  tissue: Tissue,
  organs: readonly OrganRecord[],
  reference: ReferenceAdult,
): { volumeMl: number; note: string } | { reason: string } {
  const ways = STRUCTURES[tissue];
  if (!ways)
    return {
      reason:
        tissue === "gut" ? "hollow organ: contents cannot be told from the wall" : "not outlined as a whole",
    };
  let reason = "not in the labels";
  for (const names of ways) {
    const found = names.map((name) => organs.find((organ) => organ.name === name));
    const missing = names.filter((_, i) => found[i] === undefined);
    if (missing.length === names.length) continue;
    if (missing.length > 0) {
      reason = `${missing.map(displayName).join(", ")} not in the labels`;
      continue;
    }
    const cut = found.filter((organ) => organ!.touchesBorder).map((organ) => displayName(organ!.name));
    if (cut.length > 0) {
      reason = `${cut.join(", ")} cut by the edge of the image`;
      continue;
    }
    return tissueVolume(tissue, names, found as OrganRecord[], reference);
  }
  return { reason };
}

function tissueVolume(
  tissue: Tissue,
  names: readonly string[],
  found: OrganRecord[],
  reference: ReferenceAdult,
): ReturnType<typeof measuredVolume> {
  const outlineMl = found.reduce((sum, organ) => sum + organ.volumeMl, 0);
  if (tissue !== "lung" && tissue !== "heart") {
    return { volumeMl: outlineMl, note: names.map(displayName).join(" + ") };
  }
  // An outline holds blood too: the reference adult says how much of it is the organ's own tissue.
  const share = reference.massG[tissue] / reference.massWithBloodG[tissue];
  if (tissue === "heart") {
    return { volumeMl: outlineMl * share, note: `heart outline x ${share.toFixed(2)} (without its blood)` };
  }
  if (found.some((organ) => organ.intensity?.unit !== "HU")) {
    return { reason: "the image is not in Hounsfield units, so air cannot be told from tissue" };
  }
  // Air is -1000 HU and water 0: a voxel's density is close to 1 + HU/1000 g/mL.
  const massG = found.reduce(
    (sum, organ) => sum + organ.volumeMl * Math.max(0, 1 + organ.intensity!.mean / 1000),
    0,
  );
  return {
    volumeMl: (massG * share) / DENSITY_G_PER_ML.lung,
    note: `${massG.toFixed(0)} g by the lungs' HU, ${(100 * share).toFixed(0)} % of it tissue`,
  };
}
