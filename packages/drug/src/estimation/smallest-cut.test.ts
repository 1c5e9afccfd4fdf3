import assert from "node:assert/strict";
import { test } from "node:test";
import { ExpressionGraph, parseFormula } from "@viscera/numerics";
import { smallestCut } from "./smallest-cut.js";

function cutOf(
  definitions: Record<string, string>,
  roots: string[],
  sources: string[],
  varying: string[] = [],
) {
  const graph = new ExpressionGraph();
  const resolve = (name: string): number =>
    definitions[name] === undefined
      ? graph.symbol(name)
      : graph.add(parseFormula(definitions[name]!), resolve);
  const nodes = roots.map((root) => graph.add(parseFormula(root), resolve));
  const dependent = new Set<number>(varying.map((name) => graph.symbol(name)));
  for (const node of graph.needed(nodes)) {
    const content = graph.content(node);
    if (content.kind === "call" && content.operands.some((operand) => dependent.has(operand)))
      dependent.add(node);
  }
  const cut = smallestCut(
    graph,
    nodes,
    sources.map((name) => graph.symbol(name)),
    (node) => !dependent.has(node),
  );
  const named = new Map(Object.keys(definitions).map((name) => [resolve(name), name]));
  return cut.map((node) => {
    const content = graph.content(node);
    return named.get(node) ?? (content.kind === "symbol" ? content.name : `${content.kind}`);
  });
}

const PK = { CL: "tvCL * exp(etaCL)", V: "tvV * exp(etaV)", ke: "CL / V" };

test("typical values and effects meet in the individual parameters", () => {
  const roots = ["-ka * depot", "ka * depot - ke * central", "central / V"];
  const sources = ["tvCL", "etaCL", "tvV", "etaV", "ka"];
  // Two ways lead on from V; CL could be cut or ke, and CL is nearer.
  assert.deepEqual(cutOf(PK, roots, sources, ["depot", "central"]).sort(), ["CL", "V", "ka"]);
});

test("what varies in time is never cut", () => {
  const definitions = { CL: "tvCL * (WT / 70)^power * exp(eta)" };
  const constant = cutOf(definitions, ["-CL * central"], ["tvCL", "eta", "power"], ["central"]);
  assert.deepEqual(constant, ["CL"]);
  const varying = cutOf(definitions, ["-CL * central"], ["tvCL", "eta", "power"], ["central", "WT"]);
  assert.equal(varying.length, 3);
});

test("a flow that has to be taken back finds the smaller cut", () => {
  // Both a and b reach both roots through x alone, but for a detour of a.
  const definitions = { x: "a + b", y: "a * 2" };
  assert.deepEqual(cutOf(definitions, ["x * s", "x * s * s"], ["a", "b"], ["s"]), ["x"]);
  assert.equal(cutOf(definitions, ["x * s", "y * s"], ["a", "b"], ["s"]).length, 2);
  assert.deepEqual(cutOf(definitions, ["s"], ["a", "b"], ["s"]), []);
});
