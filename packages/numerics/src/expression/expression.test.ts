import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream } from "@viscera/core";
import { assertClose } from "@viscera/core/testing";
import { applyOperator } from "./apply.js";
import { Differentiator } from "./differentiate.js";
import {
  type BinaryOperator,
  call,
  type Expression,
  piecewise,
  substitute,
  symbolsOf,
  type UnaryOperator,
} from "./expression.js";
import { ExpressionGraph } from "./graph.js";
import { parseFormula } from "./parse.js";

function evaluated(text: string, symbols: Record<string, number> = {}): number {
  const graph = new ExpressionGraph();
  return graph.evaluate([graph.add(parseFormula(text))], (name) => symbols[name] ?? Number.NaN)[0]!;
}

test("formulas follow the usual precedence", () => {
  const cases: [string, number][] = [
    ["1 + 2 * 3", 7],
    ["-2^2", -4],
    ["2^3^2", 512],
    ["2^-1", 0.5],
    ["10 - 4 - 3", 3],
    ["12 / 2 / 3", 2],
    ["(1 + 2) * 3", 9],
    ["1 < 2 and 3 < 2 or 5 >= 5", 1],
    ["not 1 == 2", 1],
    ["not (1 == 1)", 0],
    ["if(2 != 2, 10, 20)", 20],
    ["min(3, 1, 2) + max(4, 9)", 10],
    ["log10(1000) + log2(8) + log(exp(2))", 8],
    ["2 * -3", -6],
    ["1e-3 + .5", 0.501],
    ["rem(-7, 3)", -1],
    ["factorial(5) + factorial(0)", 121],
    ["factorial(0.5)", Math.sqrt(Math.PI) / 2],
    ["sin(pi / 2)", 1],
  ];
  for (const [text, expected] of cases) assertClose(evaluated(text), expected, { relative: 1e-14 }, text);
  assert.equal(evaluated("a.b * x_1", { "a.b": 3, x_1: 4 }), 12);
});

test("mistakes in formulas are told with their place", () => {
  const cases: [string, RegExp][] = [
    ["", /ends too early/],
    ["1 +", /ends too early, at character 4/],
    ["(1", /ends where "\)" should stand/],
    ["1 2", /"2" stands where the formula should end/],
    ["foo(1)", /no function "foo"/],
    ["exp(1, 2)", /"exp" takes 1 values, not 2/],
    ["a $ b", /"\$" means nothing/],
    ["1 < 2 < 3", /chained/],
    ["(".repeat(100000), /nested too deeply/],
  ];
  for (const [text, message] of cases)
    assert.throws(() => parseFormula(text), { code: "input.formula", message });
});

test("equal parts exist once, whatever the order of operands", () => {
  const graph = new ExpressionGraph();
  const a = graph.add(parseFormula("k * x + exp(x * k)"));
  const before = graph.length;
  assert.equal(graph.add(parseFormula("exp(k * x) + x * k")), a);
  assert.equal(graph.length, before);
});

test("identities shorten expressions", () => {
  const graph = new ExpressionGraph();
  const same = (a: string, b: string) =>
    assert.equal(graph.add(parseFormula(a)), graph.add(parseFormula(b)), `${a} = ${b}`);
  same("0 * x + 1 * y - 0", "y");
  same("x - x", "0");
  same("-(-x)", "x");
  same("x + -y", "x - y");
  same("-x * -y", "x * y");
  same("2 * (3 * x)", "6 * x");
  same("x^2", "x * x");
  same("x^-1", "1 / x");
  same("x^0.5", "sqrt(x)");
  same("if(1 < 2, x, y)", "x");
  same("-(x - y)", "y - x");
});

/** Expressions of every operator at arguments where each is smooth. */
const SMOOTH: [string, Record<string, number>][] = [
  ["x * y - x / (y + 2)", { x: 1.3, y: 0.7 }],
  ["x^y + y^3 + x^-2 + 2^x", { x: 1.3, y: 0.7 }],
  ["exp(-x) * ln(y) + sqrt(x * y)", { x: 1.3, y: 0.7 }],
  ["sin(x) * cos(y) + tan(x * y)", { x: 0.4, y: 0.7 }],
  ["asin(x) + acos(y) * atan(x + y)", { x: 0.4, y: 0.7 }],
  ["sinh(x) + cosh(y) * tanh(x * y)", { x: 0.4, y: 0.7 }],
  ["asinh(x) + acosh(y + 1) + atanh(x * y)", { x: 0.4, y: 0.7 }],
  ["abs(x - y) + min(x, y) * max(x^2, y)", { x: 1.3, y: 0.7 }],
  ["if(x > y, x * y, x / y) + rem(8 * x, y) + floor(x) * y", { x: 1.3, y: 0.7 }],
];

test("derivatives agree with central differences", () => {
  for (const [text, point] of SMOOTH) {
    const graph = new ExpressionGraph();
    const root = graph.add(parseFormula(text));
    const derivatives = new Differentiator(graph, ["x", "y"]);
    for (const [column, name] of ["x", "y"].entries()) {
      const h = 1e-6;
      const at = (value: number) =>
        graph.evaluate([root], (symbol) => (symbol === name ? value : point[symbol]!))[0]!;
      const expected = (at(point[name]! + h) - at(point[name]! - h)) / (2 * h);
      const actual = graph.evaluate([derivatives.derivative(root, column)], (symbol) => point[symbol]!)[0]!;
      assertClose(actual, expected, { absolute: 1e-8, relative: 1e-7 }, `d/d${name} of ${text}`);
    }
  }
});

test("random expressions: the derivative of a sum of products agrees with differences", () => {
  const random = new RandomStream(5, "numerics.expression.test");
  const unary: UnaryOperator[] = ["exp", "sin", "cos", "tanh", "atan", "neg"];
  const binary: BinaryOperator[] = ["add", "sub", "mul"];
  const build = (step: number, depth: number, index: { next: number }): Expression => {
    const draw = random.uniform(step, index.next++);
    if (depth === 0) return draw < 0.5 ? call("add", "x", draw) : call("mul", "y", draw);
    if (draw < 0.4)
      return call(unary[Math.floor((draw / 0.4) * unary.length)]!, build(step, depth - 1, index));
    return call(
      binary[Math.floor(((draw - 0.4) / 0.6) * binary.length)]!,
      build(step, depth - 1, index),
      build(step, depth - 1, index),
    );
  };
  for (let step = 0; step < 50; step++) {
    const graph = new ExpressionGraph();
    const root = graph.add(build(step, 4, { next: 0 }));
    const [h, x, y] = [1e-5, 0.3, -0.2];
    const at = (value: number) => graph.evaluate([root], (name) => (name === "x" ? value : y))[0]!;
    const node = new Differentiator(graph, ["x"]).derivative(root, 0);
    const actual = graph.evaluate([node], (name) => (name === "x" ? x : y))[0]!;
    assertClose(actual, (at(x + h) - at(x - h)) / (2 * h), { absolute: 1e-6, relative: 1e-6 });
  }
});

test("a Jacobian has only the entries that exist", () => {
  const graph = new ExpressionGraph();
  const roots = ["-k * a", "k * a - c * b^2", "0 * a + 3"].map((text) => graph.add(parseFormula(text)));
  const entries = new Differentiator(graph, ["a", "b"]).jacobian(roots);
  assert.deepEqual(
    entries.map(({ row, column }) => [row, column]),
    [
      [0, 0],
      [1, 0],
      [1, 1],
    ],
  );
});

test("a chain of 100000 operations is no matter of the stack", () => {
  const graph = new ExpressionGraph();
  let node = graph.symbol("x");
  for (let i = 0; i < 100_000; i++) node = graph.call("sin", node);
  const derivative = new Differentiator(graph, ["x"]).derivative(node, 0);
  assert.equal(graph.evaluate([derivative], () => 0)[0], 1);
});

test("piecewise, substitution and symbols", () => {
  const step = piecewise(
    [
      { value: 1, condition: call("lt", "t", 1) },
      { value: "b", condition: call("lt", "t", 2) },
    ],
    0,
  );
  assert.deepEqual([...symbolsOf(step)].sort(), ["b", "t"]);
  const graph = new ExpressionGraph();
  const root = graph.add(substitute(step, (name) => (name === "b" ? parseFormula("2 * t") : undefined)));
  const at = (t: number) => graph.evaluate([root], () => t)[0];
  assert.deepEqual([at(0.5), at(1.5), at(2.5)], [1, 3, 0]);
});

test("truth values and the gamma function", () => {
  assert.equal(applyOperator("xor", 1, 0), 1);
  assert.equal(applyOperator("not", 3), 0);
  assertClose(applyOperator("factorial", 4.5), 52.34277778455352, { relative: 1e-13 });
  assert.ok(Number.isNaN(applyOperator("factorial", -2)));
});
