import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { VisceraError } from "@viscera/core";
import { readScan } from "@viscera/scan/node";
import { segmentVolume } from "../../../segment-volume.js";
import type { TrainingDataset } from "../../../training/data/index.js";
import { openModel } from "../../open-model.js";
import { readDataset } from "../data/index.js";
import { toyOptions, writeBalls } from "./testing/balls.js";
import { trainModel } from "./train-model.js";

const CHILD = fileURLToPath(new URL("./testing/train-child.js", import.meta.url));
const STEPS = 16;

describe("training a model", () => {
  const root = mkdtempSync(join(tmpdir(), "viscera-train-"));
  const at = (...parts: string[]) => join(root, ...parts);
  let dataset: TrainingDataset;
  let description = "";
  before(async () => {
    description = await writeBalls(at("balls"), { cases: 8 });
    dataset = await readDataset(description);
  });
  after(() => rmSync(root, { recursive: true, force: true }));
  const weightsOf = (name: string) => readFileSync(at(name, "weights.safetensors"));

  test("balls in noise are found with a Dice above 0.9, and the folder is a model with all its papers", async () => {
    const looks: number[] = [];
    const trained = await trainModel(dataset, {
      ...toyOptions(at("whole"), 90),
      onValidation: (_, { step }) => looks.push(step),
    });
    assert.ok(trained.scores!.mean! > 0.9, `${trained.scores!.mean}`);
    assert.deepEqual([trained.fold.training.length, trained.fold.validation.length], [6, 2]);
    assert.deepEqual(
      trained.scores!.cases.map(({ id }) => id),
      trained.fold.validation,
    );
    assert.deepEqual(looks, [50, 90]);
    for (const name of ["CARD.md", "LICENSE", "viscera-model.json", "weights.safetensors"]) {
      assert.ok(existsSync(at("whole", name)), name);
    }
    assert.deepEqual(readdirSync(at("whole", "training")).sort(), [
      "history.csv",
      "history.json",
      "run.json",
      "training.html",
      "validation.json",
    ]);
    const card = readFileSync(at("whole", "CARD.md"), "utf8");
    assert.match(card, /CC0-1\.0/);
    assert.match(card, /no medical device/);
    assert.match(card, new RegExp(`\\| bright \\| ${trained.scores!.structures[0]!.toFixed(3)} `));
    for (const id of trained.fold.validation) assert.match(card, new RegExp(`Held out.*${id}`));
    assert.match(readFileSync(at("whole", "training", "training.html"), "utf8"), /Finished after 90 steps/);
    const model = await openModel(at("whole"));
    assert.equal(model.description.commercialUse, true);
    // Nothing was mirrored in training.
    assert.deepEqual(model.description.input.mirrorAxes, []);
    const { volume } = await readScan(dataset.cases[0]!.images[0]!);
    const { labels } = await segmentVolume(volume, model, { threads: 1 });
    await model.dispose();
    assert.deepEqual(
      labels.labels.map(({ id, name }) => [id, name]),
      [
        [1, "bright"],
        [2, "dark"],
      ],
    );
  });

  test("a killed training goes on to the same weights, bit by bit", async () => {
    await trainModel(dataset, toyOptions(at("straight"), STEPS));
    const child = spawn(process.execPath, [CHILD, description, at("killed"), String(STEPS)], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    const ended = new Promise((resolve) => child.on("exit", (_, signal) => resolve(signal)));
    // Killed as soon as a few steps are on disk, wherever it is then.
    const seen = () =>
      existsSync(at("killed", "training")) &&
      readdirSync(at("killed", "training")).some((name) => {
        const step = Number(/^checkpoint-(\d+)/.exec(name)?.[1] ?? 0);
        return step >= 5;
      });
    while (!seen() && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill("SIGKILL");
    assert.equal(await ended, "SIGKILL");
    assert.ok(!existsSync(at("killed", "viscera-model.json")));
    let first: number | null = null;
    await trainModel(dataset, {
      ...toyOptions(at("killed"), STEPS),
      onProgress: ({ stage, done }) => {
        if (stage === "training") first ??= done;
      },
    });
    assert.ok(first! > 3, `it began at step ${first}`);
    assert.ok(weightsOf("killed").equals(weightsOf("straight")));
    const scores = (name: string) => readFileSync(at(name, "training", "validation.json"), "utf8");
    assert.equal(scores("killed"), scores("straight"));
  });

  test("a stopped training finishes its step, says how to go on, and does", async () => {
    const controller = new AbortController();
    const options = toyOptions(at("stopped"), STEPS);
    await assert.rejects(
      trainModel(dataset, {
        ...options,
        signal: controller.signal,
        onProgress: ({ stage, done }) => {
          if (stage === "training" && done === 7) controller.abort();
        },
      }),
      (error) =>
        error instanceof VisceraError && error.exitCode === 130 && /step 7 of 16/.test(error.message),
    );
    assert.ok(existsSync(at("stopped", "training", "checkpoint-7.safetensors")));
    await assert.rejects(
      trainModel(dataset, { ...options, learningRate: 0.02 }),
      /begun with another learning rate/,
    );
    await trainModel(dataset, { ...options, resume: true });
    assert.ok(weightsOf("stopped").equals(weightsOf("straight")));
    await assert.rejects(trainModel(dataset, options), /holds a finished model/);
    // Begun anew, and stopped at once.
    const again = trainModel(dataset, { ...options, force: true, signal: AbortSignal.abort() });
    await assert.rejects(again, (error) => error instanceof VisceraError && error.code === "cancelled");
    assert.ok(!existsSync(at("stopped", "weights.safetensors")));
  });

  test("folders that hold something else, and trainings that do not exist, are refused", async () => {
    writeFileSync(at("file"), "");
    await assert.rejects(trainModel(dataset, toyOptions(at("file"), 1)), /is a file/);
    await assert.rejects(trainModel(dataset, toyOptions(at("balls"), 1)), /something else/);
    await assert.rejects(
      trainModel(dataset, { ...toyOptions(at("balls"), 1), force: true }),
      /something else/,
    );
    assert.ok(existsSync(description));
    await assert.rejects(
      trainModel(dataset, { ...toyOptions(at("new"), 1), resume: true }),
      (error) => error instanceof VisceraError && error.code === "input.no-run",
    );
    await assert.rejects(trainModel(dataset, { ...toyOptions(at("new"), 1), fold: 0 }), /number of folds/);
    await assert.rejects(
      trainModel(dataset, { ...toyOptions(at("new"), 1), folds: 2, fold: 2 }),
      /no fold 2/,
    );
    await assert.rejects(
      trainModel(dataset, { ...toyOptions(at("few"), 1), validation: 0.5, cases: 5 }),
      /Only 4 cases/,
    );
  });

  test("a cross-validation judges every case once and leaves the ensemble of its networks", async () => {
    const small = { ...dataset, cases: dataset.cases.slice(0, 4) };
    const options = { ...toyOptions(at("folds"), 2), folds: 2, half: true };
    // Stopped in the second fold; the first one is not trained again.
    const controller = new AbortController();
    await assert.rejects(
      trainModel(small, {
        ...options,
        signal: controller.signal,
        onPlan: (title) => title === "fold 1" && controller.abort(),
      }),
      /stopped after step 0 of 2/,
    );
    const begun: string[] = [];
    const trained = await trainModel(small, { ...options, onPlan: (title) => begun.push(title) });
    assert.deepEqual(begun, ["fold 1"]);
    assert.equal(trained.scores, null);
    assert.deepEqual(
      trained.crossValidation!.scores.cases.map(({ id }) => id),
      small.cases.map(({ id }) => id),
    );
    assert.deepEqual(trained.description.folds, ["weights-1.safetensors"]);
    assert.ok(
      readFileSync(at("folds", "folds", "1", "weights.safetensors")).equals(
        readFileSync(at("folds", "weights-1.safetensors")),
      ),
    );
    assert.match(
      readFileSync(at("folds", "CARD.md"), "utf8"),
      /Cross-validation in 2 folds: Dice of 4 cases/,
    );
    const model = await openModel(at("folds"));
    await model.dispose();
    assert.ok(weightsOf("folds").length < 0.6 * weightsOf("straight").length);
  });

  test("data of which some cases lack a contour are learnt from, and cases can be drawn", async () => {
    const partial = await readDataset(await writeBalls(at("partial"), { cases: 4, partial: true }));
    assert.deepEqual(
      partial.cases.map(({ known }) => known),
      [[1, 2], [1], [1, 2], [1]],
    );
    const trained = await trainModel(partial, {
      ...toyOptions(at("partial-model"), 3),
      validation: ["ball_01"],
      cases: 2,
    });
    assert.equal(trained.fold.training.length, 2);
    assert.equal(trained.scores!.cases[0]!.dice[1], null);
    assert.match(readFileSync(at("partial-model", "CARD.md"), "utf8"), /counted as unknown/);
  });

  test("minutes become a number of steps that stays", async () => {
    let planned = 0;
    const trained = await trainModel(dataset, {
      ...toyOptions(at("minutes"), 1),
      budget: { minutes: 0.02 },
      onPlan: (_, __, { steps }) => {
        planned = steps;
      },
    });
    assert.ok(planned >= 1);
    assert.equal(trained.steps, planned);
  });
});
