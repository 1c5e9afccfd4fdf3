import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assertClose, testWithShared } from "@viscera/core/testing";
import { solveDocument } from "../testing.js";
import { calibrate, calibrationCost } from "./calibrate.js";
import { dampedIncrement } from "./levenberg-marquardt.js";

testWithShared("the stored optimum is reached", ["cases/flow/0d-calibrate"], async ([folder]) => {
  const read = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8"));
  const document = read("0104_0001_calibrate_from_0d.json");
  const optimum = read("0104_0001_optimal_from_0d.json");
  const { document: found, converged, costBefore } = await calibrate(document);
  assert.ok(converged);
  const costOf = ({ vessels, junctions }: Record<string, unknown>) =>
    calibrationCost({ ...document, vessels, junctions });
  assert.ok(costOf(found) <= 1.001 * costOf(optimum), `${costOf(found)} against ${costOf(optimum)}`);
  assert.ok(costBefore > 1e3 * costOf(found));
  assert.ok(!("y" in found) && !("calibration_parameters" in found));
});

/** A bifurcation with known parameters, its courses by our own solver. */
const model = {
  simulation_parameters: {
    number_of_cardiac_cycles: 3,
    number_of_time_pts_per_cardiac_cycle: 201,
    output_variable_based: true,
    output_derivative: true,
    rho_infty: 0.2,
  },
  boundary_conditions: [
    { bc_name: "IN", bc_type: "FLOW", bc_values: { t: [0, 0.2, 0.4, 0.8], Q: [2, 9, -1, 2] } },
    { bc_name: "A", bc_type: "RCR", bc_values: { Rp: 1, C: 0.05, Rd: 9, Pd: 0 } },
    { bc_name: "B", bc_type: "RCR", bc_values: { Rp: 2, C: 0.02, Rd: 7, Pd: 0 } },
  ],
  vessels: [
    [0, "root", { R_poiseuille: 1.5, C: 0.01, L: 0.05, stenosis_coefficient: 0.3 }, { inlet: "IN" }],
    [1, "a", { R_poiseuille: 2.5, C: 0.004, L: 0.02, stenosis_coefficient: 0.1 }, { outlet: "A" }],
    [2, "b", { R_poiseuille: 3.5, C: 0.002, L: 0.03, stenosis_coefficient: 0 }, { outlet: "B" }],
  ].map(([vessel_id, vessel_name, zero_d_element_values, boundary_conditions]) => ({
    vessel_id,
    vessel_name,
    zero_d_element_type: "BloodVessel",
    zero_d_element_values: zero_d_element_values as unknown as Record<string, number>,
    boundary_conditions,
  })),
  junctions: [
    {
      junction_name: "J",
      junction_type: "BloodVesselJunction",
      inlet_vessels: [0],
      outlet_vessels: [1, 2],
      junction_values: { R_poiseuille: [0.4, 0.6], L: [0.01, 0.02], stenosis_coefficient: [0.05, 0.02] },
    },
  ],
};

async function observed() {
  const { unknowns, times, values, rates } = await solveDocument(model);
  const courses = (table: Float64Array) =>
    Object.fromEntries(
      unknowns.map((name, k) => [name, [...times].map((_, i) => table[i * unknowns.length + k]!)]),
    );
  return {
    ...model,
    vessels: model.vessels.map((vessel) => ({ ...vessel, zero_d_element_values: {} })),
    junctions: model.junctions.map(({ junction_values: _, ...junction }) => ({
      ...junction,
      junction_type: "NORMAL_JUNCTION",
    })),
    y: courses(values),
    dy: courses(rates),
  };
}

test("parameters of a model are found again from its own courses", async () => {
  const { document, cost, costBefore, warnings } = await calibrate(await observed());
  const found = document as unknown as typeof model;
  assert.deepEqual(warnings, []);
  // The equations hold between the points in time, so the courses fit them nearly.
  for (const [i, { zero_d_element_values: wanted }] of model.vessels.entries()) {
    for (const [key, value] of Object.entries(wanted)) {
      assertClose(
        found.vessels[i]!.zero_d_element_values[key]!,
        value,
        { relative: 0.02, absolute: 5e-3 },
        key,
      );
    }
  }
  assertClose(found.junctions[0]!.junction_values.R_poiseuille[1]!, 0.6, { absolute: 0.02 });
  assert.ok(cost < 1e-4 * costBefore, `${cost} of ${costBefore}`);
});

test("what the observations do not determine is kept and said", async () => {
  const document = await observed();
  const steady = Object.fromEntries(
    Object.entries(document.y).map(([name, course]) => [name, [course[0]!, course[0]!]]),
  );
  const still = Object.fromEntries(Object.keys(steady).map((name) => [name, [0, 0]]));
  const { warnings } = await calibrate({ ...document, y: steady, dy: still });
  assert.match(warnings.join(), /do not determine C of "root", L of "root"/);
});

test("documents without observations or with uneven ones are refused", async () => {
  const document = await observed();
  await assert.rejects(calibrate(model), { message: /has no "y"/ });
  const { "flow:IN:root": _, ...rest } = document.y;
  await assert.rejects(calibrate({ ...document, y: rest }), {
    message: /no observation y of "flow:IN:root"/,
  });
  const uneven = { ...document.y, "flow:IN:root": [1, 2] };
  await assert.rejects(calibrate({ ...document, y: uneven }), {
    message: /"flow:IN:root" has 2 values y and/,
  });
});

test("the damped increment solves the normal equations", () => {
  const normal = Float64Array.of(4, 1e3, 1e3, 1e6);
  const { increment, unknown } = dampedIncrement(normal, Float64Array.of(1, 2), 0.5);
  assert.deepEqual(unknown, []);
  assertClose(6 * increment[0]! + 1e3 * increment[1]!, 1, { absolute: 1e-12 });
  assertClose(1e3 * increment[0]! + 1.5e6 * increment[1]!, 2, { absolute: 1e-9 });
  const none = dampedIncrement(Float64Array.of(0, 0, 0, 4), Float64Array.of(0, 4), 0);
  assert.deepEqual([none.unknown, [...none.increment]], [[0], [0, 1]]);
});
