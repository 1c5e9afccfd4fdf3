/**
 * Reads SBML Level 2 Version 4 to Level 3 Version 2 with hierarchical models (package comp, version 1) made flat:
 * everything of a submodel `sub` is called `sub__name`, what is replaced or deleted is gone, and what referred to it
 * refers to what replaced it.
 */
import { childOf, childrenOf, inputError, parseXml, type XmlElement } from "@viscera/core";
import { call, type Expression, substitute, symbol } from "@viscera/numerics";
import type { SbmlModel } from "./model.js";
import { type Component, readComponents } from "./read-components.js";
import { readFluxBalance } from "./read-flux-balance.js";

export interface SbmlReadOptions {
  /** Name of the document, for messages. */
  name?: string;
  /** The text of another document that an external model definition names; without it there are none. */
  loadDocument?: (source: string) => string;
}

/** Packages whose meaning is read, and those that change nothing in a simulation. */
const KNOWN_PACKAGES = /\/(comp|fbc|distrib|layout|render|groups)\/version\d+$/;
const DEEPEST = 20;

/** One use of a model: the top one, or a submodel. */
interface Instance {
  prefix: string;
  byId: Map<string, Component>;
  byMetaId: Map<string, Component>;
  /** <port> elements by id. */
  ports: Map<string, XmlElement>;
  submodels: Map<string, Instance>;
  submodelsByMetaId: Map<string, Instance>;
  components: Component[];
}

interface Replacement {
  /** What stands in the replaced symbol's place. */
  name: string;
  /** Value of the replacing symbol per value of the replaced one; null for 1. */
  factor: Expression | null;
}

interface Document {
  definitions: Map<string, { model: XmlElement; document: Document }>;
  level: number;
}

/** Throws `input.xml`, `input.sbml`, `input.sbml-math`, saying what is missing or wrong and where. */
export function readSbml(text: string, options: SbmlReadOptions = {}): SbmlModel {
  const reader = new Reader(options);
  return reader.read(text);
}

class Reader {
  readonly #options: SbmlReadOptions;
  readonly #replacements = new Map<string, Replacement>();
  /** Rates of submodels' reactions in the submodels' own units. */
  readonly #ownRates = new Map<string, Expression>();
  #model!: SbmlModel;

  constructor(options: SbmlReadOptions) {
    this.#options = options;
  }

  get #name(): string {
    return this.#options.name ?? "The document";
  }

  read(text: string): SbmlModel {
    const { model, document, version } = this.#open(text, this.#name, 0);
    this.#model = {
      id: model.attributes.get("id") ?? "model",
      level: document.level,
      version,
      compartments: [],
      species: [],
      parameters: [],
      reactions: [],
      rules: [],
      initialAssignments: [],
      events: [],
      conversionFactor: null,
      fluxBalance: readFluxBalance(model),
      recorded: [],
      lags: [],
      draws: [],
    };
    this.#instantiate(model, document, "", null, null, 0);
    return this.#renamed();
  }

  #open(
    text: string,
    name: string,
    depth: number,
  ): { model: XmlElement; document: Document; version: number } {
    const sbml = parseXml(text, name);
    const level = Number(sbml.attributes.get("level"));
    const version = Number(sbml.attributes.get("version"));
    if (sbml.name !== "sbml" || !(level >= 1)) {
      throw inputError("sbml", `${name} is no SBML document.`, "Its outermost element has to be <sbml>.");
    }
    if (level < 2) {
      throw inputError("sbml", `${name} is SBML Level 1, which is not read.`, "Convert it to Level 3.");
    }
    for (const [key, value] of sbml.attributes) {
      const match = /^\{(.*)\}required$/.exec(key);
      if (match && value === "true" && !KNOWN_PACKAGES.test(match[1]!)) {
        throw inputError("sbml", `${name} needs the SBML package ${match[1]}, which is not known.`);
      }
    }
    const model = childOf(sbml, "model");
    if (!model) throw inputError("sbml", `${name} holds no model.`);
    const document: Document = { definitions: new Map(), level };
    this.#define(model, document);
    for (const definition of childOf(sbml, "listOfModelDefinitions")?.children ?? []) {
      this.#define(definition, document);
    }
    for (const external of childOf(sbml, "listOfExternalModelDefinitions")?.children ?? []) {
      this.#defineExternal(external, document, depth);
    }
    return { model, document, version };
  }

  #define(model: XmlElement, document: Document): void {
    const id = model.attributes.get("id");
    if (id !== undefined) document.definitions.set(id, { model, document });
  }

  #defineExternal(external: XmlElement, document: Document, depth: number): void {
    const source = external.attributes.get("source") ?? "";
    const load = this.#options.loadDocument;
    if (!load) {
      throw inputError(
        "sbml",
        `${this.#name} uses a model of another document (${source}), which cannot be loaded here.`,
        "Give the model as a file, beside the one that it names.",
      );
    }
    if (depth > DEEPEST)
      throw inputError("sbml", `${this.#name}: documents refer to each other without end.`);
    const opened = this.#open(load(source), source, depth + 1);
    const wanted = external.attributes.get("modelRef");
    const found = wanted === undefined ? opened : opened.document.definitions.get(wanted);
    if (!found) throw inputError("sbml", `${source} holds no model "${wanted}".`);
    document.definitions.set(external.attributes.get("id") ?? "", {
      model: found.model,
      document: found.document,
    });
  }

  #instantiate(
    model: XmlElement,
    document: Document,
    prefix: string,
    timeFactor: Expression | null,
    extentFactor: Expression | null,
    depth: number,
  ): Instance {
    if (depth > DEEPEST) {
      throw inputError(
        "sbml",
        `${this.#name}: submodels are nested more than ${DEEPEST} deep, or contain themselves.`,
      );
    }
    const instance: Instance = {
      prefix,
      byId: new Map(),
      byMetaId: new Map(),
      ports: new Map(),
      submodels: new Map(),
      submodelsByMetaId: new Map(),
      components: [],
    };
    const onComponent = (component: Component) => {
      instance.components.push(component);
      const id = component.element.attributes.get("id");
      const metaId = component.element.attributes.get("metaid");
      if (id !== undefined && !instance.byId.has(id)) instance.byId.set(id, component);
      if (metaId !== undefined) instance.byMetaId.set(metaId, component);
    };
    const name = (id: string) => prefix + id;
    const functions = new Map<string, XmlElement>();
    for (const definition of childrenOf(
      childOf(model, "listOfFunctionDefinitions") ?? model,
      "functionDefinition",
    )) {
      const lambda = lambdaOf(definition);
      if (lambda) functions.set(definition.attributes.get("id") ?? "", lambda);
    }
    for (const port of childOf(model, "listOfPorts")?.children ?? []) {
      instance.ports.set(port.attributes.get("id") ?? "", port);
    }
    const symbolOf = (id: string | undefined) => (id === undefined ? null : symbol(name(id)));
    for (const submodel of childOf(model, "listOfSubmodels")?.children ?? []) {
      const id = submodel.attributes.get("id") ?? "";
      const reference = submodel.attributes.get("modelRef") ?? "";
      const definition = document.definitions.get(reference);
      if (!definition) {
        throw inputError(
          "sbml",
          `Line ${submodel.line}: there is no model "${reference}" for the submodel "${id}".`,
        );
      }
      const inner = this.#instantiate(
        definition.model,
        definition.document,
        `${name(id)}__`,
        product(timeFactor, symbolOf(submodel.attributes.get("timeConversionFactor"))),
        product(extentFactor, symbolOf(submodel.attributes.get("extentConversionFactor"))),
        depth + 1,
      );
      instance.submodels.set(id, inner);
      const metaId = submodel.attributes.get("metaid");
      if (metaId !== undefined) instance.submodelsByMetaId.set(metaId, inner);
      for (const deletion of childOf(submodel, "listOfDeletions")?.children ?? []) {
        const target = this.#find(inner, deletion);
        if (target && "components" in target) removeAll(target);
        else target?.remove();
        const deletionId = deletion.attributes.get("id");
        if (deletionId !== undefined && target && !("components" in target)) {
          instance.byId.set(deletionId, { ...target, symbol: null });
        }
      }
    }
    readComponents(model, this.#model, {
      math: {
        resolve: name,
        functions,
        recorded: this.#model.recorded,
        lags: this.#model.lags,
        draws: this.#model.draws,
        timeFactor,
      },
      name,
      level: document.level,
      timeFactor,
      extentFactor,
      onComponent,
      onOwnRate: (reaction, rate) => {
        this.#ownRates.set(reaction, rate);
      },
      onHidden: (hiding, hidden) => {
        this.#replacements.set(hiding, { name: hidden, factor: null });
      },
    });
    for (const component of [...instance.components]) this.#replace(instance, component, symbolOf);
    return instance;
  }

  #replace(
    instance: Instance,
    component: Component,
    symbolOf: (id: string | undefined) => Expression | null,
  ): void {
    const { element } = component;
    for (const replaced of childOf(element, "listOfReplacedElements")?.children ?? []) {
      const target = this.#targetIn(instance, replaced);
      if (!target) continue;
      if ("components" in target) {
        removeAll(target);
        continue;
      }
      target.remove();
      if (target.symbol !== null && component.symbol !== null) {
        const factor = symbolOf(replaced.attributes.get("conversionFactor"));
        this.#replacements.set(target.symbol, { name: component.symbol, factor });
      }
    }
    const by = childOf(element, "replacedBy");
    const target = by && this.#targetIn(instance, by);
    if (target && !("components" in target)) {
      component.remove();
      if (component.symbol !== null && target.symbol !== null) {
        // The submodel's thing takes the place and the name of the one outside.
        target.rename(component.symbol);
        this.#replacements.set(target.symbol, { name: component.symbol, factor: null });
      }
    }
  }

  #targetIn(instance: Instance, reference: XmlElement): Component | Instance | null {
    const id = reference.attributes.get("submodelRef") ?? "";
    const inner = instance.submodels.get(id);
    if (!inner) throw inputError("sbml", `Line ${reference.line}: there is no submodel "${id}".`);
    return reference.attributes.has("deletion") ? null : this.#find(inner, reference);
  }

  /** What a reference into a submodel means; null for a unit, which has no part in a simulation. */
  #find(instance: Instance, reference: XmlElement): Component | Instance | null {
    const { attributes } = reference;
    const port = attributes.get("portRef");
    const [id, metaId] = [attributes.get("idRef"), attributes.get("metaIdRef")];
    const deeper = childOf(reference, "sBaseRef");
    let found: Component | Instance | undefined;
    if (port !== undefined) {
      const element = instance.ports.get(port);
      if (element) {
        const target = this.#find(instance, element);
        if (target === null) return null;
        found = target;
      }
    } else if (id !== undefined) found = instance.submodels.get(id) ?? instance.byId.get(id);
    else if (metaId !== undefined)
      found = instance.byMetaId.get(metaId) ?? instance.submodelsByMetaId.get(metaId);
    else if (attributes.has("unitRef")) return null;
    if (found === undefined) {
      const wanted = port ?? id ?? metaId ?? "";
      // Constraints, units and functions are no components here; taking them away changes nothing.
      if (wanted !== "" && !deeper) return null;
      throw inputError("sbml", `Line ${reference.line}: nothing in the submodel is called "${wanted}".`);
    }
    if (deeper === undefined) return found;
    if (!("components" in found)) {
      throw inputError(
        "sbml",
        `Line ${reference.line}: the reference goes into something that is no submodel.`,
      );
    }
    return this.#find(found, deeper);
  }

  /** The model with every replaced name followed to what replaced it. */
  #renamed(): SbmlModel {
    if (this.#replacements.size === 0 && this.#ownRates.size === 0) return this.#model;
    const follow = (name: string): Replacement => {
      let current: Replacement = { name, factor: null };
      for (let i = 0; i < 1000; i++) {
        const next = this.#replacements.get(current.name);
        if (!next) return current;
        current = { name: next.name, factor: product(current.factor, next.factor) };
      }
      throw inputError("sbml", `${this.#name}: "${name}" is replaced in a circle.`);
    };
    const name = (id: string) => follow(id).name;
    const math = <Formula extends Expression | null>(formula: Formula): Formula =>
      (formula &&
        substitute(formula, (id) => {
          // A replaced reaction has the rate of what replaced it, as it is.
          const own = /^#own (.*)$/.exec(id)?.[1];
          if (own !== undefined)
            return this.#replacements.has(own) ? symbol(name(own)) : this.#ownRates.get(own);
          const rate = /^#rate (.*)$/.exec(id)?.[1];
          const { name: to, factor } = follow(rate ?? id);
          const full = symbol(rate === undefined ? to : `#rate ${to}`);
          return factor ? call("div", full, factor) : full;
        })) as Formula;
    const assigned = (variable: string, formula: Expression | null) => {
      const { name: to, factor } = follow(variable);
      const renamed = math(formula);
      return { variable: to, math: renamed && factor ? call("mul", renamed, math(factor)) : renamed };
    };
    const model = this.#model;
    return {
      ...model,
      species: model.species.map((species) => ({
        ...species,
        compartment: name(species.compartment),
        conversionFactor: species.conversionFactor && name(species.conversionFactor),
      })),
      reactions: model.reactions.map((reaction) => {
        const references = (list: typeof reaction.reactants) =>
          list.map((reference) => {
            const { name: species, factor } = follow(reference.species);
            return {
              ...reference,
              id: reference.id && name(reference.id),
              species,
              stoichiometryMath: math(reference.stoichiometryMath),
              factor: factor && math(factor),
            };
          });
        return {
          ...reaction,
          reactants: references(reaction.reactants),
          products: references(reaction.products),
          rate: math(reaction.rate),
        };
      }),
      rules: model.rules.map((rule) =>
        rule.kind === "algebraic"
          ? { ...rule, math: math(rule.math) }
          : { ...rule, ...assigned(rule.variable, rule.math) },
      ),
      initialAssignments: model.initialAssignments.map((assignment) => {
        const { variable, math: formula } = assigned(assignment.symbol, assignment.math);
        return { symbol: variable, math: formula };
      }),
      events: model.events.map((event) => ({
        ...event,
        trigger: math(event.trigger),
        delay: math(event.delay),
        priority: math(event.priority),
        assignments: event.assignments.map(({ variable, math: formula }) => assigned(variable, formula)),
      })),
      recorded: model.recorded.map((expression) => math(expression)),
      lags: model.lags.map((expression) => math(expression)),
      draws: model.draws.map((draw) => ({ ...draw, arguments: draw.arguments.map((value) => math(value)) })),
    };
  }
}

function lambdaOf(definition: XmlElement): XmlElement | undefined {
  const math = childOf(definition, "math");
  const content = math?.children[0];
  return content?.name === "semantics" ? content.children[0] : content;
}

function removeAll(instance: Instance): void {
  for (const component of instance.components) component.remove();
  for (const inner of instance.submodels.values()) removeAll(inner);
}

function product(a: Expression | null, b: Expression | null): Expression | null {
  return a && b ? call("mul", a, b) : (a ?? b);
}
