/** The profiles that a data set holds: one for each dose after which enough was measured. */
import { inputError } from "@viscera/core";
import type { DataRecord, DataSet, DataSubject } from "../data-set.js";
import type { AreaMethod, Point } from "./area.js";
import { type NcaMeasures, type NcaProfile, ncaMeasures, type Route } from "./measures.js";

export interface NcaOptions {
  method?: AreaMethod;
  /**
   * How doses were given. Default: a dose with RATE or DUR is an infusion, one into the compartment (CMT) that is
   * measured a bolus, any other extravascular.
   */
  route?: Route;
  /** Concentrations below it count as not measurable, as those of 0 and less always do. */
  quantificationLimit?: number;
  /** Compartment whose observations are taken; needed where several are measured. */
  compartment?: string;
}

export interface NcaRow {
  profile: NcaProfile;
  measures: NcaMeasures;
  /** AUCtau over that of the subject's first interval; null for the first or where one is missing. */
  accumulationRatio: number | null;
}

export interface NcaResult {
  rows: NcaRow[];
  /** Subjects without a dose, or without an interval of three measurements. */
  left: { id: string; why: string }[];
}

/** A profile needs so many observations. */
const FEWEST_OBSERVATIONS = 3;
/** Expanding further doses into more intervals than this is refused. */
const MOST_DOSES = 1e6;

interface Given {
  time: number;
  amount: number;
  route: Route;
  duration: number;
  steadyState: boolean;
  /** II of the record, 0 without one. */
  interval: number;
  /** Place among the subject's records: what is measured at the same time comes before or after it. */
  order: number;
}

/** Throws `input.data` with the line for doses whose route or size the data do not tell. */
export function ncaOfData(data: DataSet, options: NcaOptions = {}): NcaResult {
  const measured = measuredCompartment(data, options);
  const rows: NcaRow[] = [];
  const left: NcaResult["left"] = [];
  for (const subject of data.subjects) {
    const profiles = profilesOf(subject, data.name, measured, options);
    if (typeof profiles === "string") {
      left.push({ id: subject.id, why: profiles });
      continue;
    }
    let firstTau: number | null = null;
    for (const profile of profiles) {
      const measures = ncaMeasures(profile, options.method ?? "linear-up-log-down");
      const { aucTau } = measures;
      const fresh = profile.first && !profile.steadyState;
      rows.push({
        profile,
        measures,
        accumulationRatio: !fresh && aucTau !== null && firstTau !== null ? aucTau / firstTau : null,
      });
      if (fresh) firstTau = aucTau;
    }
  }
  return { rows, left };
}

/** The compartment of the observations, "" where the data name none. */
function measuredCompartment(data: DataSet, { compartment }: NcaOptions): string {
  const found = new Set<string>();
  for (const { records } of data.subjects) {
    for (const record of records) if (record.observed !== null) found.add(record.compartment);
  }
  if (found.size === 0) {
    throw inputError(
      "data",
      `${data.name} holds no observation.`,
      "It needs a column DV and records with EVID 0.",
    );
  }
  if (compartment !== undefined) {
    if (found.has(compartment)) return compartment;
    throw inputError(
      "data",
      `${data.name} has no observation of the compartment ${compartment}.`,
      `There are some of ${[...found].join(", ")}.`,
    );
  }
  if (found.size > 1) {
    throw inputError(
      "data",
      `${data.name} has observations of several compartments (${[...found].join(", ")}).`,
      "Choose one with --compartment.",
    );
  }
  return [...found][0]!;
}

function profilesOf(
  { id, records }: DataSubject,
  name: string,
  measured: string,
  options: NcaOptions,
): NcaProfile[] | string {
  const doses = dosesOf(records, name, measured, options);
  if (doses.length === 0) return "no dose";
  const profiles: NcaProfile[] = [];
  for (const [i, dose] of doses.entries()) {
    const next = doses[i + 1];
    const points = pointsOf(records, dose, next, measured, options);
    if (points.length < FEWEST_OBSERVATIONS) continue;
    const interval = dose.interval > 0 ? dose.interval : next ? next.time - dose.time : lastInterval(doses);
    profiles.push({
      id,
      doseTime: dose.time,
      dose: dose.amount,
      route: dose.route,
      infusionDuration: dose.duration,
      interval,
      first: i === 0,
      steadyState: dose.steadyState,
      points,
    });
  }
  return profiles.length > 0 ? profiles : "no interval with three observations";
}

/** The interval that a last dose would have had: that of the doses before it. */
function lastInterval(doses: readonly Given[]): number | null {
  const [before, last] = [doses.at(-2), doses.at(-1)];
  return before && last ? last.time - before.time : null;
}

/** Every dose, further ones written out, in order of time. */
function dosesOf(
  records: readonly DataRecord[],
  name: string,
  measured: string,
  options: NcaOptions,
): Given[] {
  const end = records.at(-1)!.time;
  const doses: Given[] = [];
  for (const [order, record] of records.entries()) {
    const refuse = (what: string, hint: string) =>
      inputError("data", `Line ${record.line} of ${name}: ${what}`, hint);
    if (record.kind.startsWith("reset") && doses.length > 0) {
      throw refuse("a subject begins again (EVID 3 or 4).", "Give each occasion an ID of its own.");
    }
    if (record.dose === null) continue;
    const { amount, rate, duration, additional, interval, steadyState } = record.dose;
    if (amount === 0) throw refuse("an infusion without end has no profile.", "Leave the subject out.");
    const infused = rate !== 0 || duration > 0;
    if (rate < 0)
      throw refuse(`RATE is ${rate}; the model that knows it is not asked.`, "Give RATE or DUR itself.");
    if (!infused && options.route === "infusion") {
      throw refuse("an infusion has neither RATE nor DUR.", "Give one of them.");
    }
    const length = duration > 0 ? duration : rate > 0 ? amount / rate : 0;
    const route = options.route ?? (infused ? "infusion" : routeOf(record, measured, refuse));
    for (let k = 0; k <= additional && record.time + k * interval <= end; k++) {
      doses.push({
        time: record.time + k * interval,
        amount,
        route,
        duration: route === "infusion" ? length : 0,
        steadyState: steadyState !== 0,
        interval,
        order: k === 0 ? order : -1,
      });
      if (doses.length > MOST_DOSES)
        throw refuse("the subject has more than a million doses.", "Lower ADDL.");
    }
  }
  return together(doses.sort((a, b) => a.time - b.time));
}

function routeOf(record: DataRecord, measured: string, refuse: (what: string, hint: string) => Error): Route {
  if (record.compartment !== "" && measured !== "") {
    return record.compartment === measured ? "bolus" : "extravascular";
  }
  throw refuse(
    "the data do not tell how the dose was given: there is no CMT.",
    "Say it with --route extravascular, bolus or infusion.",
  );
}

/** Doses of one time count as one. */
function together(doses: readonly Given[]): Given[] {
  const merged: Given[] = [];
  for (const dose of doses) {
    const before = merged.at(-1);
    if (before && before.time === dose.time && before.route === dose.route) before.amount += dose.amount;
    else merged.push({ ...dose });
  }
  return merged;
}

/** What was measured from a dose to the next one, both ends included where the concentration does not jump. */
function pointsOf(
  records: readonly DataRecord[],
  dose: Given,
  next: Given | undefined,
  measured: string,
  { quantificationLimit = 0 }: NcaOptions,
): Point[] {
  const points: Point[] = [];
  for (const [order, record] of records.entries()) {
    if (record.observed === null || record.compartment !== measured) continue;
    if (record.time < dose.time || (next && record.time > next.time)) continue;
    // A bolus makes the concentration jump: what was measured just before it belongs to the interval before.
    if (dose.route === "bolus" && record.time === dose.time && order < dose.order) continue;
    if (next?.route === "bolus" && record.time === next.time && order > next.order) continue;
    const time = record.time - dose.time;
    const concentration = record.observed < quantificationLimit || record.observed <= 0 ? 0 : record.observed;
    if (points.at(-1)?.time === time) {
      // Beside a dose a sample may stand before and after it.
      if (next && record.time === next.time) continue;
      if (time > 0) {
        throw inputError(
          "data",
          `Line ${record.line}: a second observation of the same time (${record.time}).`,
        );
      }
      points.pop();
    }
    points.push({ time, concentration });
  }
  return points;
}
