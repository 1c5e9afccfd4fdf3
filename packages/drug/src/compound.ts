/** Compounds: what the model needs to know of a drug, each number with its source. */
import { z } from "zod";

export const compoundSchema = z.strictObject({
  name: z.string().default("midazolam"),
  molarMassGPerMol: z.number().positive().default(325.78),
  /** log10 of the octanol:water partition coefficient of the neutral form. */
  logP: z.number().min(-5).max(10).default(2.897),
  /** Unbound fraction in plasma. */
  fractionUnbound: z.number().positive().max(1).default(0.031),
  /** Concentration in whole blood over that in plasma. */
  bloodToPlasma: z.number().positive().default(0.55),
  /** Hepatic intrinsic clearance per volume of liver, acting on unbound drug: L/min per L of liver. */
  hepaticClearancePerMin: z.number().nonnegative().default(9.68),
  /** Renal clearance of unbound drug as a share of the glomerular filtration rate. */
  glomerularFraction: z.number().nonnegative().default(0.64),
  /** First-order absorption from the gut lumen. */
  absorptionPerH: z.number().positive().default(3),
  /** Share of an oral dose that is absorbed and passes the gut wall unchanged. */
  gutAvailability: z.number().positive().max(1).default(0.57),
  /** Tissue:plasma partition coefficients that replace the computed ones. */
  partition: z.record(z.string(), z.number().positive()).default({}),
});
export type Compound = z.infer<typeof compoundSchema>;

/** Where midazolam's default numbers come from; shown with every result that uses them. */
export const MIDAZOLAM_SOURCES: Record<keyof Omit<Compound, "name" | "partition">, string> = {
  molarMassGPerMol:
    "Open Systems Pharmacology midazolam model, an update of Hanke et al. 2018 (doi:10.1002/psp4.12343)",
  logP: "Open Systems Pharmacology midazolam model (fitted there with another partition model; measured near 3)",
  fractionUnbound:
    "Gertz et al. 2010 (Drug Metab. Dispos. 38:1147), as in the Open Systems Pharmacology model",
  bloodToPlasma: "Xia et al. 2013, doi:10.1208/s12248-013-9505-3, table IV",
  hepaticClearancePerMin:
    "CYP3A4 8.76/min x 4.32 umol/L / 4.0 umol/L + UGT1A4 3.59/min x 2.32 umol/L / 37.8 umol/L, same model",
  glomerularFraction: "Open Systems Pharmacology midazolam model (fitted)",
  absorptionPerH: "assumed: peak within the first hour after a tablet",
  gutAvailability: "Thummel et al. 1996, doi:10.1016/S0009-9236(96)90177-0 (mean gut extraction 0.43)",
};
