/** People with times of their own (data sets, lags that vary, occasions): each by the simulator of data sets. */
import type { DataRecord, DataSet, DataSubject } from "../pharmacology/data-set.js";
import { DataSimulator } from "../pharmacology/data-simulator.js";
import type { PharmacologyModel } from "../pharmacology/model.js";
import { doseRecord } from "./dose-text.js";
import type { PopulationEngine } from "./engines.js";
import type { Individual } from "./individuals.js";
import { isDataSet, type PopulationTask } from "./task.js";

/** Line of the records of the grid; those of data begin at 1. */
const GRID_LINE = 0;

/** A data set's subject without its observations: what happens, and when what is known changes. */
interface Scheme {
  records: DataRecord[];
  /** Number of each record's occasion, counted from 0 in the order in which they come. */
  occasions: number[];
}

export class OneByOneEngine implements PopulationEngine {
  readonly name = "one-by-one";
  readonly rows: Float64Array;
  readonly #simulator: DataSimulator;
  readonly #task: PopulationTask;
  readonly #schemes: Scheme[];

  private constructor(task: PopulationTask, simulator: DataSimulator, schemes: Scheme[]) {
    this.#task = task;
    this.#simulator = simulator;
    this.#schemes = schemes;
    this.rows = Float64Array.from(task.times);
  }

  /** `model` is the task's with the outputs that are asked for. */
  static async create(task: PopulationTask, model: PharmacologyModel): Promise<OneByOneEngine> {
    const { doses } = task;
    const data: DataSet = isDataSet(doses) ? doses : { name: "the doses", covariates: [], subjects: [] };
    // Every person brings all parameters; these only stand in for covariates that have no value yet.
    const parameters = Object.fromEntries(
      model.parameters
        .filter(({ name }) => !data.covariates.includes(name))
        .map(({ name, value }) => [name, task.parameters[name] ?? value ?? 1]),
    );
    const { relative, absolute } = task;
    const simulator = await DataSimulator.create(model, data, {
      parameters,
      relative,
      absolute,
      covariates: "last",
    });
    const schemes = isDataSet(doses) ? doses.subjects.map(schemeOf) : [];
    return new OneByOneEngine(task, simulator, schemes);
  }

  simulate(people: readonly [Individual, Individual], to: readonly [Float64Array, Float64Array]): void {
    for (const who of [0, 1] as const) this.#simulate(people[who], to[who]);
  }

  #simulate(individual: Individual, to: Float64Array): void {
    const { records, occasions } = withGrid(
      this.#schemeOf(individual),
      this.#task.times,
      this.#task.doseFactor,
    );
    const byOccasion = new Map<number, Float64Array>();
    const parametersAt = (record: number): Float64Array => {
      const occasion = occasions[record]!;
      const known = byOccasion.get(occasion) ?? individual.ofOccasion(occasion);
      byOccasion.set(occasion, known);
      return known;
    };
    const subject: DataSubject = { id: `person ${individual.index + 1}`, records };
    let row = 0;
    for (const { line, values } of this.#simulator.simulate(subject, parametersAt)) {
      if (line !== GRID_LINE) continue;
      to.set(values, row * values.length);
      row++;
    }
  }

  #schemeOf({ index, person }: Individual): Scheme {
    const { doses } = this.#task;
    if (isDataSet(doses)) return this.#schemes[index % this.#schemes.length]!;
    const records = doses.map((dose) => doseRecord(dose, person?.patient.weightKg ?? Number.NaN));
    return { records, occasions: records.map(() => 0) };
  }
}

function schemeOf({ records }: DataSubject): Scheme {
  const numbers = new Map<string, number>();
  const kept: DataRecord[] = [];
  const occasions: number[] = [];
  for (const record of records) {
    const name = record.occasion ?? "";
    const occasion = numbers.get(name) ?? numbers.size;
    numbers.set(name, occasion);
    const before = kept.at(-1);
    const changed =
      before === undefined ||
      occasion !== occasions.at(-1) ||
      record.covariates.some((value, k) => !Object.is(value, before.covariates[k]));
    if (record.dose === null && !changed) continue;
    kept.push(record.dose === null ? { ...record, kind: "other" } : record);
    occasions.push(occasion);
  }
  return { records: kept, occasions };
}

/** Records of the grid among a scheme's: behind those of the same time, with what is known then. */
function withGrid({ records, occasions }: Scheme, times: readonly number[], factor: number): Scheme {
  const merged: Scheme = { records: [], occasions: [] };
  const order = records.map((_, i) => i).sort((a, b) => records[a]!.time - records[b]!.time || a - b);
  let next = 0;
  let known = order[0] ?? -1;
  const add = (record: DataRecord, occasion: number) => {
    merged.records.push(record);
    merged.occasions.push(occasion);
  };
  for (const time of times) {
    for (; next < order.length && records[order[next]!]!.time <= time; next++) {
      known = order[next]!;
      add(scaled(records[known]!, factor), occasions[known]!);
    }
    const covariates = records[known]?.covariates ?? new Float64Array(0);
    const grid = { line: GRID_LINE, time, compartment: "", dose: null, observed: null, covariates };
    add({ ...grid, kind: "observation" }, occasions[known] ?? 0);
  }
  return merged;
}

function scaled(record: DataRecord, factor: number): DataRecord {
  if (record.dose === null || factor === 1) return record;
  const { amount, rate } = record.dose;
  return {
    ...record,
    dose: { ...record.dose, amount: amount * factor, rate: rate > 0 ? rate * factor : rate },
  };
}
