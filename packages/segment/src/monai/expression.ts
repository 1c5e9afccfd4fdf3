/**
 * The "$…" expressions of MONAI bundle files, as far as they only compute values: literals, references, arithmetic,
 * comparisons, conditions, items, and a few pure functions. They are Python in MONAI; here nothing but this little
 * language exists, so there is nothing else they could do.
 */
import { inputError } from "@viscera/core";
import { type Token, tokensOf } from "./tokens.js";

/** A value of a bundle's configuration. */
export type ConfigValue = null | boolean | number | string | ConfigValue[] | { [key: string]: ConfigValue };

const LONGEST_VALUE = 10_000;
const DEEPEST = 50;

const FUNCTIONS: Readonly<Record<string, (...args: ConfigValue[]) => ConfigValue | undefined>> = {
  len: (value) => (Array.isArray(value) || typeof value === "string" ? value.length : undefined),
  int: (value) =>
    typeof value === "number" || typeof value === "boolean" ? Math.trunc(Number(value)) : undefined,
  float: (value) => (typeof value === "number" ? value : undefined),
  bool: (value) => isTrue(value ?? null),
  str: (value) => (typeof value === "string" ? value : undefined),
  list: (value) => (Array.isArray(value) ? value : undefined),
  tuple: (value) => (Array.isArray(value) ? value : undefined),
  abs: (value) => (typeof value === "number" ? Math.abs(value) : undefined),
  min: (...values) => (areNumbers(values) ? Math.min(...values) : undefined),
  max: (...values) => (areNumbers(values) ? Math.max(...values) : undefined),
  "os.path.join": (...parts) =>
    parts.every((part) => typeof part === "string") ? parts.join("/") : undefined,
};

function areNumbers(values: ConfigValue[]): values is number[] {
  return values.length > 0 && values.every((value) => typeof value === "number");
}

function isTrue(value: ConfigValue): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

/**
 * Value of an expression (without its $). `lookUp` gives the value of a reference ("displayable_configs#highres").
 * Throws `input.bundle` quoting what it does not understand.
 */
export function evaluate(source: string, lookUp: (reference: string) => ConfigValue): ConfigValue {
  const refuse = (why: string) =>
    inputError(
      "bundle",
      `The bundle asks to compute "${source.length > 120 ? `${source.slice(0, 120)}…` : source}", and ${why}.`,
      "Write the value itself into the bundle's inference.json.",
    );
  const tokens = tokensOf(source, refuse);
  return new Evaluator(tokens, lookUp, refuse).whole();
}

class Evaluator {
  private at = 0;
  private depth = 0;
  private readonly tokens: readonly Token[];
  private readonly lookUp: (reference: string) => ConfigValue;
  private readonly refuse: (why: string) => Error;

  constructor(
    tokens: readonly Token[],
    lookUp: (reference: string) => ConfigValue,
    refuse: (why: string) => Error,
  ) {
    this.tokens = tokens;
    this.lookUp = lookUp;
    this.refuse = refuse;
  }

  whole(): ConfigValue {
    const value = this.conditional();
    if (this.at < this.tokens.length) throw this.unknown();
    return value;
  }

  private unknown(): Error {
    const token = this.tokens[this.at];
    return this.refuse(token ? `"${token.text}" is not understood there` : "it ends too early");
  }

  private peek(...texts: string[]): boolean {
    const token = this.tokens[this.at];
    return token !== undefined && token.kind !== "string" && texts.includes(token.text);
  }

  private take(...texts: string[]): string | null {
    return this.peek(...texts) ? this.tokens[this.at++]!.text : null;
  }

  private expect(text: string): void {
    if (this.take(text) === null) throw this.unknown();
  }

  /** a if c else b */
  private conditional(): ConfigValue {
    if (++this.depth > DEEPEST) throw this.refuse("it is nested too deeply");
    const value = this.either();
    let chosen = value;
    if (this.take("if") !== null) {
      const condition = this.either();
      this.expect("else");
      const other = this.conditional();
      chosen = isTrue(condition) ? value : other;
    }
    this.depth--;
    return chosen;
  }

  private either(): ConfigValue {
    let value = this.both();
    while (this.take("or") !== null) {
      const right = this.both();
      value = isTrue(value) ? value : right;
    }
    return value;
  }

  private both(): ConfigValue {
    let value = this.negation();
    while (this.take("and") !== null) {
      const right = this.negation();
      value = isTrue(value) ? right : value;
    }
    return value;
  }

  private negation(): ConfigValue {
    let negate = false;
    while (this.take("not") !== null) negate = !negate;
    const value = this.comparison();
    return negate ? !isTrue(value) : value;
  }

  private comparison(): ConfigValue {
    const left = this.sum();
    const operator = this.take("==", "!=", "<=", ">=", "<", ">", "is");
    if (operator === null) return left;
    const negated = operator === "is" && this.take("not") !== null;
    const right = this.sum();
    if (isTable(left) || isTable(right) || Array.isArray(left) || Array.isArray(right)) {
      throw this.refuse("it compares lists");
    }
    const equal = left === right;
    if (operator === "==" || operator === "is") return equal !== negated;
    if (operator === "!=") return !equal;
    if (typeof left !== "number" || typeof right !== "number")
      throw this.refuse("it compares what is no number");
    if (operator === "<") return left < right;
    if (operator === "<=") return left <= right;
    return operator === ">" ? left > right : left >= right;
  }

  private sum(): ConfigValue {
    let value = this.product();
    for (let operator = this.take("+", "-"); operator !== null; operator = this.take("+", "-")) {
      value = this.apply(operator, value, this.product());
    }
    return value;
  }

  private product(): ConfigValue {
    let value = this.sign();
    const operators = ["*", "/", "//", "%"];
    for (let operator = this.take(...operators); operator !== null; operator = this.take(...operators)) {
      value = this.apply(operator, value, this.sign());
    }
    return value;
  }

  private sign(): ConfigValue {
    if (this.take("-") !== null) return this.apply("-", 0, this.sign());
    if (this.take("+") !== null) return this.sign();
    const base = this.items();
    return this.take("**") !== null ? this.apply("**", base, this.sign()) : base;
  }

  private apply(operator: string, left: ConfigValue, right: ConfigValue): ConfigValue {
    if (typeof left === "number" && typeof right === "number") {
      switch (operator) {
        case "+":
          return left + right;
        case "-":
          return left - right;
        case "*":
          return left * right;
        case "**":
          return left ** right;
        case "/":
          return left / right;
        case "//":
          return Math.floor(left / right);
        default:
          return left - right * Math.floor(left / right);
      }
    }
    if (operator === "+" && typeof left === "string" && typeof right === "string")
      return this.short(left + right);
    if (operator === "+" && Array.isArray(left) && Array.isArray(right))
      return this.short([...left, ...right]);
    if (operator === "*" && Array.isArray(left) && typeof right === "number") {
      if (!(right * left.length <= LONGEST_VALUE) || left.some((item) => typeof item === "object"))
        throw this.refuse("its value is too long");
      return Array.from({ length: Math.max(0, right) }, () => left).flat();
    }
    throw this.refuse(`"${operator}" does not go with those values`);
  }

  private short<T extends string | ConfigValue[]>(value: T): T {
    if (value.length > LONGEST_VALUE) throw this.refuse("its value is too long");
    return value;
  }

  private items(): ConfigValue {
    let value = this.atom();
    while (this.take("[") !== null) {
      const index = this.conditional();
      this.expect("]");
      let item: ConfigValue | undefined;
      if (Array.isArray(value) && typeof index === "number") item = value.at(index);
      else if (isTable(value) && typeof index === "string" && Object.hasOwn(value, index))
        item = value[index];
      if (item === undefined) throw this.refuse("there is no such item");
      value = item;
    }
    return value;
  }

  private atom(): ConfigValue {
    const token = this.tokens[this.at];
    if (!token) throw this.unknown();
    this.at++;
    if (token.kind === "number") return Number(token.text);
    if (token.kind === "string") return token.text;
    if (token.kind === "reference") return this.lookUp(token.text);
    if (token.text === "True") return true;
    if (token.text === "False") return false;
    if (token.text === "None") return null;
    if (token.text === "[") return this.list("]");
    if (token.text === "(") {
      const values = this.list(")");
      // A single value in parentheses is no tuple unless a comma follows it.
      return values.length === 1 && this.tokens[this.at - 2]?.text !== "," ? values[0]! : values;
    }
    if (token.kind === "name" && this.take("(") !== null) {
      const call = Object.hasOwn(FUNCTIONS, token.text) ? FUNCTIONS[token.text] : undefined;
      if (!call) throw this.refuse(`${token.text} is not run here`);
      const value = call(...this.list(")"));
      if (value === undefined) throw this.refuse(`${token.text} does not go with those values`);
      return value;
    }
    if (token.kind === "name") throw this.refuse(`${token.text} is not run here`);
    this.at--;
    throw this.unknown();
  }

  private list(end: string): ConfigValue[] {
    const values: ConfigValue[] = [];
    while (this.take(end) === null) {
      values.push(this.conditional());
      if (!this.peek(end)) this.expect(",");
    }
    return values;
  }
}

export function isTable(value: ConfigValue | undefined): value is { [key: string]: ConfigValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
