/**
 * Tissue:plasma partition coefficients by Rodgers, Leahy & Rowland, J. Pharm. Sci. 94 (2005) 1259,
 * doi:10.1002/jps.20322 (moderate to strong bases) and Rodgers & Rowland, J. Pharm. Sci. 95 (2006) 1238,
 * doi:10.1002/jps.20502 (acids, weak bases, neutrals, zwitterions): drug dissolves in the waters and lipids of a
 * tissue; strong bases bind to acidic phospholipids, others to extracellular albumin or lipoprotein.
 */
import { vegetableOilCoefficient } from "./vegetable-oil.js";

/**
 * Fractions of wet weight: extracellular and intracellular water, neutral lipids, neutral phospholipids; acidic
 * phospholipids in mg/g; tissue:plasma ratios of albumin and of lipoprotein (tables of both papers, rat).
 */
export const RODGERS_ROWLAND_COMPOSITION = {
  fat: [0.135, 0.017, 0.853, 0.0016, 0.4, 0.049, 0.068],
  bone: [0.1, 0.346, 0.017, 0.0017, 0.67, 0.1, 0.05],
  brain: [0.162, 0.62, 0.039, 0.0015, 0.4, 0.048, 0.041],
  gut: [0.282, 0.475, 0.038, 0.0125, 2.41, 0.158, 0.141],
  heart: [0.32, 0.456, 0.014, 0.0111, 2.25, 0.157, 0.16],
  kidney: [0.273, 0.483, 0.012, 0.0242, 5.03, 0.13, 0.137],
  liver: [0.161, 0.573, 0.014, 0.024, 4.56, 0.086, 0.161],
  lung: [0.336, 0.446, 0.022, 0.0128, 3.91, 0.212, 0.168],
  muscle: [0.118, 0.63, 0.01, 0.0072, 1.53, 0.064, 0.059],
  skin: [0.382, 0.291, 0.06, 0.0044, 1.32, 0.277, 0.096],
  spleen: [0.207, 0.579, 0.0077, 0.0113, 3.18, 0.097, 0.207],
} satisfies Record<string, readonly [number, number, number, number, number, number, number]>;
/** Water, neutral lipids, neutral phospholipids, acidic phospholipids (mg/g) of red cells. */
const RED_CELLS = { water: 0.603, neutral: 0.0017, phospho: 0.0029, acidic: 0.5 };
const PLASMA = { neutral: 0.0023, phospho: 0.0013 };
const PH = { plasma: 7.4, cells: 7, redCells: 7.22 };
/** A base from this pKa on binds to acidic phospholipids. */
const STRONG_BASE_PKA = 7;
/** Beyond these pKa a group is never charged in the body, and the drug counts as neutral. */
const NEVER_CHARGED = { acid: 12, base: 2 };

export type RodgersRowlandTissue = keyof typeof RODGERS_ROWLAND_COMPOSITION;

export interface RodgersRowlandDrug {
  logP: number;
  pKaAcids: readonly number[];
  pKaBases: readonly number[];
  fractionUnbound: number;
  bloodToPlasma: number;
  haematocrit: number;
}

/** 1 + X, 1 + Y or 1 + Z of the papers: of a zwitterion the sum for its groups, without the form that has both charges. */
function formsOverNeutral(pH: number, { pKaAcids, pKaBases }: RodgersRowlandDrug): number {
  const protonated = chain([...pKaBases].sort((a, b) => b - a).map((pKa) => 10 ** (pKa - pH)));
  const deprotonated = chain([...pKaAcids].sort((a, b) => a - b).map((pKa) => 10 ** (pH - pKa)));
  return protonated + deprotonated - 1;
}

/** 1 + a + a b + a b c ... */
function chain(factors: readonly number[]): number {
  let product = 1;
  let sum = 1;
  for (const factor of factors) {
    product *= factor;
    sum += product;
  }
  return sum;
}

const isNeutral = ({ pKaAcids, pKaBases }: RodgersRowlandDrug): boolean =>
  pKaAcids.every((pKa) => pKa >= NEVER_CHARGED.acid) && pKaBases.every((pKa) => pKa <= NEVER_CHARGED.base);

export const isStrongBase = ({ pKaBases }: Pick<RodgersRowlandDrug, "pKaBases">): boolean =>
  pKaBases.some((pKa) => pKa >= STRONG_BASE_PKA);

/** Tissue:plasma partition coefficient of total drug. */
export function rodgersRowland(tissue: RodgersRowlandTissue, drug: RodgersRowlandDrug): number {
  const [extracellular, intracellular, neutral, phospho, acidic, albumin, lipoprotein] =
    RODGERS_ROWLAND_COMPOSITION[tissue];
  const inPlasma = formsOverNeutral(PH.plasma, drug);
  const inCells = formsOverNeutral(PH.cells, drug);
  const octanol = 10 ** drug.logP;
  const lipid = tissue === "fat" ? vegetableOilCoefficient(drug.logP) : octanol;
  const lipids = (p: number, fractions: { neutral: number; phospho: number }) =>
    (p * fractions.neutral + (0.3 * p + 0.7) * fractions.phospho) / inPlasma;
  const dissolved =
    extracellular + (inCells / inPlasma) * intracellular + lipids(lipid, { neutral, phospho });
  const bound = isStrongBase(drug)
    ? (acidicAffinity(drug, inPlasma, lipids(octanol, RED_CELLS)) * acidic * (inCells - 1)) / inPlasma
    : Math.max(0, 1 / drug.fractionUnbound - 1 - lipids(octanol, PLASMA)) *
      (isNeutral(drug) ? lipoprotein : albumin);
  return (dissolved + bound) * drug.fractionUnbound;
}

/** Affinity to acidic phospholipids, from the drug's affinity to red cells. */
function acidicAffinity(drug: RodgersRowlandDrug, inPlasma: number, inLipids: number): number {
  const { bloodToPlasma, haematocrit, fractionUnbound } = drug;
  const inRedCells = formsOverNeutral(PH.redCells, drug);
  const redCellsToUnbound = (bloodToPlasma - (1 - haematocrit)) / (haematocrit * fractionUnbound);
  const bound = redCellsToUnbound - (inRedCells / inPlasma) * RED_CELLS.water - inLipids;
  return Math.max(0, bound) / ((RED_CELLS.acidic * (inRedCells - 1)) / inPlasma);
}
