/**
 * The reference adults of ICRP Publication 89 (Ann. ICRP 32 (3-4), 2002): organ masses (table 2.8), height and
 * weight (table 2.9), cardiac output at rest (table 2.39) and its shares (table 2.40). The blood is the 5.3 and
 * 3.9 L of table 2.12 at 1.06 g/mL.
 */

/** Tissues that the physiological models tell apart. Flows of `liver` are those of the hepatic artery. */
export const TISSUES = [
  "lung",
  "liver",
  "kidney",
  "spleen",
  "gut",
  "heart",
  "brain",
  "muscle",
  "fat",
  "bone",
  "skin",
  "rest",
] as const;
export type Tissue = (typeof TISSUES)[number];

export interface ReferenceAdult {
  heightCm: number;
  weightKg: number;
  cardiacOutputLPerMin: number;
  bloodMassG: number;
  /** Without the blood of the large vessels and chambers; `rest` is what the body mass leaves over. */
  massG: Record<Exclude<Tissue, "rest">, number>;
  /** Organs as an image outlines them: with the blood in chambers and vessels. */
  massWithBloodG: Record<"lung" | "heart", number>;
  /** Shares of the cardiac output; they add up to one, the lung's bronchial flow being part of `rest`. */
  flowShare: Record<Exclude<Tissue, "lung">, number>;
}

/**
 * Gut: walls of oesophagus, stomach, small and large intestine, and the pancreas (all drain to the portal vein but the
 * oesophagus). Bone: the skeleton without its yellow marrow (2480 and 1800 g), taken to be part of the adipose tissue.
 */
const MALE: ReferenceAdult = {
  heightCm: 176,
  weightKg: 73,
  cardiacOutputLPerMin: 6.5,
  bloodMassG: 5600,
  massG: {
    lung: 500,
    liver: 1800,
    kidney: 310,
    spleen: 150,
    gut: 1350,
    heart: 330,
    brain: 1450,
    muscle: 29000,
    fat: 18200,
    bone: 8020,
    skin: 3300,
  },
  massWithBloodG: { lung: 1200, heart: 840 },
  flowShare: {
    liver: 0.065,
    kidney: 0.19,
    spleen: 0.03,
    gut: 0.16,
    heart: 0.04,
    brain: 0.12,
    muscle: 0.17,
    fat: 0.05,
    bone: 0.05,
    skin: 0.05,
    rest: 0.075,
  },
};

const FEMALE: ReferenceAdult = {
  heightCm: 163,
  weightKg: 60,
  cardiacOutputLPerMin: 5.9,
  bloodMassG: 4100,
  massG: {
    lung: 420,
    liver: 1400,
    kidney: 275,
    spleen: 130,
    gut: 1255,
    heart: 250,
    brain: 1300,
    muscle: 17500,
    fat: 22500,
    bone: 6000,
    skin: 2300,
  },
  massWithBloodG: { lung: 950, heart: 620 },
  flowShare: {
    liver: 0.065,
    kidney: 0.17,
    spleen: 0.03,
    gut: 0.18,
    heart: 0.05,
    brain: 0.12,
    muscle: 0.12,
    fat: 0.085,
    bone: 0.05,
    skin: 0.05,
    rest: 0.08,
  },
};

/** Mean of both where the sex is not known. */
const UNKNOWN: ReferenceAdult = {
  heightCm: (MALE.heightCm + FEMALE.heightCm) / 2,
  weightKg: (MALE.weightKg + FEMALE.weightKg) / 2,
  cardiacOutputLPerMin: (MALE.cardiacOutputLPerMin + FEMALE.cardiacOutputLPerMin) / 2,
  bloodMassG: (MALE.bloodMassG + FEMALE.bloodMassG) / 2,
  massG: mean(MALE.massG, FEMALE.massG),
  massWithBloodG: mean(MALE.massWithBloodG, FEMALE.massWithBloodG),
  flowShare: mean(MALE.flowShare, FEMALE.flowShare),
};

function mean<Key extends string>(a: Record<Key, number>, b: Record<Key, number>): Record<Key, number> {
  return Object.fromEntries((Object.keys(a) as Key[]).map((key) => [key, (a[key] + b[key]) / 2])) as Record<
    Key,
    number
  >;
}

/** The reference adult of a sex; the mean of both where it is not known. */
export function referenceAdult(sex: "female" | "male" | "other" | null): ReferenceAdult {
  return sex === "male" ? MALE : sex === "female" ? FEMALE : UNKNOWN;
}

/**
 * Tissue densities in g/mL, rounded near ICRP Publication 110's; that of the bones is what a skeleton of 1.3 g/mL has
 * without its yellow marrow; `rest`, other soft tissue, is a choice.
 */
export const DENSITY_G_PER_ML: Record<Tissue | "blood", number> = {
  blood: 1.06,
  lung: 1.05,
  liver: 1.05,
  kidney: 1.05,
  spleen: 1.06,
  gut: 1.04,
  heart: 1.05,
  brain: 1.04,
  muscle: 1.05,
  fat: 0.95,
  bone: 1.45,
  skin: 1.1,
  rest: 1.05,
};
