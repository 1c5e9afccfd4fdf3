import assert from "node:assert/strict";
import { test } from "node:test";
import { type OrganRecord, parseJson, patientSchema, type Run, runSummarySchema } from "@viscera/core";
import { assertClose, organRecord } from "@viscera/core/testing";
import { bodyOf } from "@viscera/organ";
import { readNetwork } from "../zerod/read-network.js";
import { solveNetwork } from "../zerod/solve.js";
import { bedsOf } from "./beds.js";
import { circulationConfigSchema } from "./config.js";
import { LoopRun } from "./loop-run.js";
import { circulationDocument } from "./patient-loop.js";
import { flowSimulation } from "./simulation.js";
import { targetsOf } from "./targets.js";

const absent = () => Promise.reject(new Error("not needed"));
function simulate(facts: object, config: object = {}, organs: OrganRecord[] = []): Promise<Run> {
  const subject = { patient: patientSchema.parse(facts), organs, scan: absent, labels: absent };
  return flowSimulation.run(subject, circulationConfigSchema.parse(config), { seed: 1 });
}
const value = (run: Run, name: string) =>
  run.summary.values.find((quantity) => quantity.name === name)!.value;
const course = (run: Run, name: string) => run.series.find((column) => column.name === name)!.values;

const MAN = { sex: "male", heightCm: 176, weightKg: 73, ageYears: 40 };
const PATIENTS = [
  { ...MAN, heartRateBpm: 72, systolicMmHg: 120, diastolicMmHg: 80, cardiacOutputLPerMin: 5.6 },
  { sex: "female", heightCm: 158, weightKg: 52, heartRateBpm: 85, systolicMmHg: 105, diastolicMmHg: 65 },
  { ...MAN, heartRateBpm: 50, systolicMmHg: 180, diastolicMmHg: 100, cardiacOutputLPerMin: 5 },
  { ...MAN, heartRateBpm: 140, systolicMmHg: 95, diastolicMmHg: 70, cardiacOutputLPerMin: 9 },
];

for (const facts of PATIENTS) {
  test(`mean, pulse and output of ${facts.systolicMmHg}/${facts.diastolicMmHg} at ${facts.heartRateBpm} are met`, async () => {
    const run = await simulate(facts);
    const pulse = facts.systolicMmHg - facts.diastolicMmHg;
    assertClose(value(run, "meanPressure"), facts.diastolicMmHg + pulse / 3, { relative: 0.01 });
    assertClose(value(run, "pulsePressure"), pulse, { relative: 0.01 });
    const output =
      ("cardiacOutputLPerMin" in facts ? facts.cardiacOutputLPerMin : null) ??
      bodyOf(patientSchema.parse(facts), []).cardiacOutputLPerMin;
    assertClose(value(run, "cardiacOutput"), output, { relative: 0.01 });
    // The beat closes, and no chamber is where no heart would be.
    for (const { name, values } of run.series.slice(1)) {
      const span = Math.max(...values.map(Math.abs));
      assertClose(values.at(-1)!, values[0]!, { absolute: 5e-3 * span }, name);
      assert.ok(!/Volume$/.test(name) || Math.min(...values) > 5, name);
    }
    const ejection = value(run, "ejectionFraction");
    assert.ok(ejection > 50 && ejection < 72, `ejection fraction ${ejection}`);
    assert.ok(value(run, "pulmonaryPressure") > 9 && value(run, "pulmonaryPressure") < 20);
    // What leaves the heart passes the organs and the lungs.
    const litres = ["liver", "kidney", "heart", "brain", "muscle", "fat", "bone", "skin", "rest"].reduce(
      (sum, name) => sum + value(run, `${name}BloodFlow`) / 1000,
      0,
    );
    assertClose(litres, value(run, "cardiacOutput"), { relative: 5e-3 });
  });
}

test("blood is neither made nor lost", async () => {
  const patient = patientSchema.parse(MAN);
  const body = bodyOf(patient, []);
  const targets = targetsOf(patient, body, circulationConfigSchema.parse({}));
  const setting = { targets, beds: bedsOf(patient, body), bloodMl: 5300, stepsPerBeat: 200 };
  const run = await LoopRun.start(setting, { resistance: 0.9, arterialCapacitance: 1.8, aortaShare: 0.05 });
  const { vessels, boundary_conditions: beds } = run.document as {
    vessels: { vessel_name: string; zero_d_element_values: Record<string, number> }[];
    boundary_conditions: { bc_name: string; bc_values: Record<string, number> }[];
  };
  const total = (): Float64Array => {
    const beat = run.beat();
    const parts: Float64Array[] = vessels.map(
      ({ vessel_name: name, zero_d_element_values: { C = 0, R_poiseuille: R = 0 } }) => {
        const node = run.unknowns.find(
          (unknown) => unknown.startsWith("pressure:") && unknown.endsWith(`:${name}`),
        )!;
        const inside = beat.course(node);
        // The aorta's capacitance lies behind its resistance.
        const flow = beat.course(node.replace("pressure", "flow"));
        return inside.map((pressure, i) => C * (pressure - (name === "aorta" ? R * flow[i]! : 0)));
      },
    );
    parts.push(
      ...beds.map(({ bc_name, bc_values }) => beat.course(`P_c:${bc_name}`).map((p) => bc_values["C"]! * p)),
    );
    parts.push(...["LV", "RV", "LA", "RA"].map((name) => beat.course(`Vc:${name}`)));
    return beat.times.map((_, i) => parts.reduce((sum, part) => sum + part[i]!, 0));
  };
  total();
  const volumes = [...total(), ...total()];
  const [least, largest] = [Math.min(...volumes), Math.max(...volumes)];
  assert.ok(largest > 500, `${largest} mL`);
  assert.ok(largest - least < 1e-5 * largest, `between ${least} and ${largest} mL`);
});

test("the tuned loop is a document that goes on beating the same", async () => {
  const config = circulationConfigSchema.parse({});
  const document = await circulationDocument(patientSchema.parse(MAN), [], config);
  const run = await simulate(MAN);
  const network = readNetwork({
    ...document,
    simulation_parameters: { ...(document["simulation_parameters"] as object), number_of_cardiac_cycles: 5 },
  });
  const { unknowns, times, values } = await solveNetwork(network);
  const place = unknowns.indexOf("pressure:aortic_valve:aorta");
  const pressure = times.map((_, i) => values[i * unknowns.length + place]!);
  assertClose(Math.max(...pressure), value(run, "systolicPressure"), { relative: 2e-3 });
  assertClose(Math.min(...pressure), value(run, "diastolicPressure"), { relative: 2e-3 });
});

test("a larger organ of the image gets more blood, and its structures are named", async () => {
  const usual = await simulate(MAN);
  const organs = [organRecord("liver", 3000)];
  const run = await simulate(MAN, {}, organs);
  const arterial = (r: Run) => course(r, "liverFlow").reduce((sum, flow) => sum + flow, 0);
  // Its volume is 3000 instead of 1714 mL; all shares are scaled so that the output stays.
  const ratio = arterial(run) / arterial(usual);
  assert.ok(ratio > 1.6 && ratio < 1.75, `${ratio}`);
  assertClose(value(run, "cardiacOutput"), value(usual, "cardiacOutput"), { relative: 2e-3 });
  const structures = (name: string) => run.series.find((column) => column.name === name)!.structures;
  assert.deepEqual(structures("liverFlow"), ["liver"]);
  assert.deepEqual(structures("kidneyFlow"), ["kidney_left", "kidney_right"]);
  assert.deepEqual(structures("aortaPressure"), ["aorta"]);
  assert.deepEqual(structures("restFlow"), []);
  parseJson(JSON.stringify(run.summary), runSummarySchema, "summary.json");
});

test("what is not known is assumed aloud; the configuration stands before the patient", async () => {
  const unknown = await simulate({});
  assert.match(
    unknown.summary.warnings.join(" "),
    /assumed: a heart rate of 70 .* systolic pressure of 120 .* diastolic pressure of 80 .* cardiac output/,
  );
  const known = await simulate({ ...MAN, heartRateBpm: 60, cardiacOutputLPerMin: 5 }, { heartRateBpm: 80 });
  assert.equal(value(known, "heartRate"), 80);
  assert.doesNotMatch(known.summary.warnings.join(" "), /a heart rate of|a cardiac output/);
});

test("numbers that do not fit one another are refused in a sentence", async () => {
  await assert.rejects(simulate({ ...MAN, systolicMmHg: 80, diastolicMmHg: 90 }), {
    code: "input.circulation",
    message: /systolic pressure \(80 mmHg\) is not at least 5 mmHg above the diastolic/,
  });
  await assert.rejects(simulate({ ...MAN, heartRateBpm: 40, cardiacOutputLPerMin: 30 }), {
    message: /750 mL a beat, which does not fit 73 kg/,
  });
});
