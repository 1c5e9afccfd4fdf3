import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { after, describe, test } from "node:test";
import { refused, scratch, viscera } from "./testing.js";

const MODEL = {
  simulation_parameters: { number_of_cardiac_cycles: 2, number_of_time_pts_per_cardiac_cycle: 5 },
  boundary_conditions: [
    { bc_name: "IN", bc_type: "FLOW", bc_values: { t: [0, 1], Q: [5, 5] } },
    { bc_name: "OUT", bc_type: "RESISTANCE", bc_values: { R: 100, Pd: 100 } },
  ],
  vessels: [
    {
      vessel_id: 0,
      vessel_name: "v",
      zero_d_element_type: "BloodVessel",
      zero_d_element_values: { R_poiseuille: 100 },
      boundary_conditions: { inlet: "IN", outlet: "OUT" },
    },
  ],
};

describe("flow zerod and calibrate", () => {
  const { at, remove } = scratch();
  after(remove);
  at();
  const put = (name: string, content: unknown) => {
    writeFileSync(at(name), typeof content === "string" ? content : JSON.stringify(content));
    return at(name);
  };

  test("a model is run and written in svZeroDSolver's columns", () => {
    const model = put("model.json", MODEL);
    const out = at("result.csv");
    const run = viscera(["flow", "zerod", model, "--out", out]);
    assert.equal(run.status, 0, run.stderr);
    assert.match(run.stdout, /^Vessel +Mean flow/m);
    assert.match(run.stderr, /3 blocks, 4 unknowns, 2 beats, 8 time steps/);
    const lines = readFileSync(out, "utf8").trimEnd().split("\n");
    assert.equal(lines[0], "name,time,flow_in,flow_out,pressure_in,pressure_out");
    assert.equal(lines.length, 6);
    const [name, time, ...values] = lines[5]!.split(",");
    assert.deepEqual([name, time], ["v", "1"]);
    for (const [i, wanted] of [5, 5, 1100, 600].entries()) {
      assert.ok(Math.abs(Number(values[i]) - wanted) < 1e-6, lines[5]);
    }
    refused(["flow", "zerod", model, "--out", out], 2, /exists/);
    const again = viscera(["flow", "zerod", model, "--out", out, "--force", "--json"]);
    const result = JSON.parse(again.stdout);
    assert.deepEqual([result.rows, result.steps, again.stderr], [5, 8, ""]);
    assert.ok(Math.abs(result.vessels[0].pressureIn.mean - 1100) < 1e-6);
  });

  test("bad models are refused in a sentence, and nothing is written", () => {
    const out = at("none.csv");
    const wrong: [content: unknown, status: number, message: RegExp][] = [
      ["{", 3, /not valid JSON/],
      ["\0\0", 3, /is no JSON file/],
      [{ ...MODEL, junctions: [{ junction_type: "T", junction_name: "J" }] }, 3, /unknown kind "T"/],
      [
        {
          ...MODEL,
          simulation_parameters: { ...MODEL.simulation_parameters, maximum_nonlinear_iterations: 1 },
        },
        4,
        /did not converge at time 0/,
      ],
    ];
    for (const [content, status, message] of wrong) {
      refused(["flow", "zerod", put("wrong.json", content), "--out", out], status, message);
    }
    refused(["flow", "zerod", at("gone.json"), "--out", out], 3, /gone\.json/);
    refused(["flow", "calibrate", at("model.json"), "--out", out], 3, /no "y"/);
    assert.ok(!existsSync(out));
  });

  test("a calibration writes a model that the solver takes", () => {
    const flows = [2, 5, 3, 1];
    const courses = (inside: number[], behind: number[]) => ({
      "flow:IN:v": inside,
      "flow:v:OUT": inside,
      "pressure:IN:v": behind.map((p, i) => p + 70 * inside[i]!),
      "pressure:v:OUT": behind,
    });
    const document = {
      ...MODEL,
      y: courses(flows, [10, 20, 30, 5]),
      dy: courses([0, 0, 0, 0], [0, 0, 0, 0]),
      calibration_parameters: { calibrate_stenosis_coefficient: false },
    };
    const model = at("calibrated.json");
    const run = viscera(["flow", "calibrate", put("observed.json", document), "--out", model]);
    assert.equal(run.status, 0, run.stderr);
    assert.match(run.stderr, /do not determine C of "v", L of "v"/);
    const { vessels, y } = JSON.parse(readFileSync(model, "utf8"));
    assert.ok(Math.abs(vessels[0].zero_d_element_values.R_poiseuille - 70) < 1e-9);
    assert.equal(y, undefined);
    assert.equal(viscera(["flow", "zerod", model, "--out", at("from-model.csv")]).status, 0);
  });
});
