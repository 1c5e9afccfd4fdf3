/**
 * Tissue:plasma partition coefficients by Poulin & Theil, J. Pharm. Sci. 91 (2002) 129, doi:10.1002/jps.10005, and with
 * Berezhkovskiy's correction, J. Pharm. Sci. 93 (2004) 1628, doi:10.1002/jps.20073: lipids and water take up drug,
 * tissues bind half as much as plasma.
 */
import { IONS_IN_LIPID } from "../ionisation.js";
import { vegetableOilCoefficient } from "./vegetable-oil.js";

/** Volume fractions of water, neutral lipids and phospholipids in human tissues: table 1 of the first paper. */
export const POULIN_THEIL_COMPOSITION = {
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
} satisfies Record<string, readonly [number, number, number]>;

export type PoulinTheilTissue = Exclude<keyof typeof POULIN_THEIL_COMPOSITION, "plasma">;

export interface PoulinTheilDrug {
  logP: number;
  fractionUnbound: number;
  /** Share of ions in plasma; only in adipose tissue do the papers consider it. */
  ionised: number;
}

interface Terms {
  lipid: number;
  fractionUnboundTissue: number;
  tissue: readonly [number, number, number];
}

/** Adipose tissue is described by vegetable oil at the plasma's pH, and binds no protein. */
function termsOf(tissue: PoulinTheilTissue, { logP, fractionUnbound, ionised }: PoulinTheilDrug): Terms {
  const adipose = tissue === "fat";
  return {
    lipid: adipose ? vegetableOilCoefficient(logP) * (1 - (1 - IONS_IN_LIPID) * ionised) : 10 ** logP,
    fractionUnboundTissue: adipose ? 1 : 1 / (1 + (0.5 * (1 - fractionUnbound)) / fractionUnbound),
    tissue: POULIN_THEIL_COMPOSITION[tissue],
  };
}

/** Binding multiplies the whole: all of the drug in lipids counts as if proteins had bound it. */
export function poulinTheil(tissue: PoulinTheilTissue, drug: PoulinTheilDrug): number {
  const { lipid, fractionUnboundTissue, tissue: composition } = termsOf(tissue, drug);
  const held = ([water, neutral, phospho]: readonly [number, number, number]) =>
    lipid * (neutral + 0.3 * phospho) + water + 0.7 * phospho;
  return (
    ((held(composition) / held(POULIN_THEIL_COMPOSITION.plasma)) * drug.fractionUnbound) /
    fractionUnboundTissue
  );
}

/** Binding concerns the drug in water only. */
export function berezhkovskiy(tissue: PoulinTheilTissue, drug: PoulinTheilDrug): number {
  const { lipid, fractionUnboundTissue, tissue: composition } = termsOf(tissue, drug);
  const held = ([water, neutral, phospho]: readonly [number, number, number], fractionUnbound: number) =>
    lipid * (neutral + 0.3 * phospho) + water / fractionUnbound + 0.7 * phospho;
  return (
    held(composition, fractionUnboundTissue) / held(POULIN_THEIL_COMPOSITION.plasma, drug.fractionUnbound)
  );
}
