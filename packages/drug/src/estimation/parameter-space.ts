/** The population's parameters as one vector without bounds, and back. */
import { cholesky } from "@viscera/numerics";
import type { ErrorKind } from "../pharmacology/model.js";
import { covarianceOf } from "./effect-prior.js";
import type { SubjectGradient } from "./subject-gradient.js";
import type { PopulationValues } from "./subject-problem.js";

export interface StructuralParameter {
  name: string;
  unit: string;
  start: number;
  lower: number | null;
  upper: number | null;
}

export interface EffectBlock {
  level: "subject" | "occasion";
  names: readonly string[];
  covariance: Float64Array;
  fixed: boolean;
}

export interface ErrorParameter {
  output: string;
  kind: ErrorKind;
  start: number;
  fixed: boolean;
}

export type ParameterKind = "structural" | "variance" | "covariance" | "error";

/** One entry of the table of estimates. */
export interface NaturalParameter {
  name: string;
  kind: ParameterKind;
  unit: string;
  fixed: boolean;
}

/** Of a standard deviation, relative to its start, below which it counts as gone. */
const SMALLEST_SHARE = 1e-4;

/**
 * Parameters with bounds by their logarithm or logit, others in units of their start; covariances by Cholesky factors with
 * logarithmic diagonals; standard deviations by logarithms.
 */
export class ParameterSpace {
  readonly structural: readonly StructuralParameter[];
  readonly blocks: readonly EffectBlock[];
  readonly errors: readonly ErrorParameter[];
  /** What is shown: structural, then variances and covariances, then errors. */
  readonly natural: readonly NaturalParameter[];
  readonly start: Float64Array;
  readonly #subjectSize: number;
  readonly #occasionSize: number;

  constructor(
    structural: readonly StructuralParameter[],
    blocks: readonly EffectBlock[],
    errors: readonly ErrorParameter[],
  ) {
    this.structural = structural;
    this.blocks = blocks;
    this.errors = errors;
    const sizeOf = (level: string) =>
      blocks.filter((block) => block.level === level).reduce((sum, { names }) => sum + names.length, 0);
    this.#subjectSize = sizeOf("subject");
    this.#occasionSize = sizeOf("occasion");
    this.natural = [
      ...structural.map(({ name, unit }) => ({ name, kind: "structural" as const, unit, fixed: false })),
      ...blocks.flatMap(({ names, fixed }) =>
        lowerTriangle(names.length).map(([i, j]) => ({
          name: i === j ? `var(${names[i]})` : `cov(${names[i]},${names[j]})`,
          kind: i === j ? ("variance" as const) : ("covariance" as const),
          unit: "",
          fixed,
        })),
      ),
      ...errors.map(({ output, kind, fixed }) => ({
        name: `${kind}(${output})`,
        kind: "error" as const,
        unit: "",
        fixed,
      })),
    ];
    this.start = Float64Array.from([
      ...structural.map((parameter) => toFree(parameter, parameter.start)),
      ...blocks
        .filter(({ fixed }) => !fixed)
        .flatMap(({ covariance, names }) => {
          const n = names.length;
          const factor = cholesky(covariance, n)!;
          return lowerTriangle(n).map(([i, j]) =>
            i === j ? Math.log(factor[i * n + i]!) : factor[i * n + j]! / factor[i * n + i]!,
          );
        }),
      ...errors.filter(({ fixed }) => !fixed).map(({ start }) => Math.log(start)),
    ]);
  }

  /** Names of the vector's entries, those of what each mostly is. */
  get freeNames(): string[] {
    return this.natural.filter(({ fixed }) => !fixed).map(({ name }) => name);
  }

  /** Null where a covariance is not positive definite to rounding. */
  values(free: Float64Array): PopulationValues | null {
    const { parameters, subject, occasion, sigma } = this.#unpack(free);
    const [ofSubject, ofOccasion] = [
      covarianceOf(subject, this.#subjectSize),
      covarianceOf(occasion, this.#occasionSize),
    ];
    if (ofSubject === null || ofOccasion === null) return null;
    return { parameters, subject: ofSubject, occasion: ofOccasion, sigma };
  }

  #unpack(free: Float64Array) {
    let at = 0;
    const parameters = Float64Array.from(this.structural, (parameter) => fromFree(parameter, free[at++]!));
    const subject = new Float64Array(this.#subjectSize ** 2);
    const occasion = new Float64Array(this.#occasionSize ** 2);
    for (const { block, start, size, matrix } of this.#placed(subject, occasion)) {
      const n = block.names.length;
      let covariance = block.covariance;
      if (!block.fixed) {
        const factor = factorFrom(free.subarray(at, at + (n * (n + 1)) / 2), n);
        at += (n * (n + 1)) / 2;
        covariance = new Float64Array(n * n);
        for (let i = 0; i < n; i++)
          for (let j = 0; j < n; j++)
            for (let k = 0; k < n; k++) covariance[i * n + j]! += factor[i * n + k]! * factor[j * n + k]!;
      }
      for (let i = 0; i < n; i++)
        for (let j = 0; j < n; j++) matrix[(start + i) * size + start + j] = covariance[i * n + j]!;
    }
    const sigma = Float64Array.from(this.errors, ({ fixed, start }) =>
      fixed ? start : Math.exp(free[at++]!),
    );
    return { parameters, subject, occasion, sigma };
  }

  *#placed(subject: Float64Array, occasion: Float64Array) {
    const next = { subject: 0, occasion: 0 };
    for (const block of this.blocks) {
      const start = next[block.level];
      next[block.level] += block.names.length;
      const ofSubject = block.level === "subject";
      yield {
        block,
        start,
        size: ofSubject ? this.#subjectSize : this.#occasionSize,
        matrix: ofSubject ? subject : occasion,
      };
    }
  }

  /** The gradient by the free vector from that by the natural values. */
  gradient(free: Float64Array, natural: Omit<SubjectGradient, "curvature">): Float64Array {
    const result = new Float64Array(free.length);
    let at = 0;
    for (const [i, parameter] of this.structural.entries()) {
      result[at] = natural.parameters[i]! * slopeOf(parameter, free[at]!);
      at++;
    }
    for (const { block, start, size, matrix } of this.#placed(natural.subject, natural.occasion)) {
      if (block.fixed) continue;
      const n = block.names.length;
      const part = free.subarray(at, at + (n * (n + 1)) / 2);
      const factor = factorFrom(part, n);
      // d objective / d L = 2 G L.
      const byFactor = (i: number, j: number) => {
        let sum = 0;
        for (let k = 0; k < n; k++) sum += matrix[(start + i) * size + start + k]! * factor[k * n + j]!;
        return 2 * sum;
      };
      for (const [k, [i, j]] of lowerTriangle(n).entries()) {
        if (i === j) {
          // The whole row is in units of the diagonal.
          let sum = 0;
          for (let c = 0; c <= i; c++) sum += byFactor(i, c) * factor[i * n + c]!;
          result[at + k] = sum;
        } else result[at + k] = byFactor(i, j) * factor[i * n + i]!;
      }
      at += part.length;
    }
    for (const [i, { fixed }] of this.errors.entries()) {
      if (fixed) continue;
      result[at] = natural.sigma[i]! * Math.exp(free[at]!);
      at++;
    }
    return result;
  }

  /** Values in the order of `natural`. */
  naturalValues(free: Float64Array): Float64Array {
    const { parameters, subject, occasion, sigma } = this.#unpack(free);
    const covariances = [...this.#placed(subject, occasion)].flatMap(({ block, start, size, matrix }) =>
      lowerTriangle(block.names.length).map(([i, j]) => matrix[(start + i) * size + start + j]!),
    );
    return Float64Array.of(...parameters, ...covariances, ...sigma);
  }

  /** d natural / d free, row-major, by central differences. */
  jacobian(free: Float64Array): Float64Array {
    const rows = this.natural.length;
    const result = new Float64Array(rows * free.length);
    for (let k = 0; k < free.length; k++) {
      const h = 1e-5;
      const moved = (by: number) =>
        this.naturalValues(free.map((value, i) => (i === k ? value + by : value)));
      const [up, down] = [moved(h), moved(-h)];
      for (let i = 0; i < rows; i++) result[i * free.length + k] = (up[i]! - down[i]!) / (2 * h);
    }
    return result;
  }

  /** Entries of the free vector whose standard deviation has all but vanished since the start. */
  vanished(free: Float64Array): number[] {
    const limit = Math.log(SMALLEST_SHARE);
    return this.natural
      .filter(({ fixed }) => !fixed)
      .flatMap(({ kind }, i) =>
        (kind === "variance" || kind === "error") && free[i]! - this.start[i]! < limit ? [i] : [],
      );
  }
}

export function lowerTriangle(n: number): [number, number][] {
  return Array.from({ length: n }, (_, i) =>
    Array.from({ length: i + 1 }, (__, j): [number, number] => [i, j]),
  ).flat();
}

/** L from ln L_ii and L_ij / L_ii. */
function factorFrom(part: Float64Array, n: number): Float64Array {
  const factor = new Float64Array(n * n);
  for (const [k, [i, j]] of lowerTriangle(n).entries()) factor[i * n + j] = part[k]!;
  for (let i = 0; i < n; i++) {
    const diagonal = Math.exp(factor[i * n + i]!);
    for (let j = 0; j < i; j++) factor[i * n + j]! *= diagonal;
    factor[i * n + i] = diagonal;
  }
  return factor;
}

const scaleOf = ({ start }: StructuralParameter) => Math.abs(start) || 1;

function toFree(parameter: StructuralParameter, value: number): number {
  const { lower, upper } = parameter;
  if (lower !== null && upper !== null) return Math.log((value - lower) / (upper - value));
  if (lower !== null) return Math.log(value - lower);
  if (upper !== null) return Math.log(upper - value);
  return value / scaleOf(parameter);
}

function fromFree(parameter: StructuralParameter, free: number): number {
  const { lower, upper } = parameter;
  if (lower !== null && upper !== null) return lower + (upper - lower) / (1 + Math.exp(-free));
  if (lower !== null) return lower + Math.exp(free);
  if (upper !== null) return upper - Math.exp(free);
  return free * scaleOf(parameter);
}

function slopeOf(parameter: StructuralParameter, free: number): number {
  const { lower, upper } = parameter;
  if (lower !== null && upper !== null) {
    const share = 1 / (1 + Math.exp(-free));
    return (upper - lower) * share * (1 - share);
  }
  if (lower !== null) return Math.exp(free);
  if (upper !== null) return -Math.exp(free);
  return scaleOf(parameter);
}

/** Interval of a structural parameter or standard deviation from one of the free entry, in natural values. */
export function intervalOf(
  parameter: StructuralParameter,
  free: number,
  halfWidth: number,
): { low: number; high: number } {
  const ends = [fromFree(parameter, free - halfWidth), fromFree(parameter, free + halfWidth)];
  return { low: Math.min(...ends), high: Math.max(...ends) };
}
