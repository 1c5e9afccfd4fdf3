import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { filesBelow, fingerprint, MAIN, refused, scratch, viscera, writeBlocks } from "./testing.js";

describe("a case that is there already", () => {
  const { at, remove } = scratch();
  const run = (out: string, ...more: string[]) => [
    "run",
    at("scan.nii.gz"),
    "--labels",
    at("labels.nii.gz"),
    "--simulate",
    "drug",
    "--out",
    at(out),
    ...more,
  ];
  before(async () => {
    await writeBlocks(at("scan.nii.gz"), at("labels.nii.gz"));
    const { status, stderr } = viscera(run("case"));
    assert.equal(status, 0, stderr);
  });
  after(remove);
  const copy = () => {
    rmSync(at("copy"), { recursive: true, force: true });
    cpSync(at("case"), at("copy"), { recursive: true });
    return at("copy");
  };

  test("is refused when complete or another, and replaced with --force; foreign files stay", () => {
    writeFileSync(`${copy()}/notes.txt`, "mine");
    const old = fingerprint(at("copy"));
    refused(run("copy"), 2, /already holds this case, complete/);
    refused(run("copy", "--seed", "2"), 2, /already holds another case.*\n.*--force/);
    refused(["demo", "--out", at("copy")], 2, /already holds another case/);
    refused(["phantom", "--size", "16,16,16", "--out", at("copy")], 2, /already holds another case/);
    assert.equal(fingerprint(at("copy")), old);
    const { status, stderr } = viscera(["phantom", "--size", "16,16,16", "--out", at("copy"), "--force"]);
    assert.equal(status, 0, stderr);
    assert.deepEqual(filesBelow(at("copy")), [
      "case.json",
      "labels.json",
      "labels.nii.gz",
      "notes.txt",
      "scan.nii.gz",
      "truth.json",
    ]);
  });

  test("is kept when the new one fails, and the new one is taken up after", async () => {
    const old = fingerprint(copy());
    // A file-size limit stops the report, the largest file of all.
    const child = spawn(
      "bash",
      [
        "-c",
        'ulimit -f 200; exec "$@"',
        "-",
        process.execPath,
        MAIN,
        ...run("copy", "--force", "--seed", "2"),
      ],
      { stdio: "ignore" },
    );
    const status = await new Promise((resolve) => child.once("exit", resolve));
    assert.equal(status, 4);
    const outside = filesBelow(at("copy")).filter((name) => !name.startsWith(".viscera-new/"));
    assert.deepEqual(outside, filesBelow(at("case")));
    rmSync(at("kept"), { recursive: true, force: true });
    cpSync(at("copy"), at("kept"), { recursive: true });
    rmSync(at("kept", ".viscera-new"), { recursive: true });
    assert.equal(fingerprint(at("kept")), old);
    const again = viscera(run("copy", "--force", "--seed", "2"));
    assert.equal(again.status, 0, again.stderr);
    assert.match(again.stderr, /Organs +done before, kept/);
    assert.deepEqual(filesBelow(at("copy")), filesBelow(at("case")));
  });

  test("loses nothing when a step added to it fails", () => {
    const old = fingerprint(copy());
    writeFileSync(at("bad.json"), '{"doses": "many"}');
    refused(["simulate", "drug", at("copy"), "--config", at("bad.json")], 3, /bad\.json.*doses/);
    assert.equal(fingerprint(at("copy")), old);
  });

  test("with a damaged file says which", () => {
    const damage = (file: string, content: string, args: string[], message: RegExp) => {
      const target = copy();
      writeFileSync(`${target}/${file}`, content);
      refused([...args, target], 3, message);
    };
    damage("case.json", "{", ["info"], /case\.json is not valid JSON/);
    damage("organs/organs.json", "{", ["report"], /organs\.json is not valid JSON/);
    damage("organs/organs.json", "{", ["simulate", "drug"], /organs\.json is not valid JSON/);
    damage("organs/liver.glb", "x", ["report"], /liver\.glb.*no complete surface/);
    damage("labels.json", "{}", ["report"], /labels\.json does not have the expected content/);
    damage("runs/drug/summary.json", "x", ["info"], /summary\.json is not valid JSON/);
    damage("runs/drug/config.json", "x", ["report"], /config\.json is not valid JSON/);
    damage("runs/drug/series.csv", "time[h]\n1\nx\n", ["report"], /series\.csv is damaged in line 3/);
    rmSync(`${copy()}/organs/liver.glb`);
    refused(["report", at("copy")], 3, /has no organs\/liver\.glb/);
  });

  test("without organs gets them before a simulation", () => {
    assert.equal(viscera(["phantom", "--size", "16,16,16", "--out", at("bare")]).status, 0);
    const { status, stderr } = viscera(["simulate", "drug", at("bare")]);
    assert.equal(status, 0, stderr);
    assert.ok(existsSync(at("bare", "organs", "organs.json")));
    assert.equal(viscera(["report", at("bare")]).status, 0);
  });

  test("stopped by Ctrl-C ends with 130 and goes on to the same bytes", {
    skip: process.platform === "win32",
  }, async () => {
    const child = spawn(process.execPath, [MAIN, ...run("stopped")], { stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
      if (/Scan/.test(String(chunk))) child.kill("SIGINT");
    });
    const status = await new Promise((resolve) => child.once("close", resolve));
    assert.equal(status, 130, stderr);
    assert.match(stderr, /\nviscera: The command was cancelled\.\n/);
    assert.ok(!filesBelow(at("stopped")).some((name) => name.includes(".part")));
    const again = viscera([...run("stopped"), "--threads", "1"]);
    assert.equal(again.status, 0, again.stderr);
    assert.match(again.stderr, /Scan +done before, kept/);
    const dated = ["case.json", "report.html"];
    assert.equal(fingerprint(at("stopped"), dated), fingerprint(at("case"), dated));
  });

  test("cannot be in a file's place, nor replace files that are no case's", () => {
    writeFileSync(at("file"), "");
    refused(run("file"), 2, /is a file, not a folder/);
    refused(run("file/inside"), 3, /a file is in the way/);
    mkdirSync(at("somebody"));
    writeFileSync(at("somebody", "report.html"), "theirs");
    refused(run("somebody", "--force"), 2, /holds report\.html/);
    assert.equal(readFileSync(at("somebody", "report.html"), "utf8"), "theirs");
  });

  test("in a folder one may not write to is refused", (t) => {
    mkdirSync(at("locked"), { mode: 0o555 });
    const root = process.getuid?.() === 0;
    const as = root ? { uid: 65534, gid: 65534 } : {};
    if (process.platform === "win32" || viscera(["--version"], as).status !== 0)
      return t.skip("no second user here");
    if (root) rmSync(at("locked"), { recursive: true });
    const target = root ? at("other") : at("locked", "case");
    const { status, stderr } = viscera([...run("x").slice(0, -1), target], as);
    assert.notEqual(status, 0);
    assert.match(stderr, /permission/i);
  });
});
