import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  caseFileSchema,
  labelsFileSchema,
  organsFileSchema,
  parseJson,
  runSummarySchema,
} from "@viscera/core";
import { REPOSITORY } from "@viscera/core/testing";

const MAIN = join(REPOSITORY, "apps/cli/dist/main.js");

function viscera(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [MAIN, ...args], {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
  });
}

describe("the command line", () => {
  let root = "";
  let patient = "";
  before(() => {
    root = mkdtempSync(join(tmpdir(), "viscera command é "));
    patient = join(root, "patient");
    const { status, stderr } = viscera("phantom", "--size", "48,48,48", "--seed", "4", "--out", patient);
    assert.equal(status, 0, stderr);
  });
  after(() => rmSync(root, { recursive: true, force: true }));
  const at = (...parts: string[]) => join(root, ...parts);
  const labelled = () => [
    join(patient, "scan.nii.gz"),
    "--labels",
    join(patient, "labels.nii.gz"),
    "--label-names",
    join(patient, "labels.json"),
  ];

  test("phantom writes a valid case that says it is synthetic", () => {
    const file = parseJson(readFileSync(join(patient, "case.json"), "utf8"), caseFileSchema, "case.json");
    assert.equal(file.kind, "phantom");
    assert.ok(file.patient.weightKg! > 30);
    assert.ok(existsSync(join(patient, "truth.json")));
  });

  test("run makes every file of a case, and a second run is refused", () => {
    const out = at("case");
    const { status, stdout, stderr } = viscera(
      "run",
      ...labelled(),
      "--simulate",
      "drug",
      "--out",
      out,
      "--json",
    );
    assert.equal(status, 0, stderr);
    const result = JSON.parse(stdout);
    assert.equal(stderr, "");
    const { labels } = parseJson(
      readFileSync(join(out, "labels.json"), "utf8"),
      labelsFileSchema,
      "labels.json",
    );
    const { organs } = parseJson(
      readFileSync(join(out, "organs/organs.json"), "utf8"),
      organsFileSchema,
      "organs.json",
    );
    assert.equal(result.structures, labels.length);
    for (const organ of organs) assert.ok(statSync(join(out, "organs", organ.mesh!)).size > 500, organ.name);
    assert.ok(organs.some((organ) => organ.name === "liver" && organ.volumeMl > 500));
    parseJson(readFileSync(join(out, "runs/drug/summary.json"), "utf8"), runSummarySchema, "summary.json");
    assert.match(readFileSync(join(out, "runs/drug/series.csv"), "utf8"), /^time\[h\],plasma\[mg\/L\],/);
    const report = readFileSync(join(out, "report.html"), "utf8");
    assert.ok(!report.includes(root), "the report holds a path");
    const again = viscera("run", ...labelled(), "--simulate", "drug", "--out", out);
    assert.equal(again.status, 2);
    assert.match(again.stderr, /already holds this case, complete/);
  });

  test("a killed run goes on where it was and ends the same", async () => {
    const out = at("killed");
    const args = ["run", ...labelled(), "--simulate", "drug", "--out", out];
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: "ignore" });
    // As soon as the labels are finished, the process is gone without a word.
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        const path = join(out, "case.json");
        if (
          child.exitCode !== null ||
          (existsSync(path) && readFileSync(path, "utf8").includes('"labels"'))
        ) {
          clearInterval(timer);
          child.kill("SIGKILL");
          resolve();
        }
      }, 5);
    });
    await new Promise((resolve) =>
      child.exitCode === null && child.signalCode === null ? child.once("exit", resolve) : resolve(0),
    );
    const { status, stderr } = viscera(...args);
    assert.equal(status, 0, stderr);
    assert.match(stderr, /Scan +done before, kept/);
    const names = (folder: string) => readdirSync(folder).sort();
    assert.deepEqual(names(join(out, "organs")), names(at("case", "organs")));
    for (const name of names(join(out, "organs"))) {
      assert.ok(
        readFileSync(join(out, "organs", name)).equals(readFileSync(at("case", "organs", name))),
        `${name} differs`,
      );
    }
  });

  test("labels without names are numbered, not guessed", () => {
    const bare = at("bare.nii.gz");
    // Through NRRD the names that travel inside the NIfTI file are dropped.
    assert.equal(viscera("convert", join(patient, "labels.nii.gz"), at("bare.nrrd")).status, 0);
    assert.equal(viscera("convert", at("bare.nrrd"), bare).status, 0);
    const { status, stdout, stderr } = viscera("organs", bare, "--out", at("bare-organs"), "--json");
    assert.equal(status, 0, stderr);
    assert.match(JSON.parse(stdout).organs[0].name, /^structure_\d+$/);
  });

  test("simulate runs again with another configuration and renews the report", () => {
    const config = at("doses.json");
    writeFileSync(config, JSON.stringify({ doses: [{ route: "oral", doseMg: 7.5 }] }));
    const { status, stderr, stdout } = viscera("simulate", "drug", at("case"), "--config", config);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /7\.5 mg by mouth/);
    assert.match(readFileSync(at("case", "report.html"), "utf8"), /7\.5 mg by mouth/);
  });

  test("wrong use and bad input end in one sentence and the right exit code", () => {
    const expect = (args: string[], status: number, message: RegExp) => {
      const result = viscera(...args);
      assert.equal(result.status, status, `${args.join(" ")}: ${result.stderr}`);
      assert.match(result.stderr, message);
      assert.ok(!/\n\s+at /.test(result.stderr), `stack trace: ${result.stderr}`);
    };
    expect(["run"], 2, /--out <case>/);
    expect(["run", "--out", at("x")], 2, /missing required argument/);
    expect(["frobnicate"], 2, /unknown command/);
    expect(["run", at("absent.nii.gz"), "--out", at("x")], 3, /absent/);
    expect(["run", ...labelled(), "--model", "m", "--out", at("x")], 2, /Give either/);
    expect(["run", ...labelled(), "--simulate", "magic", "--out", at("x")], 2, /There is no simulation/);
    expect(["run", join(patient, "scan.nii.gz"), "--out", at("x")], 2, /--labels|--model/);
    expect(["info", patient, "--threads", "none"], 2, /whole number/);
    expect(["simulate", "drug", root], 3, /not a case folder/);
    writeFileSync(at("bad.json"), '{"doses": []}');
    expect(["simulate", "drug", at("case"), "--config", at("bad.json")], 3, /bad\.json.*doses/);
    writeFileSync(at("cut.nii.gz"), readFileSync(join(patient, "scan.nii.gz")).subarray(0, 2000));
    expect(["run", at("cut.nii.gz"), "--labels", join(patient, "labels.nii.gz"), "--out", at("x")], 3, /./);
    assert.ok(!existsSync(at("x")), "a refused run left a folder behind");
    const json = viscera("info", at("absent.nii.gz"), "--json");
    assert.equal(JSON.parse(json.stdout).error.code, "input.not-found");
    assert.equal(json.status, 3);
  });

  test("help has an example for every verb, and completion names every verb", () => {
    const verbs = ["demo", "run", "info", "convert", "segment", "organs", "simulate", "report", "phantom"];
    for (const verb of verbs)
      assert.match(viscera(verb, "--help").stdout, /Examples?:\n {2}\$ viscera/, verb);
    for (const shell of ["bash", "zsh", "fish"]) {
      const { stdout } = viscera("completion", shell);
      for (const verb of verbs) assert.ok(stdout.includes(verb), `${shell}: ${verb}`);
    }
    assert.equal(spawnSync("bash", ["-n"], { input: viscera("completion", "bash").stdout }).status, 0);
  });
});
