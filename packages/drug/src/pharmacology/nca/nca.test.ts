import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { assertClose, testWithShared } from "@viscera/core/testing";
import { readDataSet } from "../data-set.js";
import { libraryModelText } from "../library/index.js";
import { readModelText } from "../model-text.js";
import { simulateData } from "../simulate-data.js";
import { areas } from "./area.js";
import { ncaOfData } from "./profiles.js";
import { terminalPhase } from "./terminal-phase.js";

const near = (actual: number | null | undefined, expected: number, relative: number, name = "") => {
  assert.ok(actual !== null && actual !== undefined, `${name} is missing`);
  assertClose(actual, expected, { relative }, name);
};

test("areas: by hand for three points, exact for exponentials, first moments by fine trapezoids", () => {
  const points = [
    { time: 0, concentration: 0 },
    { time: 2, concentration: 8 },
    { time: 5, concentration: 2 },
  ];
  const linear = areas(points, "linear");
  assert.equal(linear.auc, 8 + 15);
  assert.equal(linear.aumc, 16 + (3 * (16 + 10)) / 2);
  // Falling piece: (8 - 2) * 3 / ln 4.
  const mixed = areas(points, "linear-up-log-down");
  near(mixed.auc, 8 + 18 / Math.log(4), 1e-14);
  const slope = Math.log(4) / 3;
  const fine = Array.from({ length: 20001 }, (_, i) => {
    const time = 2 + (3 * i) / 20000;
    return { time, concentration: 8 * Math.exp(-slope * (time - 2)) };
  });
  near(mixed.aumc, 16 + areas(fine, "linear").aumc, 1e-8);
});

test("the terminal phase has the best adjusted R2 and, among equal ones, most points", () => {
  const curve = [0, 1, 2, 4, 8, 12, 16, 24].map((time) => ({
    time,
    concentration: time === 0 ? 0 : 10 * Math.exp(-0.1 * time) - 10 * Math.exp(-2 * time),
  }));
  const phase = terminalPhase(curve, false)!;
  near(phase.lambdaZ, 0.1, 3e-4);
  assert.equal(phase.to, 24);
  assert.ok(phase.points >= 4);
  const rising = [1, 2, 3, 4].map((time) => ({ time, concentration: time }));
  assert.equal(terminalPhase(rising, false), null);
  // Two points after the peak are too few; a bolus may use the peak.
  const short = [5, 4, 2].map((concentration, time) => ({ time, concentration }));
  assert.equal(terminalPhase(short, false), null);
  assert.equal(terminalPhase(short, true)!.points, 3);
});

/** Observations of a library model after the given dose rows. */
async function simulated(name: string, doses: readonly string[], times: readonly number[], observed: number) {
  const header = "ID,TIME,AMT,RATE,EVID,CMT,ADDL,II,SS";
  const rows = times.map((time) => `1,${time},0,0,0,${observed},0,0,0`);
  const sorted = [...doses, ...rows].sort((a, b) => Number(a.split(",")[1]) - Number(b.split(",")[1]));
  const { rows: results } = await simulateData(
    readModelText(libraryModelText(name)),
    readDataSet([header, ...sorted].join("\n")),
  );
  const measured = new Map(results.map(({ line, values }) => [line, values[0]!]));
  const text = [`${header},DV`, ...sorted.map((row, i) => `${row},${measured.get(i + 2) ?? "."}`)].join("\n");
  return readDataSet(text);
}

const grid = (end: number, step: number) =>
  Array.from({ length: Math.round(end / step) }, (_, i) => (i + 1) * step);

test("a bolus has CL, Vss and MRT of its closed form", async () => {
  const data = await simulated(
    "pk2",
    ["1,0,100,0,1,1,0,0,0"],
    [0, ...grid(4, 0.05), ...grid(200, 2).slice(2)],
    1,
  );
  const [row] = ncaOfData(data).rows;
  const { measures, profile } = row!;
  assert.equal(profile.route, "bolus");
  // The longest line that fits within 1e-4 is a little steeper than the last exponential.
  near(measures.clearance, 5, 3e-3, "CL");
  near(measures.meanResidenceTime, 150 / 5, 2e-2, "MRT");
  near(measures.volumeSteadyState, 150, 2e-2, "Vss");
  near(measures.cmax, 2, 1e-9);
  const [k, root] = [0.4, Math.sqrt(0.16 - 0.04)];
  near(measures.lambdaZ, (k - root) / 2, 2e-2, "lambda_z");
});

test("a bolus measured later is carried back to its dose", async () => {
  const data = await simulated("pk1", ["1,0,100,0,1,1,0,0,0"], [2, 5, 10, 20], 1);
  const { measures } = ncaOfData(data).rows[0]!;
  near(measures.aucInfinity, 100 / 5, 1e-10);
  near(measures.aucInfinityPredicted, 100 / 5, 1e-10);
  near(measures.volumeZ, 50, 1e-10);
  near(measures.halfLife, Math.LN2 / 0.1, 1e-10);
  near(measures.aucExtrapolatedPercent, 100 * Math.exp(-2), 1e-9);
});

test("an infusion's residence time is without its length", async () => {
  const data = await simulated(
    "pk1",
    ["1,0,100,20,1,1,0,0,0"],
    [...grid(5, 0.05), ...grid(80, 1).slice(5)],
    1,
  );
  const { measures, profile } = ncaOfData(data).rows[0]!;
  assert.equal(profile.infusionDuration, 5);
  near(measures.meanResidenceTime, 10, 1e-3);
  near(measures.volumeSteadyState, 50, 1e-3);
});

test("a steady state gives CL by AUCtau, fluctuation and accumulation", async () => {
  const times = [...grid(12, 0.1), ...grid(12, 0.1).map((time) => Number((120 + time).toFixed(6)))];
  const data = await simulated("pk1-oral", ["1,0,100,0,1,1,10,12,0"], [0, ...times], 2);
  const { rows } = ncaOfData(data);
  assert.deepEqual(
    rows.map(({ profile }) => profile.doseTime),
    [0, 120],
  );
  const last = rows[1]!.measures;
  near(last.aucTau, 20, 1e-3);
  near(last.clearance, 5, 1e-3);
  near(last.cAverage, 20 / 12, 1e-3);
  assert.equal(last.aucInfinity, null);
  // One over the share of a dose's area that lies in the first interval.
  const share = (t: number) => (Math.exp(-0.1 * t) / 0.1 - Math.exp(-t)) / 9;
  near(rows[1]!.accumulationRatio, 1 / (1 - share(12)), 2e-3);
});

test("below the limit: zero before the first measurable, left out after", () => {
  const text =
    "ID,TIME,DV,AMT,EVID,CMT\n1,0,.,100,1,1\n1,1,0.05,0,0,2\n1,2,4,0,0,2\n1,3,0.02,0,0,2\n1,4,1,0,0,2\n1,8,0.01,0,0,2";
  const { rows } = ncaOfData(readDataSet(text), { quantificationLimit: 0.1, method: "linear" });
  // 0 at 0 and 1, 4 at 2, 1 at 4.
  near(rows[0]!.measures.aucLast, 0 + 2 + 5, 1e-14);
  assert.equal(rows[0]!.measures.tlast, 4);
  assert.equal(rows[0]!.measures.lambdaZ, null);
});

test("what the data do not tell is asked for", () => {
  const text = "ID,TIME,DV,AMT\n1,0,.,100\n1,1,3,.\n1,2,2,.\n1,3,1,.";
  assert.throws(() => ncaOfData(readDataSet(text)), {
    code: "input.data",
    message: /Line 2 .*how the dose was given/,
  });
  assert.equal(ncaOfData(readDataSet(text), { route: "bolus" }).rows.length, 1);
  const two = "ID,TIME,DV,AMT,EVID,CMT\n1,0,.,100,1,1\n1,1,3,0,0,2\n1,2,2,0,0,3";
  assert.throws(() => ncaOfData(readDataSet(two)), {
    code: "input.data",
    message: /several compartments \(2, 3\)/,
  });
});

/** Phoenix WinNonlin on the same data: AUClast and AUCinf by both rules, half-life. */
const THEOPHYLLINE: readonly (readonly [number, number, number, number, number])[] = [
  [148.92305, 216.611933, 147.234748, 214.923632, 14.304378],
  [91.5268, 100.173459, 88.731275, 97.377935, 6.659342],
  [99.2865, 109.535971, 95.878198, 106.127668, 6.766087],
  [106.7963, 118.378881, 102.633623, 114.216205, 6.981247],
  [121.2944, 139.419778, 118.179354, 136.304732, 8.002264],
  [73.77555, 84.254418, 71.697015, 82.175883, 7.894998],
  [90.7534, 103.771802, 87.969227, 100.987629, 7.846668],
  [88.55995, 103.906687, 86.806563, 102.1533, 8.510038],
  [86.32615, 99.908718, 83.937436, 97.520004, 8.405999],
  [138.3681, 170.652061, 135.57607, 167.860031, 9.246916],
  [80.0936, 89.102745, 77.893472, 86.902617, 7.261237],
  [119.9775, 130.588832, 115.220208, 125.83154, 6.286508],
];

testWithShared(
  "theophylline: areas and half-lives are those of Phoenix WinNonlin",
  ["cases/drug/pk-data/theo_sd.csv"] as const,
  ([path]) => {
    const data = readDataSet(readFileSync(path, "utf8"));
    const linear = ncaOfData(data, { method: "linear" });
    const mixed = ncaOfData(data);
    assert.equal(mixed.left.length, 0);
    for (const [i, [last, infinity, lastLog, infinityLog, halfLife]] of THEOPHYLLINE.entries()) {
      assert.equal(mixed.rows[i]!.profile.route, "extravascular");
      near(linear.rows[i]!.measures.aucLast, last, 1e-8);
      near(linear.rows[i]!.measures.aucInfinity, infinity, 1e-8);
      near(mixed.rows[i]!.measures.aucLast, lastLog, 1e-8);
      near(mixed.rows[i]!.measures.aucInfinity, infinityLog, 1e-8);
      near(mixed.rows[i]!.measures.halfLife, halfLife, 1e-7);
    }
    assert.equal(mixed.rows[0]!.measures.cmax, 10.5);
    assert.equal(mixed.rows[0]!.measures.tmax, 1.12);
  },
);
