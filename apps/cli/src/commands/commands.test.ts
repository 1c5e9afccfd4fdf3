import assert from "node:assert/strict";
import { spawn } from "node:child_process";
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
import { viscera as command, MAIN } from "./testing.js";

const viscera = (...args: string[]) => command(args);

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

  test("simulate runs again with another configuration and renews the report", () => {
    const config = at("doses.json");
    writeFileSync(config, JSON.stringify({ doses: [{ route: "oral", doseMg: 7.5 }] }));
    const { status, stderr, stdout } = viscera("simulate", "drug", at("case"), "--config", config);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /7\.5 mg by mouth/);
    assert.match(readFileSync(at("case", "report.html"), "utf8"), /7\.5 mg by mouth/);
  });
});
