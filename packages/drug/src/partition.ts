/**
 * Tissue:plasma partition coefficients from tissue composition: Berezhkovskiy, J. Pharm. Sci. 93 (2004) 1628,
 * doi:10.1002/jps.20073, on the composition of human tissues by Poulin & Theil, J. Pharm. Sci. 91 (2002) 129,
 * doi:10.1002/jps.10005. Ionisation is left out.
 */
import type { Tissue } from "@viscera/organ";

/** Volume fractions of water, neutral lipids and phospholipids. */
const COMPOSITION: Record<
  Exclude<Tissue, "rest"> | "bone" | "skin" | "plasma",
  readonly [number, number, number]
> = {
  fat: [0.18, 0.79, 0.002],
  bone: [0.439, 0.074, 0.0011],
  brain: [0.77, 0.051, 0.0565],
  gut: [0.718, 0.0487, 0.0163],
  heart: [0.758, 0.0115, 0.0166],
  kidney: [0.783, 0.0207, 0.0162],
  liver: [0.751, 0.0348, 0.0252],
  lung: [0.811, 0.003, 0.009],
  muscle: [0.76, 0.0238, 0.0072],
  skin: [0.718, 0.0284, 0.0111],
  spleen: [0.788, 0.0201, 0.0198],
  plasma: [0.945, 0.0035, 0.00225],
};

/**
 * Partition coefficient of a tissue for a drug of given logP and unbound fraction in plasma. The rest of the
 * body is taken as the mean of bone and skin.
 */
export function partitionCoefficient(tissue: Tissue, logP: number, fractionUnbound: number): number {
  if (tissue === "rest")
    return (
      (forComposition("bone", logP, fractionUnbound) + forComposition("skin", logP, fractionUnbound)) / 2
    );
  return forComposition(tissue, logP, fractionUnbound);
}

function forComposition(tissue: keyof typeof COMPOSITION, logP: number, fractionUnbound: number): number {
  const [water, neutral, phospho] = COMPOSITION[tissue];
  const [plasmaWater, plasmaNeutral, plasmaPhospho] = COMPOSITION.plasma;
  // Adipose tissue is described by vegetable oil, which holds less drug than octanol (Leo et al., Chem.
  // Rev. 71 (1971) 525), and binds no protein; other tissues bind half as much as plasma.
  const adipose = tissue === "fat";
  const lipid = 10 ** (adipose ? 1.115 * logP - 1.35 : logP);
  const unboundTissue = adipose ? 1 : 1 / (1 + (0.5 * (1 - fractionUnbound)) / fractionUnbound);
  return (
    (lipid * (neutral + 0.3 * phospho) + water / unboundTissue + 0.7 * phospho) /
    (lipid * (plasmaNeutral + 0.3 * plasmaPhospho) + plasmaWater / fractionUnbound + 0.7 * plasmaPhospho)
  );
}
