/** How parameters differ between people and between occasions of one person: log-normal, with correlations. */
import { RandomStream, usageError } from "@viscera/core";
import { cholesky } from "@viscera/numerics";
import type { PharmacologyModel, RandomEffects } from "../pharmacology/model.js";

/** Factors exp(eta) on parameters, eta normal with mean 0 and this covariance. */
export interface ParameterVariation {
  level: "subject" | "occasion";
  names: string[];
  /** Row-major. */
  covariance: Float64Array;
}

const HINT = 'Write for example "CL=30%,V=20%,CL~V=0.5": coefficients of variation and correlations.';
/** A larger coefficient of variation is a slip. */
const MOST_PERCENT = 1000;

/**
 * Reads coefficients of variation and correlations (of the logarithms): `CL=30%,V=20%,CL~V=0.5`. Throws `usage` for
 * unknown parameters, negative variations and correlations that cannot be.
 */
export function readVariation(
  texts: readonly string[],
  parameters: readonly string[],
  level: ParameterVariation["level"],
): ParameterVariation | null {
  const option = level === "subject" ? "--variability" : "--occasion-variability";
  const mistake = (what: string) => usageError(`${option}: ${what}`, HINT);
  const names: string[] = [];
  const deviations: number[] = [];
  const correlations: { pair: [string, string]; value: number }[] = [];
  for (const item of texts.flatMap((text) => text.split(",")).map((text) => text.trim())) {
    const [, left = "", right = ""] = /^([^=]+)=(.*)$/u.exec(item) ?? [];
    const ends = left.split("~").map((name) => name.trim());
    const unknown = ends.find((name) => !parameters.includes(name));
    if (left === "") throw mistake(`"${item}" is not understood.`);
    if (unknown !== undefined) {
      const known = parameters.slice(0, 20).join(", ");
      throw usageError(`${option}: the model has no parameter "${unknown}".`, `It has ${known}.`);
    }
    if (ends.length === 2) {
      const value = right.trim() === "" ? Number.NaN : Number(right);
      if (!(Math.abs(value) < 1)) throw mistake(`the correlation "${item}" has to lie between -1 and 1.`);
      correlations.push({ pair: ends as [string, string], value });
      continue;
    }
    const [, digits = "", percent] = /^\s*([-+\d.eE]+)\s*(%?)\s*$/.exec(right) ?? [];
    const value = digits === "" ? Number.NaN : Number(digits) * (percent ? 1 : 100);
    if (!(value >= 0 && value <= MOST_PERCENT)) {
      throw mistake(`the variation "${item}" has to lie between 0 and ${MOST_PERCENT} %.`);
    }
    if (names.includes(ends[0]!)) throw mistake(`"${ends[0]}" stands there twice.`);
    names.push(ends[0]!);
    deviations.push(Math.sqrt(Math.log1p((value / 100) ** 2)));
  }
  if (names.length === 0 && correlations.length === 0) return null;
  const n = names.length;
  const covariance = new Float64Array(n * n);
  for (let i = 0; i < n; i++) covariance[i * n + i] = deviations[i]! ** 2;
  for (const { pair, value } of correlations) {
    const [i, j] = pair.map((name) => names.indexOf(name)) as [number, number];
    if (i < 0 || j < 0 || i === j)
      throw mistake(`the correlation of ${pair.join(" and ")} needs both variations.`);
    covariance[i * n + j] = covariance[j * n + i] = value * deviations[i]! * deviations[j]!;
  }
  const variation = { level, names, covariance };
  factorOf(variation, mistake);
  return variation;
}

/** Lower triangle L of the covariance; effects that do not vary have a row of zeros. */
function factorOf(
  { names, covariance }: Pick<ParameterVariation, "names" | "covariance">,
  mistake: (what: string) => Error,
): Float64Array {
  const n = names.length;
  const used = names.map((_, i) => i).filter((i) => covariance[i * n + i]! > 0);
  const m = used.length;
  const block = Float64Array.from(
    { length: m * m },
    (_, k) => covariance[used[Math.floor(k / m)]! * n + used[k % m]!]!,
  );
  const factor = cholesky(block, m);
  if (factor === null) throw mistake(`the correlations of ${names.join(", ")} contradict one another.`);
  const whole = new Float64Array(n * n);
  for (let a = 0; a < m; a++)
    for (let b = 0; b <= a; b++) whole[used[a]! * n + used[b]!] = factor[a * m + b]!;
  return whole;
}

/** Occasions of one person that have numbers of their own. */
const DRAWS_AN_OCCASION = 4096;

/** Draws what a model's random effects and the asked-for variations give one person. */
export class VariationSource {
  readonly #blocks: {
    kind: "effect" | "factor";
    level: ParameterVariation["level"];
    at: number[];
    factor: Float64Array;
    first: number;
  }[] = [];
  readonly #stream: RandomStream;
  /** Parameters that differ between people. */
  readonly names: string[];
  readonly byOccasion: boolean;

  constructor(model: PharmacologyModel, variations: readonly ParameterVariation[], seed: number) {
    this.#stream = new RandomStream(seed, "drug.variation");
    let first = 0;
    const add = (
      kind: "effect" | "factor",
      { level, names, covariance }: Pick<RandomEffects, "level" | "names" | "covariance">,
    ) => {
      const at = names.map((name) => model.parameters.findIndex((parameter) => parameter.name === name));
      const factor = factorOf({ names, covariance }, (what) => usageError(`Variability: ${what}`, HINT));
      this.#blocks.push({ kind, level, at, factor, first });
      first += names.length;
    };
    for (const effects of model.random ?? []) add("effect", effects);
    for (const variation of variations) add("factor", variation);
    this.names = this.#blocks.flatMap(({ at }) => at.map((index) => model.parameters[index]!.name));
    this.byOccasion = this.#blocks.some(({ level }) => level === "occasion");
  }

  /**
   * Applies the person's draws to typical parameters, in place: effects are put in, factors multiplied. `occasion`
   * counts the person's occasions from 0.
   */
  apply(parameters: Float64Array, person: number, occasion = 0): void {
    for (const { kind, level, at, factor, first } of this.#blocks) {
      const n = at.length;
      const step = first + (level === "occasion" ? DRAWS_AN_OCCASION * (occasion + 1) : 0);
      for (let i = 0; i < n; i++) {
        let eta = 0;
        for (let j = 0; j <= i; j++) {
          const weight = factor[i * n + j]!;
          if (weight !== 0) eta += weight * this.#stream.normal(step + j, person);
        }
        if (kind === "effect") parameters[at[i]!] = eta;
        else parameters[at[i]!]! *= Math.exp(eta);
      }
    }
  }
}
