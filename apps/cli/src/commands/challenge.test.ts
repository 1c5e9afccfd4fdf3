import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { affineOf, type ModelFile, type Size3, sameGrid } from "@viscera/core";
import { sharedPath } from "@viscera/core/testing";
import { buildNetwork, initialWeights, writeSafetensors } from "@viscera/nets";
import { readLabels, writeVolume } from "@viscera/scan/node";
import { filesBelow, refused, scratch, viscera } from "./testing.js";

const SIZE: Size3 = [20, 18, 16];
const GRID = { size: SIZE, affine: affineOf([2, 2, 2]) };

/** A model of random weights. */
function writeModel(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const options = {
    ...{ spatial_dims: 3, in_channels: 1, out_channels: 2 },
    ...{ channels: [4, 8], strides: [2], num_res_units: 1 },
  };
  const weights = writeSafetensors(initialWeights(buildNetwork("UNet", options), 3));
  const description: ModelFile = {
    schema: 1,
    name: "random",
    version: "1.0.0",
    architecture: { kind: "UNet", options },
    weights: "weights.safetensors",
    input: {
      modality: ["MR"],
      orientation: "RAS",
      spacingMm: [2, 2, 2],
      patch: [16, 16, 16],
      normalisation: { kind: "zscore" },
      conform: null,
      overlap: 0.5,
      haloVoxels: null,
      mirrorAxes: [],
    },
    labels: [{ id: 1, name: "liver", snomed: null }],
    licence: "Apache-2.0",
    commercialUse: true,
    card: null,
    sha256: createHash("sha256").update(weights).digest("hex"),
  };
  writeFileSync(join(folder, "weights.safetensors"), weights);
  writeFileSync(join(folder, "viscera-model.json"), JSON.stringify(description));
}

/** A box of label 1 from x0 on. */
function boxAt(x0: number): Uint8Array {
  const data = new Uint8Array(SIZE[0] * SIZE[1] * SIZE[2]);
  for (let z = 4; z < 10; z++)
    for (let y = 4; y < 10; y++)
      data.fill(1, x0 + SIZE[0] * (y + SIZE[1] * z), x0 + 6 + SIZE[0] * (y + SIZE[1] * z));
  return data;
}

const socket = (slug: string, path: string, name: string | null) => ({
  socket: { slug, relative_path: path, is_image_kind: name !== null, is_json_kind: name === null },
  image: name === null ? null : { name },
  value: name === null ? 42 : null,
});

describe("challenge", () => {
  const { at, remove } = scratch();
  const put = (path: string, value: unknown) => writeFileSync(path, JSON.stringify(value));
  before(async () => {
    writeModel(at("model", "unpacked"));
    mkdirSync(at("input", "images", "mr"), { recursive: true });
    put(at("input", "inputs.json"), [
      socket("mr-scan", "images/mr", "patient 7.mha"),
      socket("age", "age.json", null),
    ]);
    const scan = Float32Array.from(boxAt(6), (value, i) => 100 * value + (i % 7));
    await writeVolume(at("input", "images", "mr", "3f0c.mha"), {
      ...GRID,
      data: scan,
      modality: null,
      unit: null,
    });
    mkdirSync(at("truth", "tarball"), { recursive: true });
    const jobs: unknown[] = [];
    for (const [n, x0] of [4, 5, 7].entries()) {
      const folder = at("evaluation", `job-${n}`, "output", "images", "liver");
      mkdirSync(folder, { recursive: true });
      await writeVolume(join(folder, "output.mha"), { ...GRID, data: boxAt(x0), modality: null, unit: null });
      await writeVolume(at("truth", "tarball", `case_${n}.nii.gz`), {
        ...GRID,
        data: boxAt(4),
        modality: null,
        unit: null,
      });
      jobs.unshift({
        pk: `job-${n}`,
        inputs: [socket("ct", "images/ct", `case_${n}.mha`), socket("age", "age.json", null)],
        outputs: [socket("liver", "images/liver", "x")],
        status: "Succeeded",
      });
    }
    put(at("evaluation", "predictions.json"), jobs);
  });
  after(remove);

  test("run segments the one image and writes it under the output's path, on the image's grid", async () => {
    const { status, stderr, stdout } = viscera([
      ...["challenge", "run", "--input", at("input"), "--output", at("output"), "--model", at("model")],
      ...["--result", "images/liver-segmentation", "--json"],
    ]);
    assert.equal(status, 0, stderr);
    assert.equal(JSON.parse(stdout).inputs[0].name, "patient 7.mha");
    assert.deepEqual(filesBelow(at("output")), ["images/liver-segmentation/output.mha"]);
    const written = at("output", "images", "liver-segmentation", "output.mha");
    assert.ok(sameGrid(await readLabels(written, { mayBeEmpty: true }), GRID));
  });

  test("evaluate scores every job by the truth of its input's name", () => {
    const { status, stderr } = viscera([
      ...[
        "challenge",
        "evaluate",
        "--input",
        at("evaluation"),
        "--output",
        at("metrics"),
        "--truth",
        at("truth"),
      ],
      ...["--convention", "deepmind"],
    ]);
    assert.equal(status, 0, stderr);
    const metrics = JSON.parse(readFileSync(at("metrics", "metrics.json"), "utf8"));
    assert.equal(metrics.convention, "deepmind");
    assert.deepEqual(
      metrics.results.map(({ pk, case: name }: Record<string, string>) => [pk, name]),
      [
        ["job-0", "case_0.mha"],
        ["job-1", "case_1.mha"],
        ["job-2", "case_2.mha"],
      ],
    );
    assert.ok(Math.abs(metrics.aggregates.dice.mean - (1 + 5 / 6 + 1 / 2) / 3) < 1e-12);
    assert.equal(metrics.results[1].structures.structure_1.hausdorff, 2);
  });

  test("TIFF goes in and out as MetaImage does", async () => {
    cpSync(at("input"), at("tiff-input"), { recursive: true });
    const images = at("tiff-input", "images", "mr");
    rmSync(join(images, "3f0c.mha"));
    const scan = { ...GRID, data: Float32Array.from(boxAt(6), (v, i) => 100 * v + (i % 7)) };
    await writeVolume(join(images, "3f0c.tif"), { ...scan, modality: null, unit: null });
    const run = (result: string) =>
      viscera([
        ...["challenge", "run", "--input", at("tiff-input"), "--output", at("tiff-output")],
        ...["--model", at("model"), "--result", result],
      ]);
    const first = run("images/liver/output.tif");
    assert.equal(first.status, 0, first.stderr);
    // The same labels as a MetaImage: where the scan's TIFF lies.
    assert.equal(run("images/liver-mha").status, 0);
    const files = ["images/liver-mha/output.mha", "images/liver/output.tif"];
    assert.deepEqual(filesBelow(at("tiff-output")), files);
    const [mha, tif] = await Promise.all(
      files.map((file) => readLabels(at("tiff-output", file), { mayBeEmpty: true })),
    );
    assert.deepEqual(tif!.data, mha!.data);
    assert.ok(sameGrid(tif!, mha!));

    cpSync(at("evaluation"), at("tiff-evaluation"), { recursive: true });
    mkdirSync(at("tiff-truth"));
    for (const [n, x0] of [4, 5, 7].entries()) {
      const folder = at("tiff-evaluation", `job-${n}`, "output", "images", "liver");
      rmSync(join(folder, "output.mha"));
      const labels = { ...GRID, labels: [] };
      await writeVolume(join(folder, "output.tif"), { ...labels, data: boxAt(x0) });
      await writeVolume(at("tiff-truth", `case_${n}.tiff`), { ...labels, data: boxAt(4) });
    }
    const { status, stderr } = viscera([
      ...["challenge", "evaluate", "--input", at("tiff-evaluation"), "--truth", at("tiff-truth")],
      ...["--output", at("tiff-metrics"), "--convention", "deepmind"],
    ]);
    assert.equal(status, 0, stderr);
    const { results, aggregates } = JSON.parse(readFileSync(at("tiff-metrics", "metrics.json"), "utf8"));
    assert.ok(Math.abs(aggregates.dice.mean - (1 + 5 / 6 + 1 / 2) / 3) < 1e-12);
    assert.equal(results[1].structures.structure_1.hausdorff, 2);
  });

  test("the sample of Grand Challenge's demo pack goes round", {
    skip: !sharedPath("cases/metrics/grandchallenge") && "shared data missing",
  }, () => {
    const sample = join(sharedPath("cases/metrics/grandchallenge")!, "evaluation_test/input");
    const job = "34ad4c51-9428-4c3f-b906-a81d610264de/output/images/binary-vessel-segmentation";
    mkdirSync(at("sample-truth"));
    cpSync(
      join(sample, job, "19158499-f989-4285-90bf-4a0842c8123e.mha"),
      at("sample-truth", "the_original_filename_of_the_file_that_was_uploaded_or_image_set.mha"),
    );
    const { status, stderr } = viscera([
      ...[
        "challenge",
        "evaluate",
        "--input",
        sample,
        "--output",
        at("sample-out"),
        "--truth",
        at("sample-truth"),
      ],
    ]);
    assert.equal(status, 0, stderr);
    const { results, aggregates } = JSON.parse(readFileSync(at("sample-out", "metrics.json"), "utf8"));
    assert.equal(results.length, 3);
    assert.equal(aggregates.dice.mean, 1);
  });

  test("init writes a folder whose test script goes round on this machine", async () => {
    const { status, stderr } = viscera([
      ...["challenge", "init", at("my algorithm"), "--model", at("model", "unpacked")],
      ...["--socket", "mr-scan", "--result", "images/liver-segmentation"],
    ]);
    assert.equal(status, 0, stderr);
    const script = spawnSync(at("my algorithm", "do_test_run.sh"), ["--without-docker"], {
      encoding: "utf8",
    });
    assert.equal(script.status, 0, script.stderr);
    assert.match(script.stdout, /Written: test\/output\/images\/liver-segmentation\/output\.mha/);
    const dockerfile = readFileSync(at("my algorithm", "Dockerfile"), "utf8");
    assert.match(dockerfile, /"challenge","run","--image","mr-scan","--result","images\/liver-segmentation"/);
    assert.ok(filesBelow(at("my algorithm")).includes("model/viscera-model.json"));
    const again = ["challenge", "init", at("my algorithm"), "--model", at("model", "unpacked")];
    refused([...again, "--socket", "x", "--result", "images/y"], 2, /is not empty/);
    refused(
      ["challenge", "init", at("new"), "--model", "absent", "--socket", "x", "--result", "y"],
      2,
      /no stored model/,
    );
  });

  test("the exact mismatch of sockets and files is told, and nothing is written", () => {
    const evaluate = (input: string, more: string[], message: RegExp) =>
      refused(
        ["challenge", "evaluate", "--input", input, "--truth", at("truth"), "--output", at("never"), ...more],
        3,
        message,
      );
    evaluate(at("evaluation"), ["--result", "spleen"], /no socket "spleen"; its sockets: liver \(image\)/);
    cpSync(at("evaluation"), at("two"), { recursive: true });
    cpSync(
      at("two", "job-1/output/images/liver/output.mha"),
      at("two", "job-1/output/images/liver/again.mha"),
    );
    evaluate(at("two"), [], /holds 2 images \(again\.mha, output\.mha\) where one is expected/);
    cpSync(at("evaluation"), at("broken"), { recursive: true });
    writeFileSync(at("broken", "job-2/output/images/liver/output.mha"), "no image");
    evaluate(at("broken"), [], /1 prediction of 3 cannot be scored; job job-2 \(case_2\.mha\)/);
    refused(
      ["challenge", "run", "--input", at("evaluation"), "--output", at("never"), "--result", "images/x"],
      3,
      /inputs\.json.*does not exist|no file.*inputs\.json/i,
    );
    assert.deepEqual(filesBelow(at("never")), []);
  });
});
