/** Formulas written by people: `Vmax * C / (Km + C)`, `if(t < 5, 2*k, k)`, `x^2 >= 1 and not y`. */
import { inputError } from "@viscera/core";
import { BINARY, call, type Expression, fold, number, symbol, UNARY } from "./expression.js";

type Make = (operands: Expression[]) => Expression;
interface FunctionRule {
  /** Least and greatest number of arguments. */
  arity: readonly [number, number];
  make: Make;
}

const MANY = Number.POSITIVE_INFINITY;

const FUNCTIONS = new Map<string, FunctionRule>([
  ...UNARY.filter((name) => name !== "neg" && name !== "not").map((name): [string, FunctionRule] => [
    name,
    { arity: [1, 1], make: ([a]) => call(name, a!) },
  ]),
  ["log", { arity: [1, 1], make: ([a]) => call("ln", a!) }],
  ["log10", { arity: [1, 1], make: ([a]) => call("div", call("ln", a!), Math.LN10) }],
  ["log2", { arity: [1, 1], make: ([a]) => call("div", call("ln", a!), Math.LN2) }],
  ["min", { arity: [1, MANY], make: (list) => fold("min", Number.NaN, list) }],
  ["max", { arity: [1, MANY], make: (list) => fold("max", Number.NaN, list) }],
  ["pow", { arity: [2, 2], make: ([a, b]) => call("pow", a!, b!) }],
  ["rem", { arity: [2, 2], make: ([a, b]) => call("rem", a!, b!) }],
  ["if", { arity: [3, 3], make: ([a, b, c]) => call("select", a!, b!, c!) }],
]);

const CONSTANTS = new Map([
  ["pi", Math.PI],
  ["inf", Number.POSITIVE_INFINITY],
  ["nan", Number.NaN],
  ["true", 1],
  ["false", 0],
]);

/** Binding power of the infix operators, and how each is made. `^` binds to the right. */
const INFIX = new Map<string, { power: number; make: (a: Expression, b: Expression) => Expression }>([
  ["or", { power: 1, make: (a, b) => call("or", a, b) }],
  ["and", { power: 2, make: (a, b) => call("and", a, b) }],
  ["==", { power: 4, make: (a, b) => call("eq", a, b) }],
  ["!=", { power: 4, make: (a, b) => call("not", call("eq", a, b)) }],
  ["<", { power: 4, make: (a, b) => call("lt", a, b) }],
  ["<=", { power: 4, make: (a, b) => call("le", a, b) }],
  [">", { power: 4, make: (a, b) => call("lt", b, a) }],
  [">=", { power: 4, make: (a, b) => call("le", b, a) }],
  ["+", { power: 5, make: (a, b) => call("add", a, b) }],
  ["-", { power: 5, make: (a, b) => call("sub", a, b) }],
  ["*", { power: 6, make: (a, b) => call("mul", a, b) }],
  ["/", { power: 6, make: (a, b) => call("div", a, b) }],
  ["^", { power: 8, make: (a, b) => call("pow", a, b) }],
]);
const NOT_POWER = 3;
/** Between product and power: -x^2 is -(x^2). */
const SIGN_POWER = 7;
const RELATION_POWER = 4;

const TOKEN =
  /\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([\p{L}_][\p{L}\p{N}_.]*)|(<=|>=|==|!=|[-+*/^(),<>]))/uy;
/** Deeper nesting is no formula but an attack on the stack. */
const DEEPEST = 400;

interface Token {
  kind: "number" | "name" | "sign" | "end";
  text: string;
  at: number;
}

/** Names that a formula cannot use for its own symbols. */
export function isReservedName(name: string): boolean {
  return (
    FUNCTIONS.has(name) ||
    CONSTANTS.has(name) ||
    ["and", "or", "not"].includes(name) ||
    BINARY.includes(name as never)
  );
}

/**
 * Parses a formula. Numbers, names, + - * / ^, comparisons, `and`, `or`, `not`, `if(condition, a, b)`, min, max,
 * rem and the usual functions; `log` is the natural one. Throws `input.formula` with the place of the mistake.
 */
export function parseFormula(text: string): Expression {
  const parser = new Parser(text);
  const expression = parser.expression(0);
  parser.end();
  return expression;
}

class Parser {
  readonly #text: string;
  #token: Token;
  #position = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#token = this.#next();
  }

  #next(): Token {
    TOKEN.lastIndex = this.#position;
    const match = TOKEN.exec(this.#text);
    if (match === null) {
      const at = this.#text.length - this.#text.slice(this.#position).trimStart().length;
      if (at >= this.#text.length) return { kind: "end", text: "", at };
      throw this.#mistake(`"${[...this.#text.slice(at)][0]}" means nothing in a formula`, at);
    }
    this.#position = TOKEN.lastIndex;
    const [, digits, name, sign] = match;
    const text = digits ?? name ?? sign!;
    const kind = digits !== undefined ? "number" : name !== undefined ? "name" : "sign";
    return { kind, text, at: this.#position - text.length };
  }

  #mistake(what: string, at: number) {
    const shown = this.#text.length > 80 ? `${this.#text.slice(Math.max(0, at - 40), at + 40)}` : this.#text;
    return inputError("formula", `${what}, at character ${at + 1} of "${shown}".`, "Correct the formula.");
  }

  #at(sign: string): boolean {
    return this.#token.kind === "sign" && this.#token.text === sign;
  }

  #take(): Token {
    const token = this.#token;
    this.#token = this.#next();
    return token;
  }

  #expect(sign: string): void {
    const token = this.#take();
    if (token.kind !== "sign" || token.text !== sign) {
      throw this.#mistake(
        token.kind === "end"
          ? `The formula ends where "${sign}" should stand`
          : `"${token.text}" stands where "${sign}" should`,
        token.at,
      );
    }
  }

  end(): void {
    if (this.#token.kind !== "end") {
      throw this.#mistake(`"${this.#token.text}" stands where the formula should end`, this.#token.at);
    }
  }

  expression(least: number): Expression {
    if (++this.#depth > DEEPEST) throw this.#mistake("The formula is nested too deeply", this.#token.at);
    let left = this.#operand();
    for (;;) {
      const rule = this.#token.kind === "number" ? undefined : INFIX.get(this.#token.text);
      if (rule === undefined || rule.power < least) break;
      const { at } = this.#take();
      const right = this.expression(rule.power + (rule.power === 8 ? 0 : 1));
      left = rule.make(left, right);
      const next = INFIX.get(this.#token.text);
      if (rule.power === RELATION_POWER && next?.power === RELATION_POWER) {
        throw this.#mistake("Comparisons cannot be chained; join them with `and`", at);
      }
    }
    this.#depth--;
    return left;
  }

  #operand(): Expression {
    const token = this.#take();
    if (token.kind === "number") return number(Number(token.text));
    if (token.kind === "name") return this.#named(token);
    if (token.text === "-") return call("neg", this.expression(SIGN_POWER));
    if (token.text === "+") return this.expression(SIGN_POWER);
    if (token.text === "(") {
      const inner = this.expression(0);
      this.#expect(")");
      return inner;
    }
    throw this.#mistake(
      token.kind === "end" ? "The formula ends too early" : `"${token.text}" stands where a value should`,
      token.at,
    );
  }

  #named(token: Token): Expression {
    if (token.text === "not") return call("not", this.expression(NOT_POWER));
    if (!this.#at("(")) {
      const constant = CONSTANTS.get(token.text);
      return constant === undefined ? symbol(token.text) : number(constant);
    }
    const rule = FUNCTIONS.get(token.text);
    if (rule === undefined) throw this.#mistake(`There is no function "${token.text}"`, token.at);
    this.#take();
    const operands: Expression[] = [this.expression(0)];
    while (this.#at(",")) {
      this.#take();
      operands.push(this.expression(0));
    }
    this.#expect(")");
    const [least, most] = rule.arity;
    if (operands.length < least || operands.length > most) {
      throw this.#mistake(
        `"${token.text}" takes ${least === most ? least : `at least ${least}`} values, not ${operands.length}`,
        token.at,
      );
    }
    return rule.make(operands);
  }
}
