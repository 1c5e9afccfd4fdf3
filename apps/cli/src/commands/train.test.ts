import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { affineOf, RandomStream, type Size3 } from "@viscera/core";
import { readLabels, writeVolume } from "@viscera/scan/node";
import { MAIN, refused, scratch, viscera } from "./testing.js";

const SIZE: Size3 = [16, 16, 16];

describe("train and finetune", () => {
  const { at, remove } = scratch();
  const dataset = at("data", "dataset.json");
  before(async () => {
    mkdirSync(at("data"));
    const random = new RandomStream(1, "test.cubes");
    const training = [];
    for (let n = 0; n < 6; n++) {
      const data = new Float32Array(16 ** 3);
      const labels = new Uint8Array(data.length);
      const from = [0, 1, 2].map((axis) => 2 + random.integer(5, n, axis));
      for (let i = 0; i < data.length; i++) {
        const at = [i % 16, (i >> 4) % 16, i >> 8];
        const inside = at.every((x, axis) => x >= from[axis]! && x < from[axis]! + 7);
        labels[i] = inside ? 1 : 0;
        data[i] = 100 + (inside ? 60 : 0) + 10 * random.normal(100 + n, i);
      }
      const grid = { size: SIZE, affine: affineOf([2, 2, 2]) };
      await writeVolume(at("data", `scan${n}.nii.gz`), { ...grid, data, modality: "MR", unit: null });
      await writeVolume(at("data", `mask${n}.nii.gz`), { ...grid, data: labels, labels: [] });
      training.push({ image: `scan${n}.nii.gz`, label: `mask${n}.nii.gz` });
    }
    const description = { modality: "MR", licence: "MIT", labels: { "1": "cube" }, training };
    writeFileSync(dataset, JSON.stringify(description));
  });
  after(remove);

  const small =
    "--features 6 --batch 1 --patch 16,16,16 --learning-rate 0.01 --augmentation none --threads 1";
  const settings = (steps: number) => [...small.split(" "), "--steps", String(steps)];

  test("a network is trained, segments a scan, and is trained further, from the command line", async () => {
    const trained = viscera([
      "train",
      dataset,
      "--out",
      at("cubes"),
      "--name",
      "cubes",
      ...settings(40),
      "--json",
    ]);
    assert.equal(trained.status, 0, trained.stderr);
    assert.equal(trained.stderr, "");
    const result = JSON.parse(trained.stdout);
    assert.ok(result.scores.mean > 0.9, trained.stdout);
    assert.deepEqual(
      [result.steps, result.description.licence, result.description.name],
      [40, "MIT", "cubes"],
    );
    assert.match(readFileSync(at("cubes", "CARD.md"), "utf8"), /viscera train .*--steps 40/);

    const labels = at("labels.nii.gz");
    const segmented = viscera([
      "segment",
      at("data", "scan0.nii.gz"),
      "--model",
      at("cubes"),
      "--out",
      labels,
    ]);
    assert.equal(segmented.status, 0, segmented.stderr);
    const found = await readLabels(labels);
    assert.deepEqual(
      found.names.map(({ name }) => name),
      ["cube"],
    );

    const held = at("held.txt");
    writeFileSync(held, "mask1\nmask2\n");
    const finetuned = viscera([
      "finetune",
      dataset,
      ..."--mode decoder --cases 1 --steps 3 --batch 1 --threads 1".split(" "),
      "--from",
      at("cubes"),
      "--validation",
      held,
      "--out",
      at("finer"),
    ]);
    assert.equal(finetuned.status, 0, finetuned.stderr);
    assert.match(finetuned.stdout, /cube +0\.9\d\d .* 2\n/);
    assert.match(finetuned.stdout, /Trained +3 steps on 1 case /);
    assert.match(finetuned.stderr, /step 3: Dice 0\.9/);
  });

  test("Ctrl-C saves, says how to go on and exits with 130; the same command goes on", async () => {
    const args = ["train", dataset, "--out", at("stopped"), ...settings(300)];
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
    // The first checkpoint is there as soon as the steps begin.
    while (!existsSync(at("stopped", "training", "checkpoint.json")) && child.exitCode === null)
      await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill("SIGINT");
    assert.equal(await ended, 130, stderr);
    const step = Number(/stopped after step (\d+) of 300/.exec(stderr)?.[1]);
    assert.ok(step >= 0, stderr);
    assert.match(stderr, /run the same command again/);
    assert.ok(existsSync(at("stopped", "training", `checkpoint-${step}.safetensors`)));
    refused([...args.slice(0, -1), "400"], 2, /begun with another number of steps/);
  });

  test("wrong use and bad input are told in a sentence", () => {
    const train = (...args: string[]) => ["train", dataset, "--out", at("x"), ...args];
    refused(["train", at("none.json"), "--out", at("x")], 3, /no file or folder/);
    refused(train("--minutes", "5", "--steps", "5"), 2, /Minutes and steps/);
    refused(train("--steps", "0"), 2, /--steps takes/);
    refused(train("--patch", "16"), 2, /three numbers/);
    refused(train("--augmentation", "wild"), 2, /none, light, nnunet, strong/);
    refused(train("--optimiser", "magic"), 2, /adamw, sgd/);
    refused(train("--architecture", "Banana", "--steps", "1"), 2, /Banana/);
    refused(train("--validation", "scan9"), 2, /no case "scan9"/);
    refused(train("--resume"), 3, /no training/);
    refused(["train", dataset, "--out", at("data")], 2, /something else/);
    refused(["finetune", dataset, "--from", at("none"), "--out", at("x")], 3, /no model/);
    assert.ok(!existsSync(at("x", "viscera-model.json")));
  });
});
