import assert from "node:assert/strict";
import { test } from "node:test";
import { assertClose } from "@viscera/core/testing";
import { readDataSet } from "./data-set.js";
import { type DataSimulationOptions, DataSimulator } from "./data-simulator.js";
import { libraryModelText } from "./library/index.js";
import { readModelText } from "./model-text.js";
import { simulateData } from "./simulate-data.js";

const HEADER = "ID,TIME,AMT,RATE,EVID,CMT,ADDL,II,SS";

/** First output at each observation. */
async function run(
  text: string,
  rows: readonly string[],
  options: DataSimulationOptions = {},
  header = HEADER,
) {
  const model = readModelText(text);
  const covariates = model.parameters.map(({ name }) => name);
  const data = readDataSet([header, ...rows].join("\n"), { name: "d.csv", covariates });
  const result = await simulateData(model, data, options);
  return result.rows.map(({ values }) => values[0]!);
}

const observe = (...times: number[]) => times.map((time) => `1,${time},0,0,0,1,0,0,0`);

function assertSame(actual: readonly number[], expected: readonly number[], relative: number): void {
  assert.equal(actual.length, expected.length);
  for (const [i, value] of actual.entries()) assertClose(value, expected[i]!, { relative }, `value ${i}`);
}

const ORAL = libraryModelText("pk2-oral");
const SATURABLE = libraryModelText("pk2-mm");

test("a steady state is where many doses lead: bolus, infusions shorter and longer than the interval, with a lag", async () => {
  const doses = ["100,0,1", "100,50,2", "100,5,2", "100,50,2"];
  for (const [i, dose] of doses.entries()) {
    const [amount, rate, compartment] = dose.split(",");
    const parameters = { tlag: i === 3 ? 5 : 0 };
    const text = i === 3 ? ORAL.replace("lag(depot)", "lag(central)") : ORAL;
    const many = await run(
      text,
      [`1,0,${amount},${rate},1,${compartment},300,12,0`, ...observe(3600, 3601, 3605, 3611, 3613, 3650)],
      { parameters },
    );
    const steady = await run(
      text,
      [`1,0,${amount},${rate},1,${compartment},0,12,1`, ...observe(0, 1, 5, 11, 13, 50)],
      { parameters },
    );
    assertSame(steady, many, 1e-9);
  }
});

test("the solver finds the same steady states by iteration, slowly saturating ones too", async () => {
  for (const [amount, rate] of [
    [60, 0],
    [60, 30],
    [60, 3],
  ]) {
    // 5 mg/h of at most 10 mg/h: a half-life of days.
    const many = await run(SATURABLE, [
      `1,0,${amount},${rate},1,1,400,12,0`,
      ...observe(4800, 4803, 4811, 4830),
    ]);
    const steady = await run(SATURABLE, [`1,0,${amount},${rate},1,1,0,12,1`, ...observe(0, 3, 11, 30)]);
    assertSame(steady, many, 1e-6);
  }
  const linear = await run(ORAL, ["1,0,100,0,1,1,2,12,1", ...observe(0, 5, 30)]);
  const solved = await run(ORAL, ["1,0,100,0,1,1,2,12,1", ...observe(0, 5, 30)], { method: "solver" });
  assertSame(solved, linear, 1e-6);
});

test("a constant infusion has its closed form and has ended at its record", async () => {
  const [at, later] = await run(libraryModelText("pk1"), ["1,0,0,15,1,1,0,0,1", ...observe(0, 10)]);
  assertClose(at!, 3, { relative: 1e-12 });
  assertClose(later!, 3 * Math.exp(-1), { relative: 1e-12 });
  // Saturable: rate = Vmax C / (Km + C).
  const [saturated] = await run(libraryModelText("pk1-mm"), ["1,0,0,8,1,1,0,0,1", ...observe(0)]);
  assertClose(saturated!, (8 * 2) / (10 - 8), { relative: 1e-6 });
});

test("SS 2 adds to what was there; SS 1 takes its place and cancels what was to come", async () => {
  const morning = "1,0,100,0,1,1,0,24,1";
  const [both] = await run(ORAL, [morning, "1,12,50,0,1,1,0,24,2", ...observe(20)]);
  const [first] = await run(ORAL, [morning, ...observe(20)]);
  const [second] = await run(ORAL, ["1,12,50,0,1,1,0,24,1", ...observe(20)]);
  assertClose(both!, first! + second!, { relative: 1e-11 });
  const cancelled = await run(ORAL, ["1,0,500,10,1,2,9,24,0", "1,20,100,0,1,1,0,24,1", ...observe(60)]);
  const alone = await run(ORAL, ["1,20,100,0,1,1,0,24,1", ...observe(60)]);
  assertSame(cancelled, alone, 1e-12);
  // A baseline is counted once.
  const baseline = "d/dt(a) = 5 - 0.1 * a\na(0) = 50";
  const [rest] = await run(baseline, ["1,0,10,0,1,1,0,24,2", ...observe(0)]);
  const peak = 10 / (1 - Math.exp(-2.4));
  assertClose(rest!, 50 + peak, { relative: 1e-11 });
});

test("what accumulates for ever has no steady state", async () => {
  for (const text of ["d/dt(a) = 0 * a", "d/dt(a) = 0 * a^2"]) {
    await assert.rejects(run(text, ["1,0,100,0,1,1,0,24,1", ...observe(1)]), {
      code: "failed.steady-state",
      message: /Subject 1: There is no steady state of the dose in Line 2 of d.csv/,
    });
  }
});

test("bioavailability scales a bolus, the length at a given rate, the rate at a given duration", async () => {
  const model = `
    parameter k = 0.1
    d/dt(a) = -k * a
    F(a) = 0.5
    rate(a) = 20
    duration(a) = 4`;
  const infused = (rate: number, hours: number, t: number) => {
    const on = Math.min(t, hours);
    return (rate / 0.1) * (1 - Math.exp(-0.1 * on)) * Math.exp(-0.1 * (t - on));
  };
  const at = async (dose: string, header = HEADER) =>
    (await run(model, [dose, ...observe(1, 3, 6)], {}, header)) as number[];
  assertSame(
    await at("1,0,80,0,1,1,0,0,0"),
    [1, 3, 6].map((t) => 40 * Math.exp(-0.1 * t)),
    1e-12,
  );
  assertSame(
    await at("1,0,80,40,1,1,0,0,0"),
    [1, 3, 6].map((t) => infused(40, 1, t)),
    1e-12,
  );
  assertSame(
    await at("1,0,80,-1,1,1,0,0,0"),
    [1, 3, 6].map((t) => infused(20, 2, t)),
    1e-12,
  );
  assertSame(
    await at("1,0,80,-2,1,1,0,0,0"),
    [1, 3, 6].map((t) => infused(10, 4, t)),
    1e-12,
  );
  const duration = HEADER.replace("RATE", "DUR");
  assertSame(
    await at("1,0,80,2,1,1,0,0,0", duration),
    [1, 3, 6].map((t) => infused(20, 2, t)),
    1e-12,
  );
});

test("doses superpose in a linear model, at shared times and overlapping", async () => {
  const a = "1,0,100,0,1,1,4,6,0";
  const b = "1,3,50,2,1,2,0,0,0";
  const c = "1,24,70,0,1,2,0,0,0";
  const times = [0, 2.9, 6, 12.5, 24, 40];
  const merged = [...observe(0, 2.9), b, ...observe(6, 12.5), c, ...observe(24, 40)];
  const both = await run(ORAL, [a, ...merged]);
  const parts = await Promise.all([
    run(ORAL, [a, ...observe(...times)]),
    run(ORAL, [...observe(0, 2.9), b, ...observe(6, 12.5, 24, 40)]),
    run(ORAL, [...observe(0, 2.9, 6, 12.5), c, ...observe(24, 40)]),
  ]);
  const sum = times.map((_, i) => parts.reduce((total, part) => total + part[i]!, 0));
  assertSame(both, sum, 1e-11);
  const solved = await run(ORAL, [a, ...merged], { method: "solver" });
  for (const [i, value] of solved.entries()) assertClose(value, both[i]!, { relative: 1e-6, absolute: 1e-9 });
});

test("an observation before a dose of its time does not see it; after it, and of a further dose, it does", async () => {
  const bolus = libraryModelText("pk1");
  const values = await run(bolus, [...observe(0), "1,0,50,0,1,1,1,8,0", ...observe(0, 8)]);
  assertSame(values, [0, 1, 1 + Math.exp(-0.8)], 1e-12);
});

test("a reset empties, cancels and may begin a new count of time", async () => {
  const values = await run(ORAL, [
    "1,0,100,5,1,2,5,12,0",
    ...observe(10),
    "1,10,0,0,3,1,0,0,0",
    ...observe(10, 50),
    "1,0,100,5,4,2,0,0,0",
    ...observe(10),
  ]);
  assert.equal(values[1], 0);
  assert.equal(values[2], 0);
  assert.equal(values[3], values[0]);
});

test("covariates: the next record's value between records as in NONMEM, or the last one's", async () => {
  const model = "covariate k\nd/dt(a) = -k * a";
  const header = "ID,TIME,AMT,EVID,k";
  const rows = ["1,0,100,1,0.1", "1,1,0,0,0.5", "1,2,0,0,."];
  assertSame(await run(model, rows, {}, header), [100 * Math.exp(-0.5), 100 * Math.exp(-1)], 1e-12);
  assertSame(
    await run(model, rows, { covariates: "last" }, header),
    [100 * Math.exp(-0.1), 100 * Math.exp(-0.6)],
    1e-12,
  );
  const missing = run(model, ["1,0,100,1,.", "1,1,0,0,1"], {}, header);
  await assert.rejects(missing, {
    code: "input.data",
    message: /Line 2 of d.csv: the covariate "k" is missing/,
  });
  await assert.rejects(run(model, ["1,0,100,1"], {}, "ID,TIME,AMT,EVID"), {
    code: "input.data",
    message: /no column "k"/,
  });
});

test("piecewise rates are not mistaken for linear ones", async () => {
  const model = "d/dt(a) = if(a > 50, -10, -1)";
  const [early, late] = await run(model, ["1,0,100,0,1,1,0,0,0", ...observe(4, 8)]);
  assertClose(early!, 60, { relative: 1e-6 });
  assertClose(late!, 47, { relative: 1e-3 });
});

test("what does not fit the model is refused with its line", async () => {
  const refused = (rows: readonly string[], message: RegExp, options = {}, code = "input.data") =>
    assert.rejects(run(ORAL, rows, options), { code, message });
  await refused(["1,0,5,0,1,7,0,0,0"], /Line 2 of d.csv: the model has no compartment 7/);
  await refused(["1,0,5,0,1,gut,0,0,0"], /no compartment gut/);
  await refused(["1,0,5,-1,1,1,0,0,0"], /RATE is -1, but the model has no rate for "depot"/);
  await refused(["1,0,5,-2,1,1,0,0,0"], /RATE is -2, but the model has no duration for "depot"/);
  await refused(
    ["1,0,5,0,1,1,3000000000,1e-6,0", ...observe(3000)],
    /Line 2 of d.csv: .*more than 1e9 steps/,
  );
  await refused(["1,0,5,0,1,1,0,0,0"], /lag\(depot\) is -1/, { parameters: { tlag: -1 } });
  await refused(["1,0,5,0,1,1,0,0,0"], /no parameter "Cl"/, { parameters: { Cl: 1 } }, "input.parameters");
  await refused(["1,0,5,0,1,1,0,0,0"], /"CL" is NaN/, { parameters: { CL: Number.NaN } }, "input.parameters");
  const long = "1,0,5,0,1,1,0,4,1";
  await assert.rejects(
    run(libraryModelText("pk1-oral-mm").replace("d/dt(depot)", "lag(depot) = 9\nd/dt(depot)"), [long]),
    {
      code: "input.data",
      message: /the lag \(9\) is longer than the interval \(4\)/,
    },
  );
});

test("a model that blows up is stopped with the subject, the time and the variable", async () => {
  await assert.rejects(run("d/dt(a) = a^2", ["1,0,1,0,1,1,0,0,0", ...observe(5)]), {
    code: /^failed\./,
    message: /Subject 1: .*time 1|Subject 1: .*time 0\.99/,
  } as never);
});

test("linear models are stopped too, and outputs that are not finite are told", async () => {
  await assert.rejects(run("d/dt(a) = 100 * a", ["1,0,1,0,1,1,0,0,0", ...observe(100)]), {
    code: "failed.not-finite",
    message: /Subject 1: .*a.* at time 100|not finite/,
  });
  const model = readModelText("d/dt(a) = -a\noutput level = ln(a)");
  const { warnings } = await simulateData(model, readDataSet([HEADER, ...observe(0, 1)].join("\n")));
  assert.match(warnings[0]!, /2 of 2 rows .*level = -Infinity of subject 1 at time 0/);
});

test("one compilation serves many parameters, and CMT may be written 1.0", async () => {
  const model = readModelText(libraryModelText("pk1"));
  const data = readDataSet([HEADER, "1,0,100,0,1,1.0,0,0,0", ...observe(10)].join("\n"));
  const simulator = await DataSimulator.create(model, data);
  for (const CL of [5, 10, 5]) {
    const [row] = simulator.simulate(data.subjects[0]!, Float64Array.of(CL, 50));
    assertClose(row!.values[0]!, 2 * Math.exp((-10 * CL) / 50), { relative: 1e-12 });
  }
});

test("a subject's result does not depend on the others", async () => {
  const rows = ["1,0,100,0,1,1,3,12,0", ...observe(5, 40)];
  const other = rows.map((row) => row.replace(/^1,/, "0,").replace("100", "7000"));
  const together = await run(SATURABLE, [...other, ...rows]);
  assert.deepEqual(together.slice(2), await run(SATURABLE, rows));
});

test("cancelling stops between subjects", async () => {
  await assert.rejects(run(ORAL, ["1,0,5,0,1,1,0,0,0"], { signal: AbortSignal.abort() }), {
    code: "cancelled",
  });
});
