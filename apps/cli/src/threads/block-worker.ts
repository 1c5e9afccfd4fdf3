/** A thread that does blocks of a job. */
import { parentPort, workerData } from "node:worker_threads";
import { VisceraError } from "@viscera/core";
import { BLOCK_JOBS, type BlockJobName } from "./block-jobs.js";
import type { BlockAnswer } from "./run-blocks.js";

const { job, task } = workerData as { job: BlockJobName; task: never };
const work = BLOCK_JOBS[job](task);
work.catch(() => {});
parentPort!.on("message", async (block: number) => {
  let answer: BlockAnswer;
  try {
    // The other threads have blocks of their own to do.
    answer = { block, result: await (await work)(block, { threads: 1 }) };
  } catch (error) {
    const { message, code = null, hint = "" } = error as VisceraError;
    answer = { block, error: { message, code: error instanceof VisceraError ? code : null, hint } };
  }
  parentPort!.postMessage(answer);
});
