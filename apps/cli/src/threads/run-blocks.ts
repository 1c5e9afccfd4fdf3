import { Worker } from "node:worker_threads";
import { type ErrorCode, type JobOptions, throwIfCancelled, VisceraError } from "@viscera/core";
import { BLOCK_JOBS, type BlockJobName, type BlockWork, type ResultOf, type TaskOf } from "./block-jobs.js";

/** What a thread answers to the number of a block. */
export type BlockAnswer =
  | { block: number; result: unknown }
  | { block: number; error: { message: string; code: ErrorCode | null; hint: string } };

/** Seconds of work from which on threads are worth their start. */
const WORTH_THREADS = 4;

/**
 * Does all blocks of a job, on several threads where there is enough of it. Results are taken as they come, in any
 * order of the blocks, so `take` has to put them in their places.
 */
export async function runBlocks<Name extends BlockJobName>(
  job: Name,
  task: TaskOf<Name>,
  blocks: number,
  take: (result: ResultOf<Name>, block: number) => void,
  options: JobOptions & { stage?: string; worthSeconds?: number; lost?: Lost<ResultOf<Name>> } = {},
): Promise<void> {
  const { signal, threads = 1, onProgress, stage = "", worthSeconds = WORTH_THREADS, lost } = options;
  const own: JobOptions = signal ? { signal } : {};
  const prepare = BLOCK_JOBS[job] as (task: TaskOf<Name>) => Promise<BlockWork<ResultOf<Name>>>;
  const work = await prepare(task);
  const began = performance.now();
  take(await work(0, own), 0);
  const tell = (done: number) => onProgress?.({ stage, done, total: blocks });
  const left = ((performance.now() - began) / 1000) * (blocks - 1);
  if (threads > 1 && left > worthSeconds) {
    await onThreads(job, task, blocks, Math.min(threads, blocks - 1), { take, tell, signal, lost });
    return;
  }
  for (let block = 1; block < blocks; block++) {
    tell(block);
    // A signal is heard only between two turns of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    take(await work(block, own), block);
  }
}

/** What stands for a block whose thread broke down (out of memory, say); without it the job fails. */
export type Lost<Result> = (error: Error, block: number) => Result;

interface Receiver<Result> {
  take: (result: Result, block: number) => void;
  tell: (done: number) => void;
  signal: AbortSignal | undefined;
  lost: Lost<Result> | undefined;
}

/** The blocks from 1 on. */
async function onThreads<Name extends BlockJobName>(
  job: Name,
  task: TaskOf<Name>,
  blocks: number,
  threads: number,
  { take, tell, signal, lost }: Receiver<ResultOf<Name>>,
): Promise<void> {
  const workers = new Set<Worker>();
  let next = 1;
  try {
    await new Promise<void>((resolve, reject) => {
      const stop = () => reject(new VisceraError("cancelled", "The job was cancelled."));
      signal?.addEventListener("abort", stop, { once: true });
      let done = 1;
      const finish = (result: ResultOf<Name>, block: number) => {
        take(result, block);
        tell(++done);
        if (done === blocks) resolve();
      };
      const start = () => {
        const worker = new Worker(new URL("./block-worker.js", import.meta.url), {
          workerData: { job, task },
        });
        workers.add(worker);
        let current = 0;
        const give = () => {
          if (next >= blocks) return;
          current = next++;
          worker.postMessage(current);
        };
        worker.on("error", (error) => {
          workers.delete(worker);
          if (!lost) return reject(error);
          finish(lost(error, current), current);
          if (next < blocks) start();
        });
        worker.on("message", (answer: BlockAnswer) => {
          if ("error" in answer) return reject(errorOf(answer.error));
          finish(answer.result as ResultOf<Name>, answer.block);
          give();
        });
        give();
      };
      for (let t = 0; t < threads; t++) start();
    });
  } finally {
    await Promise.all([...workers].map((worker) => worker.terminate()));
  }
  throwIfCancelled(signal);
}

function errorOf({ message, code, hint }: { message: string; code: ErrorCode | null; hint: string }): Error {
  return code === null ? new Error(message) : new VisceraError(code, message, hint);
}
