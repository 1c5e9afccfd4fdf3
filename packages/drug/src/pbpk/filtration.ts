/** Glomerular filtration from creatinine. */
import type { Patient } from "@viscera/core";
import { type Body, bodySurfaceM2 } from "@viscera/organ";

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

/**
 * Filtration in mL/min: Cockcroft & Gault 1976 (doi:10.1159/000180580), or CKD-EPI 2021 without race (Inker et al.,
 * doi:10.1056/NEJMoa2102953) brought from 1.73 m2 to the patient's body surface.
 */
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
  const female = sex === "female";
  if (method === "cockcroft-gault") {
    const clearance = (((140 - ageYears) * body.weightKg) / (72 * creatinine)) * (female ? 0.85 : 1);
    return {
      mlPerMin: Math.max(clearance, LOWEST_ML_PER_MIN),
      note: "creatinine, by Cockcroft & Gault 1976",
    };
  }
  const ratio = creatinine / (female ? 0.7 : 0.9);
  const per173 =
    142 *
    Math.min(ratio, 1) ** (female ? -0.241 : -0.302) *
    Math.max(ratio, 1) ** -1.2 *
    0.9938 ** ageYears *
    (female ? 1.012 : 1);
  const mlPerMin = (per173 * bodySurfaceM2(body.heightCm, body.weightKg)) / 1.73;
  return { mlPerMin: Math.max(mlPerMin, LOWEST_ML_PER_MIN), note: "creatinine, by CKD-EPI 2021" };
}
