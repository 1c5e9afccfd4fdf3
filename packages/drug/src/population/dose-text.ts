/** Doses as a person writes them: `500 mg every 12 h times 14 into depot over 0.5 h at 0`, `500 every 12 steady`. */
import { usageError } from "@viscera/core";
import type { DataRecord } from "../pharmacology/data-set.js";
import type { PharmacologyModel } from "../pharmacology/model.js";
import { findCompartment } from "../pharmacology/model-text.js";

export interface PopulationDose {
  amount: number;
  /** The amount is one for each kg of body weight. */
  perKg: boolean;
  /** Index of the compartment. */
  compartment: number;
  /** Of an infusion; 0 for a bolus. */
  duration: number;
  start: number;
  /** Time between doses and their number; 0 and 1 for a single one. */
  interval: number;
  count: number;
  /** The first dose finds its person at steady state, as if it had been repeated since ever. */
  steady: boolean;
}

const KEYWORDS = ["every", "times", "into", "over", "at", "steady"] as const;
type Keyword = (typeof KEYWORDS)[number];
const EXAMPLE = 'Write for example "500 every 12 times 14 into depot"; times are in the model\'s unit.';
const MOST_DOSES = 100_000;

/** Reads a dose; units may stand behind numbers and have to be the model's. Throws `usage`. */
export function readDose(text: string, model: PharmacologyModel): PopulationDose {
  const words = text.trim().split(/\s+/);
  const mistake = (what: string, hint = EXAMPLE) => usageError(`The dose "${text}": ${what}`, hint);
  const given = new Map<Keyword | "amount", string[]>();
  let part: Keyword | "amount" = "amount";
  for (const word of words) {
    const keyword = KEYWORDS.find((name) => name === word);
    if (keyword !== undefined && given.has(keyword)) throw mistake(`"${keyword}" stands there twice.`);
    part = keyword ?? part;
    given.set(part, [...(given.get(part) ?? []), ...(keyword === undefined ? [word] : [])]);
  }
  const into = given.get("into");
  const compartment = findCompartment(model, into?.[0] ?? "1");
  if (into && (into.length !== 1 || compartment === undefined)) {
    const names = model.compartments.map(({ name }) => name).slice(0, 20);
    throw mistake(`the model has no compartment "${into.join(" ")}".`, `It has ${names.join(", ")}.`);
  }
  const amountUnit = model.compartments[compartment!]!.unit;
  const number = (key: Keyword | "amount", unit: string, least: number, otherwise: number): number => {
    const value = given.get(key);
    if (value === undefined) return otherwise;
    const [first = "", second, ...more] = value;
    const [, digits = "", attached] = /^([-+\d.eE]*?)([^-+\d.].*)?$/u.exec(first) ?? [];
    const found = digits === "" ? Number.NaN : Number(digits);
    const behind = attached ?? second;
    if (more.length > 0 || (attached !== undefined && second !== undefined) || Number.isNaN(found)) {
      throw mistake(`"${value.join(" ")}" is no ${key === "amount" ? "amount" : `number after "${key}"`}.`);
    }
    if (behind !== undefined && behind !== unit) {
      const what = key === "amount" ? "amounts there" : "times";
      throw mistake(
        unit === ""
          ? `"${behind}" is not understood.`
          : `the model counts ${what} in ${unit}, not ${behind}.`,
        "Convert the number, or leave the unit out.",
      );
    }
    if (!(found >= least) || found === Number.POSITIVE_INFINITY) {
      throw mistake(`"${value.join(" ")}" has to be ${least > 0 ? "above 0" : "0 or more"}.`);
    }
    return found;
  };
  const perKg = /\/kg$/.test(given.get("amount")?.at(-1) ?? "");
  if (perKg) {
    const amount = given.get("amount")!;
    amount[amount.length - 1] = amount.at(-1)!.slice(0, -3);
    if (amount.at(-1) === "") amount.pop();
  }
  const dose = {
    amount: number("amount", amountUnit, Number.MIN_VALUE, Number.NaN),
    perKg,
    compartment: compartment!,
    duration: number("over", model.timeUnit, 0, 0),
    start: number("at", model.timeUnit, 0, 0),
    interval: number("every", model.timeUnit, Number.MIN_VALUE, 0),
    count: number("times", "", 1, 1),
    steady: given.has("steady"),
  };
  if ((given.get("steady") ?? []).length > 0) throw mistake('"steady" stands alone.');
  if (Number.isNaN(dose.amount)) throw mistake("there is no amount.");
  if (!Number.isInteger(dose.count) || dose.count > MOST_DOSES) {
    throw mistake(`"times ${dose.count}" has to be a whole number up to ${MOST_DOSES}.`);
  }
  if (dose.count > 1 && dose.interval === 0) throw mistake('"times" needs "every".');
  if (dose.steady && dose.interval === 0) throw mistake('"steady" needs "every".');
  if (dose.interval > 0 && !given.has("times") && !dose.steady) {
    throw mistake('"every" needs "times", the number of doses, or "steady".');
  }
  return dose;
}

/** Time of the last dose. */
export const lastDoseTime = ({ start, interval, count }: PopulationDose): number =>
  start + (count - 1) * interval;

/** The dose as a record of a data set, for a person of a weight. */
export function doseRecord(dose: PopulationDose, weightKg: number): DataRecord {
  return {
    line: 1,
    time: dose.start,
    kind: "dose",
    compartment: String(dose.compartment + 1),
    dose: {
      amount: dose.amount * (dose.perKg ? weightKg : 1),
      rate: 0,
      duration: dose.duration,
      additional: dose.count - 1,
      interval: dose.interval,
      steadyState: dose.steady ? 1 : 0,
    },
    observed: null,
    covariates: new Float64Array(0),
  };
}
