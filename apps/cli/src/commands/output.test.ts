import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import type { Command } from "commander";
import { buildProgram } from "../program.js";
import { MAIN, refused, scratch, viscera, writeBlocks } from "./testing.js";

/** Commands that do something by themselves, with the words that call them. */
function leaves(command: Command, words: readonly string[] = []): { words: string[]; command: Command }[] {
  const named = [...words, command.name()];
  if (command.commands.length === 0) return [{ words: named, command }];
  return command.commands.flatMap((sub) => leaves(sub, named));
}

function helpOf(command: Command): string {
  let text = "";
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
  });
  command.outputHelp();
  return text;
}

describe("what the command prints and writes", () => {
  const { at, remove } = scratch();
  before(() => writeBlocks(at("scan.nii.gz"), at("labels.nii.gz")));
  after(remove);

  test("with --json one object on stdout and nothing on stderr, also for failures", () => {
    const object = (args: string[], status: number) => {
      const result = viscera([...args, "--json"]);
      assert.equal(result.status, status, result.stdout);
      assert.equal(result.stderr, "");
      assert.equal(result.stdout.trimEnd().split("\n").length, 1);
      return JSON.parse(result.stdout);
    };
    assert.deepEqual(object(["info", at("scan.nii.gz")], 0).size, [24, 24, 20]);
    assert.deepEqual(object(["info", at("labels.nii.gz")], 0).labels, ["liver"]);
    assert.equal(object(["organs", at("labels.nii.gz"), "--out", at("o")], 0).organs.length, 2);
    assert.equal(object(["info", at("absent")], 3).error.code, "input.not-found");
    assert.equal(object(["run"], 2).error.code, "usage");
    assert.equal(object(["frobnicate"], 2).error.code, "usage");
    assert.equal(object(["simulate", "magic", at("case")], 2).error.code, "usage");
  });

  test("wrong values of options are named", () => {
    const run = ["run", at("scan.nii.gz"), "--labels", at("labels.nii.gz")];
    refused(
      ["info", at("scan.nii.gz"), "--threads", "0"],
      2,
      /--threads takes a whole number from 1 to 256, not "0"/,
    );
    refused(["info", at("scan.nii.gz"), "--seed", "x"], 2, /--seed takes a whole number/);
    refused([...run, "--out", ""], 2, /--out was given nothing/);
    refused(["report", ""], 2, /An argument is empty/);
    refused(
      [...run, "--simulate", "drug", "--config", "drug=absent.json", "--out", at("x")],
      3,
      /absent\.json.*does not exist/,
    );
    writeFileSync(at("patient.json"), '{"weightKg": -4}');
    refused([...run, "--patient", at("patient.json"), "--out", at("x")], 3, /patient\.json.*weightKg/);
    refused(["phantom", "--size", "40,40", "--out", at("x")], 2, /three numbers/);
    refused(["phantom", "--tumour-organ", "liver", "--out", at("x")], 2, /needs --tumour-ml/);
    refused(["organs", at("labels.nii.gz"), "--error-mm", "-1", "--out", at("x")], 2, /--error-mm/);
    refused(["convert", at("scan.nii.gz"), at("x.nii"), "--orientation", "RAR"], 2, /no axis code/);
    refused(["completion", "ksh"], 2, /bash, zsh or fish/);
    assert.ok(!existsSync(at("x")));
  });

  test("outputs that cannot be are refused before any work", () => {
    const convert = (to: string, ...more: string[]) => ["convert", at("scan.nii.gz"), to, ...more];
    refused(convert(at("scan.xyz")), 2, /no writable image format/);
    refused(convert(at("nowhere", "scan.nii")), 2, /no folder/);
    refused(convert(at("labels.nii.gz")), 2, /exists/);
    writeFileSync(at("pair.raw"), "somebody's voxels");
    refused(convert(at("pair.mhd")), 2, /pair\.raw" exists/);
    mkdirSync(at("full"));
    writeFileSync(at("full", "notes.txt"), "mine");
    refused(["organs", at("labels.nii.gz"), "--out", at("full")], 2, /is not empty/);
    refused(["organs", at("labels.nii.gz"), "--out", at("scan.nii.gz")], 2, /is a file/);
    refused(["organs", at("scan.nii.gz"), "--out", at("full"), "--force"], 3, /labels are whole numbers/);
    assert.deepEqual(readdirSync(at("full")), ["notes.txt"]);
    assert.equal(viscera(["organs", at("labels.nii.gz"), "--out", at("full"), "--force"]).status, 0);
    assert.ok(
      readdirSync(at("full")).includes("notes.txt") && readdirSync(at("full")).includes("organs.json"),
    );
    assert.ok(!readdirSync(at("full")).some((name) => name.startsWith(".")));
  });

  test("models of an earlier call go when new ones take their place, other files stay", () => {
    const organs = (...more: string[]) =>
      viscera(["organs", at("labels.nii.gz"), "--out", at("twice"), ...more]);
    assert.equal(organs().status, 0);
    writeFileSync(at("twice", "mine.glb"), "mine");
    writeFileSync(at("names.csv"), "id,name\n5,spleen\n7,heart\n");
    assert.equal(organs("--force", "--label-names", at("names.csv")).status, 0);
    assert.deepEqual(
      readdirSync(at("twice")).filter((name) => name.endsWith(".glb")),
      ["heart.glb", "mine.glb", "spleen.glb"],
    );
  });

  test("a warning is printed once", () => {
    const { stderr } = viscera([
      "run",
      at("scan.nii.gz"),
      "--labels",
      at("labels.nii.gz"),
      "--out",
      at("once"),
    ]);
    assert.equal(stderr.match(/has no name: give a table/g)?.length, 1, stderr);
  });

  test("a reader that stops early is no failure", { skip: process.platform === "win32" }, () => {
    const script = '"$0" "$@" | head -c 1 >/dev/null; exit $PIPESTATUS';
    const { status, stderr } = spawnSync("bash", ["-c", script, process.execPath, MAIN, "organs", "--help"], {
      encoding: "utf8",
    });
    assert.equal(status, 0, stderr);
    assert.equal(stderr, "");
  });

  test("help has an example for every verb", () => {
    const all = leaves(buildProgram(new AbortController().signal));
    assert.ok(all.length > 30);
    for (const { words, command } of all) {
      const help = helpOf(command);
      const example = help.slice(help.search(/Examples?:\n/));
      assert.match(help, /Examples?:\n {2}\$ /, words.join(" "));
      // `models list` is what `models` does.
      assert.ok(example.includes(words.join(" ").replace(/ list$/, "")), words.join(" "));
    }
  });

  test("completion offers verbs, options and the verbs of models", {
    skip: process.platform === "win32",
  }, () => {
    const verbs = buildProgram(new AbortController().signal).commands.map((command) => command.name());
    for (const shell of ["bash", "zsh", "fish"]) {
      const { stdout } = viscera(["completion", shell]);
      for (const verb of verbs) assert.ok(stdout.includes(verb), `${shell}: ${verb}`);
    }
    const complete = (...words: string[]) => {
      const script = `source <("$0" "$1" completion bash); COMP_WORDS=(viscera ${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length}; _viscera; echo "\${COMPREPLY[@]}"`;
      const { stdout, stderr } = spawnSync("bash", ["-c", script, process.execPath, MAIN], {
        encoding: "utf8",
      });
      assert.equal(stderr, "");
      return stdout.trim().split(" ");
    };
    assert.deepEqual(complete("r"), ["run", "rank", "readers", "report"]);
    assert.deepEqual(complete("run", "--label"), ["--labels", "--label-names"]);
    assert.deepEqual(complete("models", "re"), ["remove"]);
  });
});
