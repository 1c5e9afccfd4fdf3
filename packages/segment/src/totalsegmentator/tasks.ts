/**
 * TotalSegmentator's tasks: which networks, on which grid, in which part of the scan. Facts of
 * wasserth/TotalSegmentator (totalsegmentator/map_tasks_config.py, python_api.py, version 2.18.0), Copyright
 * its authors, Apache License 2.0.
 */
import type { Vec3 } from "@viscera/core";
import { structuresOf } from "./structures.js";

/** One network of a task: its labels 1 to `count` are the task's from `first` on. */
export interface TaskPart {
  /** Number of the data set, which begins its folder's name: Dataset297_... */
  id: number;
  first: number;
  count: number;
}

/** Only the part of the scan around some structures of a rougher task is looked at. */
export interface TaskCrop {
  task: string;
  structures: readonly string[];
  addonMm: number;
}

export interface TotalTask {
  name: string;
  modality: "CT" | "MR";
  parts: readonly TaskPart[];
  /** Names in the order of their labels from 1 on. */
  names: readonly string[];
  /** Labels above the last of `names` that are dropped. */
  auxiliary: number;
  /** Grid of the networks, mm along R, A, S; null for the scan's own. */
  spacingMm: Vec3 | null;
  configuration: string;
  /** null: all that are there. */
  folds: readonly number[] | null;
  stepSize: number;
  crop: TaskCrop | null;
  /** What lies farther than this from the structures of the rough task becomes background. */
  keepNear: { structures: readonly string[]; mm: number } | null;
  /** Its weights are free for research and need a licence of their authors for anything else. */
  needsLicence: boolean;
}

/** A row of the table; what it leaves out is as in most tasks. */
interface Row {
  /** Several with the number of labels of each. */
  ids: number | readonly (readonly [number, number])[];
  mm?: number | Vec3;
  high?: string;
  crop?: string;
  /** The rougher task; default total_fastest, total_mr_fast for MR. */
  by?: string;
  addonMm?: number;
  folds?: readonly number[] | null;
  modality?: "MR";
  licence?: true;
  keepNear?: { structures: readonly string[]; mm: number };
}

const LUNGS =
  "lung_upper_lobe_left lung_lower_lobe_left lung_upper_lobe_right lung_middle_lobe_right lung_lower_lobe_right";
const NECK = "clavicula_left clavicula_right vertebrae_C1 vertebrae_C5 vertebrae_T1 vertebrae_T4";
const HIGH = "3d_fullres_high";
const ALL_FOLDS = [0, 1, 2, 3, 4];
/** Parts of `total`: organs, vertebrae, heart and vessels, muscles, ribs. */
const parts = (first: number) => [24, 26, 18, 23, 26].map((count, i) => [first + i, count] as const);

const ROWS: Readonly<Record<string, Row>> = {
  total: { ids: parts(291), mm: 1.5 },
  total_fast: { ids: 297, mm: 3 },
  total_fastest: { ids: 298, mm: 6 },
  total_v3: { ids: parts(831), mm: 1.5 },
  total_v3_fast: { ids: 836, mm: 3 },
  total_v3_fastest: { ids: 837, mm: 6 },
  total_mr: {
    ids: [
      [850, 29],
      [851, 21],
    ],
    mm: 1.5,
  },
  total_mr_fast: { ids: 852, mm: 3 },
  total_mr_fastest: { ids: 853, mm: 6 },
  body: { ids: 299, mm: 1.5 },
  body_fast: { ids: 300, mm: 6 },
  body_mr: { ids: 597, mm: 1.5 },
  body_mr_fast: { ids: 598, mm: 6 },
  lung_vessels: { ids: 117, mm: [0.703125, 0.703125, 1], crop: LUNGS, by: "total_fast" },
  lung_vessels_LEGACY: { ids: 258, crop: LUNGS },
  cerebral_bleed: { ids: 150, crop: "brain" },
  hip_implant: { ids: 260, crop: "femur_left femur_right hip_left hip_right" },
  vertebrae_mr: { ids: 756, mm: 1.5 },
  pleural_pericard_effusion: { ids: 315, crop: LUNGS, folds: null },
  liver_vessels: { ids: 8, crop: "liver" },
  head_glands_cavities: { ids: 775, mm: [0.75, 0.75, 1], high: HIGH, crop: "skull" },
  headneck_bones_vessels: { ids: 776, mm: [0.75, 0.75, 1], high: HIGH, crop: NECK },
  head_muscles: { ids: 777, mm: [0.75, 0.75, 1], high: HIGH, crop: "skull" },
  headneck_muscles: {
    ids: [
      [778, 11],
      [779, 12],
    ],
    mm: [0.75, 0.75, 1],
    high: HIGH,
    crop: NECK,
  },
  oculomotor_muscles: {
    ids: 351,
    mm: [0.47251562774181366, 0.47251562774181366, 0.8500002026557922],
    crop: "skull",
  },
  lung_nodules: { ids: 913, mm: 1.5, crop: LUNGS },
  kidney_cysts: { ids: 789, mm: 1.5, crop: "kidney_left kidney_right liver spleen colon" },
  breasts: { ids: 527, mm: 1.5 },
  ventricle_parts: { ids: 552, mm: [0.4384765625, 0.4345703125, 1], crop: "brain" },
  liver_segments: { ids: 570, mm: [0.8046879768371582, 0.8046879768371582, 1.5], crop: "liver" },
  liver_segments_mr: { ids: 576, mm: [1.1250001788139343, 1.1875, 3], crop: "liver" },
  liver_lesions: { ids: 591, mm: [0.75, 0.75, 1], high: HIGH, crop: "liver", by: "total_fast" },
  liver_lesions_mr: { ids: 589, mm: [0.8603515625, 0.857421875, 1], crop: "liver" },
  craniofacial_structures: { ids: 115, mm: 0.5, crop: "skull" },
  abdominal_muscles: { ids: 952, mm: [0.75, 0.75, 1], high: HIGH, crop: "body_trunc", by: "body_fast" },
  teeth: {
    ids: 113,
    mm: 0.5,
    high: "3d_lowres_high",
    crop: "teeth_lower teeth_upper",
    by: "craniofacial_structures",
    addonMm: 10,
  },
  trunk_cavities: { ids: 343, mm: 1.5 },
  brain_aneurysm: {
    ids: 615,
    mm: [0.390625, 0.390625, 0.5000016391277313],
    folds: null,
    modality: "MR",
    licence: true,
  },
  vertebrae_body: { ids: 305, mm: 1.5 },
  heartchambers_highres: {
    ids: 301,
    crop: "heart",
    by: "total_fast",
    keepNear: { structures: ["heart", "aorta", "inferior_vena_cava"], mm: 10 },
    licence: true,
  },
  appendicular_bones: { ids: 304, mm: 1.5, licence: true },
  appendicular_bones_mr: { ids: 855, mm: 1.5, licence: true },
  tissue_types: { ids: 481, mm: 1.5, licence: true },
  tissue_types_mr: { ids: 925, mm: 1.5, licence: true },
  tissue_4_types: { ids: 485, mm: 1.5, licence: true },
  face: { ids: 303, mm: 1.5, licence: true },
  face_mr: { ids: 856, mm: 1.5, licence: true },
  brain_structures: { ids: 409, mm: [0.5, 0.5, 1], high: HIGH, crop: "brain", licence: true },
  thigh_shoulder_muscles: { ids: 857, mm: 1.5, licence: true },
  thigh_shoulder_muscles_mr: { ids: 857, mm: 1.5, licence: true },
  coronary_arteries: { ids: 509, mm: 0.7, high: HIGH, crop: "heart", licence: true },
  coronary_arteries_LEGACY: { ids: 507, mm: 0.7, high: HIGH, crop: "heart", licence: true },
  aortic_sinuses: { ids: 920, mm: 0.7, high: HIGH, crop: "heart", licence: true },
  renal_arteries: { ids: 710, mm: 1.5, licence: true },
  aorta_annulus: { ids: 713, mm: 0.8, high: HIGH, folds: ALL_FOLDS, licence: true },
  aortic_dissection: { ids: 716, mm: 0.8, high: HIGH, folds: ALL_FOLDS, licence: true },
  pulmonary_artery_landmarks: {
    ids: 514,
    mm: [0.7802734375, 0.7802734375, 1],
    folds: ALL_FOLDS,
    licence: true,
  },
};

/** TotalSegmentator's option --fast alone means the fast variant of `total`. */
const SHORT_NAMES: Readonly<Record<string, string>> = { fast: "total_fast", fastest: "total_fastest" };

/** Names of all tasks; `_fast` and `_fastest` stand for the options of these names. */
export const TASK_NAMES: readonly string[] = Object.keys(ROWS);

/** A task by its name, "fast" and "fastest" being those of `total`; null for none. */
export function taskNamed(given: string): TotalTask | null {
  const name = Object.hasOwn(SHORT_NAMES, given) ? SHORT_NAMES[given]! : given;
  if (!Object.hasOwn(ROWS, name)) return null;
  const row = ROWS[name]!;
  const family = name.replace(/_(fast|fastest)$/, "");
  const { names, auxiliary } = structuresOf(family)!;
  const isMr = row.modality === "MR" || /_mr$/.test(family);
  let first = 1;
  const listed = typeof row.ids === "number" ? [[row.ids, names.length + auxiliary] as const] : row.ids;
  const taskParts = listed.map(([id, count]) => {
    first += count;
    return { id, first: first - count, count };
  });
  return {
    name,
    modality: isMr ? "MR" : "CT",
    parts: taskParts,
    names,
    auxiliary,
    spacingMm: typeof row.mm === "number" ? [row.mm, row.mm, row.mm] : (row.mm ?? null),
    configuration: row.high ?? "3d_fullres",
    folds: row.folds === undefined ? [0] : row.folds,
    stepSize: /^total(_v3|_mr)?$/.test(family) ? 0.8 : 0.5,
    crop: row.crop
      ? {
          task: row.by ?? (isMr ? "total_mr_fast" : "total_fastest"),
          structures: row.crop.split(" "),
          addonMm: row.addonMm ?? 20,
        }
      : null,
    keepNear: row.keepNear ?? null,
    needsLicence: row.licence === true,
  };
}
