/** A thread that makes batches: gets step numbers, gives batches or the sentence of what went wrong. */
import { parentPort, workerData } from "node:worker_threads";
import { failedError, VisceraError } from "@viscera/core";
import type { TrainingBatch } from "../../../training/data/index.js";
import { BatchMaker, type BatchRecipe } from "./batch-maker.js";

export type BatchAnswer =
  | { step: number; batch: TrainingBatch }
  | { step: number; error: { code: VisceraError["code"]; message: string; hint: string } };

const maker = new BatchMaker(workerData as BatchRecipe);

parentPort!.on("message", (step: number) => {
  try {
    const batch = maker.make(step);
    const parts = [batch.data, batch.target, ...(batch.known ? [batch.known] : [])];
    const answer: BatchAnswer = { step, batch };
    parentPort!.postMessage(
      answer,
      parts.map(({ buffer }) => buffer as ArrayBuffer),
    );
  } catch (cause) {
    const error =
      cause instanceof VisceraError ? cause : failedError("batch", `A batch could not be made: ${cause}.`);
    const { code, message, hint } = error;
    parentPort!.postMessage({ step, error: { code, message, hint } } satisfies BatchAnswer);
  }
});
