/**
 * MathML as SBML uses it (Level 2 Version 4 to Level 3 Version 2), as expressions. Function definitions are put in
 * where they are called; `delay` becomes a recorded quantity and `rateOf` a symbol of its own.
 */
import { inputError, type XmlElement } from "@viscera/core";
import {
  call,
  type Expression,
  fold,
  isDistribution,
  number,
  piecewise,
  symbol,
  type Term,
  takesArguments,
} from "@viscera/numerics";
import { drawSymbol, rateSymbol, type SbmlDraw, TIME_SYMBOL } from "./model.js";

/** What formulas of one (sub)model may refer to. */
export interface MathScope {
  /** Full name of an identifier of this submodel. */
  resolve(id: string): string;
  /** Lambda elements of function definitions by id. */
  functions: ReadonlyMap<string, XmlElement>;
  /** Quantities that `delay` needs a record of; `history(k, t)` means the k-th. */
  recorded: Expression[];
  lags: Expression[];
  /** What is drawn from distributions; each has a symbol that stands for its value. */
  draws: SbmlDraw[];
  /** The submodel's own time in the model's: factor, for `delay` lags; null for 1. */
  timeFactor: Expression | null;
  /** Formulas that stand for an id here (local parameters, arguments of a function). */
  local?: ReadonlyMap<string, Expression>;
  /** Formulas for reactions whose symbol is not simply their rate in the whole model. */
  reactionRates?: ReadonlyMap<string, Expression>;
  /** Functions being put in, to notice one that calls itself. */
  calling?: readonly string[];
}

/** CODATA 2006, as Level 3 Version 1 has it. */
const AVOGADRO = 6.02214179e23;

const CONSTANTS: Readonly<Record<string, number>> = {
  pi: Math.PI,
  exponentiale: Math.E,
  true: 1,
  false: 0,
  infinity: Number.POSITIVE_INFINITY,
  notanumber: Number.NaN,
};

const UNARY: Readonly<Record<string, (x: Term) => Expression>> = {
  exp: (x) => call("exp", x),
  ln: (x) => call("ln", x),
  abs: (x) => call("abs", x),
  floor: (x) => call("floor", x),
  ceiling: (x) => call("ceil", x),
  factorial: (x) => call("factorial", x),
  not: (x) => call("not", x),
  sin: (x) => call("sin", x),
  cos: (x) => call("cos", x),
  tan: (x) => call("tan", x),
  sec: (x) => call("div", 1, call("cos", x)),
  csc: (x) => call("div", 1, call("sin", x)),
  cot: (x) => call("div", 1, call("tan", x)),
  sinh: (x) => call("sinh", x),
  cosh: (x) => call("cosh", x),
  tanh: (x) => call("tanh", x),
  sech: (x) => call("div", 1, call("cosh", x)),
  csch: (x) => call("div", 1, call("sinh", x)),
  coth: (x) => call("div", 1, call("tanh", x)),
  arcsin: (x) => call("asin", x),
  arccos: (x) => call("acos", x),
  arctan: (x) => call("atan", x),
  arcsec: (x) => call("acos", call("div", 1, x)),
  arccsc: (x) => call("asin", call("div", 1, x)),
  arccot: (x) => call("atan", call("div", 1, x)),
  arcsinh: (x) => call("asinh", x),
  arccosh: (x) => call("acosh", x),
  arctanh: (x) => call("atanh", x),
  arcsech: (x) => call("acosh", call("div", 1, x)),
  arccsch: (x) => call("asinh", call("div", 1, x)),
  arccoth: (x) => call("atanh", call("div", 1, x)),
};

const not = (x: Term) => call("not", x);
const BINARY: Readonly<Record<string, (a: Term, b: Term) => Expression>> = {
  divide: (a, b) => call("div", a, b),
  power: (a, b) => call("pow", a, b),
  neq: (a, b) => not(call("eq", a, b)),
  implies: (a, b) => call("or", not(a), b),
  rem: (a, b) => call("rem", a, b),
  // Rounded towards zero, as the remainder has the sign of the dividend.
  quotient: (a, b) => call("div", call("sub", a, call("rem", a, b)), b),
};

/** Operators of any number of arguments, with their value for none. */
const FOLDED: Readonly<Record<string, [Parameters<typeof fold>[0], number]>> = {
  plus: ["add", 0],
  times: ["mul", 1],
  and: ["and", 1],
  or: ["or", 0],
  xor: ["xor", 0],
  min: ["min", Number.POSITIVE_INFINITY],
  max: ["max", Number.NEGATIVE_INFINITY],
};

/** Comparisons, of all neighbours in a list. */
const COMPARED: Readonly<Record<string, (a: Term, b: Term) => Expression>> = {
  lt: (a, b) => call("lt", a, b),
  leq: (a, b) => call("le", a, b),
  gt: (a, b) => call("lt", b, a),
  geq: (a, b) => call("le", b, a),
  eq: (a, b) => call("eq", a, b),
};

/** Elements that annotate a formula and are no part of it. */
const IGNORED: ReadonlySet<string> = new Set(["annotation", "annotation-xml", "bvar", "degree", "logbase"]);

/** The expression of a <math> element (or of what is inside); null for an empty one. */
export function readMath(math: XmlElement, scope: MathScope): Expression | null {
  if (math.name !== "math") return convert(math, scope);
  const [content] = math.children;
  return content === undefined ? null : convert(content, scope);
}

function refuse(element: XmlElement, what: string): never {
  throw inputError(
    "sbml-math",
    `Line ${element.line}: ${what}.`,
    "Correct the formula, or write it with functions that SBML knows.",
  );
}

function convert(element: XmlElement, scope: MathScope): Expression {
  switch (element.name) {
    case "cn":
      return number(readNumber(element));
    case "ci":
      return readIdentifier(element.text.trim(), scope);
    case "csymbol":
      return readSymbol(element);
    case "apply":
      return apply(element, scope);
    case "piecewise":
      return readPiecewise(element, scope);
    case "semantics":
      return convert(element.children[0] ?? refuse(element, "the formula is empty"), scope);
    default: {
      const constant = CONSTANTS[element.name];
      return constant === undefined ? refuse(element, `<${element.name}> is not known`) : number(constant);
    }
  }
}

function readNumber(element: XmlElement): number {
  const type = element.attributes.get("type") ?? "real";
  const first = element.text.trim();
  const second = element.children.find(({ name }) => name === "sep")?.tail.trim();
  const value =
    type === "e-notation"
      ? Number(`${first}e${second}`)
      : type === "rational"
        ? Number(first) / Number(second)
        : Number(first.replace(/^([+-]?)inf(inity)?$/i, "$1Infinity"));
  if (first === "" || (Number.isNaN(value) && !/^nan$/i.test(first)))
    refuse(element, `"${first}" is no number`);
  return value;
}

function readIdentifier(id: string, { local, reactionRates, resolve }: MathScope): Expression {
  return local?.get(id) ?? reactionRates?.get(id) ?? symbol(resolve(id));
}

function readSymbol(element: XmlElement): Expression {
  const url = element.attributes.get("definitionURL") ?? "";
  if (url.endsWith("/time")) return symbol(TIME_SYMBOL);
  if (url.endsWith("/avogadro")) return number(AVOGADRO);
  return refuse(element, `the symbol "${url}" cannot stand alone or is not known`);
}

function readPiecewise(element: XmlElement, scope: MathScope): Expression {
  const pieces = element.children
    .filter(({ name }) => name === "piece")
    .map((piece) => ({
      value: convert(piece.children[0] ?? refuse(piece, "a piece has no value"), scope),
      condition: convert(piece.children[1] ?? refuse(piece, "a piece has no condition"), scope),
    }));
  const otherwise = element.children.find(({ name }) => name === "otherwise")?.children[0];
  return piecewise(pieces, otherwise ? convert(otherwise, scope) : Number.NaN);
}

function apply(element: XmlElement, scope: MathScope): Expression {
  const [head, ...rest] = element.children;
  if (!head) return refuse(element, "an <apply> is empty");
  const operands = rest.filter(({ name }) => !IGNORED.has(name));
  const values = () => operands.map((operand) => convert(operand, scope));
  const exactly = (count: number): Expression[] =>
    operands.length === count
      ? values()
      : refuse(element, `<${head.name}> takes ${count} argument(s), not ${operands.length}`);
  if (head.name === "ci") return callFunction(element, head.text.trim(), values(), scope);
  if (head.name === "csymbol") return applySymbol(element, head, operands, scope);
  if (head.name in UNARY) return UNARY[head.name]!(exactly(1)[0]!);
  if (head.name in BINARY) return BINARY[head.name]!(...(exactly(2) as [Expression, Expression]));
  if (head.name in FOLDED) {
    const [operator, neutral] = FOLDED[head.name]!;
    return fold(operator, neutral, values());
  }
  if (head.name in COMPARED) {
    const list = values();
    if (list.length < 2) refuse(element, `<${head.name}> compares at least two values`);
    return fold(
      "and",
      1,
      list.slice(1).map((value, i) => COMPARED[head.name]!(list[i]!, value)),
    );
  }
  switch (head.name) {
    case "minus": {
      const list = values();
      return list.length === 1 ? call("neg", list[0]!) : call("sub", ...exactly(2));
    }
    case "log": {
      const base = rest.find(({ name }) => name === "logbase")?.children[0];
      return call("div", call("ln", exactly(1)[0]!), call("ln", base ? convert(base, scope) : 10));
    }
    case "root": {
      const degree = rest.find(({ name }) => name === "degree")?.children[0];
      const [x] = exactly(1) as [Expression];
      return degree ? call("pow", x, call("div", 1, convert(degree, scope))) : call("sqrt", x);
    }
    default:
      return refuse(element, `the function <${head.name}> is not known`);
  }
}

function applySymbol(
  element: XmlElement,
  head: XmlElement,
  operands: readonly XmlElement[],
  scope: MathScope,
): Expression {
  const url = head.attributes.get("definitionURL") ?? "";
  if (url.endsWith("/rateOf")) {
    const target = operands[0] ? convert(operands[0], scope) : refuse(element, "rateOf needs a symbol");
    return target.kind === "symbol"
      ? symbol(rateSymbol(target.name))
      : refuse(element, "rateOf takes a symbol only");
  }
  if (url.endsWith("/delay")) {
    if (operands.length !== 2) refuse(element, "delay takes a value and a time");
    const [value, lag] = operands.map((operand) => convert(operand, scope)) as [Expression, Expression];
    const modelLag = scope.timeFactor ? call("mul", lag, scope.timeFactor) : lag;
    const index = scope.recorded.push(value) - 1;
    scope.lags.push(modelLag);
    return call("history", index, call("sub", TIME_SYMBOL, modelLag));
  }
  const distribution = /\/symbols\/distrib\/(\w+)$/.exec(url)?.[1];
  if (distribution !== undefined && isDistribution(distribution)) {
    if (!takesArguments(distribution, operands.length)) {
      refuse(element, `the distribution "${distribution}" does not take ${operands.length} argument(s)`);
    }
    // Inner draws come first, so that they are known when this one is drawn.
    const values = operands.map((operand) => convert(operand, scope));
    scope.draws.push({ distribution, arguments: values });
    return symbol(drawSymbol(scope.draws.length - 1));
  }
  return refuse(element, `the function "${url}" is not known`);
}

function callFunction(
  element: XmlElement,
  id: string,
  values: readonly Expression[],
  scope: MathScope,
): Expression {
  const lambda = scope.functions.get(id) ?? refuse(element, `there is no function "${id}"`);
  const calling = scope.calling ?? [];
  if (calling.includes(id)) refuse(element, `the function "${id}" calls itself`);
  const names = lambda.children
    .filter(({ name }) => name === "bvar")
    .map((bound) => bound.children.find(({ name }) => name === "ci")?.text.trim() ?? "");
  if (names.length !== values.length) {
    refuse(element, `the function "${id}" takes ${names.length} argument(s), not ${values.length}`);
  }
  const body = lambda.children.findLast(({ name }) => name !== "bvar");
  if (!body) return number(Number.NaN);
  const local = new Map(names.map((name, i) => [name, values[i]!]));
  return convert(body, { ...scope, local, calling: [...calling, id] });
}
