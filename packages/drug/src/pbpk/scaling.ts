/** From the units of experiments to whole organs. */
import type { ScaledUnit } from "./compound.js";

/** 10^6 hepatocytes per g of liver (Carlile et al. 1997, as httk takes it). */
export const HEPATOCYTES_MILLION_PER_G = 110;
/** Microsomal protein per g of liver (Barter et al., Curr. Drug Metab. 8 (2007) 33). */
export const MICROSOMAL_MG_PER_G = 32;
/** g/mL, of liver and kidney. */
const ORGAN_DENSITY = 1.05;

/**
 * An organ's whole clearance in L/h, or rate in umol/h, from a value in one of the units; cells and microsomes are those
 * of liver.
 */
export function wholeOrgan(value: number, unit: ScaledUnit, organL: number): number {
  const grams = organL * 1000 * ORGAN_DENSITY;
  switch (unit) {
    case "L/h":
    case "umol/h":
      return value;
    case "L/min/L":
    case "umol/min/L":
      return value * 60 * organL;
    // 60 min/h; uL -> L and pmol -> umol are both 1e-6.
    case "uL/min/10^6 cells":
    case "pmol/min/10^6 cells":
      return value * HEPATOCYTES_MILLION_PER_G * grams * 60e-6;
    case "uL/min/mg":
    case "pmol/min/mg":
      return value * MICROSOMAL_MG_PER_G * grams * 60e-6;
  }
}
