/** Structures of an image that a tissue of the body model stands for, by TotalSegmentator's names. */
import type { Tissue } from "./reference-adult.js";

const sides = (...names: string[]) => names.flatMap((name) => [`${name}_left`, `${name}_right`]);
const numbered = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name}${i + 1}`);

export const STRUCTURES_OF_TISSUE: Readonly<Record<Tissue, readonly string[]>> = {
  lung: [
    "lung_upper_lobe_left",
    "lung_lower_lobe_left",
    "lung_upper_lobe_right",
    "lung_middle_lobe_right",
    "lung_lower_lobe_right",
    ...sides("lung"),
  ],
  liver: ["liver"],
  kidney: sides("kidney"),
  spleen: ["spleen"],
  gut: ["esophagus", "stomach", "duodenum", "small_bowel", "colon", "pancreas"],
  heart: ["heart", "heart_myocardium", ...sides("heart_atrium", "heart_ventricle")],
  brain: ["brain"],
  muscle: [
    "skeletal_muscle",
    ...sides("gluteus_maximus", "gluteus_medius", "gluteus_minimus", "autochthon", "iliopsoas"),
  ],
  fat: ["subcutaneous_fat", "torso_fat"],
  bone: [
    "skull",
    "sternum",
    "sacrum",
    ...sides("hip", "femur", "humerus", "scapula", "clavicula"),
    ...numbered("vertebrae_C", 7),
    ...numbered("vertebrae_T", 12),
    ...numbered("vertebrae_L", 5),
    "vertebrae_S1",
    ...sides("rib").flatMap((name) => numbered(`${name}_`, 12)),
  ],
  skin: ["skin"],
  rest: [],
};

/** Vessels that carry venous blood. */
export const VENOUS_STRUCTURES: readonly string[] = [
  "superior_vena_cava",
  "inferior_vena_cava",
  ...sides("brachiocephalic_vein", "iliac_vena"),
];
