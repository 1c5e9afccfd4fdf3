import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { VisceraError } from "@viscera/core";
import { readSafetensors, type Weights } from "@viscera/nets";
import type { TrainingDataset } from "../../../training/data/index.js";
import { networkFor } from "../../../training/finetune/index.js";
import type { LearntNetwork } from "../../formats/format.js";
import { readLearntNetwork } from "../../open-model.js";
import { fingerprintDataset, readDataset } from "../data/index.js";
import { type FinetuneOptions, finetuneModel, finetunePlan } from "./finetune-model.js";
import { toyOptions, writeBalls } from "./testing/balls.js";
import { trainModel } from "./train-model.js";

describe("fine-tuning", () => {
  const root = mkdtempSync(join(tmpdir(), "viscera-finetune-"));
  const at = (...parts: string[]) => join(root, ...parts);
  let dataset: TrainingDataset;
  before(async () => {
    dataset = await readDataset(await writeBalls(at("balls"), { cases: 6 }));
    await trainModel(dataset, { ...toyOptions(at("base"), 60), validation: 0 });
    // The same images under other names: "dark" stays, with another id, and "lump" is new.
    const other = await writeBalls(at("others"), { cases: 6, names: ["lump", "Dark"] });
    dataset = await readDataset(other);
  });
  after(() => rmSync(root, { recursive: true, force: true }));
  const weightsOf = (name: string): Weights => readSafetensors(readFileSync(at(name, "weights.safetensors")));
  const options = (name: string, steps: number): FinetuneOptions => ({
    ...toyOptions(at(name), steps),
    command: "viscera finetune",
    learningRate: 0.005,
    augmentation: "none",
    batch: 1,
    validation: 0.5,
    cases: 2,
  });
  const changed = (before: Weights, after: Weights) =>
    [...after].flatMap(([name, { data }]) => {
      const old = before.get(name)!.data;
      return old.length === data.length && data.every((value, i) => value === old[i]) ? [] : [name];
    });

  test("two cases and a few steps teach a new label and keep a known one", async () => {
    const base = await readLearntNetwork(at("base"));
    const trained = await finetuneModel(base, dataset, options("full", 20));
    assert.equal(trained.fold.training.length, 2);
    assert.ok(trained.scores!.mean! > 0.85, `${trained.scores!.mean}`);
    const scratch = await trainModel(dataset, {
      ...toyOptions(at("scratch"), 20),
      validation: 0.5,
      cases: 2,
    });
    assert.deepEqual(scratch.fold, trained.fold);
    assert.ok(trained.scores!.mean! > scratch.scores!.mean! + 0.05, `${scratch.scores!.mean}`);
    const card = readFileSync(at("full", "CARD.md"), "utf8");
    assert.match(card, /## Began from\n\nThe weights of balls 1\.0\.0/);
    assert.match(card, /Labels kept: Dark/);
    assert.deepEqual(trained.description.input.patch, base.description.input.patch);
    assert.deepEqual(trained.description.input.spacingMm, base.description.input.spacingMm);
  });

  test("decoder mode leaves the encoder as it was, bit by bit", async () => {
    const base = await readLearntNetwork(at("base"));
    await finetuneModel(base, dataset, { ...options("decoder", 2), mode: "decoder" });
    const touched = changed(base.weights, weightsOf("decoder"));
    assert.ok(touched.length > 4);
    for (const name of touched) assert.match(name, /^decoder\./);
  });

  test("adapter mode gives an ordinary network; a stopped one goes on to the same weights", async () => {
    const base = await readLearntNetwork(at("base"));
    const settings = { ...options("adapter", 4), mode: "adapter", rank: 2 } as const;
    await finetuneModel(base, dataset, settings);
    const touched = changed(base.weights, weightsOf("adapter"));
    assert.ok(touched.some((name) => name.startsWith("encoder.") && name.endsWith("conv.weight")));
    assert.ok(!touched.some((name) => name.startsWith("encoder.") && name.endsWith("conv.bias")));
    assert.ok(![...weightsOf("adapter").keys()].some((name) => name.includes("lora")));
    const again = await readLearntNetwork(at("adapter"));
    assert.equal(again.network.kind, "PlainConvUNet");
    const controller = new AbortController();
    const stopped = { ...settings, out: at("stopped") };
    await assert.rejects(
      finetuneModel(base, dataset, {
        ...stopped,
        signal: controller.signal,
        onProgress: ({ stage, done }) => {
          if (stage === "training" && done === 2) controller.abort();
        },
      }),
      /stopped after step 2/,
    );
    await finetuneModel(base, dataset, stopped);
    assert.deepEqual(weightsOf("stopped"), weightsOf("adapter"));
  });

  test("finer data keep their spacing, and what is no CT gets z-scores", async () => {
    const base = await readLearntNetwork(at("base"));
    const { input } = base.description;
    const coarse: LearntNetwork = {
      ...base,
      description: {
        ...base.description,
        input: {
          ...input,
          spacingMm: [4, 4, 4],
          patch: [64, 64, 64],
          normalisation: { kind: "ct", low: -500, high: 500, mean: 0, sd: 150 },
        },
      },
    };
    const network = networkFor(base.network, { classes: 3, channels: 1 });
    const fingerprint = await fingerprintDataset(dataset);
    const { input: finer } = finetunePlan(fingerprint, coarse, network, options("finer", 1), "none");
    assert.deepEqual(finer.spacingMm, [2, 2, 2]);
    assert.deepEqual(finer.normalisation, { kind: "zscore" });
    assert.deepEqual(finer.patch, [20, 20, 16]);
    coarse.description.input.spacingMm = [2.5, 2.5, 2.5];
    const near = finetunePlan(fingerprint, coarse, network, options("near", 1), "none");
    assert.deepEqual(near.input.spacingMm, [2.5, 2.5, 2.5]);
    // Less memory, a smaller patch.
    const tight = { ...options("tight", 1), memoryBytes: 3e7 };
    const small = finetunePlan(fingerprint, coarse, network, tight, "none").input.patch!;
    assert.ok(small.reduce((product, n) => product * n, 1) < 20 * 20 * 16, `${small}`);
  });

  test("bases that cannot be trained further, and options that cannot be, are refused", async () => {
    const base = await readLearntNetwork(at("base"));
    await assert.rejects(
      finetuneModel(base, dataset, { ...options("x", 1), mode: "adapter", rank: 0 }),
      /rank 0/,
    );
    await assert.rejects(
      finetuneModel(base, dataset, { ...options("x", 1), mode: "all" as "full" }),
      /no mode "all"/,
    );
    await assert.rejects(
      finetuneModel(base, dataset, { ...options("x", 1), memoryBytes: 1000 }),
      (error) => error instanceof VisceraError && error.code === "input.base",
    );
    const labels = [{ id: 3, name: "third", snomed: null }];
    await assert.rejects(
      finetuneModel({ ...base, description: { ...base.description, labels } }, dataset, options("x", 1)),
      /not background and one a label/,
    );
    await assert.rejects(readLearntNetwork(at("nothing")), /no model/);
  });
});
