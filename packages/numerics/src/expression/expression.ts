/**
 * Formulas as data: what every model of equations is written in, whether it came from SBML's MathML, from text or
 * from code. Truth values are numbers, 1 and 0. Nothing here is ever turned into JavaScript source.
 */

/** Functions of one argument. */
export const UNARY = [
  "neg",
  "abs",
  "exp",
  "ln",
  "sqrt",
  "floor",
  "ceil",
  "sin",
  "cos",
  "tan",
  "asin",
  "acos",
  "atan",
  "sinh",
  "cosh",
  "tanh",
  "asinh",
  "acosh",
  "atanh",
  "factorial",
  "not",
] as const;
/**
 * Functions of two arguments. `rem` has the sign of the dividend (truncated division), as MathML's `rem`.
 * `history(k, t)` is the value that the k-th recorded quantity had at the time t, `historyRate(k, t)` its rate of
 * change then; whoever solves keeps the record.
 */
export const BINARY = [
  "add",
  "sub",
  "mul",
  "div",
  "pow",
  "min",
  "max",
  "rem",
  "history",
  "historyRate",
  "lt",
  "le",
  "eq",
  "and",
  "or",
  "xor",
] as const;
/** `select(condition, a, b)`: a where the condition is not 0. */
export const TERNARY = ["select"] as const;

export type UnaryOperator = (typeof UNARY)[number];
export type BinaryOperator = (typeof BINARY)[number];
export type Operator = UnaryOperator | BinaryOperator | (typeof TERNARY)[number];

export type Expression =
  | { readonly kind: "number"; readonly value: number }
  /** A state, a parameter, the time: whatever the model gives a name. */
  | { readonly kind: "symbol"; readonly name: string }
  | { readonly kind: "call"; readonly operator: Operator; readonly operands: readonly Expression[] };

/** What may stand for an expression in code. */
export type Term = Expression | number | string;

/** A number, a symbol's name, or the expression itself. */
export function term(value: Term): Expression {
  if (typeof value === "number") return { kind: "number", value };
  if (typeof value === "string") return { kind: "symbol", name: value };
  return value;
}

export function number(value: number): Expression {
  return { kind: "number", value };
}

export function symbol(name: string): Expression {
  return { kind: "symbol", name };
}

export function call(operator: Operator, ...operands: Term[]): Expression {
  return { kind: "call", operator, operands: operands.map(term) };
}

/** The sum of any number of terms; 0 of none. */
export function sum(terms: readonly Term[]): Expression {
  return fold("add", 0, terms);
}

/** The product of any number of factors; 1 of none. */
export function product(factors: readonly Term[]): Expression {
  return fold("mul", 1, factors);
}

/** a op b op c ..., from the left; `neutral` of none. */
export function fold(operator: BinaryOperator, neutral: number, terms: readonly Term[]): Expression {
  const [first, ...rest] = terms.map(term);
  if (first === undefined) return number(neutral);
  return rest.reduce((left, right) => call(operator, left, right), first);
}

/** The value of the first piece whose condition holds, else `otherwise` (NaN when left out). */
export function piecewise(
  pieces: readonly { value: Term; condition: Term }[],
  otherwise: Term = Number.NaN,
): Expression {
  return pieces.reduceRight<Expression>(
    (rest, { value, condition }) => call("select", condition, value, rest),
    term(otherwise),
  );
}

/** Replaces symbols that `replacement` knows; the others stay. Shared parts are replaced once. */
export function substitute(
  expression: Expression,
  replacement: (name: string) => Expression | undefined,
): Expression {
  const done = new Map<Expression, Expression>();
  const visit = (node: Expression): Expression => {
    let result = done.get(node);
    if (result === undefined) {
      if (node.kind === "number") result = node;
      else if (node.kind === "symbol") result = replacement(node.name) ?? node;
      else {
        const operands = node.operands.map(visit);
        result = operands.every((operand, i) => operand === node.operands[i]) ? node : { ...node, operands };
      }
      done.set(node, result);
    }
    return result;
  };
  return visit(expression);
}

/** Names of all symbols in an expression. */
export function symbolsOf(expression: Expression, into: Set<string> = new Set()): Set<string> {
  const seen = new Set<Expression>();
  const pending = [expression];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (node.kind === "symbol") into.add(node.name);
    else if (node.kind === "call") pending.push(...node.operands);
  }
  return into;
}
