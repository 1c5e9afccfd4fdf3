import assert from "node:assert/strict";
import { test } from "node:test";
import { type Progress, VisceraError } from "@viscera/core";
import { emptyHistory, historyCsv } from "./history.js";
import { type LoopProgress, runTrainLoop, type TrainLoop } from "./train-loop.js";

const STEPS = 25;

/** A trainer whose weight is a sum over what it was given, so that a lost or repeated step shows. */
function toy(overrides: Partial<TrainLoop> = {}) {
  const log = { weight: 0, validated: [] as number[], saved: [] as number[], shown: 0 };
  const loop: TrainLoop = {
    trainer: {
      step: async ({ data, known }, { step, learningRate, seed }) => {
        assert.equal(known, undefined);
        log.weight = log.weight * 1.01 + data[0]! * learningRate * (seed + step);
        return { loss: 1 / (1 + step), gradientNorm: 2 };
      },
    },
    batch: async (step) => ({
      data: Float32Array.of(Math.sin(step)),
      target: new Uint8Array(1),
      known: null,
    }),
    schedule: { kind: "cosine", learningRate: 0.1, steps: STEPS, warmUp: 3 },
    seed: 7,
    classes: 3,
    validateEvery: 10,
    validate: async () => {
      log.validated.push(progress.step);
      return { cases: [{ id: "a", dice: [0.5, null] }], examples: [] };
    },
    save: async ({ step }) => {
      log.saved.push(step);
    },
    saveEverySeconds: 1e9,
    show: async () => {
      log.shown++;
    },
    ...overrides,
  };
  const progress: LoopProgress = { step: 0, history: emptyHistory(STEPS) };
  return { loop, log, progress };
}

test("every step is taken once; held-out cases are looked at when due and at the end", async () => {
  const { loop, log, progress } = toy();
  const seen: Progress[] = [];
  await runTrainLoop(loop, progress, { onProgress: (at) => seen.push(at) });
  assert.equal(progress.step, STEPS);
  assert.deepEqual(log.validated, [10, 20, 25]);
  assert.deepEqual(log.saved, [STEPS]);
  assert.equal(progress.history.rows.length, STEPS);
  assert.deepEqual(
    progress.history.validations.map(({ mean }) => mean),
    [0.5, 0.5, 0.5],
  );
  assert.deepEqual([seen.at(-1)!.done, seen.at(-1)!.total], [STEPS, STEPS]);
  assert.match(seen.at(-1)!.detail!, /^loss 0\.\d{3}, Dice 0\.500, rate .*, .* steps\/s$/);
});

test("a run that is stopped saves its state and goes on to the same end", async () => {
  const whole = toy();
  await runTrainLoop(whole.loop, whole.progress);
  const { loop, log, progress } = toy();
  for (const stopAfter of [4, 10, 17]) {
    const controller = new AbortController();
    const stopping: TrainLoop = {
      ...loop,
      trainer: {
        step: async (batch, at) => {
          if (at.step + 1 === stopAfter) controller.abort();
          return loop.trainer.step(batch, at);
        },
      },
    };
    await assert.rejects(
      runTrainLoop(stopping, progress, { signal: controller.signal }),
      (error) =>
        error instanceof VisceraError &&
        error.code === "cancelled" &&
        /same command/.test(error.hint) &&
        error.message.includes(`step ${stopAfter} of ${STEPS}`),
    );
    assert.equal(log.saved.at(-1), stopAfter);
  }
  await runTrainLoop(loop, progress);
  assert.equal(log.weight, whole.log.weight);
  assert.deepEqual(
    progress.history.validations.map(({ step }) => step),
    [10, 20, 25],
  );
  assert.deepEqual(
    progress.history.rows.map(({ step, loss }) => [step, loss]),
    whole.progress.history.rows.map(({ step, loss }) => [step, loss]),
  );
});

test("a validation that was broken off is made anew", async () => {
  const controller = new AbortController();
  const { loop, progress } = toy();
  const broken: TrainLoop = {
    ...loop,
    validate: async () => {
      controller.abort();
      throw new VisceraError("cancelled", "The job was cancelled.");
    },
  };
  await assert.rejects(runTrainLoop(broken, progress, { signal: controller.signal }), /step 10 of/);
  assert.equal(progress.history.validations.length, 0);
  await runTrainLoop(loop, progress);
  assert.equal(progress.history.validations[0]!.step, 10);
  await assert.rejects(
    runTrainLoop(toy({ validate: () => Promise.reject(new Error("no")) }).loop, {
      step: 9,
      history: emptyHistory(STEPS),
    }),
    /no/,
  );
});

test("the history as CSV has a row a step, units in its header and Dice where it was measured", async () => {
  const { loop, progress } = toy();
  await runTrainLoop(loop, progress);
  const lines = historyCsv(progress.history, ["left, kidney", "liver"]).trim().split("\n");
  assert.equal(lines.length, STEPS + 1);
  assert.equal(
    lines[0],
    "step[1],loss[1],gradient_norm[1],learning_rate[1],time[s],dice_mean[1],dice_left_kidney[1],dice_liver[1]",
  );
  assert.match(lines[10]!, /^10,0\.1,2,[\d.]+,[\d.]+,0\.5,0\.5,$/);
  assert.match(lines[11]!, /,,,$/);
});
