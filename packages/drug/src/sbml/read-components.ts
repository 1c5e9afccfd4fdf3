/** The components of one <model> element, with the names that they have in the whole. */
import { childOf, childrenOf, inputError, type XmlElement } from "@viscera/core";
import { call, type Expression, symbol } from "@viscera/numerics";
import { type MathScope, readMath } from "./mathml.js";
import { ownRateSymbol, type SbmlModel, type SbmlSpeciesReference, TIME_SYMBOL } from "./model.js";

/** A thing in a model that other models may refer to. */
export interface Component {
  element: XmlElement;
  /** Full name where the thing is a symbol. */
  symbol: string | null;
  /** Takes the thing out of the model. */
  remove: () => void;
  /** Calls the thing by another full name. */
  rename: (id: string) => void;
}

export interface ComponentScope {
  math: MathScope;
  /** Full name of an id. */
  name: (id: string) => string;
  level: number;
  /** Seconds of the whole per second of this submodel, and extents likewise; null for 1. */
  timeFactor: Expression | null;
  extentFactor: Expression | null;
  /** Told of everything that is read. */
  onComponent: (component: Component) => void;
  /** Told what a reaction's rate is in the units of the submodel it is in. */
  onOwnRate: (reaction: string, rate: Expression) => void;
  /** Told of a symbol that, once removed, no longer hides another one. */
  onHidden: (symbol: string, hidden: string) => void;
}

type List = keyof {
  [K in keyof SbmlModel as SbmlModel[K] extends unknown[] ? K : never]: true;
};

export function readComponents(model: XmlElement, into: SbmlModel, scope: ComponentScope): void {
  const { name, level, onComponent, onHidden, onOwnRate } = scope;
  const each = (list: string, item: string, read: (element: XmlElement) => void) => {
    for (const element of childrenOf(childOf(model, list) ?? EMPTY, item)) read(element);
  };
  const keep = <K extends List>(
    list: K,
    value: SbmlModel[K][number],
    element: XmlElement,
    id: string | null,
  ) => {
    (into[list] as unknown[]).push(value);
    onComponent({
      element,
      symbol: id,
      remove: () => {
        const items = into[list] as unknown[];
        const at = items.indexOf(value);
        if (at >= 0) items.splice(at, 1);
      },
      rename: (name) => {
        if (typeof value === "object" && "id" in value) value.id = name;
      },
    });
  };
  const math = (element: XmlElement, local?: ReadonlyMap<string, Expression>): Expression | null => {
    const content = childOf(element, "math");
    const read = content ? readMath(content, local ? { ...formulas, local } : formulas) : null;
    return read && inOwnTime(read, scope);
  };
  // Inside a submodel with a time or an extent of its own, a reaction's symbol is its rate there.
  const reactionRates = new Map<string, Expression>();
  if (scope.timeFactor || scope.extentFactor) {
    for (const element of childrenOf(childOf(model, "listOfReactions") ?? EMPTY, "reaction")) {
      const id = element.attributes.get("id") ?? "";
      reactionRates.set(id, symbol(ownRateSymbol(name(id))));
      onOwnRate(name(id), scaled(symbol(name(id)), invert(scope.extentFactor), invert(scope.timeFactor)));
    }
  }
  const formulas: MathScope = { ...scope.math, reactionRates };
  const reference = (element: XmlElement, attribute: string): string | null => {
    const id = element.attributes.get(attribute);
    return id === undefined ? null : name(id);
  };
  /** A part of a component, which can be taken away from it. */
  const part = (element: XmlElement | undefined, remove: () => void, symbol: string | null = null) => {
    if (element) onComponent({ element, symbol, remove, rename: () => undefined });
  };
  const modelFactor = reference(model, "conversionFactor");

  each("listOfCompartments", "compartment", (element) => {
    const id = required(element, "id", name);
    keep(
      "compartments",
      {
        id,
        size: numberOf(element, level === 1 ? "volume" : "size"),
        spatialDimensions: numberOf(element, "spatialDimensions") ?? 3,
        constant: truth(element, "constant", true),
      },
      element,
      id,
    );
  });
  each("listOfSpecies", "species", (element) => {
    const id = required(element, "id", name);
    keep(
      "species",
      {
        id,
        compartment: required(element, "compartment", name),
        initialAmount: numberOf(element, "initialAmount"),
        initialConcentration: numberOf(element, "initialConcentration"),
        hasOnlySubstanceUnits: truth(element, "hasOnlySubstanceUnits", false),
        boundaryCondition: truth(element, "boundaryCondition", false),
        constant: truth(element, "constant", false),
        conversionFactor: reference(element, "conversionFactor") ?? modelFactor,
      },
      element,
      id,
    );
  });
  each("listOfParameters", "parameter", (element) => {
    const id = required(element, "id", name);
    keep(
      "parameters",
      { id, value: numberOf(element, "value"), constant: truth(element, "constant", true) },
      element,
      id,
    );
  });
  const speciesReferences = (reaction: XmlElement, list: string): SbmlSpeciesReference[] =>
    childrenOf(childOf(reaction, list) ?? EMPTY, "speciesReference").map((element) => {
      const id = reference(element, "id");
      const formula = childOf(element, "stoichiometryMath");
      const stoichiometry = numberOf(element, "stoichiometry");
      const value: SbmlSpeciesReference = {
        id,
        species: required(element, "species", name),
        constant: truth(element, "constant", level < 3),
        stoichiometry: stoichiometry ?? (level < 3 && !formula ? 1 : null),
        stoichiometryMath: formula ? math(formula) : null,
        factor: null,
      };
      if (id !== null) {
        onComponent({
          element,
          symbol: id,
          remove: () => undefined,
          rename: (own) => {
            value.id = own;
          },
        });
      }
      return value;
    });
  each("listOfReactions", "reaction", (element) => {
    const id = required(element, "id", name);
    const law = childOf(element, "kineticLaw");
    const locals = law
      ? [
          ...childrenOf(childOf(law, "listOfParameters") ?? EMPTY, "parameter"),
          ...childrenOf(childOf(law, "listOfLocalParameters") ?? EMPTY, "localParameter"),
        ]
      : [];
    const local = new Map<string, Expression>();
    for (const parameter of locals) {
      const own = required(parameter, "id", (text) => text);
      // A name of its own, so that a local parameter hides a global one of the same id.
      const full = `${id}#${own}`;
      local.set(own, symbol(full));
      const value = { id: full, value: numberOf(parameter, "value"), constant: true };
      into.parameters.push(value);
      const remove = () => {
        into.parameters.splice(into.parameters.indexOf(value), 1);
        // What it hid comes to light.
        onHidden(full, name(own));
      };
      part(parameter, remove, full);
    }
    const rate = law ? math(law, local) : null;
    const reaction: SbmlModel["reactions"][number] = {
      id,
      reactants: speciesReferences(element, "listOfReactants"),
      products: speciesReferences(element, "listOfProducts"),
      fast: truth(element, "fast", false),
      rate: rate && scaled(rate, scope.extentFactor, scope.timeFactor),
    };
    keep("reactions", reaction, element, id);
    part(law, () => {
      reaction.rate = null;
    });
  });
  for (const element of childOf(model, "listOfRules")?.children ?? []) {
    if (element.name === "algebraicRule")
      keep("rules", { kind: "algebraic", math: math(element) }, element, null);
    else if (element.name === "assignmentRule" || element.name === "rateRule") {
      const kind = element.name === "rateRule" ? "rate" : "assignment";
      const formula = math(element);
      keep(
        "rules",
        {
          kind,
          variable: required(element, "variable", name),
          math: formula && kind === "rate" ? scaled(formula, null, scope.timeFactor) : formula,
        },
        element,
        null,
      );
    }
  }
  each("listOfInitialAssignments", "initialAssignment", (element) => {
    keep(
      "initialAssignments",
      { symbol: required(element, "symbol", name), math: math(element) },
      element,
      null,
    );
  });
  each("listOfEvents", "event", (element) => {
    const trigger = childOf(element, "trigger");
    const delay = childOf(element, "delay");
    const priority = childOf(element, "priority");
    const lag = delay ? math(delay) : null;
    const event: SbmlModel["events"][number] = {
      id: reference(element, "id"),
      trigger: trigger ? math(trigger) : null,
      delay: lag && scope.timeFactor ? call("mul", lag, scope.timeFactor) : lag,
      priority: priority ? math(priority) : null,
      persistent: trigger ? truth(trigger, "persistent", true) : true,
      initialValue: trigger ? truth(trigger, "initialValue", true) : true,
      useValuesFromTriggerTime: truth(element, "useValuesFromTriggerTime", true),
      assignments: [],
    };
    keep("events", event, element, event.id);
    part(trigger, () => {
      event.trigger = null;
    });
    part(delay, () => {
      event.delay = null;
    });
    part(priority, () => {
      event.priority = null;
    });
    const list = childOf(element, "listOfEventAssignments") ?? EMPTY;
    for (const assignment of childrenOf(list, "eventAssignment")) {
      const value = { variable: required(assignment, "variable", name), math: math(assignment) };
      event.assignments.push(value);
      part(assignment, () => {
        event.assignments.splice(event.assignments.indexOf(value), 1);
      });
    }
  });
}

const EMPTY: XmlElement = {
  name: "",
  namespace: "",
  attributes: new Map(),
  children: [],
  text: "",
  tail: "",
  line: 0,
};

/** rate * extent factor / time factor */
function scaled(rate: Expression, extent: Expression | null, time: Expression | null): Expression {
  const grown = extent ? call("mul", rate, extent) : rate;
  return time ? call("div", grown, time) : grown;
}

function invert(factor: Expression | null): Expression | null {
  return factor && call("div", 1, factor);
}

/** The time of a submodel is the whole's divided by its factor; the lags of delays are in the whole's already. */
function inOwnTime(expression: Expression, { timeFactor }: ComponentScope): Expression {
  if (timeFactor === null) return expression;
  const own = call("div", TIME_SYMBOL, timeFactor);
  const visit = (node: Expression): Expression => {
    if (node.kind === "symbol") return node.name === TIME_SYMBOL ? own : node;
    if (node.kind === "number" || node.operator === "history") return node;
    return { ...node, operands: node.operands.map(visit) };
  };
  return visit(expression);
}

function required(element: XmlElement, attribute: string, name: (id: string) => string): string {
  const value = element.attributes.get(attribute);
  if (value === undefined) {
    throw inputError(
      "sbml",
      `Line ${element.line}: <${element.name}> has no "${attribute}".`,
      "The document is not valid SBML; check it with a validator.",
    );
  }
  return name(value);
}

function numberOf(element: XmlElement, attribute: string): number | null {
  const text = element.attributes.get(attribute)?.trim();
  if (text === undefined) return null;
  const value = Number(text.replace(/^([+-]?)inf$/i, "$1Infinity"));
  if (!Number.isNaN(value) && text !== "") return value;
  if (/^nan$/i.test(text)) return Number.NaN;
  throw inputError(
    "sbml",
    `Line ${element.line}: "${attribute}" of <${element.name}> is "${text}", which is no number.`,
    "Correct the document.",
  );
}

function truth(element: XmlElement, attribute: string, otherwise: boolean): boolean {
  const text = element.attributes.get(attribute)?.trim();
  return text === undefined ? otherwise : text === "true" || text === "1";
}
