/** What happens to everybody at the same times: arrivals of doses, ends of infusions, and rows of the curves. */
import { usageError } from "@viscera/core";
import { type Expression, symbolsOf } from "@viscera/numerics";
import { type Administration, administration } from "../pharmacology/administration.js";
import type { DosePropertyTable } from "../pharmacology/dose-properties.js";
import {
  doseSymbol,
  doseTimeSymbol,
  infusionSymbol,
  type PharmacologyModel,
  TIME,
  timeAfterDoseSymbol,
} from "../pharmacology/model.js";
import { doseRecord, type PopulationDose } from "./dose-text.js";

/** A change of the state; what is put there is told by `changeValue` of a person's doses. */
export interface ScheduledChange {
  time: number;
  kind: "add" | "set";
  /** A compartment, or a held quantity behind the compartments. */
  state: number;
  /** Doses (by number) whose amount arrives or whose infusions run; the value of `what` of each is summed. */
  doses: readonly number[];
  what: "bolus" | "rate" | "amount" | "time";
  /** The dose that makes the change. */
  given: number;
}

/** A row of the curves: before or after what happens at its time. */
export interface ScheduledRow {
  time: number;
  after: boolean;
}

export interface Schedule {
  changes: ScheduledChange[];
  rows: ScheduledRow[];
  /** Symbols that are constant between changes, kept as states: infusion rates, last doses. */
  held: string[];
}

const MOST_CHANGES = 1_000_000;

/** Symbols that an expression depends on, through the definitions. */
export function deepSymbols(model: PharmacologyModel, expression: Expression): Set<string> {
  const found = symbolsOf(expression);
  for (const name of found) {
    const definition = model.definitions.get(name);
    // A set that grows while it is walked is walked to its end.
    if (definition !== undefined) symbolsOf(definition, found);
  }
  return found;
}

/** How one person's doses arrive, one administration a dose. */
export function administrationsOf(
  model: PharmacologyModel,
  properties: DosePropertyTable,
  doses: readonly PopulationDose[],
  parameters: Float64Array,
  { weightKg, factor }: { weightKg: number; factor: number },
): Administration[] {
  return doses.map((dose) => {
    const record = doseRecord({ ...dose, amount: dose.amount * factor }, weightKg);
    const { compartment } = dose;
    const names = { data: "the doses", compartment: model.compartments[compartment]!.name };
    return administration(record, compartment, properties.of(compartment, parameters, dose.start), names);
  });
}

/**
 * The schedule that all people share; null where each has times of their own, because a lag or a bioavailability that
 * varies moves them.
 */
export function sharedSchedule(
  model: PharmacologyModel,
  doses: readonly PopulationDose[],
  typical: readonly Administration[],
  times: readonly number[],
  varied: ReadonlySet<string>,
): Schedule | null {
  const dosed = [...new Set(doses.map(({ compartment }) => compartment))];
  for (const index of dosed) {
    const { lag } = model.compartments[index]!;
    const { bioavailability } = model.compartments[index]!;
    const fixed = (expression: Expression) =>
      [...deepSymbols(model, expression)].every((name) => !varied.has(name));
    // Amounts of a bolus and rates of an infusion of given length follow the person; times may not.
    if (!fixed(lag)) return null;
    if (deepSymbols(model, bioavailability).has(TIME) || deepSymbols(model, lag).has(TIME)) return null;
  }
  const held = heldSymbols(model, doses);
  const changes = changesOf(model, doses, typical, times.at(-1)!, held);
  return { changes, rows: rowsOf(model, doses, changes, times), held };
}

function heldSymbols(model: PharmacologyModel, doses: readonly PopulationDose[]): string[] {
  const used = new Set<string>();
  const all = [
    ...model.compartments.map(({ rate }) => rate),
    ...model.outputs.map(({ expression }) => expression),
    ...model.definitions.values(),
  ];
  for (const expression of all) symbolsOf(expression, used);
  const held = new Set<string>();
  for (const { compartment, duration } of doses) {
    const { name } = model.compartments[compartment]!;
    if (duration > 0) held.add(infusionSymbol(name));
    const since = used.has(doseTimeSymbol(name)) || used.has(timeAfterDoseSymbol(name));
    if (used.has(doseSymbol(name))) held.add(doseSymbol(name));
    if (since) held.add(doseTimeSymbol(name));
  }
  return [...held];
}

function changesOf(
  model: PharmacologyModel,
  doses: readonly PopulationDose[],
  typical: readonly Administration[],
  until: number,
  held: readonly string[],
): ScheduledChange[] {
  type Instant = { time: number; order: number; dose: number; kind: "bolus" | "start" | "end" };
  const instants: Instant[] = [];
  for (const [d, { start, interval, count }] of doses.entries()) {
    const { lag, duration, rate } = typical[d]!;
    for (let k = 0; k < count; k++) {
      const time = start + lag + k * interval;
      if (time > until) break;
      if (instants.length > MOST_CHANGES) {
        throw usageError(
          `The doses need more than ${MOST_CHANGES} changes.`,
          "Give fewer, or simulate a shorter time.",
        );
      }
      // An infusion that ends when the next begins ends first.
      if (rate > 0) {
        instants.push({ time, order: 1, dose: d, kind: "start" });
        if (time + duration <= until)
          instants.push({ time: time + duration, order: 0, dose: d, kind: "end" });
      } else instants.push({ time, order: 1, dose: d, kind: "bolus" });
    }
  }
  instants.sort((a, b) => a.time - b.time || a.order - b.order || a.dose - b.dose);
  const n = model.compartments.length;
  const at = (symbol: string) => n + held.indexOf(symbol);
  const running: number[] = [];
  const changes: ScheduledChange[] = [];
  for (const { time, dose, kind } of instants) {
    const { compartment } = doses[dose]!;
    const { name } = model.compartments[compartment]!;
    if (kind === "bolus")
      changes.push({ time, kind: "add", state: compartment, doses: [dose], what: "bolus", given: dose });
    else {
      if (kind === "start") running.push(dose);
      else running.splice(running.indexOf(dose), 1);
      const here = running.filter((other) => doses[other]!.compartment === compartment);
      changes.push({
        time,
        kind: "set",
        state: at(infusionSymbol(name)),
        doses: here,
        what: "rate",
        given: dose,
      });
    }
    if (kind === "end") continue;
    if (held.includes(doseSymbol(name)))
      changes.push({
        time,
        kind: "set",
        state: at(doseSymbol(name)),
        doses: [dose],
        what: "amount",
        given: dose,
      });
    if (held.includes(doseTimeSymbol(name)))
      changes.push({
        time,
        kind: "set",
        state: at(doseTimeSymbol(name)),
        doses: [],
        what: "time",
        given: dose,
      });
  }
  return changes;
}

/**
 * The grid, and the times at which infusions into what the outputs show begin and end, where peaks are; where a bolus
 * makes an output jump a row before it and one after it.
 */
function rowsOf(
  model: PharmacologyModel,
  doses: readonly PopulationDose[],
  changes: readonly ScheduledChange[],
  times: readonly number[],
): ScheduledRow[] {
  const shown = new Set(model.outputs.flatMap(({ expression }) => [...deepSymbols(model, expression)]));
  const isShown = (dose: PopulationDose) => shown.has(model.compartments[dose.compartment]!.name);
  const visible = new Set([...doses.keys()].filter((dose) => isShown(doses[dose]!)));
  const all = new Set(times);
  const jumps = new Set<number>();
  for (const { time, what, given } of changes) {
    if (time < times[0]! || !visible.has(given)) continue;
    if (what === "bolus" || what === "rate") all.add(time);
    if (what === "bolus") jumps.add(time);
  }
  return [...all]
    .sort((a, b) => a - b)
    .flatMap((time) =>
      jumps.has(time) && time > times[0]!
        ? [false, true].map((after) => ({ time, after }))
        : [{ time, after: true }],
    );
}

/** What a change puts into the state of a person with these administrations. */
export function changeValue(
  { doses, what, time }: ScheduledChange,
  administrations: readonly Administration[],
): number {
  if (what === "time") return time;
  return doses.reduce((sum, dose) => sum + administrations[dose]![what], 0);
}
