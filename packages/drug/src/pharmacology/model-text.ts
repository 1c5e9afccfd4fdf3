/**
 * Models as text, one statement a line:
 *
 *     title: One compartment, first-order absorption
 *     source: where the equations come from
 *     time: h
 *     parameter CL = 2.8 [L/h]          # clearance
 *     covariate WT [kg]                 # has to be in the data; `= 70` gives it a value where it is not
 *     ke = CL / V                       # a definition
 *     d/dt(depot) = -ka * depot         # compartments are numbered in this order
 *     d/dt(central) = ka * depot - ke * central [mg]
 *     central(0) = 0
 *     F(depot) = 0.8
 *     lag(depot) = 0.5
 *     rate(central) = R1                # of doses with RATE -1; duration(central) of those with RATE -2
 *     output Cp = central / V [mg/L]
 *     random etaCL ~ 0.09               # variability: see variability-text.ts
 *
 * Formulas are those of `parseFormula` with `t` for the time; `dose.depot` is the amount of the last dose that
 * arrived in the compartment `depot`, `tad.depot` the time after it.
 */
import { inputError, VisceraError } from "@viscera/core";
import {
  type Expression,
  ExpressionGraph,
  isReservedName,
  number,
  parseFormula,
  symbolsOf,
} from "@viscera/numerics";
import {
  givenSymbols,
  type ModelCompartment,
  type PharmacologyModel,
  type RandomEffects,
  TIME,
} from "./model.js";
import { isMistake, type Qualifiers, readError, readQualifiers, readRandom } from "./variability-text.js";

const NAME = String.raw`[\p{L}_][\p{L}\p{N}_]*`;
const HEADING = /^(title|source|time)\s*:\s*(.*)$/u;
const QUANTITY = new RegExp(String.raw`^(parameter|covariate)\s+(${NAME})\s*(?:=(.*))?$`, "u");
const RATE = new RegExp(String.raw`^d\s*/\s*dt\s*\(\s*(${NAME})\s*\)\s*=(.*)$`, "u");
const OF_COMPARTMENT = new RegExp(String.raw`^(F|lag|rate|duration)\s*\(\s*(${NAME})\s*\)\s*=(.*)$`, "u");
const INITIAL = new RegExp(String.raw`^(${NAME})\s*\(\s*0\s*\)\s*=(.*)$`, "u");
const OUTPUT = new RegExp(String.raw`^output\s+(${NAME})\s*(?:=(.*))?$`, "u");
const DEFINITION = new RegExp(String.raw`^(${NAME})\s*=(.*)$`, "u");
const UNIT = /\s*\[([^\][]*)\]\s*$/;

const LONGEST_LINE = 20_000;
const MOST_LINES = 20_000;

type DoseProperty = "bioavailability" | "lag" | "infusionRate" | "infusionDuration";
const DOSE_PROPERTIES: Record<string, DoseProperty> = {
  F: "bioavailability",
  lag: "lag",
  rate: "infusionRate",
  duration: "infusionDuration",
};

interface Line extends Qualifiers {
  number: number;
  unit: string;
  comment: string;
}

/**
 * Reads a model. Throws `input.model-text` with the line of the mistake: a formula that cannot be read, a symbol
 * or compartment that is not there, something defined twice.
 */
export function readModelText(text: string, name = "the model"): PharmacologyModel {
  const reader = new ModelReader(name);
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  if (lines.length > MOST_LINES) {
    throw inputError("model-text", `${name} has ${lines.length} lines; the limit is ${MOST_LINES}.`);
  }
  for (const [i, raw] of lines.entries()) reader.line(i + 1, raw);
  return reader.finish();
}

class ModelReader {
  readonly #name: string;
  readonly #model: PharmacologyModel & Required<Pick<PharmacologyModel, "random" | "errors">> = {
    title: "",
    sources: [],
    timeUnit: "",
    parameters: [],
    compartments: [],
    definitions: new Map(),
    outputs: [],
    random: [],
    errors: [],
  };
  /** Line in which each name was defined. */
  readonly #lineOf = new Map<string, number>();
  /** Statements about compartments, which may stand before the compartment. */
  readonly #properties: {
    line: number;
    compartment: string;
    what: DoseProperty | "initial";
    value: Expression;
  }[] = [];
  /** Formulas whose symbols are looked up at the end. */
  readonly #formulas: { line: number; expression: Expression; mayUseStates: boolean }[] = [];

  readonly #errorLines: number[] = [];

  constructor(name: string) {
    this.#name = name;
  }

  #mistake(line: number, what: string, hint = "") {
    return inputError("model-text", `Line ${line} of ${this.#name}: ${what}`, hint);
  }

  line(at: number, raw: string): void {
    if (raw.length > LONGEST_LINE) throw this.#mistake(at, "the line is longer than 20,000 characters.");
    const hash = raw.indexOf("#");
    const code = (hash < 0 ? raw : raw.slice(0, hash)).trim();
    if (code === "") return;
    const qualifiers = code.startsWith("parameter") ? readQualifiers(code) : { text: code };
    const unit = UNIT.exec(qualifiers.text);
    const line: Line = {
      number: at,
      ...qualifiers,
      ...(unit ? readQualifiers(qualifiers.text.slice(0, unit.index)) : {}),
      unit: (unit?.[1] ?? "").trim(),
      comment: hash < 0 ? "" : raw.slice(hash + 1).trim(),
    };
    this.#statement(line, code);
  }

  #statement(line: Line, code: string): void {
    const model = this.#model;
    const { number: at, text, unit } = line;
    const heading = HEADING.exec(code);
    if (heading) {
      const [, kind, value = ""] = heading;
      if (kind === "title") model.title = value;
      else if (kind === "source") model.sources.push(value);
      else model.timeUnit = value;
      return;
    }
    const quantity = QUANTITY.exec(text);
    if (quantity) {
      const [, kind, name = "", value] = quantity;
      this.#declare(name, at);
      if (value === undefined && kind === "parameter") {
        throw this.#mistake(at, `the parameter "${name}" has no value.`, `Write "parameter ${name} = 1".`);
      }
      const known = value === undefined ? null : this.#constant(value, name, at);
      const { lower, upper, fixed } = line;
      const outside = known !== null && (known <= (lower ?? known - 1) || known >= (upper ?? known + 1));
      if (outside && fixed !== true) {
        throw this.#mistake(at, `the value of "${name}" (${known}) is not within its bounds.`);
      }
      model.parameters.push({
        name,
        value: known,
        unit,
        description: line.comment,
        ...(lower === undefined ? {} : { lower }),
        ...(upper === undefined ? {} : { upper }),
        ...(fixed === undefined ? {} : { fixed }),
        ...(kind === "covariate" ? { covariate: true } : {}),
      });
      return;
    }
    if (this.#variability(line)) return;
    const rate = RATE.exec(text);
    if (rate) {
      const [, name = "", formula = ""] = rate;
      this.#declare(name, at);
      model.compartments.push({
        name,
        unit,
        rate: this.#formula(formula, at, true),
        initial: number(0),
        bioavailability: number(1),
        lag: number(0),
        infusionRate: null,
        infusionDuration: null,
      });
      return;
    }
    const property = OF_COMPARTMENT.exec(text);
    if (property) {
      const [, kind = "", compartment = "", formula = ""] = property;
      const what = DOSE_PROPERTIES[kind]!;
      this.#properties.push({ line: at, compartment, what, value: this.#formula(formula, at, false) });
      return;
    }
    const initial = INITIAL.exec(text);
    if (initial) {
      const [, compartment = "", formula = ""] = initial;
      const value = this.#formula(formula, at, false);
      this.#properties.push({ line: at, compartment, what: "initial", value });
      return;
    }
    const output = OUTPUT.exec(text);
    if (output) {
      const [, name = "", formula] = output;
      const expression = this.#formula(formula ?? name, at, true);
      if (model.outputs.some((other) => other.name === name)) {
        throw this.#mistake(at, `the output "${name}" is there twice.`);
      }
      if (formula !== undefined) {
        this.#declare(name, at);
        model.definitions.set(name, expression);
      }
      model.outputs.push({ name, unit, expression });
      return;
    }
    const definition = DEFINITION.exec(text);
    if (!definition) {
      throw this.#mistake(
        at,
        `"${code.length > 60 ? `${code.slice(0, 60)}...` : code}" is no statement.`,
        'Write "name = formula", "parameter name = value [unit]", "d/dt(name) = formula" or "output name = formula".',
      );
    }
    const [, name = "", formula = ""] = definition;
    this.#declare(name, at);
    model.definitions.set(name, this.#formula(formula, at, true));
  }

  #variability({ text, number: at, comment }: Line): boolean {
    const random = readRandom(text);
    if (random !== null) {
      if (isMistake(random)) throw this.#mistake(at, random.what, random.hint);
      this.#addRandom(random, at, comment);
      return true;
    }
    const error = readError(text);
    if (error === null) return false;
    if (isMistake(error)) throw this.#mistake(at, error.what, error.hint);
    const { errors } = this.#model;
    if (errors.some(({ output }) => output === error.output)) {
      throw this.#mistake(at, `the error of "${error.output}" is there twice.`);
    }
    errors.push(error);
    this.#errorLines.push(at);
    return true;
  }

  #addRandom(random: RandomEffects, at: number, description: string): void {
    this.#model.random.push(random);
    for (const name of random.names) {
      this.#declare(name, at);
      this.#model.parameters.push({ name, value: 0, unit: "", description });
    }
  }

  #declare(name: string, at: number): void {
    if (isReservedName(name) || name === TIME) {
      throw this.#mistake(at, `"${name}" has a meaning of its own in formulas.`, "Choose another name.");
    }
    const before = this.#lineOf.get(name);
    if (before !== undefined) {
      throw this.#mistake(at, `"${name}" is already defined in line ${before}.`, "Choose another name.");
    }
    this.#lineOf.set(name, at);
  }

  #formula(text: string, at: number, mayUseStates: boolean): Expression {
    let expression: Expression;
    try {
      expression = parseFormula(text.trim());
    } catch (error) {
      if (!(error instanceof VisceraError)) throw error;
      throw this.#mistake(at, error.message, error.hint);
    }
    this.#formulas.push({ line: at, expression, mayUseStates });
    return expression;
  }

  #constant(text: string, name: string, at: number): number {
    const expression = this.#formula(text, at, false);
    const symbols = symbolsOf(expression);
    if (symbols.size > 0) {
      throw this.#mistake(
        at,
        `the value of "${name}" uses "${[...symbols][0]}"; a parameter's value is a number.`,
        `Write "${name} = ..." without "parameter" for a definition.`,
      );
    }
    const graph = new ExpressionGraph();
    const [value] = graph.evaluate([graph.add(expression)], () => Number.NaN);
    if (!Number.isFinite(value)) throw this.#mistake(at, `the value of "${name}" is ${value}.`);
    return value!;
  }

  finish(): PharmacologyModel {
    const model = this.#model;
    if (model.compartments.length === 0) {
      throw inputError(
        "model-text",
        `${this.#name} has no compartment.`,
        'Write an equation such as "d/dt(central) = -CL / V * central".',
      );
    }
    const seen = new Set<string>();
    for (const { line, compartment, what, value } of this.#properties) {
      const found = model.compartments.find(({ name }) => name === compartment);
      if (!found)
        throw this.#mistake(line, `there is no compartment "${compartment}".`, this.#compartments());
      if (seen.has(`${what} ${compartment}`)) {
        throw this.#mistake(line, `this is said of "${compartment}" a second time.`);
      }
      seen.add(`${what} ${compartment}`);
      (found as Record<typeof what, Expression>)[what] = value;
    }
    this.#checkSymbols();
    this.#checkCycles();
    if (model.outputs.length === 0) {
      model.outputs = model.compartments.map(({ name, unit }) => ({
        name,
        unit,
        expression: parseFormula(name),
      }));
    }
    for (const [i, { output }] of model.errors.entries()) {
      if (model.outputs.some(({ name }) => name === output)) continue;
      const names = model.outputs.map(({ name }) => name);
      throw this.#mistake(
        this.#errorLines[i]!,
        `there is no output "${output}".`,
        `The outputs are ${names.join(", ")}.`,
      );
    }
    return model;
  }

  #compartments(): string {
    return `The compartments are ${this.#model.compartments.map(({ name }) => name).join(", ")}.`;
  }

  #checkSymbols(): void {
    const { compartments, definitions } = this.#model;
    const states = compartments.map(({ name }) => name);
    const given = givenSymbols(states);
    const varying = new Set([...states, ...given]);
    varying.delete(TIME);
    // What a definition varies with reaches whatever uses it.
    for (let grown = true; grown; ) {
      grown = false;
      for (const [name, expression] of definitions) {
        if (varying.has(name) || ![...symbolsOf(expression)].some((used) => varying.has(used))) continue;
        varying.add(name);
        grown = true;
      }
    }
    for (const { line, expression, mayUseStates } of this.#formulas) {
      for (const used of symbolsOf(expression)) {
        if (!this.#lineOf.has(used) && !given.has(used)) {
          throw this.#mistake(
            line,
            `"${used}" is defined nowhere.`,
            "Define it, or correct its spelling (upper and lower case differ).",
          );
        }
        if (!mayUseStates && varying.has(used)) {
          throw this.#mistake(line, `"${used}" varies with the state; only parameters can be used here.`);
        }
      }
    }
  }

  #checkCycles(): void {
    const { definitions } = this.#model;
    const state = new Map<string, "open" | "done">();
    for (const start of definitions.keys()) {
      // An explicit stack: definitions may form a chain of thousands.
      const stack = [{ name: start, rest: [...symbolsOf(definitions.get(start)!)] }];
      if (state.has(start)) continue;
      state.set(start, "open");
      for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
        const next = top.rest.pop();
        if (next === undefined) {
          state.set(top.name, "done");
          stack.pop();
        } else if (state.get(next) === "open") {
          throw this.#mistake(this.#lineOf.get(next)!, `the definition of "${next}" needs itself.`);
        } else if (definitions.has(next) && !state.has(next)) {
          state.set(next, "open");
          stack.push({ name: next, rest: [...symbolsOf(definitions.get(next)!)] });
        }
      }
    }
  }
}

/** A compartment of the model by its number (1, 2, ...) or name; undefined where there is none. */
export function findCompartment(model: PharmacologyModel, key: string): number | undefined {
  const byNumber = /^\d+$/.test(key) ? Number(key) - 1 : -1;
  if (byNumber >= 0 && byNumber < model.compartments.length) return byNumber;
  const byName = model.compartments.findIndex(({ name }: ModelCompartment) => name === key);
  return byName >= 0 ? byName : undefined;
}
