/** A thread that runs blocks of replicates. */
import { parentPort, workerData } from "node:worker_threads";
import { type BlockAnswer, type ReplicateTask, runBlock } from "./drug-sbml-replicates.js";

const task = workerData as ReplicateTask;
parentPort!.on("message", async (block: number) => {
  let answer: BlockAnswer;
  try {
    const { count, means, squares } = await runBlock(task, block);
    answer = { block, moments: { count, means, squares } };
  } catch (error) {
    answer = { block, error: (error as Error).message };
  }
  parentPort!.postMessage(answer);
});
