/**
 * What one observation adds to -2 ln likelihood (without ln 2 pi), as a function of its prediction f and of the error's
 * standard deviations. Normal: variance R = a^2 + (p f)^2; exponential: ln y normal around ln f. A value known to be
 * below a limit adds -2 ln of its probability (M3 of Beal 2001, doi:10.1023/A:1012299115260).
 */
import { logNormalCdf } from "@viscera/numerics";
import type { ErrorKind } from "../pharmacology/model.js";

export interface ErrorTerm {
  kind: ErrorKind;
  /** Place among all error parameters. */
  at: number;
}

/** Derivatives by the prediction (f) and by each of the error's parameters (s, in the order of the terms). */
export interface ObservationLikelihood {
  value: number;
  f: number;
  ff: number;
  /** Expected half second derivative by the prediction: its information. Of a censored value the observed one. */
  information: number;
  informationF: number;
  s: Float64Array;
  fs: Float64Array;
  informationS: Float64Array;
}

export function newObservationLikelihood(terms: number): ObservationLikelihood {
  return {
    value: 0,
    f: 0,
    ff: 0,
    information: 0,
    informationF: 0,
    s: new Float64Array(terms),
    fs: new Float64Array(terms),
    informationS: new Float64Array(terms),
  };
}

export interface Observation {
  value: number;
  /** Whether the value is only known to be below `value`. */
  censored: boolean;
}

const LOG_2PI = Math.log(2 * Math.PI);

/** Fills `out`; its value is NaN or infinite where the prediction is impossible for the error. */
export function observationLikelihood(
  { value: y, censored }: Observation,
  f: number,
  terms: readonly ErrorTerm[],
  sigma: ArrayLike<number>,
  out: ObservationLikelihood,
): void {
  if (terms[0]?.kind === "exponential") {
    const s = sigma[terms[0].at]!;
    if (censored) lognormalBelow(y, f, s, out);
    else lognormal(y, f, s, out);
  } else normal(y, f, terms, sigma, censored, out);
}

/** Standard deviation of an observation around its prediction (of the logarithm for an exponential error). */
export function deviationOf(f: number, terms: readonly ErrorTerm[], sigma: ArrayLike<number>): number {
  let variance = 0;
  for (const { kind, at } of terms) variance += (sigma[at]! * (kind === "proportional" ? f : 1)) ** 2;
  return Math.sqrt(variance);
}

function normal(
  y: number,
  f: number,
  terms: readonly ErrorTerm[],
  sigma: ArrayLike<number>,
  censored: boolean,
  out: ObservationLikelihood,
): void {
  let r = 0;
  let rf = 0;
  let rff = 0;
  for (const { kind, at } of terms) {
    const square = sigma[at]! * sigma[at]!;
    if (kind === "proportional") {
      r += square * f * f;
      rf += 2 * square * f;
      rff += 2 * square;
    } else r += square;
  }
  if (censored) {
    normalBelow(y - f, f, r, rf, rff, terms, sigma, out);
    return;
  }
  const e = y - f;
  const u = (e * e) / r;
  const q = rf / r;
  out.value = Math.log(r) + u;
  out.f = q - (2 * e) / r - u * q;
  out.ff = rff / r - q * q + 2 / r + (4 * e * q) / r - (u * rff) / r + 2 * u * q * q;
  out.information = 1 / r + (q * q) / 2;
  out.informationF = -q / r + (q * rff) / r - q * q * q;
  for (const [k, { kind, at }] of terms.entries()) {
    const proportional = kind === "proportional";
    const rs = 2 * sigma[at]! * (proportional ? f * f : 1);
    const rfs = proportional ? 4 * sigma[at]! * f : 0;
    const share = rs / r;
    out.s[k] = share - u * share;
    out.fs[k] = rfs / r - q * share + (2 * e * share) / r - (u * rfs) / r + 2 * u * q * share;
    out.informationS[k] = -share / r + (q * rfs) / r - q * q * share;
  }
}

function normalBelow(
  distance: number,
  f: number,
  r: number,
  rf: number,
  rff: number,
  terms: readonly ErrorTerm[],
  sigma: ArrayLike<number>,
  out: ObservationLikelihood,
): void {
  const root = Math.sqrt(r);
  const r32 = 1 / (r * root);
  const r52 = r32 / r;
  const z = distance / root;
  const zf = -1 / root - 0.5 * distance * r32 * rf;
  const zff = r32 * rf + distance * (0.75 * r52 * rf * rf - 0.5 * r32 * rff);
  const tail = below(z, zf, zff, out);
  for (const [k, { kind, at }] of terms.entries()) {
    const proportional = kind === "proportional";
    const rs = 2 * sigma[at]! * (proportional ? f * f : 1);
    const rfs = proportional ? 4 * sigma[at]! * f : 0;
    const zs = -0.5 * distance * r32 * rs;
    const zfs = 0.5 * r32 * rs - 0.5 * distance * (-1.5 * r52 * rf * rs + r32 * rfs);
    belowBy(k, zs, zfs, zf, tail, out);
  }
}

function lognormal(y: number, f: number, s: number, out: ObservationLikelihood): void {
  const u = Math.log(y / f);
  const v = s * s;
  out.value = Math.log(v) + (u * u) / v + 2 * Math.log(y);
  out.f = (-2 * u) / (v * f);
  out.ff = (2 + 2 * u) / (v * f * f);
  out.information = 1 / (v * f * f);
  out.informationF = -2 / (v * f * f * f);
  out.s[0] = 2 / s - (2 * u * u) / (v * s);
  out.fs[0] = (4 * u) / (v * s * f);
  out.informationS[0] = -2 / (v * s * f * f);
}

function lognormalBelow(limit: number, f: number, s: number, out: ObservationLikelihood): void {
  const z = Math.log(limit / f) / s;
  const zf = -1 / (s * f);
  const tail = below(z, zf, 1 / (s * f * f), out);
  belowBy(0, -z / s, 1 / (s * s * f), zf, tail, out);
}

interface Tail {
  mills: number;
  /** Derivative of `mills` by z. */
  slope: number;
  /** -(ln Phi)'' and its derivative. */
  bend: number;
  bendSlope: number;
}

/** -2 ln Phi(z) and its derivatives by f. */
function below(z: number, zf: number, zff: number, out: ObservationLikelihood): Tail {
  const log = logNormalCdf(z);
  const mills = Math.exp(-0.5 * (z * z + LOG_2PI) - log);
  const bend = mills * (mills + z);
  const slope = -bend;
  const bendSlope = slope * (2 * mills + z) + mills;
  out.value = -2 * log;
  out.f = -2 * mills * zf;
  out.ff = -2 * (slope * zf * zf + mills * zff);
  out.information = bend * zf * zf;
  out.informationF = bendSlope * zf ** 3 + 2 * bend * zf * zff;
  return { mills, slope, bend, bendSlope };
}

function belowBy(
  k: number,
  zs: number,
  zfs: number,
  zf: number,
  tail: Tail,
  out: ObservationLikelihood,
): void {
  const { mills, slope, bend, bendSlope } = tail;
  out.s[k] = -2 * mills * zs;
  out.fs[k] = -2 * (slope * zs * zf + mills * zfs);
  out.informationS[k] = bendSlope * zs * zf * zf + 2 * bend * zf * zfs;
}
