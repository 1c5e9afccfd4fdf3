import assert from "node:assert/strict";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { type CaseFile, patientSchema, VisceraError } from "@viscera/core";
import { CaseFolder } from "./case-folder.js";
import { caseKey } from "./key.js";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "viscera case ü-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const fileOf = (what: string): CaseFile => ({
  schema: 1,
  kind: "scan",
  patient: patientSchema.parse({}),
  scan: null,
  key: caseKey({ what }),
  finished: [],
  warnings: [],
  provenance: [],
});
const entry = {
  file: "scan.nii.gz",
  command: "run",
  version: "0",
  inputs: {},
  seed: null,
  date: "2020-01-01",
};
const steps = ["scan", "labels"];
const code = (expected: string) => (error: unknown) =>
  error instanceof VisceraError && error.code === expected;

test("an unfinished case of the same key is taken up where it was", async () => {
  const out = join(root, "case");
  const first = await CaseFolder.create(out, fileOf("a"), steps, "refuse");
  await first.finish("scan", ["careful"], entry);
  const second = await CaseFolder.create(out, fileOf("a"), steps, "refuse");
  assert.ok(second.has("scan") && !second.has("labels"));
  assert.deepEqual(second.file.warnings, [{ step: "scan", message: "careful" }]);
});

test("a finished case and another case are refused", async () => {
  const out = join(root, "case");
  const folder = await CaseFolder.create(out, fileOf("a"), steps, "refuse");
  for (const step of steps) await folder.finish(step, [], { ...entry, file: step });
  await assert.rejects(
    CaseFolder.create(out, fileOf("a"), steps, "refuse"),
    /already holds this case, complete/,
  );
  await assert.rejects(CaseFolder.create(out, fileOf("b"), steps, "refuse"), code("usage"));
});

test("with force the old case stays until the new one is complete, and foreign files stay for ever", async () => {
  const out = join(root, "case");
  const old = await CaseFolder.create(out, fileOf("a"), steps, "refuse");
  await old.write("organs/liver.glb", "old");
  await old.finish("scan", [], entry);
  writeFileSync(join(out, "notes.txt"), "mine");
  const fresh = await CaseFolder.create(out, fileOf("b"), steps, "replace");
  await fresh.write("organs/spleen.glb", "new");
  assert.equal(readFileSync(join(out, "organs/liver.glb"), "utf8"), "old");
  // Killed here and started again: the work beside the old case is taken up.
  await fresh.finish("scan", [], entry);
  const again = await CaseFolder.create(out, fileOf("b"), steps, "replace");
  assert.ok(again.has("scan"));
  await again.settle();
  assert.equal(readFileSync(join(out, "organs/spleen.glb"), "utf8"), "new");
  assert.ok(!existsSync(join(out, "organs/liver.glb")));
  assert.equal(readFileSync(join(out, "notes.txt"), "utf8"), "mine");
  assert.equal((await CaseFolder.open(out)).file.key, fileOf("b").key);
});

test("a folder that is no case but holds its files is refused even with force", async () => {
  const out = join(root, "case");
  mkdirSync(out);
  writeFileSync(join(out, "report.html"), "somebody's");
  await assert.rejects(CaseFolder.create(out, fileOf("a"), steps, "replace"), code("usage"));
  assert.equal(readFileSync(join(out, "report.html"), "utf8"), "somebody's");
});

test("a file in the way and a folder without a case are named", async () => {
  const path = join(root, "file");
  writeFileSync(path, "");
  await assert.rejects(CaseFolder.create(path, fileOf("a"), steps, "refuse"), /is a file, not a folder/);
  await assert.rejects(
    CaseFolder.create(join(path, "inside"), fileOf("a"), steps, "refuse"),
    code("input.no-folder"),
  );
  await assert.rejects(CaseFolder.open(root), code("input.not-a-case"));
});

test("an exchange of cases that was killed is finished by whoever comes next", async () => {
  const out = join(root, "case");
  const old = await CaseFolder.create(out, fileOf("a"), steps, "refuse");
  await old.write("organs/liver.glb", "old");
  for (const step of steps) await old.finish(step, [], { ...entry, file: step });
  const fresh = await CaseFolder.create(out, fileOf("b"), steps, "replace");
  await fresh.write("organs/liver.glb", "new");
  await fresh.finish("scan", [], entry);
  const [work, aside] = [join(out, ".viscera-new"), join(out, ".viscera-old")];
  const settled = async () => {
    assert.equal((await CaseFolder.open(out)).file.key, fileOf("b").key);
    assert.equal(readFileSync(join(out, "organs/liver.glb"), "utf8"), "new");
    assert.deepEqual(readdirSync(out).sort(), ["case.json", "organs"]);
  };
  // Killed while the old one moves aside, between the two, and while the new one moves in.
  const begun = join(root, "begun");
  cpSync(out, begun, { recursive: true });
  for (const moved of [
    ["old:organs"],
    ["old:organs", "old:case.json"],
    ["old:organs", "old:case.json", "new:organs"],
  ]) {
    rmSync(out, { recursive: true });
    cpSync(begun, out, { recursive: true });
    mkdirSync(aside);
    for (const move of moved) {
      const [which, name = ""] = move.split(":");
      if (which === "old") renameSync(join(out, name), join(aside, name));
      else renameSync(join(work, name), join(out, name));
    }
    await settled();
  }
  // Without the new one, the old one goes back.
  rmSync(out, { recursive: true });
  cpSync(begun, out, { recursive: true });
  mkdirSync(aside);
  for (const name of ["organs", "case.json"]) renameSync(join(out, name), join(aside, name));
  rmSync(work, { recursive: true });
  assert.equal((await CaseFolder.open(out)).file.key, fileOf("a").key);
  assert.equal(readFileSync(join(out, "organs/liver.glb"), "utf8"), "old");
});

test("a folder of a case is replaced whole or not at all", async () => {
  const folder = await CaseFolder.create(join(root, "case"), fileOf("a"), steps, "refuse");
  const write = (text: string, fail: boolean) =>
    folder.replaceFolder("runs/drug", async (stage) => {
      await folder.write(`${stage}/config.json`, text);
      if (fail) throw new Error("disk");
      await folder.write(`${stage}/summary.json`, text);
    });
  await write("one", false);
  await assert.rejects(write("two", true), /disk/);
  assert.equal(await folder.readText("runs/drug/config.json"), "one");
  await write("three", false);
  assert.equal(await folder.readText("runs/drug/config.json"), "three");
  assert.deepEqual(readdirSync(folder.at("runs")), ["drug"]);
});

test("what a killed command left half-done is cleared away", async () => {
  const out = join(root, "case");
  const first = await CaseFolder.create(out, fileOf("a"), steps, "refuse");
  await first.write("organs/.viscera-0123456789ab.part", "half");
  await first.write("runs/.viscera-new-drug/config.json", "half");
  await first.write("runs/.viscera-old-flow/config.json", "whole");
  await first.write("organs/.hidden", "the user's");
  const second = await CaseFolder.create(out, fileOf("a"), steps, "refuse");
  assert.deepEqual(readdirSync(join(out, "organs")), [".hidden"]);
  assert.equal(await second.readText("runs/flow/config.json"), "whole");
  assert.deepEqual(readdirSync(join(out, "runs")), ["flow"]);
});
