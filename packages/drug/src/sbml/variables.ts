/** What determines each variable of an SBML model, and in which quantity it is kept. */
import { inputError } from "@viscera/core";
import { call, type Expression, number, sum, symbol, symbolsOf } from "@viscera/numerics";
import {
  rateSymbol,
  type SbmlModel,
  type SbmlReaction,
  type SbmlSpecies,
  type SbmlSpeciesReference,
} from "./model.js";

/** A model's equations: what the solver keeps (states, constants) and what follows from it. */
export interface SbmlEquations {
  /** Rates of change, or expressions that are 0 for those in `algebraic`. */
  states: Map<string, Expression>;
  algebraic: Set<string>;
  /** Kept between events; only events change them. */
  constants: Set<string>;
  definitions: Map<string, Expression>;
  /** Species that are kept as amounts though their symbol means a concentration: name of the amount. */
  amountOf: Map<string, string>;
}

/** Rate by which fast reactions are sped up against all others: they are all but in equilibrium. */
const FAST = 1e7;

/** Name of a species' amount where the species' own name means its concentration. */
function amountName(species: string): string {
  return `${species}#amount`;
}

/** True where a species' symbol stands for an amount. */
export function meansAmount(model: SbmlModel, species: SbmlSpecies): boolean {
  return (
    species.hasOnlySubstanceUnits ||
    model.compartments.find(({ id }) => id === species.compartment)?.spatialDimensions === 0
  );
}

/** Throws `input.sbml` where a variable is determined twice or an algebraic rule determines none. */
export function sbmlEquations(model: SbmlModel): SbmlEquations {
  const equations: SbmlEquations = {
    states: new Map(),
    algebraic: new Set(),
    constants: new Set(),
    definitions: new Map(),
    amountOf: new Map(),
  };
  const rules = new Map<string, { kind: "assignment" | "rate"; math: Expression | null }>();
  for (const rule of model.rules) {
    if (rule.kind === "algebraic" || rule.math === null) continue;
    if (rules.has(rule.variable)) throw inputError("sbml", `Two rules determine "${rule.variable}".`);
    rules.set(rule.variable, rule);
  }
  for (const { id, rate, fast } of model.reactions) {
    const speed = rate ?? number(0);
    equations.definitions.set(id, speed);
    if (fast) equations.definitions.set(`${id}#fast`, call("mul", FAST, symbol(id)));
  }
  const plain = [
    ...model.compartments.map(({ id }) => id),
    ...model.parameters.map(({ id }) => id),
    ...references(model).flatMap(({ id }) => (id === null ? [] : [id])),
  ];
  const changes = reactionChanges(model, () => true);
  const solved = algebraicUnknowns(model, rules, changes);
  for (const id of plain) {
    if (!place(id, rules, equations) && !solved.has(id)) equations.constants.add(id);
  }
  for (const { id, stoichiometryMath } of references(model)) {
    if (id !== null && stoichiometryMath && equations.constants.delete(id)) {
      equations.definitions.set(id, stoichiometryMath);
    }
  }
  for (const species of model.species) {
    const { id, compartment } = species;
    if (place(id, rules, equations) || solved.has(id)) continue;
    const change = species.boundaryCondition || species.constant ? undefined : changes.get(id);
    const kept = meansAmount(model, species) ? id : amountName(id);
    if (kept !== id) {
      equations.amountOf.set(id, kept);
      equations.definitions.set(id, call("div", kept, compartment));
    }
    if (change) equations.states.set(kept, change);
    else equations.constants.add(kept);
  }
  for (const [id, math] of solved) {
    equations.states.set(id, math);
    equations.algebraic.add(id);
  }
  addRates(model, equations);
  return equations;
}

/** Puts a variable with a rule where it belongs. */
function place(
  id: string,
  rules: ReadonlyMap<string, { kind: "assignment" | "rate"; math: Expression | null }>,
  { states, definitions }: SbmlEquations,
): boolean {
  const rule = rules.get(id);
  if (!rule?.math) return false;
  (rule.kind === "rate" ? states : definitions).set(id, rule.math);
  return true;
}

function references(model: SbmlModel): SbmlSpeciesReference[] {
  return model.reactions.flatMap(({ reactants, products }) => [...reactants, ...products]);
}

/**
 * The same states with nothing but fast reactions going on, at a standstill of the time: where they come to rest is
 * their equilibrium. Null without fast reactions.
 */
export function fastEquations(model: SbmlModel, equations: SbmlEquations): Map<string, Expression> | null {
  if (!model.reactions.some(({ fast }) => fast)) return null;
  const changes = reactionChanges(model, ({ fast }) => fast);
  const speciesOf = new Map([...equations.amountOf].map(([id, amount]) => [amount, id]));
  return new Map(
    [...equations.states].map(([name, rate]) => {
      if (equations.algebraic.has(name)) return [name, rate];
      const species = model.species.find(({ id }) => id === (speciesOf.get(name) ?? name));
      const free = species && !species.boundaryCondition && !species.constant;
      return [name, (free && changes.get(species.id)) || number(0)];
    }),
  );
}

/** Stoichiometry of a reference as a formula. */
export function stoichiometryOf(reference: SbmlSpeciesReference): Expression {
  const { id, stoichiometry, stoichiometryMath, factor } = reference;
  const bare = id !== null ? symbol(id) : (stoichiometryMath ?? number(stoichiometry ?? Number.NaN));
  return factor ? call("mul", bare, factor) : bare;
}

/** Rates of change of species' amounts by all reactions. */
function reactionChanges(
  model: SbmlModel,
  counts: (reaction: SbmlReaction) => boolean,
): Map<string, Expression> {
  const terms = new Map<string, Expression[]>();
  for (const { id, reactants, products, fast } of model.reactions.filter(counts)) {
    const speed = symbol(fast ? `${id}#fast` : id);
    for (const [list, consumed] of [
      [reactants, true],
      [products, false],
    ] as const) {
      for (const reference of list) {
        const flow = call("mul", stoichiometryOf(reference), speed);
        const own = terms.get(reference.species) ?? [];
        own.push(consumed ? call("neg", flow) : flow);
        terms.set(reference.species, own);
      }
    }
  }
  const changes = new Map<string, Expression>();
  for (const species of model.species) {
    const own = terms.get(species.id);
    if (!own) continue;
    const total = sum(own);
    changes.set(species.id, species.conversionFactor ? call("mul", species.conversionFactor, total) : total);
  }
  return changes;
}

/** For each algebraic rule the variable that it determines (a matching of rules to variables). */
function algebraicUnknowns(
  model: SbmlModel,
  rules: ReadonlyMap<string, { kind: "assignment" | "rate"; math: Expression | null }>,
  changes: ReadonlyMap<string, Expression>,
): Map<string, Expression> {
  const free = new Set<string>([
    ...model.compartments.filter(({ constant }) => !constant).map(({ id }) => id),
    ...model.parameters.filter(({ constant }) => !constant).map(({ id }) => id),
    ...references(model).flatMap(({ id, constant }) => (id === null || constant ? [] : [id])),
    ...model.species
      .filter(({ id, constant, boundaryCondition }) => !constant && (boundaryCondition || !changes.has(id)))
      .map(({ id }) => id),
  ]);
  for (const variable of rules.keys()) free.delete(variable);
  const formulas = model.rules.flatMap((rule) => (rule.kind === "algebraic" && rule.math ? [rule.math] : []));
  const candidates = formulas.map((math) => {
    const names = symbolsOf(math);
    for (const name of names) {
      const rule = rules.get(name);
      if (rule?.kind === "assignment" && rule.math) symbolsOf(rule.math, names);
      const reaction = model.reactions.find(({ id }) => id === name);
      if (reaction?.rate) symbolsOf(reaction.rate, names);
    }
    return [...names].filter((name) => free.has(name));
  });
  const rowOf = new Map<string, number>();
  const assign = (row: number, seen: Set<string>): boolean => {
    for (const name of candidates[row]!) {
      if (seen.has(name)) continue;
      seen.add(name);
      const holder = rowOf.get(name);
      if (holder === undefined || assign(holder, seen)) {
        rowOf.set(name, row);
        return true;
      }
    }
    return false;
  };
  for (const row of formulas.keys()) {
    // A rule without a free variable only states what holds anyway.
    if (candidates[row]!.length > 0 && !assign(row, new Set())) {
      throw inputError(
        "sbml",
        "The algebraic rules are more than the variables they could determine.",
        "Take one away, or let one of their variables vary.",
      );
    }
  }
  return new Map([...rowOf].map(([name, row]) => [name, formulas[row]!]));
}

/** Definitions of the rates of change that formulas ask for. */
function addRates(model: SbmlModel, equations: SbmlEquations): void {
  const all = [
    ...equations.states.values(),
    ...equations.definitions.values(),
    ...model.recorded,
    ...model.initialAssignments.flatMap(({ math }) => math ?? []),
    ...model.events.flatMap(({ trigger, delay, priority, assignments }) =>
      [trigger, delay, priority, ...assignments.map(({ math }) => math)].flatMap((math) => math ?? []),
    ),
  ];
  const asked = new Set<string>();
  for (const expression of all) symbolsOf(expression, asked);
  for (const { id } of [...model.species, ...model.compartments, ...model.parameters]) {
    if (asked.has(rateSymbol(id))) equations.definitions.set(rateSymbol(id), rateOf(id, model, equations));
  }
  for (const { id } of references(model)) {
    if (id !== null && asked.has(rateSymbol(id))) {
      equations.definitions.set(rateSymbol(id), rateOf(id, model, equations));
    }
  }
}

function rateOf(id: string, model: SbmlModel, equations: SbmlEquations): Expression {
  const { states, algebraic, amountOf, constants } = equations;
  if (algebraic.has(id)) {
    throw inputError(
      "sbml",
      `The rate of "${id}", which an algebraic rule determines, is not known as a formula.`,
    );
  }
  const direct = states.get(id);
  if (direct) return direct;
  const amount = amountOf.get(id);
  if (amount === undefined) {
    if (constants.has(id)) return number(0);
    throw inputError("sbml", `The rate of "${id}" is asked for, which an assignment rule determines.`);
  }
  const { compartment } = model.species.find((species) => species.id === id)!;
  const size = rateOf(compartment, model, equations);
  const change = states.get(amount) ?? number(0);
  return call("div", call("sub", change, call("mul", id, size)), compartment);
}
