import type { Patient } from "@viscera/core";

/** What is known of the patient's body, in words. */
export function describePatient(patient: Partial<Patient>): string {
  const { ageYears, sex, heightCm, weightKg } = patient;
  const known = [
    sex ?? null,
    ageYears == null ? null : `${round(ageYears)} years`,
    heightCm == null ? null : `${round(heightCm)} cm`,
    weightKg == null ? null : `${round(weightKg)} kg`,
  ].filter((part) => part !== null);
  return known.length > 0 ? known.join(", ") : "nothing known";
}

const round = (value: number): number => +value.toFixed(1);
