import { type Compound, compoundSchema } from "./compound.js";

const MODEL = "Open Systems Pharmacology midazolam model";

/**
 * The drug of an empty configuration: midazolam with the numbers of the Open Systems Pharmacology project, an update of
 * Hanke et al. 2018 (doi:10.1002/psp4.12343).
 */
export const MIDAZOLAM: Compound = compoundSchema.parse({
  name: "midazolam",
  cas: "59467-70-8",
  molarMassGPerMol: 325.78,
  logP: 2.897,
  pKaBases: [6.2],
  fractionUnbound: 0.031,
  bloodToPlasma: 0.55,
  metabolism: [
    { protein: "CYP3A4", intrinsicClearance: { value: 9.46, unit: "L/min/L" } },
    { protein: "UGT1A4", intrinsicClearance: { value: 0.22, unit: "L/min/L" } },
  ],
  filtrationShare: 0.64,
  absorption: { ratePerH: 3, gutAvailability: 0.57, gutMetabolism: { CYP3A4: 1 } },
  partitionMethod: "berezhkovskiy",
  sources: {
    molarMassGPerMol: `${MODEL}, an update of Hanke et al. 2018 (doi:10.1002/psp4.12343)`,
    logP: `${MODEL} (fitted there with another partition model; measured near 3)`,
    pKaBases: MODEL,
    fractionUnbound: "Gertz et al. 2010 (Drug Metab. Dispos. 38:1147), as in the same model",
    bloodToPlasma: "Xia et al. 2013, doi:10.1208/s12248-013-9505-3, table IV",
    metabolism:
      "CYP3A4 8.76/min x 4.32 umol/L / 4.0 umol/L, UGT1A4 3.59/min x 2.32 umol/L / 37.8 umol/L, same model",
    filtrationShare: `${MODEL} (fitted)`,
    absorption:
      "rate assumed: peak within the first hour after a tablet; gut availability of Thummel et al. 1996, doi:10.1016/S0009-9236(96)90177-0 (mean gut extraction 0.43)",
    partitionMethod: "Berezhkovskiy 2004, doi:10.1002/jps.20073, on the tissues of Poulin & Theil 2002",
  },
});
