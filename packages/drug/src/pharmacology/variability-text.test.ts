import assert from "node:assert/strict";
import { test } from "node:test";
import { assertClose } from "@viscera/core/testing";
import { readModelText } from "./model-text.js";

const BODY = `
  d/dt(central) = -CL / V * central [mg]
  output Cp = central / V [mg/L]
`;

test("variability is read as data", () => {
  const model = readModelText(`
    parameter tvCL = 2.8 [L/h] > 0           # clearance
    parameter tvV = 32 [L] > 1e-2 < 1e3
    parameter emax = -1 > -2
    parameter F1 = 1 fixed
    random (etaCL, etaV) ~ (0.09; 0.01, 0.04)
    random etaX, etaY ~ sd 0.3; 0.5, 0.2 fixed   # correlated
    occasion kappaCL ~ 0.02
    CL = tvCL * exp(etaCL + kappaCL)
    V = tvV * exp(etaV) * F1 + etaX + etaY
    error Cp cmt 1 = additive 0.3 + proportional 1e-1 fixed
    ${BODY}
  `);
  const parameter = (name: string) => model.parameters.find((found) => found.name === name)!;
  assert.deepEqual(parameter("tvCL"), {
    name: "tvCL",
    value: 2.8,
    unit: "L/h",
    description: "clearance",
    lower: 0,
  });
  assert.equal(parameter("tvV").lower, 0.01);
  assert.equal(parameter("tvV").upper, 1000);
  assert.equal(parameter("emax").lower, -2);
  assert.equal(parameter("F1").fixed, true);
  assert.equal(parameter("etaCL").value, 0);
  assert.deepEqual(
    model.random!.map(({ level, names, fixed }) => [level, names.join(), fixed]),
    [
      ["subject", "etaCL,etaV", false],
      ["subject", "etaX,etaY", true],
      ["occasion", "kappaCL", false],
    ],
  );
  assert.deepEqual([...model.random![0]!.covariance], [0.09, 0.01, 0.01, 0.04]);
  [0.09, 0.03, 0.03, 0.04].forEach((value, k) => {
    assertClose(model.random![1]!.covariance[k]!, value, { relative: 1e-14 });
  });
  assert.deepEqual(model.errors, [
    {
      output: "Cp",
      compartment: "1",
      terms: [
        { kind: "additive", value: 0.3, fixed: false },
        { kind: "proportional", value: 0.1, fixed: true },
      ],
    },
  ]);
});

test("mistakes are told with their line", () => {
  const refused = (line: string, message: RegExp) =>
    assert.throws(() => readModelText(`parameter CL = 1\nparameter V = 1\n${line}\n${BODY}`, "m.txt"), {
      code: "input.model-text",
      message,
    });
  refused("random e ~ -1", /Line 3 of m.txt: the variance of "e" has to be above 0/);
  refused("random e ~ ", /needs one number/);
  refused("random a, b ~ 1, 2", /2 rows of 1 to 2 numbers/);
  refused("random a, b ~ 1; 2, 1", /not positive definite/);
  refused("random a b ~ 1", /"a b" is no name/);
  refused("random CL ~ 1", /"CL" is already defined in line 1/);
  refused("error Cp = additive 0", /above 0/);
  refused("error Cp = noise 1", /"noise 1" is no residual error/);
  refused("error Cp = additive 1 + exponential 1", /cannot be combined/);
  refused("error Cq = additive 1", /Line 3 .*no output "Cq"/);
  refused("error Cp = additive 1\nerror Cp = additive 1", /Line 4 .*twice/);
  refused("parameter k = 1 > 2", /Line 3 .*\(1\) is not within its bounds/);
});
