import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { REPOSITORY } from "@viscera/core/testing";
import { refused, scratch, viscera } from "./testing.js";

const EXAMPLE = join(REPOSITORY, "examples/10-fit");
const MODEL = join(EXAMPLE, "model.txt");
const TRIAL = join(EXAMPLE, "trial.csv");

describe("drug fit", () => {
  const { at, remove } = scratch();
  after(remove);
  const put = (name: string, text: string) => {
    writeFileSync(at(name), text);
    return at(name);
  };
  const fit = (model: string, data: string, ...more: string[]) => [
    ...["drug", "fit", model, "--data", data, "--out", at("fit")],
    ...more,
  ];

  test("a population: every table and a page", () => {
    const more = ["--simulations", "50", "--json", "--force"];
    const first = viscera(fit(MODEL, TRIAL, ...more, "--report", at("fit.html")));
    assert.equal(first.status, 0, first.stderr);
    const result = JSON.parse(first.stdout);
    assert.deepEqual([result.subjects, result.converged], [30, true]);
    assert.ok(result.belowLimit > 0);
    const clearance = result.parameters.find(({ name }: { name: string }) => name === "tvCL");
    assert.ok(clearance.low < 4 && clearance.high > 4);
    const lines = (name: string) => readFileSync(at("fit", name), "utf8").trim().split("\n");
    assert.equal(lines("parameters.csv").length, 9);
    assert.equal(lines("individuals.csv")[0], "ID,etaCL,etaV,sd_etaCL,sd_etaV,CL,V,objective");
    assert.equal(lines("residuals.csv").length, 1 + result.observations);
    assert.match(lines("vpc.csv")[0]!, /^output,from,to,time,observations,percentile/);
    assert.match(readFileSync(at("fit.html"), "utf8"), /visual predictive check/);
  });

  test("one patient with the population given, as a table", () => {
    const { status, stdout, stderr } = viscera(
      fit(MODEL, join(EXAMPLE, "patient.csv"), "--method", "map", "--simulations", "0", "--force"),
    );
    assert.equal(status, 0, stderr);
    assert.match(stdout, /Subject +CL +V\n─.*\n *new +\d\.\d+ +\d/);
  });

  test("a model by name with effects and errors from the command line; the data as one", () => {
    const data = put(
      "one.csv",
      "ID,TIME,AMT,EVID,DV\n1,0,100,1,.\n1,1,.,0,1.8\n1,4,.,0,1.4\n1,9,.,0,0.8\n1,20,.,0,0.3\n",
    );
    const { status, stdout, stderr } = viscera(
      fit(
        "pk1",
        data,
        "--method",
        "pooled",
        "--error",
        "proportional=0.1",
        "--json",
        "--force",
        "--simulations",
        "0",
      ),
    );
    assert.equal(status, 0, stderr);
    const [cl, v] = JSON.parse(stdout).parameters;
    assert.ok(Math.abs(cl.value / v.value - 0.095) < 0.01);
    const spread = ["--random", "CL=30%,V=0.1", "--error", "proportional=0.1", "--force"];
    refused(fit("pk1", data, ...spread), 2, /needs several subjects; one\.csv has one/);
  });

  test("mistakes are told in a sentence and nothing is written", () => {
    const none = put("none.csv", "ID,TIME,AMT,EVID,DV\n1,0,100,1,.\n2,0,100,1,.\n");
    const negative = put(
      "negative.csv",
      "ID,TIME,AMT,EVID,DV\n1,0,100,1,.\n1,1,.,0,-1\n2,0,100,1,.\n2,1,.,0,1\n",
    );
    const spread = ["--random", "CL=0.1", "--error", "exponential=0.1"];
    const out = ["--out", at("nothing")];
    refused(fit("pk1", none, ...spread, ...out), 3, /none\.csv holds no observation to fit/);
    refused(fit("pk1", negative, ...spread, ...out), 3, /Line 3 of negative\.csv: DV is -1/);
    refused(fit("pk1", none, "--method", "map", ...out), 2, /says nothing of how subjects vary/);
    refused(fit("pk1", none, "--random", "Q=0.1", ...out), 3, /no parameter "Q" to vary/);
    refused(
      fit("pk1", none, "--random", "CL=1", "--error", "noise=1", ...out),
      2,
      /--error: "noise 1" is no residual/,
    );
    refused(fit(MODEL, TRIAL, "--fix", "CLL", ...out), 3, /no parameter "CLL"/);
    assert.ok(!existsSync(at("nothing")));
  });
});

describe("drug sensitivity", () => {
  const { at, remove } = scratch();
  after(remove);
  const run = (...more: string[]) => ["drug", "sensitivity", "pk1-oral", "--out", at("s.csv"), ...more];

  test("local, Morris and Sobol give a table; dose or data say what is given", () => {
    const local = viscera(run("--dose", "100 mg every 12 h times 3"));
    assert.equal(local.status, 0, local.stderr);
    assert.match(local.stdout, /% for 1 % of +cmax \(\d/);
    const sobol = viscera(
      run(
        "--data",
        TRIAL,
        "--subject",
        "2",
        "--method",
        "sobol",
        "--samples",
        "64",
        "--range",
        "CL=2:8",
        "--force",
        "--json",
      ),
    );
    assert.equal(sobol.status, 0, sobol.stderr);
    assert.deepEqual(
      JSON.parse(sobol.stdout).parameters.map(({ name }: { name: string }) => name),
      ["ka", "CL", "V"],
    );
    const header = readFileSync(at("s.csv"), "utf8").split("\n")[0];
    assert.equal(
      header,
      "measure,parameter,low,high,first,firstLow95,firstHigh95,total,totalLow95,totalHigh95",
    );
    const morris = viscera(
      run("--dose", "100", "--method", "morris", "--samples", "5", "--vary", "CL", "--force"),
    );
    assert.equal(morris.status, 0, morris.stderr);
  });

  test("mistakes are told in a sentence", () => {
    const other = ["--out", at("none.csv")];
    refused(run(...other), 2, /Either --data or --dose/);
    refused(run("--dose", "100", "--range", "CL=8:2", ...other), 2, /holds nothing/);
    refused(run("--dose", "100", "--range", "CL=8", ...other), 2, /--range takes name=low:high/);
    refused(run("--data", TRIAL, "--subject", "99", ...other), 2, /no subject "99"/);
    assert.ok(!existsSync(at("none.csv")));
  });
});
