/**
 * One subject's share of the likelihood: its random effects b by their most probable values (the inner problem), the
 * approximation of -2 ln of the integral over them there, and its exact gradient by the population's parameters.
 *
 * With J(b) = sum phi_j(f_j(b)) + b' P b, P the inverse covariance, and H = sum w_j f_b f_b' + P, half the expected
 * curvature, the first-order conditional approximation with interaction is J(b*) + ln |Omega| + ln |H|
 * (Lindstrom & Bates 1990, doi:10.2307/2532087; Wang 2007, doi:10.1007/s10928-007-9060-6). Its gradient follows from the
 * sensitivities as in Almquist, Leander & Jirstrand 2015, doi:10.1007/s10928-015-9409-1, here by the chain rule over the
 * few individual quantities.
 */
import { VisceraError } from "@viscera/core";
import { cholesky, inverseCholesky, logDeterminant, solveCholesky } from "@viscera/numerics";
import { type Covariance, EffectPrior } from "./effect-prior.js";
import type { IndividualModel } from "./individual-model.js";
import type { Predictor, SubjectLayout } from "./predictor.js";
import {
  type ErrorTerm,
  newObservationLikelihood,
  type Observation,
  observationLikelihood,
} from "./residual-likelihood.js";
import { congruence, dot, mirror, updated } from "./small-matrices.js";
import { objectiveGradient, type Slots, type SubjectGradient } from "./subject-gradient.js";

/** Everything that all subjects share. */
export interface PopulationValues {
  /** Of the parameters that predictions depend on and that may be estimated. */
  parameters: Float64Array;
  subject: Covariance;
  occasion: Covariance;
  /** Standard deviations of all residual errors. */
  sigma: Float64Array;
}

export interface SubjectData {
  id: string;
  layout: SubjectLayout;
  observations: readonly Observation[];
  /** Per observation. */
  terms: readonly (readonly ErrorTerm[])[];
  occasions: number;
  /** Values of the quantity evaluator's parameters that are no variables: covariates and constants. */
  constants: Float64Array;
}

export interface InnerResult {
  effects: Float64Array;
  /** J at the effects. */
  joint: number;
  /** H, row-major. */
  information: Float64Array;
  /** The subject's part of -2 ln likelihood without ln 2 pi. */
  objective: number;
  predictions: Float64Array;
  converged: boolean;
}

const MOST_STEPS = 60;
const MOST_HALVINGS = 20;
/** Of one step, in standard deviations of the effects. */
const LONGEST_STEP = 2;
/** Of the joint function, relative. */
const NOISE = 1e-9;

interface Evaluation {
  joint: number;
  gradient: Float64Array;
  information: Float64Array;
  predictions: Float64Array;
}

export class SubjectProblem {
  readonly data: SubjectData;
  readonly #individual: IndividualModel;
  readonly #predictor: Predictor;
  readonly #sizes: { parameters: number; subject: number; occasion: number };
  readonly #likelihoods: ReturnType<typeof newObservationLikelihood>[];

  constructor(
    data: SubjectData,
    individual: IndividualModel,
    predictor: Predictor,
    sizes: { parameters: number; subject: number; occasion: number },
  ) {
    this.data = data;
    this.#individual = individual;
    this.#predictor = predictor;
    this.#sizes = sizes;
    this.#likelihoods = data.terms.map(({ length }) => newObservationLikelihood(length));
  }

  /** Number of random effects: the subject's, then those of its first occasion, of its second ... */
  get size(): number {
    return this.#sizes.subject + this.data.occasions * this.#sizes.occasion;
  }

  /** Values for the quantity evaluator in one occasion. */
  variables(parameters: Float64Array, effects: Float64Array, occasion: number): Float64Array {
    const { subject, occasion: each } = this.#sizes;
    const start = subject + occasion * each;
    return Float64Array.of(
      ...parameters,
      ...effects.subarray(0, subject),
      ...effects.subarray(start, start + each),
      ...this.data.constants,
    );
  }

  /** Predictions for any effects. Throws `failed.*` of the simulation. */
  predictions(parameters: Float64Array, effects: Float64Array): Float64Array {
    const { slots } = this.data.layout;
    const { evaluator } = this.#individual;
    const values = Float64Array.from(
      slots,
      ({ quantity, occasion }) =>
        evaluator.values(this.variables(parameters, effects, occasion ?? 0))[quantity]!,
    );
    return this.#predictor.values(this.data.layout, values);
  }

  /** Predictions and their derivatives by the effects (observations x effects). */
  linearised(
    values: PopulationValues,
    effects: Float64Array,
  ): { predictions: Float64Array; byEffects: Float64Array } {
    const slots = this.#slots(values.parameters, effects);
    const { values: predictions, first } = this.#predictor.first(this.data.layout, slots.values);
    const [m, q] = [slots.values.length, this.size];
    const x = q + this.#sizes.parameters;
    const byEffects = new Float64Array(predictions.length * q);
    for (let j = 0; j < predictions.length; j++)
      for (let a = 0; a < q; a++)
        for (let i = 0; i < m; i++) byEffects[j * q + a]! += first[j * m + i]! * slots.first[i * x + a]!;
    return { predictions, byEffects };
  }

  /** Of all of the subject's effects, row-major. */
  covariance(values: PopulationValues): Float64Array {
    return this.#prior(values).matrix();
  }

  /** Standard deviations of the effects given the data, by the expected curvature. */
  spread({ information }: InnerResult): Float64Array {
    const q = this.size;
    const factor = cholesky(information, q);
    if (factor === null) return new Float64Array(q).fill(Number.NaN);
    const inverse = inverseCholesky(factor, q);
    return Float64Array.from({ length: q }, (_, a) => Math.sqrt(inverse[a * q + a]!));
  }

  /** The individual's named quantities in its first occasion, in the order of the model's `named`. */
  named(parameters: Float64Array, effects: Float64Array): Float64Array {
    return this.#individual.evaluator.named(this.variables(parameters, effects, 0));
  }

  #slots(parameters: Float64Array, effects: Float64Array): Slots {
    const { slots } = this.data.layout;
    const { parameters: p, subject, occasion: each } = this.#sizes;
    const q = this.size;
    const x = q + p;
    const values = new Float64Array(slots.length);
    const first = new Float64Array(slots.length * x);
    const second = new Float64Array(slots.length * q * x);
    const s = p + subject + each;
    const byOccasion = new Map<number, ReturnType<IndividualModel["evaluator"]["derivatives"]>>();
    for (const [i, { quantity, occasion }] of slots.entries()) {
      const o = occasion ?? 0;
      const known =
        byOccasion.get(o) ?? this.#individual.evaluator.derivatives(this.variables(parameters, effects, o));
      byOccasion.set(o, known);
      values[i] = known.values[quantity]!;
      // Place of a variable of the evaluator among effects and parameters.
      const place = (v: number) => (v < p ? q + v : v < p + subject ? v - p : v - p + o * each);
      for (let v = 0; v < s; v++) {
        first[i * x + place(v)] = known.first[quantity * s + v]!;
        if (v < p) continue;
        for (let w = 0; w < s; w++) {
          second[(i * q + place(v)) * x + place(w)] = known.second[(quantity * s + v) * s + w]!;
        }
      }
    }
    return { values, first, second };
  }

  #prior({ subject, occasion }: PopulationValues): EffectPrior {
    return new EffectPrior(subject, occasion, this.data.occasions);
  }

  /** phi and its derivatives at all observations; the sum of the values. */
  #likelihood(predictions: Float64Array, sigma: Float64Array): number {
    let sum = 0;
    for (const [j, out] of this.#likelihoods.entries()) {
      observationLikelihood(this.data.observations[j]!, predictions[j]!, this.data.terms[j]!, sigma, out);
      sum += out.value;
    }
    return Number.isNaN(sum) ? Number.POSITIVE_INFINITY : sum;
  }

  /** J with its gradient and expected curvature; J is infinite where the model fails. */
  #evaluate(values: PopulationValues, prior: EffectPrior, b: Float64Array): Evaluation | null {
    const slots = this.#slots(values.parameters, b);
    const q = this.size;
    const x = q + this.#sizes.parameters;
    const m = slots.values.length;
    const { values: predictions, first } = this.#predictor.first(this.data.layout, slots.values);
    let joint = this.#likelihood(predictions, values.sigma);
    if (!Number.isFinite(joint)) return null;
    const byPrediction = new Float64Array(m);
    const info = new Float64Array(m * m);
    for (const [j, { f, information }] of this.#likelihoods.entries()) {
      for (let i = 0; i < m; i++) {
        const fi = first[j * m + i]!;
        byPrediction[i]! += f * fi;
        for (let k = 0; k <= i; k++) info[i * m + k]! += information * fi * first[j * m + k]!;
      }
    }
    mirror(info, m);
    const weighted = prior.weighted(b);
    const gradient = weighted.map((value) => 2 * value);
    for (let a = 0; a < q; a++) {
      joint += b[a]! * weighted[a]!;
      for (let i = 0; i < m; i++) gradient[a]! += slots.first[i * x + a]! * byPrediction[i]!;
    }
    const information = congruence(info, slots.first, m, q, x);
    prior.addInverse(information);
    if (!gradient.every(Number.isFinite) || !information.every(Number.isFinite)) return null;
    return { joint, gradient, information, predictions };
  }

  /** Null where the model cannot be computed or is impossible. */
  #tried(values: PopulationValues, prior: EffectPrior, b: Float64Array): Evaluation | null {
    try {
      return this.#evaluate(values, prior, b);
    } catch (error) {
      if (error instanceof VisceraError && error.code.startsWith("failed")) return null;
      throw error;
    }
  }

  /**
   * The most probable effects, by a quasi-Newton method from `start` on. `tolerance` is of twice the decrease that a
   * further step would promise. Throws `failed.*` where nothing can be computed even for the typical subject.
   */
  fit(
    values: PopulationValues,
    start: Float64Array,
    { tolerance = 1e-9, curvature = null }: { tolerance?: number; curvature?: Float64Array | null } = {},
  ): InnerResult {
    const q = this.size;
    const prior = this.#prior(values);
    let b: Float64Array = start;
    let at = this.#tried(values, prior, b);
    let matrix: Float64Array | null = curvature?.map((value) => 2 * value) ?? null;
    if (at === null) {
      b = new Float64Array(q);
      matrix = null;
      at = this.#evaluate(values, prior, b);
    }
    if (at === null) {
      throw new VisceraError(
        "failed.likelihood",
        "The likelihood is not finite for the typical subject.",
        "Check the starting values, and observations that are 0 or below with a proportional or exponential error.",
      );
    }
    const expected = (evaluation: Evaluation) => evaluation.information.map((value) => 2 * value);
    matrix ??= expected(at);
    let converged = q === 0;
    let fresh = curvature === null;
    const widths = prior.widths();
    for (let step = 0; step < MOST_STEPS && !converged; step++) {
      const factor: Float64Array | null = cholesky(matrix, q) ?? cholesky(expected(at), q);
      if (factor === null) break;
      const newton = solveCholesky(factor, at.gradient, q);
      const most = newton.reduce((longest, value, i) => Math.max(longest, Math.abs(value) / widths[i]!), 0);
      // Far steps lead where models cannot be computed.
      const scale = -Math.min(1, LONGEST_STEP / most);
      const direction = newton.map((value) => value * scale);
      const slope = dot(direction, at.gradient);
      if (-slope <= tolerance) {
        converged = true;
        break;
      }
      const found = this.#search(values, prior, b, at, direction, slope);
      if (found === null) {
        // Rounding, or a matrix that has gone astray.
        if (fresh) {
          converged = -slope <= Math.max(1e-6, 1e-9 * Math.abs(at.joint));
          break;
        }
        matrix = expected(at);
        fresh = true;
        continue;
      }
      const moved = found.b.map((value, i) => value - b[i]!);
      const turned = found.at.gradient.map((value, i) => value - at!.gradient[i]!);
      b = found.b;
      at = found.at;
      matrix = updated(matrix, moved, turned, q) ?? expected(at);
      fresh = false;
    }
    return this.#result(prior, b, at, converged);
  }

  #search(
    values: PopulationValues,
    prior: EffectPrior,
    b: Float64Array,
    from: Evaluation,
    direction: Float64Array,
    slope: number,
  ): { b: Float64Array; at: Evaluation } | null {
    for (let halving = 0, t = 1; halving < MOST_HALVINGS; halving++, t /= 2) {
      const next = b.map((value, i) => value + t * direction[i]!);
      const at = this.#tried(values, prior, next);
      if (at === null) continue;
      if (at.joint <= from.joint + 1e-4 * t * slope) return { b: next, at };
      // Near the end the gradient, a difference, is the better guide (Hager & Zhang 2005, doi:10.1137/030601880).
      const level = at.joint <= from.joint + NOISE * Math.max(1, Math.abs(from.joint));
      if (level && Math.abs(dot(direction, at.gradient)) < 0.5 * Math.abs(slope)) return { b: next, at };
    }
    return null;
  }

  #result(prior: EffectPrior, b: Float64Array, at: Evaluation, converged: boolean): InnerResult {
    const q = this.size;
    const factor = cholesky(at.information, q);
    const objective =
      factor === null
        ? Number.POSITIVE_INFINITY
        : at.joint + prior.logDeterminant + logDeterminant(factor, q);
    const { joint, information, predictions } = at;
    return { effects: b, joint, information, objective, predictions, converged };
  }

  /** The gradient of `objective` at the fitted effects. */
  gradient(values: PopulationValues, b: Float64Array): SubjectGradient {
    const slots = this.#slots(values.parameters, b);
    const prediction = this.#predictor.second(this.data.layout, slots.values);
    this.#likelihood(prediction.values, values.sigma);
    return objectiveGradient({
      b,
      slots,
      prediction,
      likelihoods: this.#likelihoods,
      terms: this.data.terms,
      prior: this.#prior(values),
      parameters: this.#sizes.parameters,
      sigmas: values.sigma.length,
    });
  }
}
