/** What virtual people give to a model's covariates, by the usual names. */
import type { VirtualPerson } from "@viscera/organ";

interface Covariate {
  names: readonly string[];
  /** For people; with the unit. */
  label: string;
  unit: string;
  of: (person: VirtualPerson) => number;
}

const COVARIATES: readonly Covariate[] = [
  { names: ["AGE"], label: "Age", unit: "a", of: ({ patient }) => patient.ageYears },
  {
    names: ["SEX", "FEMALE"],
    label: "Sex (1 female, 0 male)",
    unit: "1",
    of: ({ patient }) => (patient.sex === "female" ? 1 : 0),
  },
  { names: ["HT", "HEIGHT"], label: "Height", unit: "cm", of: ({ patient }) => patient.heightCm },
  { names: ["WT", "BW", "WEIGHT"], label: "Weight", unit: "kg", of: ({ patient }) => patient.weightKg },
  {
    names: ["BMI"],
    label: "Body mass index",
    unit: "kg/m2",
    of: ({ patient }) => patient.weightKg / (patient.heightCm / 100) ** 2,
  },
  { names: ["BSA"], label: "Body surface", unit: "m2", of: ({ bodySurfaceM2 }) => bodySurfaceM2 },
  { names: ["HCT"], label: "Haematocrit", unit: "1", of: ({ patient }) => patient.haematocrit! },
  {
    names: ["CREAT", "SCR"],
    label: "Serum creatinine",
    unit: "mg/dL",
    of: ({ patient }) => patient.creatinineMgPerDl!,
  },
  {
    names: ["CRCL", "CLCR"],
    label: "Creatinine clearance (Cockcroft & Gault)",
    unit: "mL/min",
    of: ({ creatinineClearanceMlPerMin }) => creatinineClearanceMlPerMin,
  },
  {
    names: ["EGFR"],
    label: "Glomerular filtration (CKD-EPI 2021)",
    unit: "mL/min",
    of: ({ filtrationMlPerMin }) => filtrationMlPerMin,
  },
];

/** Null for a name that people have nothing for. */
export function covariateOf(name: string): Covariate | null {
  return COVARIATES.find(({ names }) => names.includes(name.toUpperCase())) ?? null;
}

/** Columns of a table of people. */
export const PEOPLE_COLUMNS: readonly Covariate[] = ["AGE", "SEX", "HT", "WT", "HCT", "CREAT", "EGFR"].map(
  (name) => covariateOf(name)!,
);
