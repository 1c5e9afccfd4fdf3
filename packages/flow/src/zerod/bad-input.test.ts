import assert from "node:assert/strict";
import { test } from "node:test";
import { VisceraError } from "@viscera/core";
import { oneVessel, solveDocument } from "./testing.js";

const RESISTANCE = { bc_type: "RESISTANCE", bc_values: { R: 2, Pd: 0 } };
// biome-ignore lint/suspicious/noExplicitAny: documents are broken in every way.
type Broken = any;

/** Breaks a sound document and expects the sentence. */
async function refused(breakIt: (document: Broken) => void, message: RegExp, code = "input.zerod") {
  const document = structuredClone(oneVessel({ end: RESISTANCE }));
  breakIt(document);
  await assert.rejects(solveDocument(document), (error) => {
    assert.ok(error instanceof VisceraError, `${(error as Error).stack}`);
    assert.match(error.message, message);
    assert.equal(error.code, code);
    return true;
  });
}

test("faults of a document are told in a sentence that names the place", async () => {
  await refused((d) => delete d.boundary_conditions, /no "boundary_conditions"/);
  await refused((d) => {
    d.vessels[0].zero_d_element_type = "Vein";
  }, /vessel "v" is of the unknown kind "Vein"/);
  await refused(
    (d) => delete d.vessels[0].zero_d_element_values.R_poiseuille,
    /vessel "v" has no "R_poiseuille"/,
  );
  await refused((d) => {
    d.vessels[0].zero_d_element_values.Resistance = 3;
  }, /vessel "v" has the unknown parameter "Resistance"/);
  await refused((d) => {
    d.vessels[0].zero_d_element_values.C = "large";
  }, /"C" of the vessel "v" is not a number/);
  await refused((d) => delete d.vessels[0].boundary_conditions.outlet, /"v" has 1 inlet and no outlets/);
  await refused((d) => {
    d.vessels[0].boundary_conditions.outlet = "NOWHERE";
  }, /"v" is connected to "NOWHERE", which does not exist/);
  await refused((d) => {
    d.simulation_parameters.cardiac_period = 0.8;
  }, /The beat is 0\.8 long by cardiac_period and 1/);
  await refused(
    (d) => d.boundary_conditions.push({ bc_name: "X", ...RESISTANCE }),
    /"X" has no inlets and no outlets/,
  );
  await refused(
    (d) => d.boundary_conditions.push({ bc_name: "IN", ...RESISTANCE }),
    /Two blocks are called "IN"/,
  );
  await refused((d) => {
    d.boundary_conditions[0].bc_values = { t: [0, 1, 0.5], Q: [1, 1, 1] };
  }, /times of the boundary condition "IN" do not rise/);
  await refused((d) => {
    d.boundary_conditions[0].bc_values = { t: [0, 1], Q: [1, 1, 1] };
  }, /has 2 values, "Q" has 3/);
  await refused((d) => {
    d.simulation_parameters.number_of_time_pts_per_cardiac_cycle = 1;
  }, /whole number from 2 on/);
  await refused((d) => {
    d.simulation_parameters.number_of_cardiac_cycles = 1e4;
    d.simulation_parameters.number_of_time_pts_per_cardiac_cycle = 1e4;
  }, /more than fits/);
  await refused((d) => {
    d.simulation_parameters.number_of_cardiac_cycles = 1e300;
  }, /asks for .* time steps/);
  await refused(
    (d) => d.vessels.push({ ...d.vessels[0], vessel_name: "w" }),
    /Two vessels have the vessel_id 0/,
  );
  await refused((d) => {
    d.vessels = "none";
  }, /"vessels" of the document is not a list/);
  await refused((d) => {
    d.boundary_conditions[1] = {
      bc_name: "OUT",
      bc_type: "ClosedLoopCoronaryLeft",
      bc_values: { Ra: 1, Ram: 1, Rv: 1, Ca: 1, Cim: 1 },
    };
  }, /"OUT" has 1 inlet and no outlets/);
  await refused((d) => {
    d.chambers = [{ type: "LinearElastanceChamber", name: "LV", values: { Emax: 1, Epass: 1, Vrest: 1 } }];
  }, /chamber "LV" has no activation_function/);
  await refused((d) => {
    d.external_solver_coupling_blocks = [
      { name: "X", type: "FLOW", location: "inlet", connected_block: "gone", values: { t: [0], Q: [1] } },
    ];
  }, /connected to "gone"/);
});

test("systems without a solution are told as such", async () => {
  // Flow given at both ends of a rigid vessel: pressure is determined by nothing.
  await refused(
    (d) => {
      d.boundary_conditions[1] = { bc_name: "OUT", bc_type: "FLOW", bc_values: { t: [0, 1], Q: [1, 1] } };
    },
    /do not determine "(pressure|flow):/,
    "input.singular-system",
  );
  await refused(
    (d) => {
      d.simulation_parameters.maximum_nonlinear_iterations = 1;
    },
    /did not converge at time 0: equation .* of the \w+ "(IN|v)" is off by/,
    "failed.newton",
  );
});
