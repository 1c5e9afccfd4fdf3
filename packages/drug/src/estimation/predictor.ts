/** Predictions of one subject's observations and their derivatives by its individual quantities. */
import { VisceraError } from "@viscera/core";
import type { DataSet, DataSubject } from "../pharmacology/data-set.js";
import { DataSimulator, type RecordParameters } from "../pharmacology/data-simulator.js";
import { type IndividualModel, quantityName } from "./individual-model.js";
import { sensitivityModel } from "./sensitivity-model.js";

/** Of a subject: where its observations are and which quantities it has. */
export interface SubjectLayout {
  subject: DataSubject;
  /** Lines of the data that hold observations, in order, and the output observed in each. */
  lines: readonly number[];
  outputs: readonly number[];
  /** Per record the number of its occasion, from 0. */
  occasionOf: readonly number[];
  /** The subject's quantities: the model's, those that depend on occasions once for each. */
  slots: readonly { quantity: number; occasion: number | null }[];
}

export interface Prediction {
  /** Per observation. */
  values: Float64Array;
  /** observations x slots; empty where not asked for. */
  first: Float64Array;
  /** observations x slots x slots. */
  second: Float64Array;
}

/** Steps of central differences, relative to the quantity. */
const FIRST_STEP = 1e-5;
const CENTRAL_STEP = 2e-4;
/** Where doses change with a quantity and states come from a solver with an error of its own. */
const SOLVER_STEP = 2e-3;

export interface PredictorOptions {
  covariates?: "next" | "last";
  /** Of the solver. */
  relative?: number;
  absolute?: number;
  signal?: AbortSignal;
}

/**
 * Linear models are exact to rounding, so that differences of them are good to 1e-7 and better; nonlinear ones carry
 * their sensitivities, but for quantities that act through doses (lag, bioavailability ...) or have no symbolic
 * derivative or change between occasions, by which they are differenced.
 */
export class Predictor {
  readonly #individual: IndividualModel;
  readonly #plain: DataSimulator;
  /** With first, and with first and second derivatives by `#carried`. */
  readonly #sensitive: readonly [DataSimulator, DataSimulator] | null;
  readonly #carried: readonly number[];
  readonly #rest: Float64Array;

  private constructor(
    individual: IndividualModel,
    plain: DataSimulator,
    sensitive: readonly [DataSimulator, DataSimulator] | null,
    carried: readonly number[],
  ) {
    this.#individual = individual;
    this.#plain = plain;
    this.#sensitive = sensitive;
    this.#carried = carried;
    this.#rest = plain.base.slice(individual.quantities);
  }

  static async create(
    individual: IndividualModel,
    data: DataSet,
    settings: Readonly<Record<string, number>>,
    options: PredictorOptions = {},
  ): Promise<Predictor> {
    const { model } = individual;
    const covariates = new Set(model.parameters.map(({ name }) => name));
    const known = Object.fromEntries(Object.entries(settings).filter(([name]) => covariates.has(name)));
    const simulation = { ...options, parameters: known };
    const plain = await DataSimulator.create(model, data, simulation);
    if (plain.linear) return new Predictor(individual, plain, null, []);
    const possible = individual.ofDoses.flatMap((ofDoses, k) =>
      ofDoses || individual.ofOccasion[k] ? [] : [k],
    );
    const carried = possible.filter((k) => isDifferentiable(individual, k));
    const names = carried.map(quantityName);
    const withOrder = (order: 1 | 2) =>
      DataSimulator.create(sensitivityModel(model, names, order), data, simulation);
    return new Predictor(individual, plain, [await withOrder(1), await withOrder(2)], carried);
  }

  /** What somebody should look at, each once. */
  get warnings(): string[] {
    return [...new Set(this.#plain.warnings)];
  }

  get linear(): boolean {
    return this.#sensitive === null;
  }

  /** Parameters of the simulator for values of the slots. */
  #parameters(layout: SubjectLayout, values: Float64Array): RecordParameters {
    const { quantities } = this.#individual;
    const of = (occasion: number) => {
      const all = new Float64Array(quantities + this.#rest.length);
      all.set(this.#rest, quantities);
      for (const [i, slot] of layout.slots.entries()) {
        if (slot.occasion === null || slot.occasion === occasion) all[slot.quantity] = values[i]!;
      }
      return all;
    };
    if (layout.slots.every(({ occasion }) => occasion === null)) return of(0);
    const byOccasion = new Map<number, Float64Array>();
    return (record) => {
      const occasion = layout.occasionOf[record]!;
      const known = byOccasion.get(occasion) ?? of(occasion);
      byOccasion.set(occasion, known);
      return known;
    };
  }

  /** Per observation the wanted outputs: `width` of each model output, spaced by the number of outputs. */
  #run(simulator: DataSimulator, layout: SubjectLayout, values: Float64Array, width: number): Float64Array {
    const rows = simulator.simulate(layout.subject, this.#parameters(layout, values));
    const outputs = this.#individual.model.outputs.length;
    const result = new Float64Array(layout.lines.length * width);
    let next = 0;
    for (const row of rows) {
      if (row.line !== layout.lines[next]) continue;
      const output = layout.outputs[next]!;
      for (let k = 0; k < width; k++) result[next * width + k] = row.values[k * outputs + output]!;
      next++;
    }
    return result;
  }

  values(layout: SubjectLayout, values: Float64Array): Float64Array {
    return this.#run(this.#plain, layout, values, 1);
  }

  /** With first derivatives. */
  first(layout: SubjectLayout, values: Float64Array): Prediction {
    const n = layout.lines.length;
    const m = values.length;
    const first = new Float64Array(n * m);
    const base = this.#carriedFirst(layout, values, first);
    for (const [i, { quantity }] of layout.slots.entries()) {
      if (this.#carried.includes(quantity)) continue;
      const h = (this.linear ? FIRST_STEP : SOLVER_STEP) * scaleOf(values[i]!);
      const ahead = this.#differenced(layout, shifted(values, i, h));
      const behind = this.#differenced(layout, shifted(values, i, -h));
      for (let j = 0; j < n; j++) first[j * m + i] = (ahead[j]! - behind[j]!) / (2 * h);
    }
    return { values: base, first, second: new Float64Array(0) };
  }

  /** The solver's error is the smaller in a difference the more alike the runs are. */
  #differenced(layout: SubjectLayout, values: Float64Array): Float64Array {
    if (this.#sensitive === null) return this.values(layout, values);
    return column(
      this.#run(this.#sensitive[0], layout, values, 1 + this.#carried.length),
      0,
      1 + this.#carried.length,
    );
  }

  /** Values, and what the solver carries of the first derivatives. */
  #carriedFirst(layout: SubjectLayout, values: Float64Array, first: Float64Array): Float64Array {
    if (this.#sensitive === null) return this.values(layout, values);
    const width = 1 + this.#carried.length;
    const run = this.#run(this.#sensitive[0], layout, values, width);
    const m = values.length;
    for (const [c, i] of this.#carriedSlots(layout)) {
      for (let j = 0; j < layout.lines.length; j++) first[j * m + i] = run[j * width + 1 + c]!;
    }
    return column(run, 0, width);
  }

  /** Of each quantity that the solver differentiates by, its number there and the slot, if it is the subject's. */
  #carriedSlots(layout: SubjectLayout): [number, number][] {
    return this.#carried.flatMap((quantity, c): [number, number][] => {
      const slot = layout.slots.findIndex((found) => found.quantity === quantity && found.occasion === null);
      return slot < 0 ? [] : [[c, slot]];
    });
  }

  /** With first and second derivatives. */
  second(layout: SubjectLayout, values: Float64Array): Prediction {
    return this.#sensitive === null
      ? this.#secondByDifferences(layout, values)
      : this.#secondBySolver(this.#sensitive[1], layout, values);
  }

  #secondByDifferences(layout: SubjectLayout, values: Float64Array): Prediction {
    const n = layout.lines.length;
    const m = values.length;
    const base = this.values(layout, values);
    const first = new Float64Array(n * m);
    const second = new Float64Array(n * m * m);
    const steps = values.map((value) => CENTRAL_STEP * scaleOf(value));
    const up: Float64Array[] = [];
    const down: Float64Array[] = [];
    for (let i = 0; i < m; i++) {
      const h = steps[i]!;
      const [ahead, behind] = [
        this.values(layout, shifted(values, i, h)),
        this.values(layout, shifted(values, i, -h)),
      ];
      up.push(ahead);
      down.push(behind);
      for (let j = 0; j < n; j++) {
        first[j * m + i] = (ahead[j]! - behind[j]!) / (2 * h);
        second[(j * m + i) * m + i] = (ahead[j]! - 2 * base[j]! + behind[j]!) / (h * h);
      }
    }
    for (let i = 0; i < m; i++) {
      for (let k = 0; k < i; k++) {
        const area = 2 * steps[i]! * steps[k]!;
        const both = this.values(layout, shifted(shifted(values, i, steps[i]!), k, steps[k]!));
        const neither = this.values(layout, shifted(shifted(values, i, -steps[i]!), k, -steps[k]!));
        for (let j = 0; j < n; j++) {
          const mixed =
            (both[j]! + neither[j]! - up[i]![j]! - down[i]![j]! - up[k]![j]! - down[k]![j]! + 2 * base[j]!) /
            area;
          second[(j * m + i) * m + k] = second[(j * m + k) * m + i] = mixed;
        }
      }
    }
    return { values: base, first, second };
  }

  #secondBySolver(simulator: DataSimulator, layout: SubjectLayout, values: Float64Array): Prediction {
    const n = layout.lines.length;
    const m = values.length;
    const c = this.#carried.length;
    const width = 1 + c + (c * (c + 1)) / 2;
    const run = this.#run(simulator, layout, values, width);
    const first = new Float64Array(n * m);
    const second = new Float64Array(n * m * m);
    const carried = this.#carriedSlots(layout);
    for (const [a, i] of carried) {
      for (let j = 0; j < n; j++) first[j * m + i] = run[j * width + 1 + a]!;
      for (const [b, k] of carried) {
        if (b < a) continue;
        const at = 1 + c + a * c - (a * (a - 1)) / 2 + (b - a);
        for (let j = 0; j < n; j++) {
          second[(j * m + i) * m + k] = second[(j * m + k) * m + i] = run[j * width + at]!;
        }
      }
    }
    const base = column(run, 0, width);
    const slots = new Set(carried.map(([, i]) => i));
    for (let i = 0; i < m; i++) if (!slots.has(i)) this.#differenceSlot(layout, values, i, first, second);
    return { values: base, first, second };
  }

  /** First derivatives by a slot, and second ones by it and each, as differences of first derivatives. */
  #differenceSlot(
    layout: SubjectLayout,
    values: Float64Array,
    i: number,
    first: Float64Array,
    second: Float64Array,
  ): void {
    const m = values.length;
    const h = SOLVER_STEP * scaleOf(values[i]!);
    const ahead = this.first(layout, shifted(values, i, h));
    const behind = this.first(layout, shifted(values, i, -h));
    for (let j = 0; j < layout.lines.length; j++) {
      first[j * m + i] = (ahead.values[j]! - behind.values[j]!) / (2 * h);
      for (let k = 0; k < m; k++) {
        const value = (ahead.first[j * m + k]! - behind.first[j * m + k]!) / (2 * h);
        second[(j * m + i) * m + k] = second[(j * m + k) * m + i] = value;
      }
    }
  }
}

const scaleOf = (value: number) => Math.abs(value) || 1;

function shifted(values: Float64Array, i: number, by: number): Float64Array {
  const moved = values.slice();
  moved[i]! += by;
  return moved;
}

const column = (table: Float64Array, at: number, width: number) =>
  Float64Array.from({ length: table.length / width }, (_, j) => table[j * width + at]!);

/** False for what has no symbolic derivative (a factorial). */
function isDifferentiable({ model }: IndividualModel, quantity: number): boolean {
  try {
    sensitivityModel(model, [quantityName(quantity)], 2);
    return true;
  } catch (error) {
    if (error instanceof VisceraError && error.code === "failed.derivative") return false;
    throw error;
  }
}
