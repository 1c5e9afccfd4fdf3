import assert from "node:assert/strict";
import { test } from "node:test";
import { findCompartment, readModelText } from "./model-text.js";

const refused = (text: string, message: RegExp) =>
  assert.throws(() => readModelText(text, "m.txt"), { code: "input.model-text", message });

test("every statement is read", () => {
  const model = readModelText(`
    title: A model            # with a comment
    source: somewhere, doi:10.1000/1
    time: h
    parameter CL = 6 / 2 [L/h]   # clearance
    covariate WT [kg]
    covariate AGE = 40 [a]
    V = 0.7 * WT
    F(depot) = 0.5
    d / dt ( depot ) = -ka * depot [mg]
    parameter ka = 1
    d/dt(central) = ka*depot - CL/V*central
    lag(depot) = 0.25
    rate(central) = 10
    duration(central) = 2
    central(0) = 3 * V
    output Cp = central / V [mg/L]
    output V [L]
  `);
  assert.equal(model.title, "A model            # with a comment".split("#")[0]!.trim());
  assert.deepEqual(model.sources, ["somewhere, doi:10.1000/1"]);
  assert.equal(model.timeUnit, "h");
  assert.deepEqual(
    model.parameters.map(({ name, value, unit, description }) => [name, value, unit, description]),
    [
      ["CL", 3, "L/h", "clearance"],
      ["WT", null, "kg", ""],
      ["AGE", 40, "a", ""],
      ["ka", 1, "", ""],
    ],
  );
  assert.deepEqual(
    model.compartments.map(({ name, unit }) => [name, unit]),
    [
      ["depot", "mg"],
      ["central", ""],
    ],
  );
  assert.deepEqual(
    model.outputs.map(({ name, unit }) => [name, unit]),
    [
      ["Cp", "mg/L"],
      ["V", "L"],
    ],
  );
  assert.ok(model.compartments[1]!.infusionRate && model.compartments[1]!.infusionDuration);
  assert.equal(findCompartment(model, "2"), 1);
  assert.equal(findCompartment(model, "central"), 1);
  assert.equal(findCompartment(model, "3"), undefined);
});

test("without outputs the compartments are given", () => {
  const { outputs } = readModelText("d/dt(a) = -a\nd/dt(b) = a - b");
  assert.deepEqual(
    outputs.map(({ name }) => name),
    ["a", "b"],
  );
});

test("mistakes are told with their line", () => {
  refused("d/dt(a) = -k * a", /Line 1 of m.txt: "k" is defined nowhere/);
  refused("\nd/dt(a) = -a *", /Line 2 of m.txt: The formula ends too early/);
  refused("d/dt(a) = -a\nF(b) = 1", /Line 2 of m.txt: there is no compartment "b"/);
  refused("d/dt(a) = -a\nd/dt(a) = a", /Line 2 of m.txt: "a" is already defined in line 1/);
  refused("d/dt(a) = -a\nF(a) = 1\nF(a) = 2", /Line 3 .*a second time/);
  refused("d/dt(a) = -a\nF(a) = a", /Line 2 .*"a" varies with the state/);
  refused("d/dt(a) = -a\nc = a\na(0) = c", /Line 3 .*"c" varies/);
  refused("parameter k\nd/dt(a) = -k*a", /Line 1 .*"k" has no value/);
  refused("parameter k = 1/0\nd/dt(a) = -k*a", /Line 1 .*the value of "k" is Infinity/);
  refused("parameter k = 1\nparameter q = k\nd/dt(a) = -q*a", /Line 2 .*uses "k"/);
  refused("parameter exp = 1\nd/dt(a) = -a", /"exp" has a meaning of its own/);
  refused("t = 1\nd/dt(a) = -a", /"t" has a meaning of its own/);
  refused("b = c\nc = d + 1\nd = b\nd/dt(a) = -b*a", /Line \d of m.txt: the definition of "." needs itself/);
  refused("hello there", /Line 1 of m.txt: "hello there" is no statement/);
  refused("parameter k = 1", /has no compartment/);
  refused("", /has no compartment/);
});

test("long chains of definitions do not exhaust the stack", () => {
  const chain = Array.from({ length: 3000 }, (_, i) => `p${i + 1} = p${i} + 1`).join("\n");
  const model = readModelText(`parameter p0 = 1\n${chain}\nd/dt(a) = -a`);
  assert.equal(model.definitions.size, 3000);
});
