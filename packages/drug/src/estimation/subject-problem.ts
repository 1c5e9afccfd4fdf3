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
import type { IndividualModel } from "./individual-model.js";
import type { Predictor, SubjectLayout } from "./predictor.js";
import {
  type ErrorTerm,
  newObservationLikelihood,
  type Observation,
  observationLikelihood,
} from "./residual-likelihood.js";

/** A covariance with what is needed of it. */
export interface Covariance {
  size: number;
  matrix: Float64Array;
  inverse: Float64Array;
  logDeterminant: number;
}

/** Null for a matrix that is not positive definite. */
export function covarianceOf(matrix: Float64Array, size: number): Covariance | null {
  const factor = cholesky(matrix, size);
  if (factor === null) return null;
  const inverse = inverseCholesky(factor, size);
  return { size, matrix, inverse, logDeterminant: logDeterminant(factor, size) };
}

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

export interface SubjectGradient {
  parameters: Float64Array;
  /** d objective = sum of G_ij d Omega_ij, symmetric. */
  subject: Float64Array;
  occasion: Float64Array;
  sigma: Float64Array;
  /** Half of the joint function's true curvature by the effects, where it is positive definite. */
  curvature: Float64Array | null;
}

const MOST_STEPS = 60;
const MOST_HALVINGS = 20;
/** Of one step, in standard deviations of the effects. */
const LONGEST_STEP = 2;
/** Of the joint function, relative. */
const NOISE = 1e-9;

interface Slots {
  values: Float64Array;
  /** slots x (effects, then parameters). */
  first: Float64Array;
  /** slots x effects x (effects, then parameters). */
  second: Float64Array;
}

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
  covariance({ subject, occasion }: PopulationValues): Float64Array {
    const q = this.size;
    const matrix = new Float64Array(q * q);
    for (const [start, block] of this.#blocks(subject, occasion))
      for (let i = 0; i < block.size; i++)
        for (let j = 0; j < block.size; j++)
          matrix[(start + i) * q + start + j] = block.matrix[i * block.size + j]!;
    return matrix;
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

  /** P b. */
  #weighted({ subject, occasion }: PopulationValues, b: Float64Array): Float64Array {
    const result = new Float64Array(b.length);
    for (const [start, block] of this.#blocks(subject, occasion)) {
      const n = block.size;
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++) result[start + i]! += block.inverse[i * n + j]! * b[start + j]!;
    }
    return result;
  }

  /** The covariance's blocks and where each begins. */
  #blocks(subject: Covariance, occasion: Covariance): [number, Covariance][] {
    return [
      [0, subject],
      ...Array.from({ length: this.data.occasions }, (_, o): [number, Covariance] => [
        subject.size + o * occasion.size,
        occasion,
      ]),
    ];
  }

  /** Standard deviations of the effects. */
  #widths({ subject, occasion }: PopulationValues): Float64Array {
    const widths = new Float64Array(this.size);
    for (const [start, { size, matrix }] of this.#blocks(subject, occasion)) {
      for (let i = 0; i < size; i++) widths[start + i] = Math.sqrt(matrix[i * size + i]!);
    }
    return widths;
  }

  #addInverse(matrix: Float64Array, { subject, occasion }: PopulationValues, factor: number): void {
    const q = this.size;
    for (const [start, block] of this.#blocks(subject, occasion)) {
      for (let i = 0; i < block.size; i++)
        for (let j = 0; j < block.size; j++)
          matrix[(start + i) * q + start + j]! += factor * block.inverse[i * block.size + j]!;
    }
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
  #evaluate(values: PopulationValues, b: Float64Array): Evaluation | null {
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
    const weighted = this.#weighted(values, b);
    const gradient = weighted.map((value) => 2 * value);
    for (let a = 0; a < q; a++) {
      joint += b[a]! * weighted[a]!;
      for (let i = 0; i < m; i++) gradient[a]! += slots.first[i * x + a]! * byPrediction[i]!;
    }
    const information = congruence(info, slots.first, m, q, x);
    this.#addInverse(information, values, 1);
    if (!gradient.every(Number.isFinite) || !information.every(Number.isFinite)) return null;
    return { joint, gradient, information, predictions };
  }

  /** Null where the model cannot be computed or is impossible. */
  #tried(values: PopulationValues, b: Float64Array): Evaluation | null {
    try {
      return this.#evaluate(values, b);
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
    let b: Float64Array = start;
    let at = this.#tried(values, b);
    let matrix: Float64Array | null = curvature?.map((value) => 2 * value) ?? null;
    if (at === null) {
      b = new Float64Array(q);
      matrix = null;
      at = this.#evaluate(values, b);
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
    const widths = this.#widths(values);
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
      const found = this.#search(values, b, at, direction, slope);
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
    return this.#result(values, b, at, converged);
  }

  #search(
    values: PopulationValues,
    b: Float64Array,
    from: Evaluation,
    direction: Float64Array,
    slope: number,
  ): { b: Float64Array; at: Evaluation } | null {
    for (let halving = 0, t = 1; halving < MOST_HALVINGS; halving++, t /= 2) {
      const next = b.map((value, i) => value + t * direction[i]!);
      const at = this.#tried(values, next);
      if (at === null) continue;
      if (at.joint <= from.joint + 1e-4 * t * slope) return { b: next, at };
      // Near the end the gradient, a difference, is the better guide (Hager & Zhang 2005, doi:10.1137/030601880).
      const level = at.joint <= from.joint + NOISE * Math.max(1, Math.abs(from.joint));
      if (level && Math.abs(dot(direction, at.gradient)) < 0.5 * Math.abs(slope)) return { b: next, at };
    }
    return null;
  }

  #result(values: PopulationValues, b: Float64Array, at: Evaluation, converged: boolean): InnerResult {
    const q = this.size;
    const factor = cholesky(at.information, q);
    const { subject, occasion } = values;
    const prior = subject.logDeterminant + this.data.occasions * occasion.logDeterminant;
    const objective =
      factor === null ? Number.POSITIVE_INFINITY : at.joint + prior + logDeterminant(factor, q);
    const { joint, information, predictions } = at;
    return { effects: b, joint, information, objective, predictions, converged };
  }

  /** The gradient of `objective` at the fitted effects. */
  gradient(values: PopulationValues, b: Float64Array): SubjectGradient {
    const slots = this.#slots(values.parameters, b);
    const { parameters: p } = this.#sizes;
    const q = this.size;
    const x = q + p;
    const m = slots.values.length;
    const { values: predictions, first, second } = this.#predictor.second(this.data.layout, slots.values);
    this.#likelihood(predictions, values.sigma);
    // Sums over the observations, by the slots.
    const byPrediction = new Float64Array(m);
    const curve = new Float64Array(m * m);
    const info = new Float64Array(m * m);
    for (const [j, { f, ff, information }] of this.#likelihoods.entries()) {
      for (let i = 0; i < m; i++) {
        const fi = first[j * m + i]!;
        byPrediction[i]! += f * fi;
        for (let k = 0; k <= i; k++) {
          const product = fi * first[j * m + k]!;
          curve[i * m + k]! += ff * product + f * second[(j * m + i) * m + k]!;
          info[i * m + k]! += information * product;
        }
      }
    }
    mirror(curve, m);
    mirror(info, m);
    const h = congruence(info, slots.first, m, q, x);
    this.#addInverse(h, values, 1);
    const factor = cholesky(h, q);
    const inverse = factor === null ? h.map(() => Number.NaN) : inverseCholesky(factor, q);
    // W = Z_b H^-1 Z_b', Q = A Z_b H^-1.
    const zh = new Float64Array(m * q);
    for (let i = 0; i < m; i++)
      for (let a = 0; a < q; a++)
        for (let c = 0; c < q; c++) zh[i * q + a]! += slots.first[i * x + c]! * inverse[c * q + a]!;
    const w = new Float64Array(m * m);
    const qq = new Float64Array(m * q);
    for (let i = 0; i < m; i++)
      for (let k = 0; k < m; k++) {
        for (let a = 0; a < q; a++) {
          w[i * m + k]! += zh[i * q + a]! * slots.first[k * x + a]!;
          qq[i * q + a]! += info[i * m + k]! * zh[k * q + a]!;
        }
      }
    // t_i: change of ln |H| with a slot, by the predictions.
    const bySlot = new Float64Array(m);
    const bySigma = new Float64Array(values.sigma.length);
    const spreads = new Float64Array(this.#likelihoods.length);
    const wf = new Float64Array(m);
    for (const [j, like] of this.#likelihoods.entries()) {
      let spread = 0;
      for (let i = 0; i < m; i++) {
        let sum = 0;
        for (let k = 0; k < m; k++) sum += w[i * m + k]! * first[j * m + k]!;
        wf[i] = sum;
        spread += sum * first[j * m + i]!;
      }
      spreads[j] = spread;
      for (let i = 0; i < m; i++) {
        let bent = 0;
        for (let k = 0; k < m; k++) bent += second[(j * m + i) * m + k]! * wf[k]!;
        bySlot[i]! += like.informationF * first[j * m + i]! * spread + 2 * like.information * bent;
      }
      for (const [k, { at }] of this.data.terms[j]!.entries()) {
        bySigma[at]! += like.s[k]! + like.informationS[k]! * spread;
      }
    }
    /** Change of ln |H| with an effect or parameter. */
    const ofLogH = (v: number) => {
      let sum = 0;
      for (let i = 0; i < m; i++) {
        sum += bySlot[i]! * slots.first[i * x + v]!;
        for (let a = 0; a < q; a++) sum += 2 * qq[i * q + a]! * slots.second[(i * q + a) * x + v]!;
      }
      return sum;
    };
    /** Second derivative of J by an effect and an effect or parameter, without the prior. */
    const ofJoint = (a: number, v: number) => {
      let sum = 0;
      for (let i = 0; i < m; i++) {
        let inner = 0;
        for (let k = 0; k < m; k++) inner += curve[i * m + k]! * slots.first[k * x + v]!;
        sum += slots.first[i * x + a]! * inner + byPrediction[i]! * slots.second[(i * q + a) * x + v]!;
      }
      return sum;
    };
    const curvature = new Float64Array(q * q);
    for (let a = 0; a < q; a++) for (let c = 0; c < q; c++) curvature[a * q + c] = ofJoint(a, c) / 2;
    this.#addInverse(curvature, values, 1);
    const curvatureFactor = cholesky(curvature, q);
    // u = K^-1 d ln|H| / db with K = 2 curvature: how the effects answer.
    const l = Float64Array.from({ length: q }, (_, a) => ofLogH(a));
    const u = solveCholesky(curvatureFactor ?? factor ?? h.fill(Number.NaN), l, q).map((value) => value / 2);
    const parameters = Float64Array.from({ length: p }, (_, v) => {
      let sum = ofLogH(q + v);
      for (let i = 0; i < m; i++) sum += byPrediction[i]! * slots.first[i * x + q + v]!;
      for (let a = 0; a < q; a++) sum -= u[a]! * ofJoint(a, q + v);
      return sum;
    });
    for (const [j, like] of this.#likelihoods.entries()) {
      let along = 0;
      for (let i = 0; i < m; i++)
        for (let a = 0; a < q; a++) along += first[j * m + i]! * slots.first[i * x + a]! * u[a]!;
      for (const [k, { at }] of this.data.terms[j]!.entries()) bySigma[at]! -= like.fs[k]! * along;
    }
    return {
      parameters,
      sigma: bySigma,
      ...this.#byCovariance(values, b, inverse, u),
      curvature: curvatureFactor === null ? null : curvature,
    };
  }

  /** G = P - P b b' P - P H^-1 P + P u b' P + P b u' P, block by block. */
  #byCovariance(values: PopulationValues, b: Float64Array, inverse: Float64Array, u: Float64Array) {
    const q = this.size;
    const { subject, occasion } = values;
    const pb = this.#weighted(values, b);
    const pu = this.#weighted(values, u);
    const result = {
      subject: new Float64Array(subject.size ** 2),
      occasion: new Float64Array(occasion.size ** 2),
    };
    for (const [index, [start, block]] of this.#blocks(subject, occasion).entries()) {
      const n = block.size;
      const p = block.inverse;
      const into = index === 0 ? result.subject : result.occasion;
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++) {
          let php = 0;
          for (let k = 0; k < n; k++)
            for (let l = 0; l < n; l++)
              php += p[i * n + k]! * inverse[(start + k) * q + start + l]! * p[l * n + j]!;
          const [a, c] = [start + i, start + j];
          into[i * n + j]! += p[i * n + j]! - pb[a]! * pb[c]! - php + pu[a]! * pb[c]! + pb[a]! * pu[c]!;
        }
    }
    return result;
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Copies the lower triangle to the upper. */
function mirror(matrix: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) for (let k = 0; k < i; k++) matrix[k * n + i] = matrix[i * n + k]!;
}

/** Z' A Z for the first `q` columns of Z (m x width). */
function congruence(a: Float64Array, z: Float64Array, m: number, q: number, width: number): Float64Array {
  const az = new Float64Array(m * q);
  for (let i = 0; i < m; i++)
    for (let k = 0; k < m; k++)
      for (let c = 0; c < q; c++) az[i * q + c]! += a[i * m + k]! * z[k * width + c]!;
  const result = new Float64Array(q * q);
  for (let i = 0; i < m; i++)
    for (let a_ = 0; a_ < q; a_++)
      for (let c = 0; c < q; c++) result[a_ * q + c]! += z[i * width + a_]! * az[i * q + c]!;
  return result;
}

/** The BFGS update of a Hessian; null where the curvature along the step is not positive. */
function updated(
  matrix: Float64Array,
  step: Float64Array,
  turn: Float64Array,
  n: number,
): Float64Array | null {
  const sy = dot(step, turn);
  const bs = new Float64Array(n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) bs[i]! += matrix[i * n + j]! * step[j]!;
  const sbs = dot(step, bs);
  if (!(sy > 1e-10 * sbs) || !(sbs > 0)) return null;
  const next = matrix.slice();
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) next[i * n + j]! += (turn[i]! * turn[j]!) / sy - (bs[i]! * bs[j]!) / sbs;
  return next;
}
