import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream } from "@viscera/core";
import { assertClose } from "@viscera/core/testing";
import {
  type EquationSystem,
  ExactLinear,
  LinearPopulation,
  type LinearStep,
  parseFormula,
} from "../index.js";

const random = new RandomStream(1, "linear-population.test");
const positive = (step: number, index: number) => Math.exp(0.5 * random.normal(step, index));

/** Doses into the first state at 0, 5 and 10, an infusion into the second from 5 to 8; outputs on the way. */
const steps: LinearStep[] = [
  { kind: "output" },
  { kind: "add", state: 0, input: 0 },
  { kind: "output" },
  ...[2.5, 2.5].flatMap((span): LinearStep[] => [{ kind: "go", span }, { kind: "output" }]),
  { kind: "add", state: 0, input: 1 },
  { kind: "set", state: 3, input: 2 },
  { kind: "go", span: 3 },
  { kind: "output" },
  { kind: "set", state: 3, input: 3 },
  { kind: "go", span: 2 },
  { kind: "add", state: 0, input: 0 },
  { kind: "go", span: 2.5 },
  { kind: "output" },
];

function system(outputs: readonly string[], constant = ""): EquationSystem {
  return {
    states: ["depot", "central", "tissue", "infusion", "area"],
    parameters: ["ka", "CL", "V", "Q", "V2"],
    time: "t",
    equations: [
      "-ka*depot",
      `ka*depot - (CL + Q)/V*central + Q/V2*tissue + infusion ${constant}`,
      "Q/V*central - Q/V2*tissue",
      "0",
      "Cp",
    ].map(parseFormula),
    definitions: new Map([["Cp", parseFormula("central/V")]]),
    outputs: outputs.map(parseFormula),
  };
}

const subject = (i: number) => ({
  parameters: Float64Array.from({ length: 5 }, (_, k) => positive(i, k)),
  state: [0.1 * i, 1, 0, 0, 0],
  inputs: [100 + i, 40, 7 * positive(i, 9), 0],
});

/** The same, by the exact propagation of one subject. */
async function alone(model: EquationSystem, i: number): Promise<number[][]> {
  const exact = await ExactLinear.create(model);
  const { parameters, state, inputs } = subject(i);
  exact.reset({ time: 0, state, parameters });
  const found: number[][] = [];
  for (const step of steps) {
    if (step.kind === "go") exact.step(exact.time + step.span);
    else if (step.kind === "output") found.push([...exact.state()]);
    else {
      const changed = exact.state();
      changed[step.state] = inputs[step.input]! + (step.kind === "add" ? changed[step.state]! : 0);
      exact.reset({ state: changed });
    }
  }
  return found;
}

for (const [what, constant] of [
  ["homogeneous", ""],
  ["with a constant input", "+ 3*CL"],
] as const) {
  test(`${what}: pairs equal exact propagation of each alone`, async () => {
    const model = system(["central/V", "2 + ka*depot - central", "area"], constant);
    const population = await LinearPopulation.create(model, steps);
    for (let i = 0; i < 6; i += 2) {
      const to = [0, 1].map(() => new Float64Array(population.outputsLength)) as [Float64Array, Float64Array];
      population.run([subject(i), subject(i + 1)], to);
      for (const lane of [0, 1] as const) {
        const [ka, , V] = subject(i + lane).parameters as unknown as [number, number, number];
        for (const [k, state] of (await alone(model, i + lane)).entries()) {
          const [depot, central, , , area] = state as [number, number, number, number, number];
          const expected = [central / V, 2 + ka * depot - central, area];
          for (const [o, value] of expected.entries())
            assertClose(
              to[lane][3 * k + o]!,
              value,
              { relative: 1e-9, absolute: 1e-10 },
              `${i + lane}, ${k}`,
            );
        }
      }
    }
  });
}

test("outputs that are not affine are evaluated", async () => {
  const model = system(["50*Cp/(1 + Cp)", "t"]);
  const straight = await LinearPopulation.create(system(["Cp"]), steps);
  const population = await LinearPopulation.create(model, steps);
  const run = (of: LinearPopulation) => {
    const to = [0, 1].map(() => new Float64Array(of.outputsLength)) as [Float64Array, Float64Array];
    of.run([subject(3), subject(4)], to);
    return to;
  };
  const [effects, concentrations] = [run(population), run(straight)];
  for (let k = 0; k < concentrations[0].length; k++) {
    const c = concentrations[1][k]!;
    assertClose(effects[1][2 * k]!, (50 * c) / (1 + c), { relative: 1e-12 });
  }
  const times = effects[0].filter((_, k) => k % 2 === 1);
  assert.deepEqual([...times], [0, 0, 2.5, 5, 8, 12.5]);
});

test("what is not linear and what is not finite is told", async () => {
  const saturable = { ...system([]), definitions: new Map([["Cp", parseFormula("central/(1 + central)")]]) };
  await assert.rejects(LinearPopulation.create(saturable, steps), { code: "input.not-linear" });
  const population = await LinearPopulation.create(system(["Cp"]), steps);
  const bad = { ...subject(0), parameters: [1, 1, 0, 1, 1] };
  const to = new Float64Array(population.outputsLength);
  assert.throws(() => population.run([subject(1), bad], [to, to]), { code: "failed.not-finite" });
});
