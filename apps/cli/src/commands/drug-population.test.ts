import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { after, describe, test } from "node:test";
import { parseJson, runSummarySchema } from "@viscera/core";
import { assertClose } from "@viscera/core/testing";
import { filesBelow, refused, scratch, viscera } from "./testing.js";

describe("drug population", () => {
  const { at, remove } = scratch();
  after(remove);

  /** Rows of a table that the command wrote, by column without its unit. */
  const table = (...path: string[]) => {
    const [header = "", ...lines] = readFileSync(at(...path), "utf8")
      .trim()
      .split("\n");
    const names = header.split(",").map((name) => name.replace(/\[.*/, ""));
    return lines.map((line) =>
      Object.fromEntries(line.split(",").map((cell, i) => [names[i]!, Number(cell)])),
    );
  };

  test("writes curves, people and a summary; the page has the bands", () => {
    const { status, stderr, stdout } = viscera([
      ...["drug", "population", "pk1", "--size", "101", "--dose", "100 mg every 12 h times 3"],
      ...["--variability", "CL=30%,V=20%,CL~V=0.5", "--target", "auc/mic>20", "--mic", "0.5,1"],
      ...["--percentiles", "10,50,90", "--step", "2", "--seed", "3", "--json"],
      ...["--out", at("first"), "--report", at("page.html")],
    ]);
    assert.equal(status, 0, stderr);
    const found = JSON.parse(stdout);
    assert.deepEqual([found.people, found.engine, found.window], [101, "linear", { from: 24, until: 36 }]);
    assert.deepEqual(filesBelow(at("first")), [
      "config.json",
      "individuals.csv",
      "series.csv",
      "summary.json",
    ]);
    const header = readFileSync(at("first", "series.csv"), "utf8").split("\n")[0];
    assert.equal(header, "time[h],Cp_p10[mg/L],Cp_p50[mg/L],Cp_p90[mg/L]");
    const curves = table("first", "series.csv");
    assert.deepEqual(
      curves.slice(0, 8).map(({ time }) => time),
      [0, 2, 4, 6, 8, 10, 12, 12],
    );
    for (const { Cp_p10, Cp_p50, Cp_p90 } of curves) assert.ok(Cp_p10! < Cp_p50! && Cp_p50! < Cp_p90!);
    const people = table("first", "individuals.csv");
    assert.equal(people.length, 101);
    // The area of the last interval: what the dose and what is left of the others have in it.
    for (const { CL, V, auc } of people) {
      const before = [0, 12, 24].reduce((sum, ago) => sum + Math.exp((-CL! / V!) * ago), 0);
      assertClose(auc!, (100 / CL!) * before * -Math.expm1((-12 * CL!) / V!), { relative: 1e-9 });
    }
    const summary = parseJson(readFileSync(at("first", "summary.json"), "utf8"), runSummarySchema, "summary");
    const hits = people.filter(({ auc }) => auc! > 20).length;
    assert.equal(found.targets[1].hits, hits);
    assertClose(summary.values.find(({ name }) => name === "attainment_2")!.value, (100 * hits) / 101, {
      relative: 1e-12,
    });
    assert.deepEqual(summary.plots[0]!.bands, [
      { label: "percentiles 10 to 90", low: "Cp_p10", high: "Cp_p90" },
    ]);
    assert.match(readFileSync(at("page.html"), "utf8"), /Attainment of targets/);
  });

  test("people like a patient in a whole-body model; the same people for every dose", () => {
    writeFileSync(
      at("patient.json"),
      JSON.stringify({ ageYears: 61, sex: "female", heightCm: 168, weightKg: 70 }),
    );
    const run = (...more: string[]) => {
      const { status, stderr, stdout } = viscera([
        ...["drug", "population", "pbpk:osp:midazolam", "--size", "30", "--patient", at("patient.json")],
        ...["--variability", "CLint_CYP3A4=40%", "--step", "1", "--json", ...more],
      ]);
      assert.equal(status, 0, stderr);
      return JSON.parse(stdout);
    };
    const plain = run("--dose", "7.5", "--out", at("bodies"));
    const people = table("bodies", "individuals.csv");
    for (const { AGE, SEX, HT, WT } of people) assert.deepEqual([AGE, SEX, HT, WT], [61, 1, 168, 70]);
    assert.equal(new Set(people.map(({ CLint_CYP3A4 }) => CLint_CYP3A4)).size, 30);
    // Linear: an area ten times as large needs ten times the dose.
    const median = plain.exposure.auc.percentiles[2];
    const goal = `median auc = ${10 * median}`;
    const { optimised } = run("--dose", "7.5", "--optimise", goal, "--out", at("optimum"));
    assertClose(optimised.value, 75, { relative: 1e-4 });
    assert.equal(optimised.unit, "mg");
    assert.deepEqual(
      table("optimum", "individuals.csv").map(({ CLint_CYP3A4 }) => CLint_CYP3A4),
      people.map(({ CLint_CYP3A4 }) => CLint_CYP3A4),
    );
  });

  test("schemes and covariates of a data set, subject by subject", () => {
    writeFileSync(at("model.txt"), "covariate WT\nCL = WT / 10\nd/dt(a) = -CL / 50 * a\noutput y = a / 50");
    writeFileSync(
      at("data.csv"),
      "ID,TIME,AMT,WT,EVID\n1,0,100,50,1\n1,24,.,50,0\n2,0,200,80,1\n2,24,.,80,0\n",
    );
    const { status, stderr, stdout } = viscera([
      ...["drug", "population", at("model.txt"), "--data", at("data.csv"), "--size", "4", "--json"],
      ...["--out", at("data")],
    ]);
    assert.equal(status, 0, stderr);
    assert.equal(JSON.parse(stdout).engine, "one-by-one");
    const areas = table("data", "individuals.csv").map(({ auc }) => auc!);
    const expected = [50, 80].map((w, i) => (100 * (i + 1) * -Math.expm1((-24 * w) / 500)) / (w / 10));
    for (const [i, area] of areas.entries()) assertClose(area, expected[i % 2]!, { relative: 1e-9 });
  });

  test("mistakes end in one sentence and leave nothing behind", () => {
    const out = ["--out", at("bad")];
    const of = (...args: string[]) => ["drug", "population", "pk1", ...args, ...out];
    refused(of(), 2, /No dose is given/);
    refused(of("--dose", "5", "--percentiles", "5,150"), 2, /from 0 to 100, not 150/);
    refused(of("--dose", "5", "--optimise", "median cmax = 1e9"), 4, /cannot be reached: doses from/);
    refused(of("--dose", "5", "--set", "V=0"), 4, /not finite/);
    refused(["drug", "population", "httk:midazolam", "--dose", "5", ...out], 2, /one body only/);
    assert.equal(existsSync(at("bad")), false);
  });
});
