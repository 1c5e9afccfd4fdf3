import assert from "node:assert/strict";
import { test } from "node:test";
import { assertClose } from "@viscera/core/testing";
import { readNetwork } from "./read-network.js";
import { writeResult } from "./result-table.js";
import { solveNetwork } from "./solve.js";
import { courseOf, oneVessel, solveDocument } from "./testing.js";

/** Largest error of a course against a formula, from a time on. */
function error(times: Float64Array, course: Float64Array, exact: (t: number) => number, from = 0): number {
  return Math.max(...times.map((t, i) => (t < from ? 0 : Math.abs(course[i]! - exact(t)))));
}

test("a Windkessel fed by a constant flow rises exponentially", async () => {
  const [Rp, C, Rd, Pd] = [0.2, 0.5, 1.5, 3];
  const result = await solveDocument(
    oneVessel({
      end: { bc_type: "RCR", bc_values: { Rp, C, Rd, Pd } },
      simulation: { number_of_time_pts_per_cardiac_cycle: 2001, rho_infty: 0.5 },
      initial: { "pressure_c:OUT": Pd },
      vessel: { R_poiseuille: 0.1 },
    }),
  );
  const exact = (t: number) => Pd + 0.1 + Rp + Rd * (1 - Math.exp(-t / (Rd * C)));
  const course = courseOf(result, "pressure:IN:v");
  // Initial rates are 0, so that the first steps find them.
  assert.ok(error(result.times, course, exact, 0.05) < 2e-4);
});

test("the steady start of a Windkessel is its steady pressure, and means stay", async () => {
  const result = await solveDocument(
    oneVessel({
      end: { bc_type: "RCR", bc_values: { Rp: 0.2, C: 0.5, Rd: 1.5, Pd: 3 } },
      simulation: { steady_initial: true },
    }),
  );
  for (const value of courseOf(result, "pressure:IN:v")) assertClose(value, 5.7, { absolute: 1e-6 });
});

test("a vessel's inductance and resistance follow a step of pressure", async () => {
  // L dQ/dt + (R + R_end) Q = P.
  const [R, L, end, P] = [2, 0.3, 1, 6];
  const document = oneVessel({
    vessel: { R_poiseuille: R, L },
    end: { bc_type: "RESISTANCE", bc_values: { R: end, Pd: 0 } },
    simulation: { number_of_time_pts_per_cardiac_cycle: 2001 },
    inflow: { t: [0], Q: [0] },
  });
  const boundaries = document["boundary_conditions"] as { bc_type: string; bc_values: unknown }[];
  boundaries[0]!.bc_type = "PRESSURE";
  boundaries[0]!.bc_values = { t: [0], P: [P] };
  const result = await solveDocument(document);
  const rate = (R + end) / L;
  const exact = (t: number) => (P / (R + end)) * (1 - Math.exp(-rate * t));
  assert.ok(error(result.times, courseOf(result, "flow:v:OUT"), exact, 0.02) < 5e-3);
  assertClose(courseOf(result, "flow:v:OUT").at(-1)!, P / (R + end), { relative: 1e-3 });
});

test("a capacitance and an inductance swing with their own frequency", async () => {
  // CRL with the flow shut at the inlet: C dP = -Q, L dQ = P - Pd.
  const [C, L, Pd] = [0.02, 0.05, 4];
  const document = oneVessel({
    inflow: { t: [0, 1], Q: [0, 0] },
    vessel: { R_poiseuille: 0, C, L },
    end: { bc_type: "PRESSURE", bc_values: { t: [0, 1], P: [Pd, Pd] } },
    simulation: { number_of_time_pts_per_cardiac_cycle: 4001, rho_infty: 1 },
    initial: { "pressure:IN:v": 5, "pressure:v:OUT": Pd },
  });
  (document["vessels"] as { zero_d_element_type: string }[])[0]!.zero_d_element_type = "BloodVesselCRL";
  document["initial_condition_d"] = { "flow:v:OUT": 1 / L };
  const result = await solveDocument(document);
  const omega = 1 / Math.sqrt(L * C);
  const exact = (t: number) => Pd + Math.cos(omega * t);
  assert.ok(error(result.times, courseOf(result, "pressure:IN:v"), exact) < 2e-4);
});

test("junctions and a stenosis lose the pressure that their equations say", async () => {
  const vessel = (id: number, name: string, values: object, ends: object) => ({
    vessel_id: id,
    vessel_name: name,
    zero_d_element_type: "BloodVessel",
    zero_d_element_values: values,
    boundary_conditions: ends,
  });
  const document = (junction: object) => ({
    simulation_parameters: { number_of_cardiac_cycles: 1, number_of_time_pts_per_cardiac_cycle: 3 },
    boundary_conditions: [
      { bc_name: "IN", bc_type: "FLOW", bc_values: { t: [0, 1], Q: [3, 3] } },
      { bc_name: "A", bc_type: "RESISTANCE", bc_values: { R: 5, Pd: 0 } },
      { bc_name: "B", bc_type: "RESISTANCE", bc_values: { R: 2, Pd: 0 } },
    ],
    vessels: [
      vessel(0, "root", { R_poiseuille: 1, stenosis_coefficient: 0.5 }, { inlet: "IN" }),
      vessel(1, "a", { R_poiseuille: 1 }, { outlet: "A" }),
      vessel(2, "b", { R_poiseuille: 1 }, { outlet: "B" }),
    ],
    junctions: [{ junction_name: "J", inlet_vessels: [0], outlet_vessels: [1, 2], ...junction }],
  });
  // 3 = flow a (6 behind the junction) + flow b (3): 1 and 2, pressure 6 before them.
  const plain = await solveDocument(document({ junction_type: "NORMAL_JUNCTION" }));
  assertClose(courseOf(plain, "flow:J:a").at(-1)!, 1, { absolute: 1e-7 });
  assertClose(courseOf(plain, "pressure:IN:root").at(-1)!, 6 + 3 + 0.5 * 9, { absolute: 1e-6 });
  // 1 before the junction and 3 into b: (6 + 0) Qa = (3 + 3) Qb, each 1.5.
  const resistive = await solveDocument(
    document({ junction_type: "resistive_junction", junction_values: { R: [1, 0, 3] } }),
  );
  assertClose(courseOf(resistive, "flow:J:b").at(-1)!, 1.5, { absolute: 1e-7 });
  assertClose(courseOf(resistive, "pressure:root:J").at(-1)!, 9 + 3, { absolute: 1e-6 });
  const lossy = await solveDocument(
    document({
      junction_type: "BloodVesselJunction",
      junction_values: { R_poiseuille: [0, 3], L: [0, 0.1], stenosis_coefficient: [0, 0] },
    }),
  );
  assertClose(courseOf(lossy, "flow:J:b").at(-1)!, 1.5, { absolute: 1e-6 });
});

test("beats go on until they repeat where no Windkessel tells how many are needed", async () => {
  const document = oneVessel({
    inflow: { t: [0, 0.5, 1], Q: [1, 3, 1] },
    vessel: { R_poiseuille: 10, C: 0.3 },
    end: { bc_type: "RESISTANCE", bc_values: { R: 10, Pd: 0 } },
    simulation: {
      number_of_cardiac_cycles: 2,
      use_cycle_to_cycle_error: true,
      sim_cycle_to_cycle_percent_error: 0.01,
      output_all_cycles: false,
    },
  });
  const { statistics, times } = await solveDocument(document);
  assert.ok(statistics.furtherCycles > 3, `${statistics.furtherCycles}`);
  assert.ok(statistics.cycleError! <= 1e-4);
  assert.equal(times[0], 0);
});

test("outputs are chosen as the file says", async () => {
  const end = { bc_type: "RESISTANCE", bc_values: { R: 2, Pd: 0 } };
  const table = async (simulation: object) => {
    const network = readNetwork(oneVessel({ end, simulation: { output_all_cycles: false, ...simulation } }));
    return writeResult(await solveNetwork(network), network.parameters.output)
      .trimEnd()
      .split("\n");
  };
  assert.equal((await table({})).length, 102);
  assert.equal((await table({ output_interval: 10 })).length, 12);
  assert.equal((await table({ output_interval: 10, number_of_cardiac_cycles: 3 })).length, 12);
  assert.equal((await table({ output_all_cycles: true, number_of_cardiac_cycles: 3 })).length, 302);
  const means = await table({ output_mean_only: true, output_derivative: true });
  assert.deepEqual(means[0]!.split(",").slice(-2), ["d_pressure_in", "d_pressure_out"]);
  assert.match(means[1]!, /^v,,/);
  const variables = await table({ output_variable_based: true });
  assert.equal(variables[0], "name,time,y");
  assert.deepEqual(
    [...new Set(variables.slice(1).map((line) => line.split(",")[0]))],
    ["flow:IN:v", "pressure:IN:v", "flow:v:OUT", "pressure:v:OUT"],
  );
});

test("a run can be stopped", async () => {
  const end = { bc_type: "RESISTANCE", bc_values: { R: 2, Pd: 0 } };
  const network = readNetwork(oneVessel({ end, simulation: { number_of_cardiac_cycles: 100 } }));
  await assert.rejects(solveNetwork(network, { signal: AbortSignal.abort() }), { code: "cancelled" });
});
