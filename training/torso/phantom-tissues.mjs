/** The table of tissues of a phantom's label values. */

import { TISSUES } from "@viscera/phantom";
import { PHANTOM_CLASSES } from "./classes.mjs";
import { BONE, GUT, LOOKS, MUSCLE, part, STRANDED_FAT, tissue } from "./looks.mjs";

/** Values of gas in stomach and colon, which a phantom's scan shows at its true place: in front. */
export const GAS = { stomach: 145, colon: 149 };
/** Values of parts that only a phantom's scan tells. */
export const LIVER_VEIN = 142;
export const LUNG_VESSEL = 120;

const LUNG = {
  group: "lung",
  texture: [15, 60],
  parts: [part("vein", [0.02, 0.1], [5, 9], 0.5), part("fluid", [0.02, 0.3], [20, 60], 0.08)],
};
const SOLID = { lesions: true, texture: [3, 14] };

/** Look of a material of the phantom, and what else is to be said of it. */
const OF_MATERIAL = {
  lung: ["lung", LUNG],
  fat: ["fat", { ...STRANDED_FAT }],
  subcutaneousFat: ["fat", { ...STRANDED_FAT }],
  skin: ["skin", {}],
  muscle: ["muscle", MUSCLE],
  liver: ["liver", { ...SOLID, group: "liver" }],
  spleen: ["spleen", { ...SOLID, group: "spleen" }],
  kidneyCortex: [
    "kidney",
    {
      ...SOLID,
      group: "kidney",
      parts: [
        part("kidney", [0.2, 0.5], [8, 20], 0.5),
        part("fat", [0.03, 0.12], [6, 15], 0.5),
        part("urine", [0.02, 0.08], [6, 15], 0.4),
      ],
    },
  ],
  pancreas: [
    "pancreas",
    { ...SOLID, group: "pancreas", texture: [6, 25], parts: [part("fat", [0.05, 0.25], [5, 8], 0.4)] },
  ],
  adrenal: ["gland", { group: "adrenal" }],
  bile: ["bile", { parts: [part("cortex", [0.02, 0.15], [5, 9], 0.08)] }],
  urine: ["urine", {}],
  blood: ["vein", { group: "vein" }],
  artery: ["artery", { group: "artery", parts: [part("cortex", [0.01, 0.05], [5, 8], 0.2)] }],
  portalBlood: ["vein", { group: "vein" }],
  myocardium: ["heart", { group: "heart" }],
  boneMarrow: ["marrow", BONE],
  cartilage: ["cartilage", { group: "cartilage", texture: [8, 40] }],
  disc: ["disc", { group: "disc" }],
  cord: ["nerve", { shell: LOOKS.csf }],
  prostate: ["gland", { group: "prostate" }],
  uterus: ["gland", { group: "uterus", texture: [5, 20] }],
  thyroid: ["thyroid", {}],
  tumour: ["gland", { texture: [5, 25] }],
  gas: ["gas", {}],
  gutWall: ["gutWall", GUT],
};

export function phantomTissues() {
  const tissues = [tissue("air", 0, 0, "air", { air: true })];
  // Structures of one class and material are one tissue: bones of a kind, lobes of a lung.
  const sorts = new Map();
  for (const { id, labelId, name, material } of TISSUES.values()) {
    if (id !== labelId) continue;
    const target = PHANTOM_CLASSES.get(id);
    const key = `${target} ${material} ${target === 0 && material !== "boneMarrow" ? name : ""}`;
    const sort = sorts.get(key) ?? { name, material, target, values: [] };
    sort.values.push(id);
    sorts.set(key, sort);
  }
  for (const { name, values, target, material } of sorts.values()) {
    const [look, extra] = OF_MATERIAL[material];
    tissues.push(tissue(name, values, target, look, extra));
  }
  const wall = (name) => PHANTOM_CLASSES.get([...TISSUES.values()].find((t) => t.name === name).id);
  const gas = { parts: [part("fluid", [0.5, 1], [20, 50], 0.15), part("faeces", [0.5, 1], [20, 50], 0.1)] };
  tissues.push(tissue("stomach gas", GAS.stomach, wall("stomach"), "gas", gas));
  tissues.push(tissue("colon gas", GAS.colon, wall("colon"), "gas", gas));
  tissues.push(tissue("liver vein", LIVER_VEIN, wall("liver"), "vein", { group: "vein", lesions: true }));
  for (const side of ["left", "right"]) {
    const target = wall(`lung_upper_lobe_${side}`);
    tissues.push(
      tissue(`lung vessel ${side}`, LUNG_VESSEL + (side === "left" ? 0 : 1), target, "vein", {
        group: "vein",
      }),
    );
  }
  return { tissues };
}
