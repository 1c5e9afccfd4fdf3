/** Glomerular filtration from creatinine. */
import type { Patient } from "@viscera/core";
import { type Body, bodySurfaceM2, ckdEpiMlPerMinPer173, cockcroftGaultMlPerMin } from "@viscera/organ";

export const FILTRATION_METHODS = ["cockcroft-gault", "ckd-epi-2021"] as const;
export type FiltrationMethod = (typeof FILTRATION_METHODS)[number];

/** Of a healthy adult, where creatinine, age or sex is not known. */
const USUAL_ML_PER_MIN = 120;
const LOWEST_ML_PER_MIN = 5;

export interface Filtration {
  mlPerMin: number;
  /** For people: what it was computed from. */
  note: string;
}

/** Filtration in mL/min: Cockcroft & Gault, or CKD-EPI 2021 brought from 1.73 m2 to the patient's body surface. */
export function glomerularFiltration(
  body: Pick<Body, "heightCm" | "weightKg">,
  patient: Pick<Patient, "ageYears" | "sex" | "creatinineMgPerDl">,
  method: FiltrationMethod = "cockcroft-gault",
): Filtration {
  const { ageYears, creatinineMgPerDl: creatinine } = patient;
  const sex = patient.sex === "other" ? null : patient.sex;
  if (ageYears === null || creatinine === null || sex === null) {
    const missing = [
      creatinine === null ? "creatinine" : "",
      ageYears === null ? "age" : "",
      sex === null ? "sex" : "",
    ].filter((name) => name !== "");
    return { mlPerMin: USUAL_ML_PER_MIN, note: `a healthy adult's (${missing.join(", ")} not known)` };
  }
  const person = { ageYears, sex, creatinineMgPerDl: creatinine, weightKg: body.weightKg };
  if (method === "cockcroft-gault") {
    const mlPerMin = Math.max(cockcroftGaultMlPerMin(person), LOWEST_ML_PER_MIN);
    return { mlPerMin, note: "creatinine, by Cockcroft & Gault 1976" };
  }
  const mlPerMin = (ckdEpiMlPerMinPer173(person) * bodySurfaceM2(body.heightCm, body.weightKg)) / 1.73;
  return { mlPerMin: Math.max(mlPerMin, LOWEST_ML_PER_MIN), note: "creatinine, by CKD-EPI 2021" };
}
