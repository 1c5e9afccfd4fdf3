/**
 * The lines of a model's text that say how subjects vary:
 *
 *     parameter tvCL = 2.8 [L/h] > 0      # bounds of an estimate: > 0, < 10, or both; `fixed` for none
 *     random etaCL ~ 0.09                 # a variance; `sd 0.3` is the same
 *     random etaCL, etaV ~ 0.09; 0.01, 0.04   # lower triangle; after `sd`: standard deviations, correlations below them
 *     occasion kappaCL ~ 0.02             # drawn anew for each value of the column OCC
 *     error Cp = additive 0.3 + proportional 0.1   # standard deviations; exponential 0.2 stands alone
 *     error effect cmt 3 = additive 2     # of the observations with CMT 3
 *
 * Each of these may end with `fixed`.
 */
import { cholesky } from "@viscera/numerics";
import type { ErrorKind, RandomEffects, ResidualError } from "./model.js";

const NAME = String.raw`[\p{L}_][\p{L}\p{N}_]*`;
const NUMBER = String.raw`[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?`;
const FIXED = /\s+fixed$/u;
const BOUND = new RegExp(String.raw`\s*([<>])\s*(${NUMBER})$`, "u");
const RANDOM = /^(random|occasion)\s+(.*?)\s*~\s*(.*)$/u;
const ERROR = new RegExp(String.raw`^error\s+(${NAME})\s*(?:cmt\s+(\S+)\s*)?=\s*(.*)$`, "u");
const TERM = new RegExp(String.raw`^(additive|proportional|exponential)\s+(${NUMBER})(\s+fixed)?$`, "u");

/** What is wrong with a line, and how to mend it. */
export interface TextMistake {
  what: string;
  hint?: string;
}

export type Read<T> = T | TextMistake | null;

export const isMistake = <T extends object>(read: T | TextMistake): read is TextMistake => "what" in read;

export interface Qualifiers {
  /** What is left of the text. */
  text: string;
  lower?: number;
  upper?: number;
  fixed?: boolean;
}

/** Takes bounds and `fixed` from the end of a parameter's line. */
export function readQualifiers(text: string): Qualifiers {
  const found: Qualifiers = { text: text.trimEnd() };
  if (FIXED.test(found.text)) {
    found.fixed = true;
    found.text = found.text.replace(FIXED, "");
  }
  for (let match = BOUND.exec(found.text); match !== null; match = BOUND.exec(found.text)) {
    found[match[1] === ">" ? "lower" : "upper"] = Number(match[2]);
    found.text = found.text.slice(0, match.index);
  }
  return found;
}

/** Random effects; null for another statement. */
export function readRandom(text: string): Read<RandomEffects> {
  const match = RANDOM.exec(text);
  if (match === null) return null;
  const [, level, left = "", right = ""] = match;
  const names = unwrapped(left)
    .split(",")
    .map((name) => name.trim());
  const bad = names.find((name) => !new RegExp(`^${NAME}$`, "u").test(name));
  if (bad !== undefined) return { what: `"${bad}" is no name of a random effect.` };
  const fixed = FIXED.test(right);
  const body = right.replace(FIXED, "").trim();
  const deviations = /^sd\b/.test(body);
  const rows = unwrapped(body.replace(/^sd\b/, "").trim())
    .split(";")
    .map((row) => row.split(",").map((value) => Number(value.trim() === "" ? Number.NaN : value)));
  const n = names.length;
  if (rows.length !== n || rows.some((row, i) => row.length !== i + 1 || !row.every(Number.isFinite))) {
    return {
      what: `the covariance of ${names.join(", ")} needs ${n === 1 ? "one number" : `${n} rows of 1 to ${n} numbers`}.`,
      hint: "Write the lower triangle: random etaCL, etaV ~ 0.09; 0.01, 0.04.",
    };
  }
  const covariance = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const given = rows[i]![j]!;
      const scale = rows[i]![i]! * rows[j]![j]!;
      covariance[i * n + j] = covariance[j * n + i] = deviations
        ? i === j
          ? given * given
          : given * scale
        : given;
    }
  }
  if (cholesky(covariance, n) === null) {
    return n === 1
      ? {
          what: `the variance of "${names[0]}" has to be above 0.`,
          hint: "Leave out an effect that does not vary.",
        }
      : { what: `the covariance of ${names.join(", ")} is not positive definite.` };
  }
  return { level: level === "random" ? "subject" : "occasion", names, covariance, fixed };
}

/** A residual error; null for another statement. */
export function readError(text: string): Read<ResidualError> {
  const match = ERROR.exec(text);
  if (match === null) return null;
  const [, output = "", compartment = "", right = ""] = match;
  const terms = readErrorTerms(right);
  return isMistake(terms) ? terms : { output, compartment, terms };
}

/** `additive 0.3 + proportional 0.1`, each a standard deviation, perhaps `fixed`. */
export function readErrorTerms(text: string): ResidualError["terms"] | TextMistake {
  const terms: ResidualError["terms"] = [];
  for (const part of text.split(/\+(?!\d)/)) {
    const match = TERM.exec(part.trim());
    if (match === null) {
      return {
        what: `"${part.trim()}" is no residual error.`,
        hint: "Write additive 0.3, proportional 0.1, both with a + between them, or exponential 0.2.",
      };
    }
    const kind = match[1] as ErrorKind;
    const value = Number(match[2]);
    if (!(value > 0 && Number.isFinite(value))) return { what: `the ${kind} error has to be above 0.` };
    if (terms.some((term) => term.kind === kind)) return { what: `the ${kind} error is there twice.` };
    terms.push({ kind, value, fixed: match[3] !== undefined });
  }
  if (terms.length > 1 && terms.some(({ kind }) => kind === "exponential")) {
    return {
      what: "an exponential error cannot be combined with another.",
      hint: "Take additive 0.3 + proportional 0.1 instead.",
    };
  }
  return terms;
}

const unwrapped = (text: string) => /^\((.*)\)$/u.exec(text.trim())?.[1] ?? text;
