import assert from "node:assert/strict";
import { test } from "node:test";
import { assertClose } from "@viscera/core/testing";
import { normalCdf, normalQuantile } from "@viscera/numerics";
import {
  libraryModelText,
  type PharmacologyModel,
  readDataSet,
  readModelText,
} from "../pharmacology/index.js";
import {
  findDose,
  PopulationRunner,
  type PopulationTask,
  reached,
  readDose,
  readGoal,
  readTarget,
  readVariation,
  simulatePeople,
} from "./index.js";
import { Individuals } from "./individuals.js";
import { OneByOneEngine } from "./one-by-one.js";

const library = (name: string) => readModelText(libraryModelText(name), name);
const grid = (until: number, step: number) =>
  Array.from({ length: Math.round(until / step) + 1 }, (_, i) => i * step);

function task(
  model: PharmacologyModel,
  doses: readonly string[],
  more: Partial<PopulationTask> = {},
): PopulationTask {
  const times = more.times ?? grid(48, 0.5);
  return {
    model,
    parameters: {},
    doses: doses.map((text) => readDose(text, model)),
    doseFactor: 1,
    times,
    outputs: [model.outputs[0]!.name],
    window: { from: times[0]!, until: times.at(-1)! },
    thresholds: [],
    people: null,
    body: null,
    variations: [],
    seed: 1,
    relative: 1e-8,
    absolute: 1e-10,
    ...more,
  };
}

const varied = (model: PharmacologyModel, text: string) => [
  readVariation(
    [text],
    model.parameters.map(({ name }) => name),
    "subject",
  )!,
];

const pk1 = library("pk1");
/** Log-normal clearance of 30 % around 5 L/h: the area of 100 mg is log-normal around 20. */
const sigma = Math.sqrt(Math.log1p(0.3 ** 2));
const bolus = task(pk1, ["100"], { variations: varied(pk1, "CL=30%"), times: grid(400, 2) });
const SIZE = 4000;
const areas = simulatePeople(bolus, SIZE);

test("areas of log-normal clearance are log-normal: quantiles, attainment and their interval", async () => {
  const result = await areas;
  assert.equal(result.layout.engine, "linear");
  assert.equal(result.layout.exactArea, true);
  const clearance = result.column("CL");
  result.column("auc").forEach((auc, i) => {
    // What is left of the slowest person after 400 h is little.
    assertClose(auc, (100 / clearance[i]!) * -Math.expm1((-400 * clearance[i]!) / 50), { relative: 1e-10 });
  });
  const percentiles = [5, 25, 50, 75, 95];
  const found = result.distribution("auc", percentiles);
  for (const [k, p] of percentiles.entries()) {
    const z = normalQuantile(p / 100);
    const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
    // Four standard errors of a quantile of the logarithm.
    const error = (4 * sigma * Math.sqrt((p / 100) * (1 - p / 100))) / (density * Math.sqrt(SIZE));
    assertClose(Math.log(found.percentiles[k]!), Math.log(20) + sigma * z, { absolute: error }, `p${p}`);
  }
  assertClose(found.geometricCv!, 30, { relative: 0.06 });
  for (const limit of [15, 20, 30]) {
    const expected = 1 - normalCdf(Math.log(limit / 20) / sigma);
    const { share, low, high } = result.attainment(readTarget(`auc>${limit}`), null);
    assertClose(share, expected, { absolute: 4 * Math.sqrt((expected * (1 - expected)) / SIZE) });
    assert.ok(low < share && share < high && high - low < 0.04);
    assertClose(result.attainment(readTarget(`auc/mic>${limit / 2}`), 2).share, share, {});
    assertClose(result.attainment(readTarget(`auc<=${limit}`), null).share, 1 - share, { absolute: 1e-12 });
  }
});

test("bands follow the closed form at every time, before and after a dose", async () => {
  const of = task(pk1, ["100 every 12 times 2"], { variations: varied(pk1, "V=20%"), times: grid(24, 6) });
  const result = await simulatePeople(of, 2000);
  assert.deepEqual([...result.layout.times], [0, 6, 12, 12, 18, 24]);
  const volumes = [...result.column("V")].sort((a, b) => a - b);
  const at = (volume: number) => {
    const k = (hours: number) => Math.exp((-5 * hours) / volume) * (100 / volume);
    return [k(0), k(6), k(12), k(12) + k(0), k(18) + k(6), k(24) + k(12)];
  };
  // Early concentrations fall with the volume: quantiles of the one are those of the other.
  const [low, high] = result.bands(0, [10, 90]) as [Float64Array, Float64Array];
  for (const [row, percentile] of [
    [0, 10],
    [3, 10],
    [0, 90],
    [3, 90],
  ] as const) {
    const p = 1 - percentile / 100;
    const place = p * (volumes.length - 1);
    const between = [Math.floor(place), Math.ceil(place)].map((i) => at(volumes[i]!)[row]!);
    const found = (percentile === 10 ? low : high)[row]!;
    assert.ok(
      found <= between[0]! * (1 + 1e-6) && found >= between[1]! * (1 - 1e-6),
      `${row}, ${percentile}`,
    );
  }
});

test("the peak of an infusion is at its end, on the grid or not", async () => {
  const of = task(pk1, ["100 over 0.7 at 0.2"], { times: grid(24, 6), variations: varied(pk1, "CL=20%") });
  const result = await simulatePeople(of, 4);
  assert.deepEqual([...result.layout.times], [0, 0.2, 0.2 + 0.7, 6, 12, 18, 24]);
  const peaks = result.column("cmax");
  result.column("CL").forEach((clearance, i) => {
    const peak = (100 / 0.7 / clearance) * -Math.expm1((-clearance / 50) * 0.7);
    assertClose(peaks[i]!, peak, { relative: 1e-9 });
  });
});

test("time above a threshold and half-life by their closed forms", async () => {
  const of = task(pk1, ["100"], { thresholds: [0.5], times: grid(48, 1), variations: varied(pk1, "CL=20%") });
  const result = await simulatePeople(of, 10);
  const [shares, halves] = [result.column("timeAbove0.5"), result.column("halfLife")];
  result.column("CL").forEach((clearance, i) => {
    assertClose(shares[i]!, Math.min(1, (Math.log(4) * 50) / clearance / 48), { relative: 1e-6 });
    assertClose(halves[i]!, (Math.LN2 * 50) / clearance, { relative: 1e-6 });
  });
  const target = readTarget("t > 0.5 >= 50 %");
  assert.equal(result.attainment(target, null).hits, shares.filter((share) => share >= 0.5).length);
});

for (const [name, doses, expected] of [
  ["pk2-oral", ["100 every 12 times 3", "50 into central over 3 at 5 every 8 times 3"], "linear"],
  ["pk1-oral-mm", ["60 every 12 times 3", "40 into central over 3 at 5"], "pairs"],
  ["pk1-transit", ["100 every 24 times 2"], "pairs"],
  ["effect-compartment", ["100 every 12 times 2"], "linear"],
] as const) {
  test(`${name}: ${expected} gives what the simulator of data sets gives each person`, async () => {
    const model = library(name);
    const names = model.parameters.slice(-3).map((parameter) => parameter.name);
    const variation = `${names.map((parameter) => `${parameter}=25%`).join(",")},${names[0]}~${names[1]}=0.5`;
    // Away from the arrivals of doses, where one shows what was before and the other what is after.
    const times = grid(36, 1).map((time) => (time > 0 ? time - 0.25 : 0));
    const of = task(model, doses, {
      times,
      outputs: model.outputs.map((output) => output.name),
      variations: varied(model, variation),
      relative: 1e-9,
      absolute: 1e-12,
    });
    const runner = await PopulationRunner.create(of);
    assert.equal(runner.layout.engine, expected);
    const { curves } = runner.run(0, 4);
    const rows = runner.layout.times;
    const engine = await OneByOneEngine.create(of, model);
    const individuals = new Individuals(of);
    const width = model.outputs.length;
    const to = [0, 1].map(() => new Float64Array(times.length * width)) as [Float64Array, Float64Array];
    engine.simulate([individuals.get(2), individuals.get(3)], to);
    for (const who of [0, 1] as const) {
      const peak = to[who].reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      for (const [t, time] of times.entries()) {
        const row = rows.lastIndexOf(time);
        for (let o = 0; o < width; o++) {
          const found = curves[((2 + who) * rows.length + row) * width + o]!;
          assertClose(found, to[who][t * width + o]!, { relative: 2e-6, absolute: 1e-6 * peak }, `${time}`);
        }
      }
    }
  });
}

test("a person is the same whatever the population and whoever simulates the others", async () => {
  for (const of of [
    bolus,
    task(library("pk1-oral-mm"), ["100"], { variations: varied(library("pk1-oral-mm"), "Vmax=30%") }),
  ]) {
    const whole = (await PopulationRunner.create(of)).run(0, 12);
    const part = (await PopulationRunner.create(of)).run(4, 9);
    const width = whole.table.length / 12;
    assert.deepEqual(part.table, whole.table.slice(4 * width, 9 * width));
    const points = whole.curves.length / 12;
    assert.deepEqual(part.curves, whole.curves.slice(4 * points, 9 * points));
  }
});

test("variations have the moments and the correlation asked for", async () => {
  const model = library("pk2");
  const of = task(model, ["100"], { variations: varied(model, "CL=40%,V=20%,CL~V=0.6"), times: [0, 1] });
  const result = await simulatePeople(of, SIZE);
  const logs = ["CL", "V"].map((name, k) =>
    result.column(name).map((value) => Math.log(value / [5, 50][k]!)),
  );
  const moment = (a: Float64Array, b: Float64Array) =>
    a.reduce((sum, value, i) => sum + value * b[i]!, 0) / SIZE;
  const expected = [0.4, 0.2].map((cv) => Math.log1p(cv * cv));
  for (const k of [0, 1])
    assertClose(moment(logs[k]!, logs[k]!), expected[k]!, { relative: 4 * Math.sqrt(2 / SIZE) });
  const correlation = moment(logs[0]!, logs[1]!) / Math.sqrt(expected[0]! * expected[1]!);
  assertClose(correlation, 0.6, { absolute: 4 / Math.sqrt(SIZE) });
});

test("occasions of a data set draw anew, and those of a model's text too", async () => {
  const model = readModelText(
    `parameter tvCL = 5\nparameter V = 50\nrandom eta ~ 0.04\noccasion kappa ~ 0.09\nCL = tvCL * exp(eta + kappa)
     d/dt(central) = -CL / V * central\noutput Cp = central / V`,
  );
  const data = readDataSet("ID,TIME,AMT,OCC,EVID\n1,0,100,1,1\n1,10,0,2,2\n1,20,0,1,2");
  const of = task(model, [], { doses: data, times: [0, 5, 10, 15, 20, 30] });
  const runner = await PopulationRunner.create(of);
  assert.equal(runner.layout.engine, "one-by-one");
  const size = 400;
  const { curves } = runner.run(0, size);
  const rates: [number, number][] = [];
  for (let i = 0; i < size; i++) {
    const [a, b, c, d, e, f] = curves.slice(6 * i, 6 * i + 6) as unknown as number[];
    const rate = (from: number, to: number, hours: number) => Math.log(from / to) / hours;
    assertClose(rate(a!, b!, 5), rate(b!, c!, 5), { relative: 1e-4 });
    assertClose(rate(c!, d!, 5), rate(d!, e!, 5), { relative: 1e-4 });
    // The first occasion again.
    assertClose(rate(e!, f!, 10), rate(a!, b!, 5), { relative: 1e-4 });
    rates.push([Math.log(rate(a!, c!, 10) / 0.1), Math.log(rate(c!, e!, 10) / 0.1)]);
  }
  const mean = (pick: (pair: [number, number]) => number) =>
    rates.reduce((sum, pair) => sum + pick(pair), 0) / size;
  assertClose(
    mean(([a]) => a * a),
    0.13,
    { relative: 4 * Math.sqrt(2 / size) },
  );
  assertClose(
    mean(([a, b]) => a * b),
    0.04,
    { absolute: (4 * 0.14) / Math.sqrt(size) },
  );
});

test("people give covariates; doses go by their weight", async () => {
  const model = readModelText(
    "covariate WT [kg]\ncovariate CRCL\nCL = 0.05 * CRCL\nV = 0.5 * WT\nd/dt(central) = -CL / V * central [mg]\noutput Cp = central / V [mg/L]",
  );
  const people = { ageYears: [30, 70] as const };
  const result = await simulatePeople(task(model, ["2/kg"], { people, times: [0, 1] }), 50);
  result.column("cmax").forEach((peak) => assertClose(peak, 4, { relative: 1e-12 }));
  const weights = result.column("WT");
  assert.ok(new Set(weights).size === 50 && weights.every((weight) => weight > 30));
});

test("at steady state everybody's area over an interval is dose / CL", async () => {
  const of = task(pk1, ["100 every 12 steady"], { times: grid(12, 0.5), variations: varied(pk1, "CL=30%") });
  const result = await simulatePeople(of, 20);
  assert.deepEqual([result.layout.engine, result.layout.exactArea], ["one-by-one", true]);
  const areas = result.column("auc");
  result.column("CL").forEach((clearance, i) => assertClose(areas[i]!, 100 / clearance, { relative: 1e-9 }));
});

test("the dose for a goal: by the closed form, and as the same people need it", async () => {
  const size = 1000;
  // The area needs no fine grid, being integrated.
  const coarse = { ...bolus, times: grid(400, 100) };
  const cached = await simulatePeople(coarse, size);
  const evaluate = (goal: string) => async (dose: number) => {
    const scaled = await simulatePeople({ ...coarse, doseFactor: dose / 100 }, size);
    return reached(readGoal(goal), scaled, null);
  };
  const median = await findDose(readGoal("median auc = 50"), {
    low: 1,
    high: 10_000,
    what: "dose",
    evaluate: evaluate("median auc = 50"),
  });
  assertClose(median.value, 250, { relative: (4 * 1.2533 * sigma) / Math.sqrt(size) });
  assertClose(median.value, (50 / cached.distribution("auc", [50]).percentiles[0]!) * 100, {
    relative: 2e-4,
  });
  const pta = await findDose(readGoal("pta auc>50 = 90%"), {
    low: 1,
    high: 10_000,
    what: "dose",
    evaluate: evaluate("pta auc>50 = 90%"),
  });
  assert.ok(pta.reached >= 0.9 && pta.reached < 0.902);
  // 90 % have an area above exp(-1.2816 sigma) times the median.
  assertClose(pta.value, 250 * Math.exp(-sigma * normalQuantile(0.1)), { relative: 0.05 });
});

test("goals that cannot be reached, or more than once, are told", async () => {
  const goal = readGoal("median cmax = 5");
  const search = { low: 1, high: 10, what: "dose" };
  await assert.rejects(findDose(goal, { ...search, evaluate: async (x) => x / 100 }), {
    code: "failed.unreachable",
    message: /doses from 1 to 10 give 0.01 to 0.1/,
  });
  await assert.rejects(findDose(goal, { ...search, evaluate: async (x) => 10 * Math.sin(x) + 0.9 * x }), {
    code: "failed.not-steady",
  });
});

test("mistakes are told in a sentence", async () => {
  const names = pk1.parameters.map(({ name }) => name);
  const variation = (text: string) => () => readVariation([text], names, "subject");
  assert.throws(variation("CL=-10%"), /"CL=-10%" has to lie between 0 and 1000 %/);
  assert.throws(variation("CL=nonsense"), /has to lie between/);
  assert.throws(variation("Clearance=10%"), /no parameter "Clearance"/);
  assert.throws(variation("CL=10%,CL~V=0.5"), /needs both variations/);
  assert.throws(variation("CL=10%,V=10%,CL~V=1.5"), /between -1 and 1/);
  const two = library("pk2");
  assert.throws(() => varied(two, "CL=10%,V=10%,Q=10%,CL~V=0.9,CL~Q=0.9,V~Q=-0.9"), /contradict one another/);
  const dose = (text: string) => () => readDose(text, pk1);
  assert.throws(dose("-5"), /has to be above 0/);
  assert.throws(dose("500 g"), /counts amounts there in mg, not g/);
  assert.throws(dose("500 every 12"), /"every" needs "times"/);
  assert.throws(dose("500 into liver"), /no compartment "liver"/);
  assert.throws(dose("500 every 12 d times 3"), /counts times in h, not d/);
  assert.deepEqual(readDose("500mg every 12h times 3 over 0.5 at 2", pk1), {
    amount: 500,
    perKg: false,
    compartment: 0,
    duration: 0.5,
    start: 2,
    interval: 12,
    count: 3,
    steady: false,
  });
  assert.throws(dose("500 steady"), /"steady" needs "every"/);
  assert.throws(dose("500 every 12 steady state"), /"steady" stands alone/);
  assert.equal(readDose("7.5 mg/kg", pk1).perKg, true);
  assert.throws(() => readTarget("auc=400"), /not understood/);
  assert.throws(() => readTarget("t>mic>150%"), /150% of the time/);
  assert.throws(() => readGoal("median auc > 400"), /no number above 0/);
  assert.throws(() => readGoal("pta auc>400 = 120%"), /not between 0 and 100/);
  const refused = (more: Partial<PopulationTask>, message: RegExp) =>
    assert.rejects(PopulationRunner.create(task(pk1, ["100"], more)), { message });
  await refused({ parameters: { Q: 1 } }, /no parameter "Q"/);
  await refused({ outputs: ["Cx"] }, /no output "Cx"/);
  await refused({ window: { from: 0, until: 100 } }, /does not lie within the simulated time/);
  await assert.rejects(PopulationRunner.create(task(pk1, ["5/kg"])), /needs people with a weight/);
  const needy = readModelText("covariate WT\ncovariate X\nd/dt(a) = -WT * X * a\noutput y = a");
  await assert.rejects(PopulationRunner.create(task(needy, ["1"], { people: {} })), /needs a value of "X"/);
  await assert.rejects(PopulationRunner.create(task(needy, ["1"], { parameters: { X: 1 } })), {
    hint: /--people/,
  });
  const runner = await PopulationRunner.create(task(pk1, ["100"], { parameters: { V: 0 } }));
  assert.throws(() => runner.run(0, 2), /People 1 and 2/);
});
