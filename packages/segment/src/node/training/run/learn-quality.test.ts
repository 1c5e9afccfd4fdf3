import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Volume } from "@viscera/core";
import { readScan } from "@viscera/scan/node";
import type { NetworkModel } from "../../../model.js";
import { looksFamiliar, obstacleTo } from "../../../quality/index.js";
import { segmentVolume } from "../../../segment-volume.js";
import { openModel } from "../../open-model.js";
import { addModel, listModels } from "../../store.js";
import { readDataset } from "../data/index.js";
import { toyOptions, writeBalls } from "./testing/balls.js";
import { trainModel } from "./train-model.js";

describe("a network trained on balls in noise knows when it is wrong", () => {
  const root = mkdtempSync(join(tmpdir(), "viscera-quality-"));
  let model: NetworkModel;
  /** Of a ball that the network has never seen. */
  let fresh: Volume;
  before(async () => {
    const dataset = await readDataset(await writeBalls(join(root, "balls"), { cases: 13 }));
    const [unseen] = dataset.cases.slice(12);
    fresh = (await readScan(unseen!.images[0]!)).volume;
    const known = { ...dataset, cases: dataset.cases.slice(0, 12) };
    await trainModel(known, { ...toyOptions(join(root, "model"), 80), validation: 0.25 });
    model = (await openModel(join(root, "model"), { threads: 1 })) as NetworkModel;
  });
  after(async () => {
    await model?.dispose();
    rmSync(root, { recursive: true, force: true });
  });
  const changed = (change: (value: number, i: number) => number): Volume => ({
    ...fresh,
    data: Float32Array.from(fresh.data, change),
  });

  test("its confidence is the Dice to expect", async () => {
    const { calibration, outOfDistribution } = model.description;
    assert.equal(calibration!.cases, 3);
    assert.ok(calibration!.meanError < 0.1, `${calibration!.meanError}`);
    assert.equal(outOfDistribution!.cases, 9);
    const found = await segmentVolume(fresh, model);
    assert.equal(found.confidenceIs, "expected Dice");
    for (const dice of found.confidence.values()) assert.ok(dice > 0.7 && dice < 1, `${dice}`);
    const card = readFileSync(join(root, "model", "CARD.md"), "utf8");
    assert.match(card, /## How it tells that it is wrong\n\nThe confidence it gives is the Dice to expect/);
  });

  test("a scan of another kind is warned of, and one like those of training is not", async () => {
    const like = await segmentVolume(fresh, model);
    assert.deepEqual(like.warnings, []);
    assert.ok(like.familiarity!.distance < like.familiarity!.limit);
    const [nx, ny] = fresh.size;
    const stripes = changed((_, i) => {
      const y = Math.floor(i / nx!) % ny!;
      return (y % 4 < 2 ? 100 : 0) + (i % 3);
    });
    const smooth = changed((_, i) => (i % nx!) ** 2);
    for (const [name, other] of Object.entries({ stripes, smooth })) {
      const { warnings, familiarity } = await segmentVolume(other, model);
      assert.ok(familiarity!.distance > 1.2 * familiarity!.limit, `${name}: ${familiarity!.distance}`);
      assert.match(warnings.join(), /looks unlike those the model has learnt from .* do not rely/, name);
    }
    // A coarse look sees the same without the labels.
    assert.equal((await looksFamiliar(fresh, model))!.reasons.length, 0);
    assert.ok((await looksFamiliar(stripes, model))!.reasons.length > 0);
  });

  test("its training's kind and size of scan speak for or against it beforehand", () => {
    const { description } = model;
    assert.equal(obstacleTo(fresh, description), null);
    assert.equal(obstacleTo({ ...fresh, modality: null }, description), null);
    assert.match(obstacleTo({ ...fresh, modality: "CT" }, description)!, /^is for MR, not CT$/);
    const affine = fresh.affine.map((value, i) => (i % 5 === 0 && i < 15 ? 4 * value : value));
    assert.match(
      obstacleTo({ ...fresh, affine }, description)!,
      /^learnt from scans of .* mm, and this one has/,
    );
  });

  test("uncertainty is on the scan's grid, highest at the balls' surfaces", async () => {
    const { uncertainty, labels } = await segmentVolume(fresh, model, { uncertainty: true });
    assert.equal(uncertainty!.unit, "%");
    assert.equal(uncertainty!.data.length, fresh.data.length);
    let [inside, edges] = [0, 0];
    let [insideCount, edgeCount] = [0, 0];
    for (let i = 1; i < labels.data.length - 1; i++) {
      const isEdge = labels.data[i] !== labels.data[i - 1] || labels.data[i] !== labels.data[i + 1];
      if (isEdge) edges += uncertainty!.data[i]!;
      else inside += uncertainty!.data[i]!;
      if (isEdge) edgeCount++;
      else insideCount++;
    }
    assert.ok(edges / edgeCount > 2 * (inside / insideCount));
  });

  test("a stored copy has all of it", async () => {
    const before = process.env["VISCERA_HOME"];
    process.env["VISCERA_HOME"] = join(root, "home");
    try {
      const { name } = await addModel(join(root, "model"));
      const copy = (await openModel(name, { threads: 1 })) as NetworkModel;
      assert.deepEqual(copy.familiarity, model.familiarity);
      await copy.dispose();
      const listed = (await listModels()).find((entry) => entry.name === name);
      assert.deepEqual(listed!.description, model.description);
    } finally {
      if (before === undefined) delete process.env["VISCERA_HOME"];
      else process.env["VISCERA_HOME"] = before;
    }
  });
});
