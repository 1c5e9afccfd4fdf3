/** A thread that runs blocks of replicates. */
import { parentPort, workerData } from "node:worker_threads";
import { replicateRunner } from "@viscera/drug";
import { type BlockAnswer, type ReplicateTask, runBlock } from "./drug-sbml-replicates.js";

const task = workerData as ReplicateTask;
const runner = replicateRunner(task.model, task.options);
parentPort!.on("message", async (block: number) => {
  let answer: BlockAnswer;
  try {
    const { count, means, squares } = runBlock(await runner, task, block);
    answer = { block, moments: { count, means, squares } };
  } catch (error) {
    answer = { block, error: (error as Error).message };
  }
  parentPort!.postMessage(answer);
});
