/**
 * Tissues: what a voxel is while the scan is made. A tissue id is a label id (TotalSegmentator's v2 number where
 * it has the class, 200 and up for others) or, from 118 to 199, a part of a label that looks different (a vessel
 * in the lung, gas in the colon); parts become their label once the intensities are made.
 *
 * HU: rounded choices of this project for abdominal CT at 120 kV, unenhanced and portal-venous, within the usual
 * ranges; scanners differ by several HU (Lamba 2014, AJR 203:1013). T1, T2 at 1.5 T: abdominal and pelvic organs by
 * de Bazelaire 2004 (doi:10.1148/radiol.2303021331), blood's T1, heart and cartilage by Stanisz 2005
 * (doi:10.1002/mrm.20605), rounded; the rest, blood's T2 and the proton densities are choices.
 */

export interface Material {
  /** Mean HU, native. */
  native: number;
  /** Mean HU, portal-venous phase. */
  portal: number;
  /** Standard deviation of the tissue's own texture, HU. */
  texture: number;
  /** ms */
  t1: number;
  /** ms */
  t2: number;
  /** Relative to water; less for blood that flows out of the slice between pulses. */
  protons: number;
}

const m = (
  native: number,
  portal: number,
  texture: number,
  t1: number,
  t2: number,
  protons: number,
): Material => ({ native, portal, texture, t1, t2, protons });

export const MATERIALS = {
  air: m(-1000, -1000, 0, 1000, 1, 0),
  gas: m(-960, -960, 8, 1000, 1, 0),
  lung: m(-845, -838, 22, 1200, 20, 0.16),
  fat: m(-104, -102, 5, 290, 70, 0.9),
  subcutaneousFat: m(-108, -106, 4, 280, 75, 0.92),
  skin: m(20, 30, 8, 700, 32, 0.7),
  muscle: m(54, 62, 8, 900, 40, 0.8),
  liver: m(57, 108, 4, 590, 46, 0.8),
  spleen: m(48, 118, 4, 1050, 79, 0.85),
  kidneyCortex: m(33, 186, 6, 970, 87, 0.86),
  kidneyMedulla: m(31, 158, 6, 1410, 85, 0.88),
  pancreas: m(38, 98, 9, 580, 46, 0.8),
  adrenal: m(20, 72, 4, 780, 60, 0.8),
  bile: m(8, 10, 2, 2400, 400, 1),
  urine: m(4, 6, 2, 3000, 600, 1),
  gutWall: m(38, 85, 7, 900, 55, 0.8),
  gutContent: m(22, 24, 12, 1300, 140, 0.9),
  faeces: m(35, 35, 55, 800, 60, 0.6),
  blood: m(42, 148, 2, 1440, 150, 0.9),
  artery: m(42, 152, 2, 1440, 150, 0.35),
  portalBlood: m(42, 168, 2, 1440, 150, 0.5),
  myocardium: m(46, 104, 5, 1030, 45, 0.82),
  lungVessel: m(30, 110, 5, 1440, 150, 0.3),
  boneMarrow: m(165, 175, 30, 550, 50, 0.6),
  boneCortex: m(760, 765, 40, 500, 5, 0.12),
  cartilage: m(95, 100, 12, 1000, 35, 0.6),
  disc: m(78, 80, 6, 1100, 80, 0.75),
  cord: m(34, 38, 3, 1000, 90, 0.85),
  prostate: m(40, 62, 5, 1300, 88, 0.85),
  uterus: m(45, 95, 6, 1250, 90, 0.85),
  thyroid: m(95, 150, 5, 900, 70, 0.8),
  tumour: m(42, 66, 7, 950, 82, 0.88),
} satisfies Record<string, Material>;

export type MaterialName = keyof typeof MATERIALS;

export interface Tissue {
  id: number;
  /** The label it belongs to: its own id, or another's for a part. */
  labelId: number;
  /** The label's name. */
  name: string;
  material: MaterialName;
}

const table = new Map<number, Tissue>();
const byName = new Map<string, Tissue>();

function add(id: number, name: string, material: MaterialName): void {
  const tissue = { id, labelId: id, name, material };
  table.set(id, tissue);
  byName.set(name, tissue);
}

function part(id: number, of: string, material: MaterialName): void {
  const whole = tissueOf(of);
  table.set(id, { id, labelId: whole.labelId, name: whole.name, material });
}

const ORGANS: [number, string, MaterialName][] = [
  [1, "spleen", "spleen"],
  [2, "kidney_right", "kidneyCortex"],
  [3, "kidney_left", "kidneyCortex"],
  [4, "gallbladder", "bile"],
  [5, "liver", "liver"],
  [6, "stomach", "gutWall"],
  [7, "pancreas", "pancreas"],
  [8, "adrenal_gland_right", "adrenal"],
  [9, "adrenal_gland_left", "adrenal"],
  [10, "lung_upper_lobe_left", "lung"],
  [11, "lung_lower_lobe_left", "lung"],
  [12, "lung_upper_lobe_right", "lung"],
  [13, "lung_middle_lobe_right", "lung"],
  [14, "lung_lower_lobe_right", "lung"],
  [15, "esophagus", "gutWall"],
  [16, "trachea", "gas"],
  [17, "thyroid_gland", "thyroid"],
  [18, "small_bowel", "gutWall"],
  [19, "duodenum", "gutWall"],
  [20, "colon", "gutWall"],
  [21, "urinary_bladder", "urine"],
  [22, "prostate", "prostate"],
  [25, "sacrum", "boneMarrow"],
  [52, "aorta", "artery"],
  [53, "pulmonary_vein", "blood"],
  [54, "brachiocephalic_trunk", "artery"],
  [55, "subclavian_artery_right", "artery"],
  [56, "subclavian_artery_left", "artery"],
  [57, "common_carotid_artery_right", "artery"],
  [58, "common_carotid_artery_left", "artery"],
  [59, "brachiocephalic_vein_left", "blood"],
  [60, "brachiocephalic_vein_right", "blood"],
  [62, "superior_vena_cava", "blood"],
  [63, "inferior_vena_cava", "blood"],
  [64, "portal_vein_and_splenic_vein", "portalBlood"],
  [65, "iliac_artery_left", "artery"],
  [66, "iliac_artery_right", "artery"],
  [67, "iliac_vena_left", "blood"],
  [68, "iliac_vena_right", "blood"],
  [71, "scapula_left", "boneMarrow"],
  [72, "scapula_right", "boneMarrow"],
  [73, "clavicula_left", "boneMarrow"],
  [74, "clavicula_right", "boneMarrow"],
  [75, "femur_left", "boneMarrow"],
  [76, "femur_right", "boneMarrow"],
  [77, "hip_left", "boneMarrow"],
  [78, "hip_right", "boneMarrow"],
  [79, "spinal_cord", "cord"],
  [86, "autochthon_left", "muscle"],
  [87, "autochthon_right", "muscle"],
  [88, "iliopsoas_left", "muscle"],
  [89, "iliopsoas_right", "muscle"],
  [116, "sternum", "boneMarrow"],
  [117, "costal_cartilages", "cartilage"],
  [200, "skin", "skin"],
  [201, "subcutaneous_fat", "subcutaneousFat"],
  [202, "torso_fat", "fat"],
  [203, "skeletal_muscle", "muscle"],
  [204, "intervertebral_discs", "disc"],
  [205, "heart_myocardium", "myocardium"],
  [206, "heart_atrium_left", "blood"],
  [207, "heart_ventricle_left", "blood"],
  [208, "heart_atrium_right", "blood"],
  [209, "heart_ventricle_right", "blood"],
  [210, "pulmonary_artery", "blood"],
  [211, "renal_artery_left", "artery"],
  [212, "renal_artery_right", "artery"],
  [213, "renal_vein_left", "blood"],
  [214, "renal_vein_right", "blood"],
  [215, "celiac_trunk", "artery"],
  [216, "superior_mesenteric_artery", "artery"],
  [217, "tumor", "tumour"],
  [218, "intermuscular_fat", "fat"],
  [219, "uterus", "uterus"],
];
for (const [id, name, material] of ORGANS) add(id, name, material);

/** From the lumbar vertebrae up to the last of the neck, as they are numbered: L5 is 27, T1 is 43, C7 is 44. */
export const VERTEBRAE = ["L5", "L4", "L3", "L2", "L1"]
  .concat(Array.from({ length: 12 }, (_, i) => `T${12 - i}`))
  .concat("C7");
VERTEBRAE.forEach((name, i) => add(27 + i, `vertebrae_${name}`, "boneMarrow"));
for (let rib = 1; rib <= 12; rib++) {
  add(91 + rib, `rib_left_${rib}`, "boneMarrow");
  add(103 + rib, `rib_right_${rib}`, "boneMarrow");
}

export const LUNG_LOBES = [10, 11, 12, 13, 14] as const;
/** Tissue id of a vessel or of an airway in a lobe: the lobe's id plus this. */
export const LUNG_VESSEL = 110;
export const LUNG_AIRWAY = 120;
for (const lobe of LUNG_LOBES) {
  const name = table.get(lobe)!.name;
  part(lobe + LUNG_VESSEL, name, "lungVessel");
  part(lobe + LUNG_AIRWAY, name, "gas");
}
export const PARTS = {
  medullaRight: 140,
  medullaLeft: 141,
  liverVein: 142,
  liverPortal: 143,
  stomachContent: 144,
  stomachGas: 145,
  smallBowelContent: 146,
  duodenumContent: 147,
  colonContent: 148,
  colonGas: 149,
} as const;
part(PARTS.medullaRight, "kidney_right", "kidneyMedulla");
part(PARTS.medullaLeft, "kidney_left", "kidneyMedulla");
part(PARTS.liverVein, "liver", "blood");
part(PARTS.liverPortal, "liver", "portalBlood");
part(PARTS.stomachContent, "stomach", "gutContent");
part(PARTS.stomachGas, "stomach", "gas");
part(PARTS.smallBowelContent, "small_bowel", "gutContent");
part(PARTS.duodenumContent, "duodenum", "gutContent");
part(PARTS.colonContent, "colon", "faeces");
part(PARTS.colonGas, "colon", "gas");

/** All tissues by id. */
export const TISSUES: ReadonlyMap<number, Tissue> = table;

/** The tissue that is the label of this name. The name is one of this file's: anything else is a slip in code. */
export function tissueOf(name: string): Tissue {
  const tissue = byName.get(name);
  if (!tissue) throw new Error(`no tissue is named ${name}`);
  return tissue;
}

export const idOf = (name: string): number => tissueOf(name).id;

/** Organs a tumour can be put into. */
export const TUMOUR_ORGANS: readonly string[] = [
  "liver",
  "spleen",
  "pancreas",
  "kidney_left",
  "kidney_right",
  ...LUNG_LOBES.map((id) => table.get(id)!.name),
];

/** Arteries that can have a stenosis. */
export const ARTERIES: readonly string[] = [
  "aorta",
  "brachiocephalic_trunk",
  "subclavian_artery_left",
  "subclavian_artery_right",
  "common_carotid_artery_left",
  "common_carotid_artery_right",
  "celiac_trunk",
  "superior_mesenteric_artery",
  "renal_artery_left",
  "renal_artery_right",
  "iliac_artery_left",
  "iliac_artery_right",
];
