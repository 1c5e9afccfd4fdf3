/** What a DICOM header says of the patient, without anything that says who it is. */
import type { Patient } from "@viscera/core";
import type { Dataset } from "./dataset.js";

const DAYS_PER_UNIT: Record<string, number> = { D: 1, W: 7, M: 365.25 / 12, Y: 365.25 };

/**
 * Age, sex, height and weight. A value of zero is what anonymisers write, one outside people's range is a
 * slip: both count as unknown.
 */
export function patientOf(dataset: Dataset): Partial<Patient> {
  const patient: Partial<Patient> = {};
  const age = /^(\d{1,3})([DWMY])$/.exec(dataset.text("PatientAge") ?? "");
  const days = age ? Number(age[1]) * DAYS_PER_UNIT[age[2]!]! : 0;
  if (days > 0 && days <= 130 * 365.25)
    patient.ageYears = age![2] === "Y" ? Number(age![1]) : Math.round((days / 365.25) * 1000) / 1000;
  const sex = { F: "female", M: "male", O: "other" } as const;
  const letter = dataset.text("PatientSex");
  if (letter === "F" || letter === "M" || letter === "O") patient.sex = sex[letter];
  const size = dataset.number("PatientSize") ?? 0;
  // The unit is the metre; centimetres are a common slip and never overlap with it.
  const heightCm = size > 3 ? size : size * 100;
  if (heightCm >= 20 && heightCm <= 280) patient.heightCm = Math.round(heightCm * 10) / 10;
  const weight = dataset.number("PatientWeight") ?? 0;
  if (weight >= 0.3 && weight <= 600) patient.weightKg = weight;
  return patient;
}
