/** Each person's covariates and parameters, whatever the population's size. */
import { type VirtualPerson, virtualPerson } from "@viscera/organ";
import { pbpkParameters, physiologyOf } from "../pbpk/index.js";
import { covariateOf } from "./covariates.js";
import { isDataSet, type PopulationTask } from "./task.js";
import { VariationSource } from "./variation.js";

export interface Individual {
  index: number;
  person: VirtualPerson | null;
  /** All of the model's parameters; NaN for what the data give. */
  parameters: Float64Array;
  /** Parameters of a later occasion. */
  ofOccasion(occasion: number): Float64Array;
}

export class Individuals {
  readonly #task: PopulationTask;
  readonly #typical: Float64Array;
  readonly #variation: VariationSource;
  /** Covariates that people give: place among the parameters, and what to put there. */
  readonly #fromPeople: { at: number; of: (person: VirtualPerson) => number }[];
  /** Names of all parameters that differ between people. */
  readonly varied: ReadonlySet<string>;
  /** Those that are drawn, in the model's order. */
  readonly drawn: readonly string[];

  constructor(task: PopulationTask) {
    const { model, parameters, people, variations, seed, doses, body } = task;
    this.#task = task;
    this.#typical = Float64Array.from(
      model.parameters,
      ({ name, value }) => parameters[name] ?? value ?? Number.NaN,
    );
    this.#variation = new VariationSource(model, variations, seed);
    const columns = isDataSet(doses) ? doses.covariates : [];
    this.#fromPeople = model.parameters.flatMap(({ name, value }, at) => {
      const covariate = covariateOf(name);
      const open = value === null && !(name in parameters) && !columns.includes(name);
      return people !== null && body === null && covariate !== null && open ? [{ at, of: covariate.of }] : [];
    });
    this.varied = new Set([
      ...(body === null ? [] : model.parameters.map(({ name }) => name)),
      ...this.#variation.names,
      ...columns,
      ...this.#fromPeople.map(({ at }) => model.parameters[at]!.name),
    ]);
    this.drawn = model.parameters
      .map(({ name }) => name)
      .filter((name) => this.#variation.names.includes(name));
  }

  get byOccasion(): boolean {
    return this.#variation.byOccasion;
  }

  get(index: number): Individual {
    const { people, seed } = this.#task;
    const person = people === null ? null : virtualPerson(people, seed, index);
    const own = this.#bodyOf(person) ?? this.#typical.slice();
    if (person !== null) for (const { at, of } of this.#fromPeople) own[at] = of(person);
    const ofOccasion = (occasion: number) => {
      const parameters = own.slice();
      this.#variation.apply(parameters, index, occasion);
      return parameters;
    };
    return { index, person, parameters: ofOccasion(0), ofOccasion };
  }

  /** Parameters of a whole-body model from a person's body; null for other models. */
  #bodyOf(person: VirtualPerson | null): Float64Array | null {
    const { body, parameters, model } = this.#task;
    if (body === null || person === null) return null;
    const physiology = physiologyOf(person.body, person.patient, body.filtration);
    const own = pbpkParameters(body.model, physiology, body.compounds);
    for (const [at, { name }] of model.parameters.entries()) own[at] = parameters[name] ?? own[at]!;
    return own;
  }
}
