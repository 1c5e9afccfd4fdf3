/** What the loop has to meet: the patient's heart rate, pressures and cardiac output, and what stands in for them. */
import { inputError, type Patient } from "@viscera/core";
import type { Body } from "@viscera/organ";
import type { CirculationConfig } from "./config.js";

export interface CirculationTargets {
  heartRateBpm: number;
  systolicMmHg: number;
  diastolicMmHg: number;
  /** Mean pressure: diastolic and a third of the pulse, the rule of the ward. */
  meanMmHg: number;
  pulseMmHg: number;
  cardiacOutputLPerMin: number;
  /** Of the ventricles, before tuning. */
  ejectionFraction: number;
  /** Where each number came from, for people. */
  sources: Record<"heartRate" | "pressure" | "cardiacOutput", string>;
  warnings: string[];
}

/** A healthy adult at rest. */
const STANDARD = { heartRateBpm: 70, systolicMmHg: 120, diastolicMmHg: 80 };
/** Stroke volumes per body weight, mL/kg, outside which numbers do not fit one another. */
const STROKE_ML_PER_KG = { low: 0.15, high: 4 };

/** Throws `input.circulation` for numbers that do not fit one another. */
export function targetsOf(patient: Patient, body: Body, config: CirculationConfig): CirculationTargets {
  const warnings: string[] = [];
  const heartRateBpm = config.heartRateBpm ?? patient.heartRateBpm ?? STANDARD.heartRateBpm;
  const systolicMmHg = config.systolicMmHg ?? patient.systolicMmHg ?? STANDARD.systolicMmHg;
  const diastolicMmHg = config.diastolicMmHg ?? patient.diastolicMmHg ?? STANDARD.diastolicMmHg;
  const cardiacOutputLPerMin = config.cardiacOutputLPerMin ?? body.cardiacOutputLPerMin;
  const sourceOf = (configured: unknown, known: unknown, otherwise: string) =>
    configured !== null ? "configuration" : known !== null ? "patient" : otherwise;
  const sources = {
    heartRate: sourceOf(config.heartRateBpm, patient.heartRateBpm, "standard"),
    pressure: sourceOf(
      config.systolicMmHg ?? config.diastolicMmHg,
      patient.systolicMmHg ?? patient.diastolicMmHg,
      "standard",
    ),
    cardiacOutput: sourceOf(
      config.cardiacOutputLPerMin,
      patient.cardiacOutputLPerMin,
      "reference adult, scaled by body surface",
    ),
  };
  const assumed = [
    sources.heartRate === "standard" && `a heart rate of ${heartRateBpm} per minute`,
    (config.systolicMmHg ?? patient.systolicMmHg) === null && `a systolic pressure of ${systolicMmHg} mmHg`,
    (config.diastolicMmHg ?? patient.diastolicMmHg) === null &&
      `a diastolic pressure of ${diastolicMmHg} mmHg`,
    sources.cardiacOutput.startsWith("reference") &&
      `a cardiac output of ${cardiacOutputLPerMin.toFixed(1)} L/min (ICRP 89, by body surface)`,
  ].filter((text) => text !== false);
  if (assumed.length > 0) warnings.push(`Not known of the patient and assumed: ${assumed.join(", ")}.`);
  const pulseMmHg = systolicMmHg - diastolicMmHg;
  if (!(pulseMmHg >= 5)) {
    throw inputError(
      "circulation",
      `The systolic pressure (${systolicMmHg} mmHg) is not at least 5 mmHg above the diastolic (${diastolicMmHg} mmHg).`,
      "Check the two pressures, and that one of them was not left to its standard.",
    );
  }
  const strokeMl = (1000 * cardiacOutputLPerMin) / heartRateBpm;
  const perKg = strokeMl / body.weightKg;
  if (perKg < STROKE_ML_PER_KG.low || perKg > STROKE_ML_PER_KG.high) {
    throw inputError(
      "circulation",
      `A cardiac output of ${cardiacOutputLPerMin} L/min at ${heartRateBpm} beats per minute is ${strokeMl.toFixed(0)} mL a beat, which does not fit ${body.weightKg.toFixed(0)} kg.`,
      "Check heart rate, cardiac output and weight.",
    );
  }
  return {
    heartRateBpm,
    systolicMmHg,
    diastolicMmHg,
    meanMmHg: diastolicMmHg + pulseMmHg / 3,
    pulseMmHg,
    cardiacOutputLPerMin,
    ejectionFraction: config.ejectionFraction,
    sources,
    warnings,
  };
}
