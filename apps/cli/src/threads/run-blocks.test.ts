import assert from "node:assert/strict";
import { test } from "node:test";
import type { JobOptions } from "@viscera/core";
import {
  libraryModelText,
  PopulationResult,
  PopulationRunner,
  type PopulationTask,
  readDose,
  readModelText,
  readVariation,
} from "@viscera/drug";
import { peopleBlocks } from "./block-jobs.js";
import { runBlocks } from "./run-blocks.js";

const SIZE = 350;

function population(name: string, varied: string, more: Partial<PopulationTask> = {}): PopulationTask {
  const model = readModelText(libraryModelText(name), name);
  const names = model.parameters.map((parameter) => parameter.name);
  return {
    model,
    parameters: {},
    doses: [readDose("100 every 12 times 2", model)],
    doseFactor: 1,
    times: Array.from({ length: 25 }, (_, hour) => hour),
    outputs: ["Cp"],
    window: { from: 12, until: 24 },
    thresholds: [1],
    people: { ageYears: [20, 60] },
    body: null,
    variations: [readVariation([varied], names, "subject")!],
    seed: 5,
    relative: 1e-6,
    absolute: 1e-9,
    ...more,
  };
}

async function simulated(task: PopulationTask, options: JobOptions): Promise<PopulationResult> {
  const result = new PopulationResult((await PopulationRunner.create(task)).layout, SIZE);
  const work = { population: task, size: SIZE };
  const told: number[] = [];
  await runBlocks("people", work, peopleBlocks(work), (people) => result.add(people), {
    ...options,
    worthSeconds: 0,
    onProgress: ({ done, total }) => told.push(done / total),
  });
  assert.ok(told.length > 0 && told.every((share) => share > 0 && share <= 1));
  return result;
}

for (const [name, varied] of [
  ["pk2-oral", "CL=30%,V=20%,CL~V=0.4"],
  ["pk1-oral-mm", "Vmax=30%"],
] as const) {
  test(`${name}: one thread and two give the same bytes`, async () => {
    const task = population(name, varied);
    const [one, two] = [await simulated(task, { threads: 1 }), await simulated(task, { threads: 2 })];
    assert.deepEqual(two.table, one.table);
    assert.deepEqual(two.bands(0, [5, 50, 95]), one.bands(0, [5, 50, 95]));
    assert.ok(one.column("auc").every((area) => area > 0));
  });
}

test("a thread's failure keeps its code, its sentence and its hint", async () => {
  const model = (limit: number) =>
    readModelText(
      `parameter x = 1\nparameter limit = ${limit}\nd/dt(a) = -a\noutput Cp = if(x < limit, ln(-x), a)`,
    );
  const task = (limit: number) => {
    const of = model(limit);
    const varied = readVariation(["x=30%"], ["x"], "subject")!;
    return population("pk1", "CL=1%", { model: of, doses: [readDose("1", of)], variations: [varied] });
  };
  const values = (await simulated(task(0), { threads: 1 })).column("x");
  // Everybody of the first block, which is never a thread's, is above the limit; somebody later is not.
  const limit = values.slice(0, 100).reduce((most, value) => Math.min(most, value));
  const first = values.findIndex((value) => value < limit);
  assert.ok(first > 100);
  for (const threads of [1, 2]) {
    await assert.rejects(simulated(task(limit), { threads }), {
      code: "failed.not-finite",
      message: /^Person \d+: Cp is NaN at time 0\.$/,
      hint: /how much they vary/,
    });
  }
});

test("threads stop when the job is cancelled", async () => {
  const stop = new AbortController();
  const run = simulated(population("pk1-oral-mm", "Vmax=30%"), { threads: 2, signal: stop.signal });
  setTimeout(() => stop.abort(), 50);
  await assert.rejects(run, { code: "cancelled" });
});
