/** What a whole-body model asks of a body: volumes, blood flows and filtration. */
import type { Patient } from "@viscera/core";
import { type Body, TISSUES } from "@viscera/organ";
import { type FiltrationMethod, glomerularFiltration } from "./filtration.js";

export interface Physiology {
  /** By tissue; the liver's flow is the hepatic artery's, the lung's the cardiac output. */
  tissues: Readonly<Record<string, { volumeL: number; flowLPerH: number }>>;
  arterialL: number;
  venousL: number;
  filtrationLPerH: number;
  haematocrit: number;
}

/** Of healthy adults, where the patient's is not known; rounded. */
const HAEMATOCRIT = { male: 0.45, female: 0.4, unknown: 0.425 };

/** A patient's haematocrit, or what stands in for it. */
export function haematocritOf({ haematocrit, sex }: Pick<Patient, "haematocrit" | "sex">): number {
  return haematocrit ?? HAEMATOCRIT[sex === "male" || sex === "female" ? sex : "unknown"];
}

/** The physiology of one body: its volumes and flows as they are, filtration from creatinine. */
export function physiologyOf(
  body: Body,
  patient: Pick<Patient, "ageYears" | "sex" | "creatinineMgPerDl" | "haematocrit">,
  filtration: FiltrationMethod = "cockcroft-gault",
): Physiology {
  return {
    tissues: Object.fromEntries(
      TISSUES.map((tissue) => [
        tissue,
        { volumeL: body.tissues[tissue].volumeMl / 1000, flowLPerH: body.flowLPerMin[tissue] * 60 },
      ]),
    ),
    arterialL: body.arterialBloodMl / 1000,
    venousL: body.venousBloodMl / 1000,
    filtrationLPerH: glomerularFiltration(body, patient, filtration).mlPerMin * 0.06,
    haematocrit: haematocritOf(patient),
  };
}
