/** Values of distributions in a model (package distrib, version 1: its functions in formulas). */
import { inputError } from "@viscera/core";
import { drawFrom, type Expression, type RandomQuantity, symbolsOf } from "@viscera/numerics";
import { drawSymbol, type SbmlModel } from "./model.js";

export function drawSymbols(model: SbmlModel): string[] {
  return model.draws.map((_, i) => drawSymbol(i));
}

/** What events draw whenever they compute their delays and values. */
export function randomQuantities(model: SbmlModel): RandomQuantity[] {
  return model.draws.map((draw, i) => ({
    symbol: drawSymbol(i),
    arguments: draw.arguments,
    quantile: (uniform, values) => drawFrom(draw.distribution, values, uniform),
  }));
}

/**
 * Throws `input.sbml` where a rule, a rate or a condition draws: it is evaluated all the time, and what it should
 * give between two evaluations is not defined.
 */
export function checkDraws(model: SbmlModel): void {
  if (model.draws.length === 0) return;
  const draws = new Set(drawSymbols(model));
  const check = (math: Expression | null, what: string) => {
    if (!math || ![...symbolsOf(math)].some((name) => draws.has(name))) return;
    throw inputError(
      "sbml",
      `${what} draws from a distribution, which only initial assignments and events may do here.`,
      "Draw the value in an initial assignment or an event, and use its variable.",
    );
  };
  for (const { id, rate } of model.reactions) check(rate, `The rate of the reaction "${id}"`);
  for (const rule of model.rules) {
    check(rule.math, rule.kind === "algebraic" ? "An algebraic rule" : `The rule of "${rule.variable}"`);
  }
  for (const { id, trigger } of model.events) check(trigger, `The trigger of the event "${id ?? ""}"`);
}
