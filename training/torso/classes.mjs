/**
 * Classes of the torso model. Left and right are apart only where the organ itself is looked at by side; what
 * 3 mm cannot tell apart (ribs, vertebrae, lobes of the lungs) is one class. Names are TotalSegmentator's where one
 * class is one of its structures.
 */
import { TISSUES } from "@viscera/phantom";

/** Name of every class and the phantom's structures in it, by their names or the beginning of them. */
const STRUCTURES = {
  spleen: ["spleen"],
  kidney_right: ["kidney_right"],
  kidney_left: ["kidney_left"],
  gallbladder: ["gallbladder"],
  liver: ["liver"],
  stomach: ["stomach"],
  pancreas: ["pancreas"],
  adrenal_glands: ["adrenal_gland_"],
  lung_right: ["lung_upper_lobe_right", "lung_middle_lobe_right", "lung_lower_lobe_right"],
  lung_left: ["lung_upper_lobe_left", "lung_lower_lobe_left"],
  esophagus: ["esophagus"],
  trachea: ["trachea"],
  small_bowel: ["small_bowel", "duodenum"],
  colon: ["colon"],
  urinary_bladder: ["urinary_bladder"],
  sacrum: ["sacrum"],
  vertebrae: ["vertebrae_"],
  heart: ["heart", "heart_"],
  aorta: ["aorta"],
  inferior_vena_cava: ["inferior_vena_cava"],
  portal_vein_and_splenic_vein: ["portal_vein_and_splenic_vein"],
  iliac_arteries: ["iliac_artery_"],
  iliac_veins: ["iliac_vena_"],
  hips: ["hip_"],
  femurs: ["femur_"],
  ribs: ["rib_"],
  sternum: ["sternum"],
  shoulder_girdle: ["scapula_", "clavicula_"],
  spinal_cord: ["spinal_cord"],
  autochthon: ["autochthon_"],
  iliopsoas: ["iliopsoas_"],
  brain: ["brain"],
  brainstem: [],
  lateral_ventricles: [],
  hippocampus_anterior: [],
  hippocampus_posterior: [],
  amygdala: [],
  skull: ["skull"],
  mandible: [],
  parotid_gland_left: [],
  parotid_gland_right: [],
  larynx: [],
};

/** Class names in order; a class's number is its place, from 1. */
export const CLASSES = Object.keys(STRUCTURES);

export function classNumber(name) {
  const index = CLASSES.indexOf(name);
  if (index < 0) throw new Error(`no class is named ${name}`);
  return index + 1;
}

/** Class of a structure by its TotalSegmentator or phantom name; 0 for one that the model does not know. */
export function classOfStructure(name) {
  const fits = (entry) => (entry.endsWith("_") ? name.startsWith(entry) : name === entry);
  return CLASSES.findIndex((own) => STRUCTURES[own].some(fits)) + 1;
}

/** Class of every label value of a phantom. */
export const PHANTOM_CLASSES = new Map(
  [...TISSUES.values()].map(({ id, name }) => [id, classOfStructure(name)]),
);

/** All classes but those named. */
export const allBut = (...unknown) => CLASSES.filter((name) => !unknown.includes(name));
