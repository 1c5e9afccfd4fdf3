import { failedError } from "@viscera/core";
import type { Operator } from "./expression.js";

const truth = (value: boolean) => (value ? 1 : 0);

/** n! by a product for whole numbers, by the gamma function elsewhere. */
function factorial(x: number): number {
  if (!Number.isInteger(x)) return gamma(x + 1);
  if (x < 0) return Number.NaN;
  let result = 1;
  for (let k = 2; k <= x && result < Number.POSITIVE_INFINITY; k++) result *= k;
  return result;
}

/** Lanczos' approximation with g = 7, n = 9 (Lanczos 1964, doi:10.1137/0701008); about 15 digits. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

function gamma(x: number): number {
  if (x < 0.5) return Math.PI / (Math.sin(Math.PI * x) * gamma(1 - x));
  const z = x - 1;
  let series = LANCZOS[0]!;
  for (let k = 1; k < LANCZOS.length; k++) series += LANCZOS[k]! / (z + k);
  const t = z + 7.5;
  return Math.sqrt(2 * Math.PI) * t ** (z + 0.5) * Math.exp(-t) * series;
}

/** The value of an operator for numbers; what the compiled forms are tested against. */
export function applyOperator(operator: Operator, a: number, b = 0, c = 0): number {
  switch (operator) {
    case "neg":
      return -a;
    case "abs":
      return Math.abs(a);
    case "exp":
      return Math.exp(a);
    case "ln":
      return Math.log(a);
    case "sqrt":
      return Math.sqrt(a);
    case "floor":
      return Math.floor(a);
    case "ceil":
      return Math.ceil(a);
    case "sin":
      return Math.sin(a);
    case "cos":
      return Math.cos(a);
    case "tan":
      return Math.tan(a);
    case "asin":
      return Math.asin(a);
    case "acos":
      return Math.acos(a);
    case "atan":
      return Math.atan(a);
    case "sinh":
      return Math.sinh(a);
    case "cosh":
      return Math.cosh(a);
    case "tanh":
      return Math.tanh(a);
    case "asinh":
      return Math.asinh(a);
    case "acosh":
      return Math.acosh(a);
    case "atanh":
      return Math.atanh(a);
    case "factorial":
      return factorial(a);
    case "not":
      return truth(a === 0);
    case "add":
      return a + b;
    case "sub":
      return a - b;
    case "mul":
      return a * b;
    case "div":
      return a / b;
    case "pow":
      return a ** b;
    case "min":
      return Math.min(a, b);
    case "max":
      return Math.max(a, b);
    case "rem":
      return a % b;
    case "history":
    case "historyRate":
      throw failedError("history", "A delayed value is known only while a system is being solved.");
    case "lt":
      return truth(a < b);
    case "le":
      return truth(a <= b);
    case "eq":
      return truth(a === b);
    case "and":
      return truth(a !== 0 && b !== 0);
    case "or":
      return truth(a !== 0 || b !== 0);
    case "xor":
      return truth((a !== 0) !== (b !== 0));
    case "select":
      return a !== 0 ? b : c;
  }
}
