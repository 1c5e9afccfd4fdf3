import assert from "node:assert/strict";
import { test } from "node:test";
import { type Run, runSummarySchema } from "@viscera/core";
import { assertClose } from "@viscera/core/testing";
import { libraryModelText, ncaOfData, readDataSet, readModelText, readSbml, simulateData } from "../index.js";
import { Moments } from "../sbml/moments.js";
import { dataCourses } from "./data-courses.js";
import { dataRun, ncaRun, sbmlReplicatesRun, sbmlRun } from "./index.js";
import { quantileCurves } from "./spread.js";

const model = readModelText(libraryModelText("pk1-oral"), "pk1-oral");
const units = { time: "h", dose: "mg", concentration: "mg/L" };

/** Every column a plot names exists, and the summary is one that can be written. */
function assertWhole({ summary, series }: Run): void {
  const names = new Set(series.map(({ name }) => name));
  assert.equal(names.size, series.length, "names of columns differ");
  for (const { columns, bands, points } of summary.plots) {
    for (const name of [...columns, ...(bands ?? []).flatMap(({ low, high }) => [low, high])])
      assert.ok(names.has(name), name);
    for (const { x, y } of points ?? []) assert.equal(x.length, y.length);
  }
  assert.equal(new Set(series.map(({ values }) => values.length)).size, 1);
  runSummarySchema.parse({ ...summary, series: [] });
}

function data(subjects: number, text = "") {
  const lines = ["ID,TIME,AMT,EVID,CMT,DV"];
  for (let id = 1; id <= subjects; id++) {
    lines.push(`${id},0,${100 + id},1,1,.`);
    for (const [time, value] of [
      [1, 2.1],
      [4, 1.9],
      [12, 0.8],
      [24, 0.2],
    ])
      lines.push(`${id},${time},.,0,2,${value}`);
  }
  return readDataSet(text || lines.join("\n"), { name: "trial.csv" });
}

test("quantiles of curves need half of their values", () => {
  const [middle] = quantileCurves(
    [
      [1, 5, Number.NaN],
      [3, Number.NaN, Number.NaN],
      [9, 7, 2],
    ].map((values) => Float64Array.from(values)),
    [0.5],
  );
  assert.deepEqual([...middle!], [3, 6, Number.NaN]);
});

test("curves follow the closed form between and at the observations, and end with the subject", async () => {
  const parameters = { CL: 4, V: 40, ka: 1.2 };
  const { times, courses } = await dataCourses(model, data(2), { parameters });
  const k = 4 / 40;
  for (const [i, t] of times.entries()) {
    const exact = (101 / 40) * (1.2 / (1.2 - k)) * (Math.exp(-k * t) - Math.exp(-1.2 * t));
    assertClose(courses[0]!.values[0]![i]!, exact, { relative: 1e-9, absolute: 1e-12 });
  }
  assert.ok(times.includes(4) && times[0] === 0 && times.at(-1) === 24 && times.length > 200);
});

test("records between change nothing of the solution, whichever way covariates go", async () => {
  const own = readModelText(
    "time: h\nparameter CL = 3 [L/h]\ncovariate V [L]\nd/dt(c) = -CL / V * c [mg]\noutput Cp = c / V [mg/L]\n",
    "own",
  );
  const text =
    "ID,TIME,AMT,EVID,CMT,V,ADDL,II\n1,0,100,1,1,30,2,6\n1,3,.,0,1,60,.,.\n1,9,.,0,1,20,.,.\n1,20,.,0,1,45,.,.\n";
  const set = readDataSet(text, { name: "v.csv", covariates: ["V"] });
  for (const covariates of ["next", "last"] as const) {
    const { rows } = await simulateData(own, set, { covariates });
    const { times, courses } = await dataCourses(own, set, { covariates });
    for (const { time, values } of rows)
      assertClose(
        courses[0]!.values[0]![times.indexOf(time)]!,
        values[0]!,
        { relative: 1e-12 },
        `${covariates} ${time}`,
      );
  }
});

test("a reset that begins a new count of time begins a new curve", async () => {
  const text = "ID,TIME,AMT,EVID,CMT\n7,0,100,1,1\n7,10,.,0,2\n7,0,200,4,1\n7,6,.,0,2\n";
  const { times, courses } = await dataCourses(model, data(0, text));
  assert.deepEqual(
    courses.map(({ label }) => label),
    ["Subject 7, part 1", "Subject 7, part 2"],
  );
  const [first, second] = courses.map(({ values }) => values[0]!) as [Float64Array, Float64Array];
  const at = times.indexOf(5);
  assertClose(second[at]!, 2 * first[at]!, { relative: 1e-9 });
  assert.ok(Number.isNaN(second[times.indexOf(10)]!) && Number.isFinite(first[times.indexOf(10)]!));
});

test("a few subjects are drawn one by one with what was observed, many as percentiles", async () => {
  const few = await dataRun(model, data(3));
  assertWhole(few);
  assert.deepEqual(
    few.summary.plots.map(({ columns, points }) => [columns.length, points!.map(({ label }) => label)]),
    [[3, ["Subject 1", "Subject 2", "Subject 3"]]],
  );
  const many = await dataRun(model, data(36));
  assertWhole(many);
  const [percentiles, each] = many.summary.plots;
  assert.deepEqual([percentiles!.bands!.length, percentiles!.points![0]!.x.length], [2, 144]);
  assert.equal(each!.columns.length, 36);
  const column = (name: string) => many.series.find((entry) => entry.name === name)!.values;
  const [low, high] = [column("Cp.p05"), column("Cp.p95")];
  for (const [i, value] of low.entries()) assert.ok(value <= high[i]!);
});

test("exposure of simulated curves is that of the closed form", async () => {
  const run = await dataRun(model, data(1), { parameters: { CL: 4, V: 40, ka: 1.2 } });
  const value = (name: string) => run.summary.values.find((entry) => entry.name === name)!.value;
  const k = 0.1;
  const tmax = Math.log(1.2 / k) / (1.2 - k);
  assertClose(value("aucInfinity"), 101 / 4, { relative: 2e-3 });
  assertClose(value("tmax"), tmax, { absolute: 0.1 });
  assertClose(value("cmax"), (101 / 40) * (1.2 / (1.2 - k)) * (Math.exp(-k * tmax) - Math.exp(-1.2 * tmax)), {
    relative: 1e-3,
  });
  // The line of best fit takes in points that absorption still raises a little.
  assertClose(value("halfLife"), Math.LN2 / k, { relative: 1e-2 });
  const [table] = run.summary.tables;
  assert.deepEqual(table!.columns.slice(0, 4), ["Subject", "Dose at (h)", "Dose (mg)", "Cmax (mg/L)"]);
  assert.equal(table!.rows[0]!.at(-1), "extravascular");
});

test("a dose into the compartment that is looked at counts as a bolus; effects get no exposure", async () => {
  const text =
    "time: h\nparameter k = 0.2\nd/dt(c) = -k * c [mg]\nd/dt(e) = c - e\noutput effect = e [%]\noutput Cp = c / 10 [mg/L]\n";
  const own = readModelText(text, "own");
  const run = await dataRun(
    own,
    data(0, "ID,TIME,AMT,EVID,CMT,DV\n1,0,100,1,1,.\n1,2,.,0,1,6\n1,8,.,0,2,3\n1,30,.,0,1,.\n"),
  );
  assertWhole(run);
  const exposure = run.summary.tables.filter(({ title }) => title.startsWith("Exposure"));
  assert.deepEqual(
    exposure.map(({ title, rows }) => [title, rows[0]!.at(-1)]),
    [["Exposure: Cp, simulated", "bolus"]],
  );
  assertClose(run.summary.values.find(({ name }) => name === "cmax")!.value, 10, { relative: 1e-9 });
  assertClose(run.summary.values.find(({ name }) => name === "aucInfinity")!.value, 50, { relative: 1e-6 });
  // What CMT 1 observed stands beside Cp, CMT 2 beside the effect.
  assert.deepEqual(
    run.summary.plots.map(({ points }) => points!.flatMap(({ y }) => y)),
    [[3], [6]],
  );
});

test("one subject's outputs of one unit are drawn together and share a table", async () => {
  const text =
    "time: h\nparameter k = 0.2\nd/dt(c) = -k * c [mg]\nd/dt(e) = k * c [mg]\noutput Cp = c / 10 [mg/L]\noutput Ce = e / 20 [mg/L]\n";
  const set = data(0, "ID,TIME,AMT,EVID,CMT,DV\n1,0,100,1,1,.\n1,2,.,0,1,6\n1,8,.,0,2,3\n1,30,.,0,1,.\n");
  const run = await dataRun(readModelText(text, "own"), set);
  assertWhole(run);
  assert.deepEqual(
    run.summary.plots.map(({ title, columns, points }) => [
      title,
      columns.length,
      points!.map(({ label }) => label),
    ]),
    [["Cp, Ce", 2, ["Cp", "Ce"]]],
  );
  const [table] = run.summary.tables;
  assert.deepEqual(
    table!.rows.map((row) => [...row.slice(0, 4), row.at(-1)]),
    [
      ["Cp", "1", 0, 100, "bolus"],
      ["Ce", "1", 0, 100, "extravascular"],
    ],
  );
  assert.equal(table!.columns[0], "Quantity");
});

test("subjects with parameters of their own keep them between the data's times", async () => {
  const parametersOf = ({ id }: { id: string }) =>
    Float64Array.from(model.parameters, ({ name, value }) => (name === "V" ? 40 * Number(id) : value!));
  const { times, courses } = await dataCourses(model, data(2), { parametersOf });
  const { rows } = await simulateData(model, data(2), { parametersOf });
  for (const { id, time, values } of rows)
    assertClose(courses[Number(id) - 1]!.values[0]![times.indexOf(time)]!, values[0]!, { relative: 1e-12 });
  const run = await dataRun(model, data(2), { parametersOf });
  const [row] = run.summary.tables.at(-1)!.rows.filter(([name]) => name === "V");
  assert.deepEqual([row![1], row![3]], [null, "each subject"]);
});

test("without doses or observations a run is still one", async () => {
  for (const text of ["ID,TIME,AMT,EVID\n1,0,.,2\n1,5,.,2\n", "ID,TIME,AMT,EVID,CMT\n1,0,100,1,1\n"]) {
    assertWhole(await dataRun(model, data(0, text)));
  }
});

test("profiles of an analysis: the curve goes through what was measured, the terminal line has its slope", () => {
  const set = data(2);
  const result = ncaOfData(set);
  const run = ncaRun({ data: "trial.csv", result, options: {}, units });
  assertWhole(run);
  assert.deepEqual(
    run.summary.plots.map(({ title }) => title),
    ["All profiles", "Subject 1", "Subject 2"],
  );
  const times = run.series[0]!.values;
  const column = (name: string) => run.series.find((entry) => entry.name === name)!.values;
  for (const [time, value] of [
    [0, 0],
    [1, 2.1],
    [4, 1.9],
    [24, 0.2],
  ])
    assertClose(column("profile0")[times.indexOf(time!)]!, value!, { relative: 1e-12 });
  const terminal = column("terminal0");
  const [a, b] = [times.indexOf(4), times.indexOf(24)];
  assertClose(Math.log(terminal[a]! / terminal[b]!) / 20, result.rows[0]!.measures.lambdaZ!, {
    relative: 1e-9,
  });
  assert.ok(Number.isNaN(terminal[times.indexOf(1)]!), "not before its first point");
  const auc = run.summary.values.find(({ name }) => name === "aucInfinity")!;
  assert.deepEqual([auc.unit, auc.low! <= auc.value, auc.value <= auc.high!], ["mg.h/L", true, true]);
});

test("an analysis that finds nothing, or leaves subjects out, says so", () => {
  const set = data(0, "ID,TIME,AMT,EVID,CMT,DV\n1,0,100,1,1,.\n1,1,.,0,2,3\n");
  const run = ncaRun({ data: "x", result: ncaOfData(set), options: {}, units });
  assertWhole(run);
  assert.match(run.summary.warnings[0]!, /^Subject 1 was left out: /);
});

const SBML = `<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2"><model id="m"><listOfCompartments><compartment id="c" size="1" spatialDimensions="3" constant="true"/></listOfCompartments></model></sbml>`;

test("an SBML course: variables of like size together, twelve at most, constant ones in the table only", () => {
  const times = [0, 1, 2];
  const outputs = Array.from({ length: 200 }, (_, k) => ({ variable: `S${k}`, quantity: "symbol" as const }));
  const value = (k: number, t: number) =>
    k === 0 ? 5 : k < 3 ? 1e6 * (t + k) : k === 3 ? Number.NaN : t + k / 100;
  const rows = times.map((t) => outputs.map((_, k) => value(k, t)));
  const run = sbmlRun({ model: readSbml(SBML), times, outputs, rows });
  assertWhole(run);
  const drawn = run.summary.plots.flatMap(({ columns }) => columns);
  assert.ok(!drawn.includes("v0"), "a constant is not drawn");
  assert.equal(new Set(drawn).size, 199);
  assert.deepEqual(run.summary.plots[0]!.columns, ["v2", "v1"]);
  assert.ok(run.summary.plots.every(({ columns }) => columns.length <= 12));
  assert.match(run.summary.warnings[0]!, /not finite and are not drawn: S3/);
  assert.deepEqual(run.summary.tables[0]!.rows[1], ["S1", 1e6, 3e6, 1e6, 3e6, 2]);
  assert.deepEqual(run.summary.tables[0]!.rows[3], ["S3", null, null, null, null, null]);
});

test("stochastic runs: means with one standard deviation to either side", () => {
  const moments = new Moments(4);
  for (const values of [
    [1, 10, 2, 20],
    [3, 10, 6, 40],
  ])
    moments.add(values);
  const outputs = ["A", "B"].map((variable) => ({ variable, quantity: "amount" as const }));
  const run = sbmlReplicatesRun({ model: readSbml(SBML), times: [0, 1], outputs }, moments);
  assertWhole(run);
  const column = (name: string) => [...run.series.find((entry) => entry.name === name)!.values];
  assert.deepEqual(column("v0"), [2, 4]);
  const [low, high] = [column("v0low"), column("v0high")];
  assertClose(high[1]! - low[1]!, 2 * Math.sqrt(8), { relative: 1e-12 });
  assert.equal(run.summary.plots[0]!.bands![0]!.label, "B, amount, ± 1 SD");
});
