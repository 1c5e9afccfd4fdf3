/** Replicates of a stochastic model on several threads; what comes out never depends on how many. */
import { Worker } from "node:worker_threads";
import { type JobOptions, throwIfCancelled, VisceraError } from "@viscera/core";
import { type Moments, type SbmlModel, type SbmlReplicates, simulateReplicates } from "@viscera/drug";

export interface ReplicateTask {
  model: SbmlModel;
  options: Omit<SbmlReplicates, "signal" | "onProgress" | "threads">;
}

/** What a worker answers to the number of a block. */
export type BlockAnswer =
  | { block: number; moments: Pick<Moments, "count" | "means" | "squares"> }
  | { block: number; error: string };

/** Replicates whose moments are taken together; the blocks are merged in their order. */
const BLOCK = 250;
/** Seconds of work from which on threads are worth their start. */
const WORTH_THREADS = 1;

/** The replicates of one block of a task. */
export function runBlock(
  { model, options }: ReplicateTask,
  block: number,
  job: JobOptions = {},
): Promise<Moments> {
  const part = [block * BLOCK, Math.min((block + 1) * BLOCK, options.replicates)] as const;
  return simulateReplicates(model, { ...options, ...job, part });
}

export async function runReplicates(task: ReplicateTask, job: JobOptions): Promise<Moments> {
  const blocks = Math.ceil(task.options.replicates / BLOCK);
  const { signal, threads = 1 } = job;
  const own: JobOptions = signal ? { signal } : {};
  const began = performance.now();
  const total = await runBlock(task, 0, own);
  const left = ((performance.now() - began) / 1000) * (blocks - 1);
  if (threads > 1 && left > WORTH_THREADS) {
    for (const moments of await onThreads(task, blocks, Math.min(threads, blocks - 1), signal))
      total.merge(moments);
  } else {
    for (let block = 1; block < blocks; block++) {
      throwIfCancelled(signal);
      total.merge(await runBlock(task, block, own));
    }
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
