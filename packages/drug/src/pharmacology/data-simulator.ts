import { inputError, type JobOptions, VisceraError } from "@viscera/core";
import type { Tolerances } from "@viscera/numerics";
import { administration } from "./administration.js";
import { Course } from "./course.js";
import type { DataRecord, DataSet, DataSubject } from "./data-set.js";
import { DosePropertyTable } from "./dose-properties.js";
import { type CompiledFlow, compileFlow, DEFAULT_RELATIVE, type Flow } from "./flow.js";
import {
  accumulators,
  compartmentOutput,
  equationSystem,
  type ModelOutput,
  type PharmacologyModel,
} from "./model.js";
import { findCompartment } from "./model-text.js";

export interface DataSimulationOptions extends JobOptions, Tolerances {
  /** Values in place of the model's, by name; a column of the data with that name goes before both. */
  parameters?: Readonly<Record<string, number>>;
  /** Give the compartments beside the outputs. */
  compartments?: boolean;
  /**
   * Between two records a covariate has the value of the later one (`next`, as in NONMEM; the default) or of the
   * earlier one (`last`).
   */
  covariates?: "next" | "last";
  /** `solver` takes the solver for linear models too. */
  method?: "auto" | "solver";
}

export interface SimulatedRow {
  id: string;
  time: number;
  /** Line of the data. */
  line: number;
  /** In the order of the columns. */
  values: Float64Array;
}

/** All of a model's parameters, for a whole subject or by the number of the record. */
export type RecordParameters = Float64Array | ((record: number) => Float64Array);

/** Of iterated steady states, in relative tolerances of the solver. */
const STEADY_STATE_FACTOR = 10;
/** Data that ask for more doses are refused. */
const MOST_DOSES = 1e9;

/**
 * Simulates subjects of a data set on a model that is compiled once, any number of times and with any parameters: what
 * fitting and populations need. Not for two subjects at the same time.
 */
export class DataSimulator {
  readonly #model: PharmacologyModel;
  readonly #data: DataSet;
  /** What the rows hold. */
  readonly outputs: readonly ModelOutput[];
  readonly #base: Float64Array;
  readonly #compiled: CompiledFlow;
  readonly #linearFlow: Flow | null;
  readonly #properties: DosePropertyTable;
  readonly #accumulators: readonly number[];
  readonly #options: DataSimulationOptions;
  /** Per covariate of the data its place among the parameters. */
  readonly #covariateAt: number[];
  readonly warnings: string[] = [];

  private constructor(
    model: PharmacologyModel,
    data: DataSet,
    outputs: readonly ModelOutput[],
    base: Float64Array,
    compiled: CompiledFlow,
    options: DataSimulationOptions,
  ) {
    this.#model = model;
    this.#data = data;
    this.outputs = outputs;
    this.#base = base;
    this.#compiled = compiled;
    this.#linearFlow = compiled.linear ? compiled.newFlow() : null;
    this.#properties = new DosePropertyTable(model);
    this.#accumulators = accumulators(model);
    this.#options = options;
    this.#covariateAt = data.covariates.map((name) =>
      model.parameters.findIndex((parameter) => parameter.name === name),
    );
  }

  /** Throws `input.parameters`, and `input.data` for a covariate that nobody gives. */
  static async create(
    model: PharmacologyModel,
    data: DataSet,
    options: DataSimulationOptions = {},
  ): Promise<DataSimulator> {
    const base = parameterValues(model, data, options.parameters ?? {});
    const outputs = options.compartments
      ? [
          ...model.outputs,
          ...model.compartments
            .filter(({ name }) => !model.outputs.some((output) => output.name === name))
            .map(compartmentOutput),
        ]
      : model.outputs;
    const compiled = await compileFlow(equationSystem({ ...model, outputs }), options);
    return new DataSimulator(model, data, outputs, base, compiled, options);
  }

  /** The model's parameters before any of the data; NaN for covariates that only the data give. */
  get base(): Float64Array {
    return this.#base.slice();
  }

  /** Whether states are carried by exponentials, without an error of time steps. */
  get linear(): boolean {
    return this.#compiled.linear;
  }

  /**
   * The outputs at each of a subject's records with EVID 0 or 2. `parameters` are all of the model's, in its order,
   * in place of those given at the start, perhaps others for each record; the data's covariates go before both.
   */
  simulate(subject: DataSubject, parameters: RecordParameters = this.#base): SimulatedRow[] {
    this.#checkDoses(subject);
    try {
      return this.#run(subject, parameters);
    } catch (error) {
      if (!(error instanceof VisceraError) || !error.code.startsWith("failed")) throw error;
      throw new VisceraError(error.code, `Subject ${subject.id}: ${error.message}`, error.hint);
    }
  }

  #run({ id, records }: DataSubject, base: RecordParameters): SimulatedRow[] {
    const n = this.#model.compartments.length;
    const p = this.#base.length;
    const layout = { infusion: p, dose: p + n, doseTime: p + 2 * n };
    const rows: SimulatedRow[] = [];
    const first = records[0]!;
    const parametersAt = records.map((record, i) =>
      this.#parametersOf(record, typeof base === "function" ? base(i) : base),
    );
    const all = new Float64Array(p + 3 * n);
    all.set(parametersAt[0]!);
    const { evaluator } = this.#compiled;
    let evaluated: Float64Array | null = null;
    const course = new Course(
      {
        // A solver remembers its step: a new one for each subject, so that no subject depends on others.
        flow: this.#linearFlow ?? this.#compiled.newFlow(),
        layout,
        compartments: this.#model.compartments.map(({ name }) => name),
        signal: this.#options.signal,
        accumulators: this.#accumulators,
        steadyStateTolerance: STEADY_STATE_FACTOR * (this.#options.relative ?? DEFAULT_RELATIVE),
        onOutput: (index, time, state, parameters) => {
          // The parameters change in place; a copy tells.
          if (evaluated === null || parameters.some((value, i) => value !== evaluated![i])) {
            evaluated = parameters.slice();
            evaluator.setParameters(evaluated);
          }
          const values = evaluator.outputs(time, state).slice();
          rows.push({ id, time, line: records[index]!.line, values });
        },
      },
      all,
      this.#initialState(first, parametersAt[0]!),
      first.time,
    );
    for (const [i, record] of records.entries()) {
      const parameters = parametersAt[i]!;
      if (this.#options.covariates !== "last") course.setParameters(parameters);
      const resets = record.kind === "reset" || record.kind === "reset-and-dose";
      // A reset cancels what would happen at its time; one that begins a new count of time ends the old one there.
      if (!resets) course.advance(record.time);
      course.setParameters(parameters);
      if (resets) course.reset(record.time, this.#initialState(record, parameters));
      if (record.dose) this.#dose(course, record, parameters);
      else if (!resets) course.observe(i);
    }
    course.finish();
    return rows;
  }

  /** Counts the doses that fall within the subject's time before any is given. */
  #checkDoses({ records }: DataSubject): void {
    const end = records.reduce((latest, { time }) => Math.max(latest, time), Number.NEGATIVE_INFINITY);
    let doses = 0;
    for (const { dose, time, line } of records) {
      if (!dose || dose.additional === 0) continue;
      doses += Math.min(dose.additional, (end - time) / dose.interval);
      if (doses <= MOST_DOSES) continue;
      throw inputError(
        "data",
        `Line ${line} of ${this.#data.name}: the doses up to here would need more than 1e9 steps.`,
        "Check ADDL, II and the unit of TIME.",
      );
    }
  }

  #parametersOf(record: DataRecord, base: Float64Array): Float64Array {
    const values = base.slice();
    for (const [k, at] of this.#covariateAt.entries()) {
      if (at < 0) continue;
      const value = record.covariates[k]!;
      if (!Number.isNaN(value)) values[at] = value;
      else if (Number.isNaN(values[at])) {
        throw inputError(
          "data",
          `Line ${record.line} of ${this.#data.name}: the covariate "${this.#data.covariates[k]}" is missing.`,
          "Give it in the subject's first row.",
        );
      }
    }
    return values;
  }

  #initialState(record: DataRecord, parameters: Float64Array): Float64Array {
    const state = this.#properties.initialState(parameters, record.time);
    const bad = state.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      throw inputError(
        "parameters",
        `The initial value of "${this.#model.compartments[bad]!.name}" is ${state[bad]} (line ${record.line} of ${this.#data.name}).`,
        "Check the parameters that it is made of.",
      );
    }
    return state;
  }

  #dose(course: Course, record: DataRecord, parameters: Float64Array): void {
    const key = record.compartment === "" ? "1" : record.compartment;
    const compartment = findCompartment(this.#model, key);
    const where = `Line ${record.line} of ${this.#data.name}`;
    if (compartment === undefined) {
      const names = this.#model.compartments.map(({ name }, i) => `${i + 1} (${name})`);
      throw inputError(
        "data",
        `${where}: the model has no compartment ${record.compartment}.`,
        `It has ${names.join(", ")}.`,
      );
    }
    const dose = administration(
      record,
      compartment,
      this.#properties.of(compartment, parameters, record.time),
      { data: this.#data.name, compartment: this.#model.compartments[compartment]!.name },
    );
    const { steadyState, interval } = record.dose!;
    if (steadyState !== 0 && dose.lag > interval && interval > 0) {
      this.warnings.push(
        `${where}: the lag (${dose.lag}) is longer than the interval (${interval}); the steady state is carried back before its arrival, as NONMEM does, and may be negative.`,
      );
    }
    course.dose(dose, record.dose!, where);
  }
}

/** Values of the model's parameters before any of the data. */
function parameterValues(
  model: PharmacologyModel,
  data: DataSet,
  given: Readonly<Record<string, number>>,
): Float64Array {
  const names = model.parameters.map(({ name }) => name);
  for (const [name, value] of Object.entries(given)) {
    if (!names.includes(name)) {
      throw inputError(
        "parameters",
        `The model has no parameter "${name}".`,
        names.length > 0 ? `It has ${names.join(", ")}.` : "It has none.",
      );
    }
    if (!Number.isFinite(value)) throw inputError("parameters", `The parameter "${name}" is ${value}.`);
    if (data.covariates.includes(name)) {
      throw inputError(
        "parameters",
        `"${name}" is given, but ${data.name} has a column of that name.`,
        "Leave one of them out.",
      );
    }
  }
  return Float64Array.from(model.parameters, ({ name, value }) => {
    const known = given[name] ?? value;
    if (known === null && !data.covariates.includes(name)) {
      throw inputError(
        "data",
        `${data.name} has no column "${name}", which the model needs as a covariate.`,
        `Add the column, or give it one value with --set ${name}=...`,
      );
    }
    return known ?? Number.NaN;
  });
}
