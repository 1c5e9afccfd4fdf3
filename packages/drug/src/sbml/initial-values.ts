import { inputError } from "@viscera/core";
import { applyOperator, drawFrom, type Expression } from "@viscera/numerics";
import { drawSymbol, rateSymbol, type SbmlModel, TIME_SYMBOL } from "./model.js";
import { meansAmount, type SbmlEquations } from "./variables.js";

export interface InitialValues {
  /** Value of a symbol at the start. */
  valueOf(name: string): number;
  /** Value of a formula at the start. */
  evaluate(expression: Expression): number;
  /** Value of a recorded quantity at a time before the start. */
  before(quantity: number, time: number): number;
}

/**
 * Values at the start of everything that a solver keeps. Initial assignments go before values in the document and
 * may use any other variable's initial value; what is given nowhere is NaN. What is drawn takes its uniform numbers
 * from `uniform`, in the order of the draws in the document. Throws `input.sbml` for a circle.
 */
export function initialValues(
  model: SbmlModel,
  equations: SbmlEquations,
  start: number,
  uniform: () => number,
): InitialValues {
  const assigned = new Map(
    model.initialAssignments.flatMap(({ symbol, math }) => (math ? [[symbol, math] as const] : [])),
  );
  const given = new Map<string, number | null>([
    ...model.parameters.map(({ id, value }) => [id, value] as const),
    ...model.compartments.map(({ id, size }) => [id, size] as const),
    ...model.reactions
      .flatMap(({ reactants, products }) => [...reactants, ...products])
      .flatMap(({ id, stoichiometry }) => (id === null ? [] : [[id, stoichiometry] as const])),
  ]);
  const constants = new Set(
    [...model.parameters, ...model.compartments, ...model.species].flatMap(({ id, constant }) =>
      constant ? [id] : [],
    ),
  );
  const species = new Map(model.species.map((item) => [item.id, item]));
  const speciesOfAmount = new Map([...equations.amountOf].map(([id, amount]) => [amount, id]));
  const draws = new Map(
    model.draws.map((draw, i) => [drawSymbol(i), { ...draw, uniform: uniform() }] as const),
  );
  const done = new Map<string, number>();
  const open = new Set<string>();

  const evaluate = (expression: Expression): number => {
    if (expression.kind === "number") return expression.value;
    if (expression.kind === "symbol") return valueOfSymbol(expression.name);
    const { operator, operands } = expression;
    if (operator === "history") return before(evaluate(operands[0]!), evaluate(operands[1]!));
    if (operator === "select") return evaluate(evaluate(operands[0]!) !== 0 ? operands[1]! : operands[2]!);
    const [a, b] = operands.map(evaluate);
    return applyOperator(operator, a!, b);
  };

  /** A formula at a time before the start: what is kept has its initial value and does not change. */
  const evaluateBefore = (expression: Expression, time: number): number => {
    if (expression.kind === "number") return expression.value;
    if (expression.kind === "symbol") {
      const { name } = expression;
      if (name === TIME_SYMBOL) return time;
      if (name.startsWith(rateSymbol(""))) return 0;
      const own = assigned.get(name);
      if (own && !constants.has(name)) return evaluateBefore(own, time);
      const definition = equations.definitions.get(name);
      return definition && !equations.amountOf.has(name)
        ? evaluateBefore(definition, time)
        : valueOfSymbol(name);
    }
    const { operator, operands } = expression;
    const values = operands.map((operand) => evaluateBefore(operand, time));
    if (operator === "history") return before(values[0]!, values[1]!);
    return applyOperator(operator, values[0]!, values[1], values[2]);
  };
  const before = (quantity: number, time: number) => evaluateBefore(model.recorded[quantity]!, time);

  const find = (name: string): number => {
    if (name === TIME_SYMBOL) return start;
    const drawn = draws.get(name);
    if (drawn) return drawFrom(drawn.distribution, drawn.arguments.map(evaluate), drawn.uniform);
    const own = assigned.get(name);
    if (own) return evaluate(own);
    const ofAmount = speciesOfAmount.get(name);
    if (ofAmount !== undefined) {
      const { initialAmount, compartment } = species.get(ofAmount)!;
      if (initialAmount !== null && !assigned.has(ofAmount)) return initialAmount;
      return valueOfSymbol(ofAmount) * valueOfSymbol(compartment);
    }
    const item = species.get(name);
    const definition = equations.definitions.get(name);
    if (definition && !(item && equations.amountOf.has(name))) return evaluate(definition);
    if (item) {
      const amount = meansAmount(model, item);
      if (item.initialAmount !== null) {
        return amount ? item.initialAmount : item.initialAmount / valueOfSymbol(item.compartment);
      }
      if (item.initialConcentration !== null) {
        return amount
          ? item.initialConcentration * valueOfSymbol(item.compartment)
          : item.initialConcentration;
      }
      return Number.NaN;
    }
    return given.get(name) ?? Number.NaN;
  };

  function valueOfSymbol(name: string): number {
    const known = done.get(name);
    if (known !== undefined) return known;
    if (open.has(name)) {
      throw inputError(
        "sbml",
        `The initial values of ${[...open].map((symbol) => `"${symbol}"`).join(", ")} need one another.`,
        "Give one of them a value of its own.",
      );
    }
    open.add(name);
    const value = find(name);
    open.delete(name);
    done.set(name, value);
    return value;
  }
  return { valueOf: valueOfSymbol, evaluate, before };
}
