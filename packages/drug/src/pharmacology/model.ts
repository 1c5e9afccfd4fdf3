/** A pharmacological model as data: what the text format reads to and what is simulated. */
import { call, type EquationSystem, type Expression, symbol, symbolsOf } from "@viscera/numerics";

export interface ModelParameter {
  name: string;
  /** Null for a covariate that has to come from the data. */
  value: number | null;
  unit: string;
  description: string;
  /** Where an estimate has to stay: above and below these, which are themselves excluded. */
  lower?: number;
  upper?: number;
  /** Not to be estimated unless asked for. */
  fixed?: boolean;
  /** Something known of a subject, which is never estimated. */
  covariate?: boolean;
}

/**
 * Random effects that are normally distributed together, with mean 0. Each is also one of the model's parameters, with
 * the value 0 (the typical subject), so that formulas, simulations and data columns can use it as any other.
 */
export interface RandomEffects {
  /** Drawn once a subject, or anew for each of a subject's occasions (column OCC of the data). */
  level: "subject" | "occasion";
  names: string[];
  /** Row-major, as many rows as names. */
  covariance: Float64Array;
  /** The covariance is not to be estimated. */
  fixed: boolean;
}

/**
 * How an observation differs from the output it observes. `additive` and `proportional` (standard deviations) make the
 * variance additive^2 + (proportional * prediction)^2; `exponential` is the standard deviation of the logarithm.
 */
export interface ResidualError {
  output: string;
  /** CMT of its observations where several outputs are observed and the data have no DVID; "" for any. */
  compartment: string;
  terms: { kind: ErrorKind; value: number; fixed: boolean }[];
}

export type ErrorKind = "additive" | "proportional" | "exponential";

export interface ModelCompartment {
  name: string;
  unit: string;
  /** Rate of change without infusions. */
  rate: Expression;
  initial: Expression;
  /** Share of a dose that arrives; scales an infusion's duration, or its rate where the duration is given. */
  bioavailability: Expression;
  /** Time between a dose's record and its arrival. */
  lag: Expression;
  /** Rate of doses with RATE = -1 and duration of those with RATE = -2. */
  infusionRate: Expression | null;
  infusionDuration: Expression | null;
}

export interface ModelOutput {
  name: string;
  unit: string;
  expression: Expression;
}

export interface PharmacologyModel {
  title: string;
  /** Publications that the equations come from. */
  sources: string[];
  timeUnit: string;
  parameters: ModelParameter[];
  /** Compartments in the order of CMT = 1, 2, ... */
  compartments: ModelCompartment[];
  definitions: Map<string, Expression>;
  outputs: ModelOutput[];
  /** Variability between subjects and occasions; none where left out. */
  random?: RandomEffects[];
  /** Residual errors, of different outputs; DVID 1, 2, ... of the data means them in this order. */
  errors?: ResidualError[];
}

/** The time in a model's formulas. */
export const TIME = "t";

/** What an infusion adds to a compartment's rate. */
export const infusionSymbol = (compartment: string): string => `infusion.${compartment}`;
/** Amount (as given, before bioavailability) and time of the last dose that arrived in a compartment. */
export const doseSymbol = (compartment: string): string => `dose.${compartment}`;
export const doseTimeSymbol = (compartment: string): string => `dosetime.${compartment}`;
export const isOfLastDose = (symbol: string): boolean => /^dose(time)?\./.test(symbol);
/** Time after that dose. */
export const timeAfterDoseSymbol = (compartment: string): string => `tad.${compartment}`;

/**
 * The model's equations for the solvers. Its parameters are those of the model followed by three of each
 * compartment: `infusion.X`, `dose.X`, `dosetime.X`. Outputs: the model's own, or those given.
 */
export function equationSystem(model: PharmacologyModel): EquationSystem {
  const names = model.compartments.map(({ name }) => name);
  return {
    states: names,
    parameters: [
      ...model.parameters.map(({ name }) => name),
      ...names.map(infusionSymbol),
      ...names.map(doseSymbol),
      ...names.map(doseTimeSymbol),
    ],
    time: TIME,
    equations: model.compartments.map(({ name, rate }) => call("add", rate, infusionSymbol(name))),
    definitions: new Map([
      ...names.map((name): [string, Expression] => [
        timeAfterDoseSymbol(name),
        call("sub", TIME, doseTimeSymbol(name)),
      ]),
      ...model.definitions,
    ]),
    outputs: model.outputs.map(({ expression }) => expression),
  };
}

/**
 * Compartments on which no rate depends, such as what was excreted or an area under a curve: they grow for ever under
 * repeated doses.
 */
export function accumulators({ compartments, definitions }: PharmacologyModel): number[] {
  const used = new Set<string>();
  const open = compartments.map(({ rate }) => rate);
  for (let expression = open.pop(); expression !== undefined; expression = open.pop()) {
    for (const name of symbolsOf(expression)) {
      if (used.has(name)) continue;
      used.add(name);
      const definition = definitions.get(name);
      if (definition !== undefined) open.push(definition);
    }
  }
  return compartments.flatMap(({ name }, i) => (used.has(name) ? [] : [i]));
}

/** Names that formulas of the model may use besides its parameters, compartments and definitions. */
export function givenSymbols(compartments: readonly string[]): Set<string> {
  return new Set([
    TIME,
    ...compartments.flatMap((name) => [doseSymbol(name), doseTimeSymbol(name), timeAfterDoseSymbol(name)]),
  ]);
}

/** An output that shows a compartment itself. */
export function compartmentOutput({ name, unit }: ModelCompartment): ModelOutput {
  return { name, unit, expression: symbol(name) };
}
