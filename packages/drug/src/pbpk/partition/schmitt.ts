/**
 * Partition coefficients between tissue and unbound drug in plasma by Schmitt, Toxicol. In Vitro 22 (2008) 457,
 * doi:10.1016/j.tiv.2007.09.010, for any number of charged groups as httk does it (Pearce et al., J. Pharmacokinet.
 * Pharmacodyn. 44 (2017) 549, doi:10.1007/s10928-017-9548-7), with that paper's calibration on measured coefficients.
 */
import { TISSUE_COMPOSITION, type TissueComposition } from "../httk/tissue-data.js";
import { distributionCoefficient, IONS_IN_LIPID, ionisation } from "../ionisation.js";

export interface SchmittDrug {
  logP: number;
  /** Null: estimated from logP. */
  logMembraneAffinity: number | null;
  pKaAcids: readonly number[];
  pKaBases: readonly number[];
  fractionUnbound: number;
}

/** Protein in plasma by volume; the interstitium holds 0.37 of its concentration. */
const PLASMA_PROTEIN = 0.06951;
const INTERSTITIAL_PROTEIN = 0.37;
const PLASMA_PH = 7.4;

/** Intercept and slope of log10 of the coefficient: Pearce et al. 2017, for unbound fractions corrected for lipid. */
const CALIBRATION: Record<string, readonly [number, number]> = {
  brain: [-0.167, 0.543],
  fat: [-0.325, 0.574],
  gut: [0.143, 0.764],
  heart: [0.116, 0.683],
  kidney: [0.452, 0.673],
  liver: [0.475, 0.621],
  lung: [0.087, 0.866],
  muscle: [-0.022, 0.658],
  skin: [-0.09, 0.566],
  spleen: [0.034, 0.765],
  bone: [0.036, 0.781],
};

/** log10 of the membrane:water coefficient from logP (Yun & Edginton, Xenobiotica 43 (2013) 839). */
export function estimatedMembraneAffinity(logP: number): number {
  return 1.294 + 0.304 * logP;
}

/** Coefficient between a tissue ("redCells" and "rest" included) and unbound drug. */
export function schmitt(tissue: string, drug: SchmittDrug): number {
  const composition = TISSUE_COMPOSITION[tissue]!;
  const whole = composition.cells + composition.interstitium;
  const inCells = ionisation(composition.pH, drug.pKaAcids, drug.pKaBases);
  const inPlasma = ionisation(PLASMA_PH, drug.pKaAcids, drug.pKaBases);
  /** Only what is not charged crosses membranes freely. */
  const crossing = ({ neutral, zwitterion, positive, negative }: typeof inCells) =>
    neutral + zwitterion + IONS_IN_LIPID * (positive + negative);
  const interstitium =
    1 - PLASMA_PROTEIN + INTERSTITIAL_PROTEIN * (1 / drug.fractionUnbound - (1 - PLASMA_PROTEIN));
  return (
    (composition.interstitium / whole) * interstitium +
    (crossing(inPlasma) / crossing(inCells)) *
      (composition.cells / whole) *
      cellsToUnbound(composition, drug, inCells)
  );
}

function cellsToUnbound(
  { water, protein, lipid, neutralLipid, neutralPhospholipid, acidicPhospholipid }: TissueComposition,
  drug: SchmittDrug,
  charges: ReturnType<typeof ionisation>,
): number {
  const affinity = 10 ** (drug.logMembraneAffinity ?? estimatedMembraneAffinity(drug.logP));
  const { neutral, zwitterion, positive, negative } = charges;
  const toAcidic = affinity * (neutral + zwitterion + 20 * positive + 0.05 * negative);
  return (
    water +
    lipid *
      (distributionCoefficient(10 ** drug.logP, charges) * neutralLipid +
        affinity * neutralPhospholipid +
        toAcidic * acidicPhospholipid) +
    (0.163 + 0.0221 * affinity) * protein
  );
}

/** The same after calibration on measured coefficients, which there is none for of the rest of the body. */
export function calibratedSchmitt(tissue: string, drug: SchmittDrug): number {
  const predicted = schmitt(tissue, drug);
  const calibration = CALIBRATION[tissue];
  if (calibration === undefined) return predicted;
  const [intercept, slope] = calibration;
  return 10 ** (intercept + slope * Math.log10(predicted * drug.fractionUnbound)) / drug.fractionUnbound;
}
