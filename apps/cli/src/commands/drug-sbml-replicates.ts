/** Replicates of a stochastic model on several threads; what comes out never depends on how many. */
import { Worker } from "node:worker_threads";
import { type JobOptions, throwIfCancelled, VisceraError } from "@viscera/core";
import {
  type Moments,
  type ReplicateRunner,
  replicateRunner,
  type SbmlModel,
  type SbmlReplicates,
} from "@viscera/drug";

export interface ReplicateTask {
  model: SbmlModel;
  options: SbmlReplicates;
}

/** What a worker answers to the number of a block. */
export type BlockAnswer =
  | { block: number; moments: Pick<Moments, "count" | "means" | "squares"> }
  | { block: number; error: string };

/** Replicates whose moments are taken together; the blocks are merged in their order. */
const BLOCK = 250;
/** Seconds of work from which on threads are worth their start. */
const WORTH_THREADS = 4;

/** Runs the replicates of one block. */
export function runBlock(
  run: ReplicateRunner,
  { options }: ReplicateTask,
  block: number,
  job: JobOptions = {},
): Moments {
  return run(block * BLOCK, Math.min((block + 1) * BLOCK, options.replicates), job);
}

export async function runReplicates(task: ReplicateTask, job: JobOptions): Promise<Moments> {
  const blocks = Math.ceil(task.options.replicates / BLOCK);
  const { signal, threads = 1 } = job;
  const own: JobOptions = signal ? { signal } : {};
  const run = await replicateRunner(task.model, task.options);
  const began = performance.now();
  const total = runBlock(run, task, 0, own);
  const left = ((performance.now() - began) / 1000) * (blocks - 1);
  if (threads > 1 && left > WORTH_THREADS) {
    const found = await onThreads(task, blocks, Math.min(threads, blocks - 1), signal);
    for (const moments of found) total.merge(moments);
    return total;
  }
  for (let block = 1; block < blocks; block++) {
    total.merge(runBlock(run, task, block, own));
    // A signal is heard only between two turns of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return total;
}

/** Moments of the blocks from 1 on, in their order. */
async function onThreads(
  task: ReplicateTask,
  blocks: number,
  threads: number,
  signal: AbortSignal | undefined,
): Promise<Pick<Moments, "count" | "means" | "squares">[]> {
  const found: Pick<Moments, "count" | "means" | "squares">[] = [];
  const workers: Worker[] = [];
  let next = 1;
  try {
    await new Promise<void>((resolve, reject) => {
      const stop = () => reject(new VisceraError("cancelled", "The job was cancelled."));
      signal?.addEventListener("abort", stop, { once: true });
      let open = blocks - 1;
      for (let t = 0; t < threads; t++) {
        const worker = new Worker(new URL("./drug-sbml-worker.js", import.meta.url), { workerData: task });
        workers.push(worker);
        const give = () => {
          if (next < blocks) worker.postMessage(next++);
        };
        worker.on("error", reject);
        worker.on("message", (answer: BlockAnswer) => {
          if ("error" in answer) return reject(new Error(answer.error));
          found[answer.block - 1] = answer.moments;
          if (--open === 0) return resolve();
          give();
        });
        give();
      }
    });
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
  throwIfCancelled(signal);
  return found;
}
