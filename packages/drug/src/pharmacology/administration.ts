import { inputError } from "@viscera/core";
import type { DataRecord } from "./data-set.js";
import type { DoseProperties } from "./dose-properties.js";

/** A dose as it reaches its compartment: at once, or at a rate for a while. */
export interface Administration {
  compartment: number;
  /** As given, before bioavailability. */
  amount: number;
  /** What arrives of a bolus; 0 of an infusion. */
  bolus: number;
  /** Rate of an infusion; 0 of a bolus. */
  rate: number;
  /** Infinity for a constant infusion at steady state. */
  duration: number;
  lag: number;
}

/**
 * How a dose record arrives. Bioavailability scales a bolus; of an infusion it scales the duration where the rate
 * is given, and the rate where the duration is. Throws `input.data` with the line for properties without sense.
 */
export function administration(
  record: DataRecord,
  compartment: number,
  properties: DoseProperties,
  names: { data: string; compartment: string },
): Administration {
  const { amount, rate: given, duration: asked, steadyState } = record.dose!;
  const refuse = (what: string, hint = "") =>
    inputError("data", `Line ${record.line} of ${names.data}: ${what}`, hint);
  const { bioavailability, lag, infusionRate, infusionDuration } = properties;
  const checked = (value: number | null, property: string, positive: boolean): number => {
    if (value === null) {
      const code = property === "rate" ? -1 : -2;
      throw refuse(
        `RATE is ${code}, but the model has no ${property} for "${names.compartment}".`,
        `Add "${property}(${names.compartment}) = ..." to the model.`,
      );
    }
    if (!Number.isFinite(value) || value < 0 || (positive && value === 0)) {
      throw refuse(
        `${property}(${names.compartment}) is ${value}; it has to be ${positive ? "above 0" : "0 or more"}.`,
      );
    }
    return value;
  };
  const share = checked(bioavailability, "F", false);
  const infused = { compartment, amount, bolus: 0, lag: checked(lag, "lag", false) };
  if (amount === 0 && steadyState !== 0)
    return { ...infused, rate: given, duration: Number.POSITIVE_INFINITY };
  const arriving = share * amount;
  if (given === -2 || (given === 0 && asked > 0)) {
    const duration = given === -2 ? checked(infusionDuration, "duration", true) : asked;
    return { ...infused, rate: arriving / duration, duration };
  }
  if (given !== 0) {
    const rate = given === -1 ? checked(infusionRate, "rate", true) : given;
    return { ...infused, rate, duration: arriving / rate };
  }
  return { ...infused, bolus: arriving, rate: 0, duration: 0 };
}
