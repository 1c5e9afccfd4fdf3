/**
 * Label maps of real people: the SPL abdominal and head-and-neck atlases, SynthSeg's heads, the outlines of
 * labels-headneck-oar. What a map does not outline is unknown in it, not absent.
 */
import { join } from "node:path";
import { crop, isotropicGrid, reorient, resampleLabelMap } from "@viscera/scan";
import { readLabels } from "@viscera/scan/node";
import { dataPath } from "../shared-data.mjs";
import { addBody, convexFill } from "./body-outline.mjs";
import { allBut, classNumber } from "./classes.mjs";
import { BONE, FILLING, GUT, MUSCLE, part, STRANDED_FAT, tissue } from "./looks.mjs";

/** First value of a source's own structures; below lie air and what is filled in. */
const FIRST = 10;
const INSIDE = 1;
const FAT = 2;
const SKIN = 3;
const CAVITY = 4;

/** A source's structures: name, its label values, class (0 background, 255 ignored), look, extras. */
class Source {
  constructor(rows, extraTissues) {
    this.renumber = new Map(rows.flatMap(([, values], i) => values.map((value) => [value, FIRST + i])));
    this.table = {
      tissues: [
        tissue("air", 0, 0, "air", { air: true }),
        tissue("subcutaneous fat", FAT, 0, "fat", STRANDED_FAT),
        tissue("skin", SKIN, 0, "skin"),
        ...extraTissues,
        ...rows.map(([name, , target, look, extra], i) =>
          tissue(name, FIRST + i, typeof target === "string" ? classNumber(target) : target, look, extra),
        ),
      ],
    };
  }

  /** New value of one of the source's own values; unlisted ones become 0. */
  value(old) {
    return this.renumber.get(old) ?? 0;
  }

  read(labels) {
    return { ...labels, data: Uint8Array.from(labels.data, (old) => this.value(old)) };
  }
}

const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const HEAD = [
  "brain",
  "brainstem",
  "lateral_ventricles",
  "hippocampus_anterior",
  "hippocampus_posterior",
  "amygdala",
  "skull",
  "mandible",
  "parotid_gland_left",
  "parotid_gland_right",
  "larynx",
];
const SOLID = { lesions: true, texture: [3, 14] };
const ARTERY = { group: "artery" };
const VEIN = { group: "vein" };
const inside = (extra = {}) => tissue("inside", INSIDE, 0, "fat", { ...FILLING, ...extra });

export const ABDOMEN = new Source(
  [
    ["liver", [3], "liver", "liver", { ...SOLID, group: "liver" }],
    ["hepatic veins", [151, 152, 153], "liver", "vein", VEIN],
    ["spleen", [4], "spleen", "spleen", { ...SOLID, group: "spleen" }],
    ["pancreas", [6], "pancreas", "pancreas", { ...SOLID, parts: [part("fat", [0.05, 0.25], [5, 8], 0.4)] }],
    ["aorta", [7], "aorta", "artery", ARTERY],
    ["inferior vena cava", [8], "inferior_vena_cava", "vein", VEIN],
    ["bowel", [9], 0, "gutWall", GUT],
    ["stomach and duodenum", [13], 0, "gutWall", GUT],
    ["gallbladder", [10], "gallbladder", "bile"],
    ["portal system", [11, 12, 117, 128, 129], 0, "vein", VEIN],
    ["small arteries", [...range(16, 29), 126, 127, 227], 0, "artery", ARTERY],
    ["muscles", [32, 133, 233, 135, 136, 235, 236, 139, 140, 143, 239, 240, 241], 0, "muscle", MUSCLE],
    ["iliopsoas", [131, 231, 138, 238], "iliopsoas", "muscle", MUSCLE],
    ["autochthon", [137, 237], "autochthon", "muscle", MUSCLE],
    ["right kidney", [51], "kidney_right", "kidney", { ...SOLID, group: "kidney" }],
    ["left kidney", [52], "kidney_left", "kidney", { ...SOLID, group: "kidney" }],
    ["renal pelvis", [145, 146], 255, "urine"],
    ["ureters", [141, 142], 0, "urine"],
    ["iliac arteries", range(71, 76), "iliac_arteries", "artery", ARTERY],
    ["iliac veins", range(81, 86), "iliac_veins", "vein", VEIN],
    ["adrenal glands", [111, 112], "adrenal_glands", "gland"],
    ["hips", [299], "hips", "marrow", BONE],
    ["vertebrae", [...range(301, 307), ...range(401, 412), ...range(501, 505)], "vertebrae", "marrow", BONE],
    ["discs", range(551, 559), 0, "disc"],
    ["sacrum", [600], "sacrum", "marrow", BONE],
    ["coccyx", [699, 700], 0, "marrow", BONE],
    ["ribs", range(681, 692), "ribs", "marrow", BONE],
  ],
  [inside()],
);
const ABDOMEN_UNKNOWN = [
  "stomach",
  "lung_right",
  "lung_left",
  "esophagus",
  "trachea",
  "small_bowel",
  "colon",
  "urinary_bladder",
  "heart",
  "portal_vein_and_splenic_vein",
  "femurs",
  "sternum",
  "shoulder_girdle",
  "spinal_cord",
];

/** The abdominal atlas as larger, smaller, fatter or thinner people. */
export async function abdomenMaps() {
  const labels = ABDOMEN.read(
    reorient(await readLabels(dataPath("atlases", "spl-abdominal", "seg.nrrd")), "RAS"),
  );
  const maps = [];
  for (const [index, [scale, flat, tall, fatMm]] of [
    [1, 1, 1, 12],
    [0.92, 1, 0.97, 6],
    [1.08, 1.02, 1.05, 22],
    [1, 0.93, 0.94, 9],
    [1.05, 1.08, 1, 32],
    [0.95, 1.06, 1.04, 16],
    [1, 1.12, 0.97, 26],
    [0.9, 0.97, 0.92, 10],
    [1.1, 0.98, 1.02, 14],
    [0.98, 1.02, 1.1, 19],
  ].entries()) {
    const map = await respaced(labels, [scale, scale * flat, tall], 3);
    addBody(map, { fatVoxels: fatMm / 3, inside: INSIDE, fat: FAT, skin: SKIN });
    maps.push({ id: `abdomen_${index + 1}`, map, known: allBut(...ABDOMEN_UNKNOWN) });
  }
  return maps;
}

export const NECK = new Source(
  [
    ["skull", [10], "skull", "marrow", BONE],
    ["mandible", [25], "mandible", "marrow", BONE],
    ["vertebrae", [...range(11, 17), ...range(21, 24), 36], "vertebrae", "marrow", BONE],
    ["hyoid and clavicles", [9, 26, 27], 0, "marrow", BONE],
    ["sternum", [28], "sternum", "marrow", BONE],
    ["ribs", range(31, 35), "ribs", "marrow", BONE],
    ["left parotid", [49], "parotid_gland_left", "gland", { group: "parotid", lesions: true }],
    ["right parotid", [50], "parotid_gland_right", "gland", { group: "parotid", lesions: true }],
    ["muscles", range(51, 64), 0, "muscle", MUSCLE],
    ["arteries", [...range(101, 108), 111, 112, 115, 116], 0, "artery", ARTERY],
    ["veins", [109, 110, 113, 114, 117], 0, "vein", VEIN],
    ["thyroid", [118], 0, "thyroid"],
    ["laryngeal cartilage", [119, 120], "larynx", "cartilage", { texture: [8, 60] }],
    ["unnamed", [1], 255, "gland"],
  ],
  [
    inside({ parts: [part("muscle", [0.4, 0.8], [10, 45], 0.95), ...FILLING.parts.slice(3)] }),
    tissue("cranial cavity", CAVITY, 0, "white", {
      parts: [part("grey", [0.2, 0.6], [5, 12]), part("csf", [0.03, 0.2], [5, 20])],
    }),
    tissue("laryngeal inside", 5, classNumber("larynx"), "muscle", {
      parts: [part("gas", [0.2, 0.6], [6, 18], 0.9), part("fat", [0.05, 0.3], [5, 10], 0.6)],
    }),
  ],
);
const NECK_UNKNOWN = [
  ...HEAD.slice(0, 6),
  "lung_right",
  "lung_left",
  "esophagus",
  "trachea",
  "aorta",
  "shoulder_girdle",
  "spinal_cord",
];

/** The head-and-neck atlas, in three sizes. */
export async function neckMaps() {
  const file = dataPath("atlases", "spl-head-neck", "HN-Atlas-labels.nrrd");
  const labels = NECK.read(reorient(await readLabels(file), "RAS"));
  const maps = [];
  for (const [index, [scale, tall, fatMm]] of [
    [1, 1, 6],
    [0.94, 1.04, 4],
    [1.06, 0.97, 12],
  ].entries()) {
    const map = await respaced(labels, [scale, scale, tall], 3);
    convexFill(map, new Set([NECK.value(119)]), 5);
    const plane = map.size[0] * map.size[1];
    const mandibleTop = Math.floor(map.data.lastIndexOf(NECK.value(25)) / plane);
    convexFill(map, new Set([NECK.value(10)]), CAVITY, mandibleTop + 4);
    addBody(map, { fatVoxels: fatMm / 3, inside: INSIDE, fat: FAT, skin: SKIN });
    maps.push({ id: `neck_${index + 1}`, map, known: allBut(...NECK_UNKNOWN) });
  }
  return maps;
}

const GREY = { group: "grey" };
/** Values of a hippocampus's front and rear: SynthSeg's maps have one value a side. */
const HIPPOCAMPUS = [17, 53];
const FRONT = 1000;
const LOW_BONE = 1001;
export const HEADS = new Source(
  [
    ["white matter", [2, 41, 7, 46, 28, 60], "brain", "white", { group: "white", lesions: true }],
    ["cortex", [3, 42, 8, 47], "brain", "grey", { ...GREY, lesions: true }],
    ["thalamus", [10, 49], "brain", "grey", GREY],
    ["striatum", [11, 12, 26, 50, 51, 58], "brain", "grey", GREY],
    ["pallidum", [13, 52], "brain", "white"],
    ["inner fluid", [14, 15, 72], "brain", "csf", { group: "csf" }],
    ["chiasm", [85], "brain", "white"],
    ["ventricles", [4, 5, 43, 44], "lateral_ventricles", "csf", { group: "csf" }],
    ["choroid plexus", [136, 137, 163, 164], "lateral_ventricles", "gland"],
    ["brain stem", [16], "brainstem", "white", { group: "white" }],
    ["hippocampus, front", [FRONT], "hippocampus_anterior", "grey", { group: "hippocampus" }],
    ["hippocampus, rear", HIPPOCAMPUS, "hippocampus_posterior", "grey", { group: "hippocampus" }],
    ["amygdala", [18, 54], "amygdala", "grey", GREY],
    ["outer fluid", [24, 25, 57], 255, "csf", { group: "csf" }],
    ["vessels", [30, 62, 502, 514], 0, "vein", VEIN],
    ["eyes", [506, 508], 0, "eye"],
    ["optic nerves", [530], 0, "nerve"],
    ["soft tissue", [507], 0, "muscle", { ...MUSCLE, parts: [part("fat", [0.2, 0.6], [5, 30], 0.9)] }],
    ["mucosa", [509], 0, "gutWall", { parts: [part("gas", [0.1, 0.5], [5, 12], 0.5)] }],
    ["scalp", [511], 0, "skin"],
    ["cord", [512], "spinal_cord", "nerve"],
    ["skull, outer", [515], "skull", "cortex", { group: "skull" }],
    ["skull, inner", [516], "skull", "marrow", { group: "marrow" }],
    ["jaw and neck bone", [LOW_BONE], 255, "marrow", BONE],
  ],
  [],
);
const HEADS_UNKNOWN = [
  "esophagus",
  "trachea",
  "vertebrae",
  "mandible",
  "parotid_gland_left",
  "parotid_gland_right",
  "larynx",
];

/**
 * SynthSeg's heads at 3 mm, the brain finer, and boxes around a hippocampus finer still. A finer map is written as
 * if its voxel were the training's, too: a network sees voxels, and so it learns small structures as well.
 */
export async function headMaps() {
  const maps = [];
  const known = allBut(...HEADS_UNKNOWN);
  for (let subject = 1; subject <= 5; subject++) {
    const file = dataPath("brain", "synthseg-label-maps", `training_seg_0${subject}.nii.gz`);
    const labels = reorient(await readLabels(file), "RAS");
    const whole = prepareHead(labels, 0.34 + 0.03 * subject);
    const coarse = await respaced(whole, [1, 1, 1], 3);
    maps.push({ id: `head_${subject}`, map: coarse, known });
    const brain = crop(whole, boxOf(whole, new Set([HEADS.value(2), HEADS.value(3)]), 6));
    const fine = await respaced(brain, [1, 1, 1], 1.1 + 0.1 * subject);
    maps.push({ id: `brain_${subject}`, map: asSpaced(fine, 3), known, table: "brains" });
    for (const [side, values] of [
      ["left", [17]],
      ["right", [53]],
    ]) {
      const own = { ...labels, data: Uint8Array.from(labels.data, (v) => (values.includes(v) ? 1 : 0)) };
      const box = boxOf(own, new Set([1]), 8 + subject);
      maps.push({
        id: `hippocampus_${side}_${subject}`,
        map: asSpaced(crop({ ...whole, labels: [] }, box), 3),
        known,
        table: "brains",
      });
    }
  }
  return maps;
}

/** Splits each hippocampus into front and rear, and the skull from the bones below the brain. */
function prepareHead(labels, frontShare) {
  const data = Uint16Array.from(labels.data);
  const [nx, ny] = labels.size;
  const plane = nx * ny;
  for (const value of HIPPOCAMPUS) {
    const { min, max } = boxOf({ ...labels, data }, new Set([value]), 0);
    const from = max[1] - frontShare * (max[1] - min[1] + 1);
    for (let i = 0; i < data.length; i++)
      if (data[i] === value && Math.floor(i / nx) % ny > from) data[i] = FRONT;
  }
  const floor = boxOf({ ...labels, data }, new Set([8, 47]), 0).min[2];
  for (let i = 0; i < floor * plane; i++) if (data[i] === 515 || data[i] === 516) data[i] = LOW_BONE;
  return HEADS.read({ ...labels, data });
}

const OAR_NAMES = [
  [
    "brain",
    "Brain",
    0,
    "white",
    { parts: [part("grey", [0.2, 0.6], [5, 12]), part("csf", [0.03, 0.15], [5, 20])] },
  ],
  ["brain stem", "Brainstem", "brainstem", "white"],
  ["mandible", "Mandible", "mandible", "marrow", BONE],
  ["left parotid", "Parotid-Lt", "parotid_gland_left", "gland", { group: "parotid", lesions: true }],
  ["right parotid", "Parotid-Rt", "parotid_gland_right", "gland", { group: "parotid", lesions: true }],
  ["submandibular glands", "Submandibular-", 0, "gland"],
  ["canal", "Spinal-Canal", 0, "csf"],
  ["cord", "Spinal-Cord", "spinal_cord", "nerve"],
  ["left lung", "Lung-Lt", "lung_left", "lung", { group: "lung", texture: [15, 60] }],
  ["right lung", "Lung-Rt", "lung_right", "lung", { group: "lung", texture: [15, 60] }],
  ["eyes", "Orbit-", 0, "eye"],
  ["lenses", "Lens-", 0, "gland"],
  ["optic nerves", "Optic-Nerve-", 0, "nerve"],
];
export const OAR = new Source(
  OAR_NAMES.map(([name, , target, look, extra], i) => [name, [i + 1], target, look, extra]),
  [
    inside({
      parts: [
        part("muscle", [0.4, 0.8], [10, 45], 0.95),
        part("marrow", [0.05, 0.2], [10, 40], 0.8),
        ...FILLING.parts.slice(3),
      ],
    }),
  ],
);

/** The two outlined radiotherapy patients. */
export async function oarMaps() {
  const maps = [];
  for (const patient of ["0522c0017", "0522c0057"]) {
    const folder = dataPath("labels-headneck-oar", "oncologist", patient, "segmentations");
    let map = null;
    // Later structures lie within earlier ones, so they are painted over them.
    for (const [index, [, file]] of OAR_NAMES.entries()) {
      for (const side of file.endsWith("-") ? ["Lt", "Rt"] : [""]) {
        const mask = reorient(await readLabels(join(folder, `${file}${side}.nrrd`)), "RAS");
        map ??= { ...mask, data: new Uint8Array(mask.data.length) };
        for (let i = 0; i < mask.data.length; i++) if (mask.data[i] > 0) map.data[i] = OAR.value(index + 1);
      }
    }
    const coarse = await respaced(crop({ ...map, labels: [] }, boxOf(map, null, 20)), [1, 1, 1], 3);
    addBody(coarse, { fatVoxels: 3, reachVoxels: 14, inside: INSIDE, fat: FAT, skin: SKIN });
    maps.push({
      id: `oar_${patient}`,
      map: coarse,
      known: [
        "brainstem",
        "mandible",
        "parotid_gland_left",
        "parotid_gland_right",
        "spinal_cord",
        "lung_left",
        "lung_right",
      ],
    });
  }
  return maps;
}

/** The map as if the body were larger by `scale` along each axis, on cubic voxels. */
async function respaced(labels, scale, spacingMm) {
  const affine = [...labels.affine];
  for (let row = 0; row < 3; row++)
    for (let axis = 0; axis < 3; axis++) affine[4 * row + axis] *= scale[axis];
  const scaled = { size: labels.size, affine, data: labels.data };
  const resampled = await resampleLabelMap(scaled, isotropicGrid(scaled, spacingMm));
  return { ...resampled, labels: [] };
}

/** The same voxels, called `spacingMm` wide. */
function asSpaced(map, spacingMm) {
  const step = Math.hypot(map.affine[0], map.affine[4], map.affine[8]);
  const affine = map.affine.map((value, i) => (i % 4 === 3 || i > 11 ? value : (value * spacingMm) / step));
  return { ...map, affine };
}

/** Box around some values (null: all but 0), widened. */
function boxOf({ data, size }, values, marginVoxels) {
  const [nx, ny] = size;
  const min = [...size];
  const max = [0, 0, 0];
  for (let i = 0; i < data.length; i++) {
    if (values === null ? data[i] === 0 : !values.has(data[i])) continue;
    const at = [i % nx, Math.floor(i / nx) % ny, Math.floor(i / (nx * ny))];
    for (let axis = 0; axis < 3; axis++) {
      min[axis] = Math.min(min[axis], at[axis]);
      max[axis] = Math.max(max[axis], at[axis]);
    }
  }
  return {
    min: min.map((at) => Math.max(0, at - marginVoxels)),
    max: max.map((at, axis) => Math.min(size[axis] - 1, at + marginVoxels)),
  };
}
