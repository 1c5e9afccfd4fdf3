/** Estimates of kidney function from serum creatinine. */

interface KidneyCovariates {
  ageYears: number;
  sex: "female" | "male";
  creatinineMgPerDl: number;
}

/**
 * Glomerular filtration in mL/min per 1.73 m2 of body surface: CKD-EPI 2021, without race (Inker et al. 2021,
 * doi:10.1056/NEJMoa2102953).
 */
export function ckdEpiMlPerMinPer173(person: KidneyCovariates): number {
  const female = person.sex === "female";
  const ratio = person.creatinineMgPerDl / (female ? 0.7 : 0.9);
  return (
    142 *
    Math.min(ratio, 1) ** (female ? -0.241 : -0.302) *
    Math.max(ratio, 1) ** -1.2 *
    0.9938 ** person.ageYears *
    (female ? 1.012 : 1)
  );
}

/** Creatinine clearance in mL/min (Cockcroft & Gault 1976, doi:10.1159/000180580). */
export function cockcroftGaultMlPerMin(person: KidneyCovariates & { weightKg: number }): number {
  const { ageYears, sex, creatinineMgPerDl, weightKg } = person;
  return (((140 - ageYears) * weightKg) / (72 * creatinineMgPerDl)) * (sex === "female" ? 0.85 : 1);
}
