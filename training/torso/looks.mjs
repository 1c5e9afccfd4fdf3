/**
 * How bright tissues are: HU from the literature's usual ranges, widened (a patient's fat, iron, haematocrit and the
 * scanner's voltage all shift them); MR on a scale from 0, air, to 1, the brightest tissue.
 */
export const LOOKS = {
  air: { ct: [-1024, -985] },
  gas: { ct: [-1010, -850], t1: [0, 0.05], t2: [0, 0.05] },
  lung: { ct: [-900, -650], t1: [0, 0.12], t2: [0, 0.15] },
  fat: { ct: [-120, -80], t1: [0.75, 1], t2: [0.45, 0.85] },
  skin: { ct: [-20, 50], t1: [0.3, 0.6], t2: [0.2, 0.4] },
  muscle: { ct: [35, 65], enhanced: [50, 85], t1: [0.28, 0.5], t2: [0.12, 0.35] },
  liver: { ct: [20, 70], enhanced: [75, 140], t1: [0.42, 0.68], t2: [0.2, 0.42] },
  spleen: { ct: [35, 60], enhanced: [90, 160], t1: [0.22, 0.45], t2: [0.38, 0.65] },
  kidney: { ct: [22, 45], enhanced: [120, 230], t1: [0.25, 0.55], t2: [0.42, 0.7] },
  pancreas: { ct: [15, 50], enhanced: [60, 130], t1: [0.4, 0.72], t2: [0.3, 0.5] },
  gland: { ct: [-5, 45], enhanced: [40, 110], t1: [0.35, 0.7], t2: [0.35, 0.65] },
  thyroid: { ct: [60, 130], enhanced: [110, 220], t1: [0.35, 0.6], t2: [0.4, 0.7] },
  bile: { ct: [-5, 25], t1: [0.05, 0.5], t2: [0.8, 1] },
  urine: { ct: [-8, 18], enhanced: [-5, 60], t1: [0.03, 0.18], t2: [0.85, 1] },
  gutWall: { ct: [20, 55], enhanced: [50, 125], t1: [0.3, 0.55], t2: [0.25, 0.5] },
  fluid: { ct: [-10, 35], t1: [0.05, 0.3], t2: [0.7, 1] },
  oralContrast: { ct: [120, 500], t1: [0.1, 0.9], t2: [0, 0.3] },
  faeces: { ct: [-120, 90], t1: [0.2, 0.75], t2: [0.1, 0.5] },
  artery: { ct: [30, 55], enhanced: [110, 380], t1: [0.02, 0.7], t2: [0, 0.25] },
  vein: { ct: [30, 55], enhanced: [80, 210], t1: [0.05, 0.55], t2: [0.02, 0.5] },
  heart: { ct: [30, 55], enhanced: [90, 220], t1: [0.2, 0.5], t2: [0.2, 0.5] },
  marrow: { ct: [60, 280], enhanced: [70, 290], t1: [0.4, 0.85], t2: [0.25, 0.6] },
  cortex: { ct: [300, 950], t1: [0, 0.15], t2: [0, 0.15] },
  cartilage: { ct: [60, 200], t1: [0.3, 0.6], t2: [0.2, 0.6] },
  disc: { ct: [50, 120], t1: [0.25, 0.5], t2: [0.2, 0.8] },
  nerve: { ct: [20, 45], t1: [0.4, 0.65], t2: [0.3, 0.5] },
  csf: { ct: [-5, 15], t1: [0.05, 0.2], t2: [0.85, 1] },
  white: { ct: [22, 34], enhanced: [24, 38], t1: [0.65, 0.88], t2: [0.25, 0.42] },
  grey: { ct: [30, 42], enhanced: [34, 48], t1: [0.42, 0.64], t2: [0.42, 0.62] },
  eye: { ct: [-2, 20], t1: [0.1, 0.25], t2: [0.8, 1] },
};

/** A tissue of a table: its label values, the class it becomes, its look, and whatever else the table may say. */
export function tissue(name, values, target, look, extra = {}) {
  return { name, values: [values].flat(), target, ...LOOKS[look], ...extra };
}

/** A part of a tissue: look, share of the voxels, extent in mm, how often. */
export function part(look, share, sizeMm, probability = 1) {
  return { ...LOOKS[look], share, sizeMm, probability };
}

/** Bone: bright cortex around marrow; now and then dense or empty throughout. */
export const BONE = {
  group: "bone",
  texture: [15, 60],
  shell: { ...LOOKS.cortex, probability: 0.85 },
  parts: [part("cortex", [0.05, 0.2], [5, 15], 0.3)],
};

/** What lies in a gut: fluid, faeces with bubbles, gas, or contrast medium that was drunk. */
export const GUT = {
  group: "gut",
  texture: [4, 25],
  shell: { ...LOOKS.gutWall, probability: 0.8 },
  parts: [
    part("fluid", [0.3, 1], [15, 50], 0.6),
    part("faeces", [0.3, 1], [15, 50], 0.4),
    part("oralContrast", [0.2, 1], [15, 50], 0.15),
    part("gas", [0.05, 0.3], [5, 9], 0.35),
    part("gas", [0.1, 0.6], [20, 50], 0.5),
  ],
};

/** Unlabelled inside of a trunk: fat with guts, vessels and other things that nobody outlined. */
export const FILLING = {
  texture: [4, 20],
  parts: [
    part("gutWall", [0.1, 0.5], [12, 45], 0.8),
    part("fluid", [0.05, 0.3], [12, 45], 0.6),
    part("muscle", [0.05, 0.25], [6, 30], 0.6),
    part("vein", [0.02, 0.12], [5, 15], 0.6),
    part("faeces", [0.03, 0.15], [10, 40], 0.4),
    part("gas", [0.02, 0.15], [6, 40], 0.6),
    part("oralContrast", [0.01, 0.06], [6, 30], 0.2),
  ],
};

/** Fat with the strands, nodes and vessels that are always in it. */
export const STRANDED_FAT = {
  group: "fat",
  texture: [3, 15],
  parts: [part("muscle", [0.01, 0.08], [5, 9], 0.6), part("vein", [0.01, 0.05], [5, 9], 0.4)],
};

/** Muscle with fat between its bundles. */
export const MUSCLE = { group: "muscle", texture: [4, 16], parts: [part("fat", [0.02, 0.2], [5, 20], 0.5)] };
