/** The exact gradient of one subject's objective by the population's parameters (see subject-problem.ts). */
import { cholesky, inverseCholesky, solveCholesky } from "@viscera/numerics";
import type { EffectPrior } from "./effect-prior.js";
import type { Prediction } from "./predictor.js";
import type { ErrorTerm, ObservationLikelihood } from "./residual-likelihood.js";
import { congruence, mirror } from "./small-matrices.js";

export interface SubjectGradient {
  parameters: Float64Array;
  /** d objective = sum of G_ij d Omega_ij, symmetric. */
  subject: Float64Array;
  occasion: Float64Array;
  sigma: Float64Array;
  /** Half of the joint function's true curvature by the effects, where it is positive definite. */
  curvature: Float64Array | null;
}

/** A subject's quantities with their derivatives. */
export interface Slots {
  values: Float64Array;
  /** slots x (effects, then parameters). */
  first: Float64Array;
  /** slots x effects x (effects, then parameters). */
  second: Float64Array;
}

export interface GradientInput {
  /** The most probable effects. */
  b: Float64Array;
  slots: Slots;
  /** With second derivatives by the slots. */
  prediction: Prediction;
  /** At the prediction. */
  likelihoods: readonly ObservationLikelihood[];
  terms: readonly (readonly ErrorTerm[])[];
  prior: EffectPrior;
  /** How many population parameters and residual errors there are. */
  parameters: number;
  sigmas: number;
}

export function objectiveGradient({
  b,
  slots,
  prediction: { first, second },
  likelihoods,
  terms,
  prior,
  parameters: p,
  sigmas,
}: GradientInput): SubjectGradient {
  const q = prior.size;
  const x = q + p;
  const m = slots.values.length;
  // Sums over the observations, by the slots.
  const byPrediction = new Float64Array(m);
  const curve = new Float64Array(m * m);
  const info = new Float64Array(m * m);
  for (const [j, { f, ff, information }] of likelihoods.entries()) {
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
  prior.addInverse(h);
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
  const bySigma = new Float64Array(sigmas);
  const spreads = new Float64Array(likelihoods.length);
  const wf = new Float64Array(m);
  for (const [j, like] of likelihoods.entries()) {
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
    for (const [k, { at }] of terms[j]!.entries()) {
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
  prior.addInverse(curvature);
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
  for (const [j, like] of likelihoods.entries()) {
    let along = 0;
    for (let i = 0; i < m; i++)
      for (let a = 0; a < q; a++) along += first[j * m + i]! * slots.first[i * x + a]! * u[a]!;
    for (const [k, { at }] of terms[j]!.entries()) bySigma[at]! -= like.fs[k]! * along;
  }
  return {
    parameters,
    sigma: bySigma,
    ...byCovariance(prior, b, inverse, u),
    curvature: curvatureFactor === null ? null : curvature,
  };
}

/** G = P - P b b' P - P H^-1 P + P u b' P + P b u' P, block by block. */
function byCovariance(prior: EffectPrior, b: Float64Array, inverse: Float64Array, u: Float64Array) {
  const { size: q, subject, occasion } = prior;
  const pb = prior.weighted(b);
  const pu = prior.weighted(u);
  const result = {
    subject: new Float64Array(subject.size ** 2),
    occasion: new Float64Array(occasion.size ** 2),
  };
  for (const [index, [start, block]] of prior.blocks.entries()) {
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
