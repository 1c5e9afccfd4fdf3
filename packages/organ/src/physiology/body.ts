/**
 * The body of one patient for physiological models: tissue volumes and blood flows. Volumes come from the
 * segmented organs where they are whole in the image, and otherwise from the reference adult scaled to the
 * patient (Willmann et al., J. Pharmacokinet. Pharmacodyn. 34 (2007) 401, doi:10.1007/s10928-007-9053-5:
 * organ mass with the 0.75th power of height, muscle with its square); fat closes the body's mass balance.
 */
import type { OrganRecord, Patient } from "@viscera/core";
import {
  DENSITY_G_PER_ML,
  type ReferenceAdult,
  referenceAdult,
  TISSUES,
  type Tissue,
} from "./reference-adult.js";
import { measuredVolume } from "./segmented-volume.js";

export interface TissueVolume {
  volumeMl: number;
  /** `image` when it was measured in this patient. */
  from: "image" | "reference";
  /** Which structures, or why the reference was taken. For people. */
  note: string;
}

export interface Body {
  heightCm: number;
  weightKg: number;
  tissues: Record<Tissue, TissueVolume>;
  arterialBloodMl: number;
  venousBloodMl: number;
  cardiacOutputLPerMin: number;
  /** Per tissue; the lung carries the whole cardiac output; `liver` is the hepatic artery's. */
  flowLPerMin: Record<Tissue, number>;
  warnings: string[];
}

/**
 * Share of the blood volume in arteries; the rest is venous. A rounded choice: by ICRP 89, table 2.13, systemic
 * arteries hold 16 % and systemic veins 59.5 %, and heart, lungs and capillaries what is between them.
 */
const ARTERIAL_SHARE = 0.25;
/** Fat is never less than this share of the body's mass. */
export const LEAST_FAT = 0.05;
/**
 * Powers of height that a tissue's mass goes with, where not 0.75. The adult brain does not grow with height; the
 * skeleton is taken to do as muscle, the skin as the body's surface where weight goes with the square of height.
 */
const HEIGHT_EXPONENT: Partial<Record<Tissue, number>> = { muscle: 2, bone: 2, brain: 0, skin: 1.575 };
/** A segmented volume outside these multiples of the expected one is not used. */
const PLAUSIBLE = { low: 0.25, high: 4 };

/**
 * How a person differs from the typical one of the same sex, height and weight: factors, 1 where left out. Measured
 * volumes are taken as they are; flows keep their sum, the cardiac output.
 */
export interface BodyVariation {
  volume: Partial<Record<Exclude<Tissue, "fat">, number>>;
  bloodVolume: number;
  cardiacOutput: number;
  flow: Partial<Record<Exclude<Tissue, "lung">, number>>;
}

const TYPICAL: BodyVariation = { volume: {}, bloodVolume: 1, cardiacOutput: 1, flow: {} };

/**
 * Body of a patient. Unknown height, weight or sex are those of the reference adult, with a warning.
 */
export function bodyOf(
  patient: Patient,
  organs: readonly OrganRecord[],
  variation: BodyVariation = TYPICAL,
): Body {
  const reference = referenceAdult(patient.sex);
  const warnings: string[] = [];
  const unknown = [
    patient.sex === null && "sex",
    patient.heightCm === null && "height",
    patient.weightKg === null && "weight",
  ].filter((name) => name !== false);
  if (unknown.length > 0) {
    warnings.push(
      `The patient's ${unknown.join(", ")} ${unknown.length > 1 ? "are" : "is"} not known: the ICRP reference adult's stands in.`,
    );
  }
  if (patient.ageYears !== null && patient.ageYears < 18) {
    warnings.push("The reference tables are those of adults; for a child the result is an extrapolation.");
  }
  const heightCm = patient.heightCm ?? reference.heightCm;
  const weightKg = patient.weightKg ?? reference.weightKg * (heightCm / reference.heightCm) ** 2;

  const tissues = {} as Record<Tissue, TissueVolume>;
  for (const tissue of TISSUES) {
    if (tissue === "fat" || tissue === "rest") continue;
    tissues[tissue] = chooseVolume(tissue, reference, heightCm, organs, warnings);
    if (tissues[tissue].from === "reference") tissues[tissue].volumeMl *= variation.volume[tissue] ?? 1;
  }
  const bloodMl =
    (reference.bloodMassG / DENSITY_G_PER_ML.blood) *
    (heightCm / reference.heightCm) ** 0.75 *
    bloodForWeight(weightKg, heightCm, reference) *
    variation.bloodVolume;
  const restFactor = variation.volume.rest ?? 1;
  closeMassBalance({ tissues, reference, heightCm, weightKg, bloodMl, restFactor, warnings });

  const cardiacOutputLPerMin =
    patient.cardiacOutputLPerMin ??
    reference.cardiacOutputLPerMin *
      (bodySurfaceM2(heightCm, weightKg) / bodySurfaceM2(reference.heightCm, reference.weightKg)) *
      variation.cardiacOutput;
  const flowLPerMin = flowsOf(cardiacOutputLPerMin, reference, variation);
  return {
    heightCm,
    weightKg,
    tissues,
    arterialBloodMl: bloodMl * ARTERIAL_SHARE,
    venousBloodMl: bloodMl * (1 - ARTERIAL_SHARE),
    cardiacOutputLPerMin,
    flowLPerMin,
    warnings,
  };
}

function flowsOf(
  cardiacOutputLPerMin: number,
  reference: ReferenceAdult,
  variation: BodyVariation,
): Record<Tissue, number> {
  const flows = {} as Record<Tissue, number>;
  let total = 0;
  for (const tissue of TISSUES) {
    if (tissue === "lung") continue;
    flows[tissue] = reference.flowShare[tissue] * (variation.flow[tissue] ?? 1);
    total += flows[tissue];
  }
  // The table's shares add up to 1; only varied ones have to be brought back to the cardiac output.
  const scale = cardiacOutputLPerMin / (Object.keys(variation.flow).length > 0 ? total : 1);
  for (const tissue of TISSUES)
    flows[tissue] = tissue === "lung" ? cardiacOutputLPerMin : flows[tissue] * scale;
  return flows;
}

/** Body surface in m2 (Du Bois & Du Bois 1916, doi:10.1001/archinte.1916.00080130010002). */
export function bodySurfaceM2(heightCm: number, weightKg: number): number {
  return 0.007184 * heightCm ** 0.725 * weightKg ** 0.425;
}

/** Blood grows with the square root of relative weight-for-height (Lemmens et al., Obes. Surg. 16 (2006) 773). */
function bloodForWeight(weightKg: number, heightCm: number, reference: ReferenceAdult): number {
  const expected = reference.weightKg * (heightCm / reference.heightCm) ** 2;
  return Math.sqrt(weightKg / expected);
}

function referenceMassG(
  tissue: Exclude<Tissue, "fat" | "rest">,
  reference: ReferenceAdult,
  heightCm: number,
): number {
  const exponent = HEIGHT_EXPONENT[tissue] ?? 0.75;
  return reference.massG[tissue] * (heightCm / reference.heightCm) ** exponent;
}

function chooseVolume(
  tissue: Exclude<Tissue, "fat" | "rest">,
  reference: ReferenceAdult,
  heightCm: number,
  organs: readonly OrganRecord[],
  warnings: string[],
): TissueVolume {
  const expectedMl = referenceMassG(tissue, reference, heightCm) / DENSITY_G_PER_ML[tissue];
  const measured = measuredVolume(tissue, organs, reference);
  if ("volumeMl" in measured) {
    const ratio = measured.volumeMl / expectedMl;
    if (ratio >= PLAUSIBLE.low && ratio <= PLAUSIBLE.high) {
      return { volumeMl: measured.volumeMl, from: "image", note: measured.note };
    }
    const note = `${measured.volumeMl.toFixed(0)} mL in the image is ${ratio.toFixed(2)} times the expected ${expectedMl.toFixed(0)} mL`;
    warnings.push(`The ${tissue} was taken from the reference tables: ${note}.`);
    return { volumeMl: expectedMl, from: "reference", note };
  }
  return { volumeMl: expectedMl, from: "reference", note: measured.reason };
}

/** Fat takes what body mass leaves over; where that is too little, muscle gives way (a very lean patient). */
function closeMassBalance({
  tissues,
  reference,
  heightCm,
  weightKg,
  bloodMl,
  restFactor,
  warnings,
}: {
  tissues: Record<Tissue, TissueVolume>;
  reference: ReferenceAdult;
  heightCm: number;
  weightKg: number;
  bloodMl: number;
  restFactor: number;
  warnings: string[];
}): void {
  const massOf = (tissue: Tissue) => tissues[tissue].volumeMl * DENSITY_G_PER_ML[tissue];
  const listed = Object.values(reference.massG).reduce((sum, mass) => sum + mass, 0) + reference.bloodMassG;
  const restG = (reference.weightKg * 1000 - listed) * (heightCm / reference.heightCm) ** 2 * restFactor;
  tissues.rest = {
    volumeMl: restG / DENSITY_G_PER_ML.rest,
    from: "reference",
    note: "glands, lymph nodes, connective and all other tissue",
  };
  const lean = TISSUES.filter((tissue) => tissue !== "fat").reduce((sum, tissue) => sum + massOf(tissue), 0);
  let fatG = weightKg * 1000 - lean - bloodMl * DENSITY_G_PER_ML.blood;
  const leastFatG = LEAST_FAT * weightKg * 1000;
  if (fatG < leastFatG) {
    const muscleG = Math.max(massOf("muscle") - (leastFatG - fatG), 0.3 * massOf("muscle"));
    tissues.muscle = {
      ...tissues.muscle,
      volumeMl: muscleG / DENSITY_G_PER_ML.muscle,
      note: "reduced so that the body's mass balances",
    };
    warnings.push(
      "The patient is lighter than height and organs suggest: muscle was reduced so that the body's mass balances.",
    );
    fatG = leastFatG;
  }
  tissues.fat = {
    volumeMl: fatG / DENSITY_G_PER_ML.fat,
    from: "reference",
    note: "closes the body's mass balance",
  };
}
