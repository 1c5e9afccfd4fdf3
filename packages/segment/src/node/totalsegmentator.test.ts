import assert from "node:assert/strict";
import { mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { affineOf, modelFileSchema, RandomStream, type Volume } from "@viscera/core";
import { reorient } from "@viscera/scan";
import { segmentVolume } from "@viscera/segment";
import { addModel, listModels, openModel } from "@viscera/segment/node";
import { changeSpacing, nearestLabels } from "../totalsegmentator/change-spacing.js";
import { type TotalTask, taskNamed } from "../totalsegmentator/index.js";
import { writeNnUnet } from "./nnunet-fixture.js";

/** A CT of soft blobs in noise, 3 mm voxels, standing in LPS. */
function ct(): Volume {
  const size = [18, 16, 14] as const;
  const random = new RandomStream(4, "test.ct");
  const data = Int16Array.from({ length: 18 * 16 * 14 }, (_, v) => {
    const [x, y, z] = [v % 18, Math.floor(v / 18) % 16, Math.floor(v / 288)];
    const blob = Math.sin(x / 4) * Math.cos(y / 5) * Math.sin(z / 6 + 1);
    return Math.round(300 * blob + 30 * random.normal(0, v));
  });
  const affine = affineOf([-3, -3, 3], [40, 60, -20]);
  return { size, affine, data, modality: "CT", unit: "HU" };
}

/** Writes tiny networks with the names and numbers of labels that a task's parts have. */
async function writeTask(root: string, name: string, seed: number): Promise<TotalTask> {
  const task = taskNamed(name)!;
  for (const { id, first, count } of task.parts) {
    const dataset = join(root, `Dataset${String(id).padStart(3, "0")}_TotalSegmentator_part`);
    await writeNnUnet(join(dataset, `nnUNetTrainerNoMirroring__nnUNetPlans__${task.configuration}`), {
      labels: Array.from({ length: count }, (_, i) => task.names[first - 1 + i] ?? `auxiliary_${i}`),
      seed: seed + id,
      spacing: [...(task.spacingMm ?? [3, 3, 3])].reverse(),
      configuration: task.configuration,
    });
  }
  return task;
}

describe("a directory of TotalSegmentator's weights", () => {
  let root = "";
  const scan = ct();
  before(async () => {
    root = await mkdtemp(join(tmpdir(), "viscera-total-"));
    process.env["VISCERA_HOME"] = join(root, "home");
  });
  after(async () => {
    delete process.env["VISCERA_HOME"];
    await rm(root, { recursive: true, force: true });
  });

  test("the parts of total merge in order, a later one over an earlier one", async () => {
    const folder = join(root, "weights");
    const task = await writeTask(folder, "total", 10);
    const model = await openModel(folder);
    modelFileSchema.parse(model.description);
    assert.equal(model.description.name, "totalsegmentator_total");
    assert.deepEqual(model.warnings, []);
    const { labels, confidence } = await segmentVolume(scan, model);
    assert.deepEqual(labels.affine, scan.affine);

    // Each part alone, on the grid the parts see, merged by hand.
    const expected = new Uint8Array(labels.data.length);
    for (const { id, first } of task.parts) {
      const canonical = reorient(scan, "RAS");
      const placed = changeSpacing(canonical, task.spacingMm!);
      const part = await openModel(join(folder, `Dataset${id}_TotalSegmentator_part`));
      const found = await segmentVolume(placed, part, { mirror: false, stepSize: 0.8 });
      const back = nearestLabels(found.labels.data, placed.size, canonical.size);
      const turned = reorient({ ...canonical, data: back }, "LPS").data;
      for (let v = 0; v < expected.length; v++) if (turned[v]) expected[v] = turned[v]! + first - 1;
      await part.dispose();
    }
    assert.deepEqual(labels.data, expected);
    assert.ok(new Set(expected).size > 3);
    for (const { id, name } of labels.labels) {
      assert.equal(name, task.names[id - 1]);
      assert.ok(confidence.get(id)! > 0 && confidence.get(id)! <= 1);
    }
    await model.dispose();
  });

  test("tasks are found from the folders; what lacks is named", async () => {
    const folder = join(root, "weights");
    await assert.rejects(openModel(`${folder}:fast`), {
      code: "input.missing",
      message:
        /The task total_fast needs Dataset297 \(spleen, kidney_right, kidney_left, …\), which is not in/,
      hint: /Complete are total\./,
    });
    await assert.rejects(openModel(`${folder}:organs`), {
      code: "input.model",
      message: /"organs" is no task/,
    });
    await writeTask(folder, "total_fastest", 3);
    const rough = await openModel(`${folder}:fastest`);
    assert.equal(rough.description.labels.length, 117);
    await rough.dispose();
    const part = join(folder, "Dataset293_TotalSegmentator_part");
    await rename(part, join(root, "aside"));
    await assert.rejects(openModel(`${folder}:total`), {
      message: /needs Dataset293 \(heart, aorta, pulmonary_vein, …\)/,
    });
    const next = await openModel(folder);
    assert.equal(next.description.name, "totalsegmentator_total_fastest");
    await rename(join(root, "aside"), part);
  });

  test("a task around some structures looks roughly first; what needs a licence says so", async () => {
    const folder = join(root, "weights");
    await writeTask(folder, "coronary_arteries", 7);
    const model = await openModel(`${folder}:coronary_arteries`);
    assert.match(model.warnings.join(), /not for commercial use/);
    const stages = new Set<string>();
    const { labels } = await segmentVolume(scan, model, { onProgress: ({ stage }) => stages.add(stage) });
    assert.ok([...stages].some((stage) => /^rough look/.test(stage)));
    // Nothing is found farther than 20 mm from the rough heart.
    const rough = await segmentVolume(scan, await openModel(`${folder}:fastest`));
    const heart = taskNamed("total")!.names.indexOf("heart") + 1;
    const near = (data: ArrayLike<number>, id: number) => {
      const xs = Array.from(data, (value, v) => (value === id ? v % 18 : -1)).filter((x) => x >= 0);
      return xs.length ? [Math.min(...xs), Math.max(...xs)] : null;
    };
    const [inner, outer] = [near(labels.labels.length ? labels.data : [], 1), near(rough.labels.data, heart)];
    if (outer === null) assert.equal(labels.labels.length, 0);
    else if (inner) assert.ok(inner[0]! >= outer[0]! - 6 && inner[1]! <= outer[1]! + 6);
    await model.dispose();
  });

  test("the store keeps the directory with its tasks", async () => {
    const added = await addModel(join(root, "weights"));
    assert.equal(added.name, "totalsegmentator");
    assert.deepEqual(
      (await listModels()).map(({ name, problem }) => [name, problem]),
      [["totalsegmentator", null]],
    );
    const model = await openModel("totalsegmentator:fastest");
    assert.equal(model.description.name, "totalsegmentator_total_fastest");
    await model.dispose();
  });
});
