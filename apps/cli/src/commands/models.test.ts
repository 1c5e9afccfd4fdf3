import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { ModelFile } from "@viscera/core";
import { testWithShared } from "@viscera/core/testing";
import { GraphBuilder } from "@viscera/nets";
import { readLabels } from "@viscera/scan/node";
import { type Outcome, scratch, viscera, writeBlocks } from "./testing.js";

/** A network of one weight: what is brighter than 0 is tissue. */
function threshold(): Uint8Array {
  const graph = new GraphBuilder();
  const x = graph.input("image", "float32", [1, 1, "d", "h", "w"]);
  const weights = graph.weights("w", Float32Array.of(-0.05, 0.05), [2, 1, 1, 1, 1]);
  const bias = graph.weights("b", Float32Array.of(0, 0), [2]);
  const scores = graph.conv(x, weights, bias, { kernel: [1, 1, 1] });
  graph.output(scores, "scores", "float32", [1, 2, "d", "h", "w"]);
  return graph.build();
}

describe("networks", () => {
  const { at, remove } = scratch();
  before(async () => {
    await writeBlocks(at("scan.nii.gz"), at("labels.nii.gz"));
    const weights = threshold();
    const description: ModelFile = {
      schema: 1,
      name: "bright",
      version: "1.0.0",
      architecture: { kind: "onnx", options: {} },
      weights: "weights.onnx",
      input: {
        modality: ["CT"],
        orientation: "RAS",
        spacingMm: null,
        patch: [8, 8, 8],
        normalisation: { kind: "none" },
        conform: null,
        overlap: 0.5,
        haloVoxels: null,
        mirrorAxes: [],
      },
      labels: [{ id: 1, name: "liver", snomed: null }],
      licence: "CC BY-NC 4.0",
      commercialUse: false,
      card: null,
      sha256: createHash("sha256").update(weights).digest("hex"),
    };
    mkdirSync(at("model"));
    writeFileSync(at("model", "weights.onnx"), weights);
    writeFileSync(at("model", "viscera-model.json"), JSON.stringify(description));
  });
  after(remove);
  const call = (...args: string[]): Outcome => viscera(args, { env: { VISCERA_HOME: at("home") } });

  test("are stored, listed, shown and removed", () => {
    assert.match(call("models").stdout, /No network is stored/);
    const added = call("models", "add", at("model"));
    assert.match(added.stderr, /not for commercial use \(licence: CC BY-NC 4\.0\)/);
    assert.match(added.stdout, /Stored bright 1\.0\.0 \(1 structure, /);
    assert.equal(call("models", "add", at("model")).status, 3);
    mkdirSync(at("home", "models", "broken"));
    const list = call("models", "list");
    assert.match(list.stdout, /^bright +1\.0\.0 +CT +1 +CC BY-NC 4\.0 \*$/m);
    assert.match(list.stdout, /^\* not cleared for commercial use$/m);
    const long = "a-network-with-a-name-that-is-longer-than-any-column-can-be";
    const wrong = call("models", "add", at("model", "weights.onnx"), "--sha256", "0".repeat(64));
    assert.match(wrong.stderr, /not the one asked for/);
    assert.equal(call("models", "add", at("model"), "--name", long).status, 0);
    for (const line of call("models").stdout.split("\n")) assert.ok(line.length <= 80, line);
    assert.equal(call("models", "remove", long).status, 0);
    assert.match(list.stderr, /broken cannot be used: .*holds no model/);
    assert.match(call("models", "show", "bright").stdout, /Structures +liver/);
    assert.equal(call("models", "remove", "broken").status, 0);
    for (const name of ["broken", "../model"]) assert.ok(call("models", "remove", name).status! >= 2, name);
  });

  test("label a scan and a folder of scans; a bad output is refused before the work", () => {
    const segment = (...args: string[]) => call("segment", ...args, "--model", "bright");
    assert.equal(segment(at("scan.nii.gz"), "--out", at("labels.xyz")).status, 2);
    for (const [args, status, message] of [
      [["--step-size", "2"], 2, /--step-size takes a number from 0\.05 to 1/],
      [["--folds", "x"], 2, /--folds takes numbers/],
      [["--task", "total"], 3, /has no tasks to choose from/],
      [[at("scan.nii.gz")], 3, /takes 1 image of a patient at once, and 2 were given/],
    ] as const) {
      const wrong = segment(at("scan.nii.gz"), ...args, "--out", at("none.nii.gz"));
      assert.equal(wrong.status, status, wrong.stderr);
      assert.match(wrong.stderr, message);
    }
    const one = segment(at("scan.nii.gz"), "--out", at("made.nii.gz"));
    assert.equal(one.status, 0, one.stderr);
    assert.match(one.stdout, /Liver +\d+(\.\d+)? +\d+ %/);
    assert.match(call("info", at("made.nii.gz")).stdout, /Labels +1 named: liver/);
    // The one stored model that fits a CT is taken unasked; its structures come with volumes in JSON.
    const unasked = call("segment", at("scan.nii.gz"), "--out", at("made.nii.gz"), "--force", "--json");
    const [structure] = JSON.parse(unasked.stdout).labels;
    assert.ok(structure.name === "liver" && structure.volumeMl > 1 && structure.confidence > 0.5);
    assert.equal(segment(at("scan.nii.gz"), "--out", at("made.nii.gz")).status, 2);
    mkdirSync(at("scans"));
    writeFileSync(at("scans", "a.nii.gz"), readFileSync(at("scan.nii.gz")));
    writeFileSync(at("scans", "b.nii.gz"), "broken");
    const many = segment(at("scans"), "--out", at("many"));
    assert.equal(many.status, 3, many.stderr);
    assert.match(many.stderr, /b\.nii\.gz/);
    assert.match(many.stdout, /1 segmented, 0 done before, 1 failed/);
    const inOne = segment(at("scans"), "--out", at("one.nii.gz"));
    assert.match(inOne.stderr, /holds no DICOM files\.\nTo read an image in it, name the file/);
    mkdirSync(at("empty"));
    assert.match(segment(at("empty"), "--out", at("x")).stderr, /holds no DICOM files/);
  });

  test("make the labels of a case, whose confidence a resumed run still knows", () => {
    // The one stored model that fits a CT is taken unasked, because the scan's modality is plain from its values.
    const first = call("run", at("scan.nii.gz"), "--out", at("case"));
    assert.equal(first.status, 0, first.stderr);
    assert.match(first.stderr, /by bright 1\.0\.0/);
    const organs = readFileSync(at("case", "organs", "organs.json"), "utf8");
    assert.ok(JSON.parse(organs).organs[0].confidence > 0.5);
    const file = JSON.parse(readFileSync(at("case", "case.json"), "utf8"));
    writeFileSync(at("case", "case.json"), JSON.stringify({ ...file, finished: ["scan", "labels"] }));
    const again = call("run", at("scan.nii.gz"), "--out", at("case"));
    assert.equal(again.status, 0, again.stderr);
    assert.match(again.stderr, /Labels +done before, kept/);
    assert.equal(readFileSync(at("case", "organs", "organs.json"), "utf8"), organs);
  });

  test("that are missing are said so, with those that exist", () => {
    const { status, stderr } = viscera(["run", at("scan.nii.gz"), "--out", at("x")], {
      env: { VISCERA_HOME: at("bare") },
    });
    assert.equal(status, 2);
    assert.match(stderr, /No stored model fits this CT\.\n.*--labels.*--model/);
  });

  testWithShared(
    "of nnU-Net take several scans, or a folder of channels",
    ["cases/nets/nnunet/resenc"],
    async ([root]) => {
      const model = join(root, "Dataset902_GoldenMR");
      const scans = [0, 1].map((c) => join(root, `input/case_000${c}.nii.gz`));
      const fast = ["--model", model, "--folds", "0", "--no-mirror", "--json"];
      const made = call("segment", ...scans, ...fast, "--out", at("regions.nii.gz"));
      assert.equal(made.status, 0, made.stderr);
      const result = JSON.parse(made.stdout);
      assert.deepEqual(
        result.labels.map(({ name }: { name: string }) => name),
        ["whole", "core", "enhancing"],
      );
      assert.match(result.warnings.join(), /nested regions/);
      const expected = await readLabels(join(root, "expected/case.nomirror.f32.nii.gz"));
      const got = await readLabels(at("regions.nii.gz"));
      const wrong = got.data.filter((label, v) => label !== expected.data[v]).length;
      assert.ok(wrong <= got.data.length / 1000, `${wrong} labels differ`);

      const many = call("segment", join(root, "input"), ...fast, "--out", at("channels"));
      assert.equal(many.status, 0, many.stderr);
      assert.deepEqual((await readLabels(at("channels", "case.nii.gz"))).data, got.data);
      const one = call("segment", scans[0]!, "--model", model, "--out", at("one.nii.gz"));
      assert.equal(one.status, 3);
      assert.match(one.stderr, /takes 2 images of a patient at once \(T1, T2\), and 1 was given/);
    },
  );
});
