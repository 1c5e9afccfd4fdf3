/**
 * Runs kernels: on workers over shared memory where there is something to share out and a way to do it, else on the
 * calling thread. Results are the same bytes either way.
 */
import { throwIfCancelled } from "@viscera/core";
import type { KernelOptions } from "../options.js";
import { type Engine, growTo, type Prepared } from "./engine.js";
import { InlineEngine } from "./inline-engine.js";
import type { MemoryLayout } from "./memory-layout.js";
import { Report } from "./report.js";
import type { Stage, WasmText } from "./stage.js";
import { WorkerEngine } from "./worker-engine.js";
import { availableThreads } from "./worker-start.js";

/** Jobs on less memory are done before a worker would have heard of them. */
const PARALLEL_FROM_BYTES = 2 ** 20;
const MOST_THREADS = 64;
/** More memory than this is let go after a job. */
const KEEP_BYTES = 2 ** 28;

/** A kernel's job. Addresses come from `layout`. */
export interface Job<T> {
  wasm: WasmText;
  layout: MemoryLayout;
  /** Bytes of memory of each thread's own. */
  scratchBytes: (exports: Prepared["exports"]) => number;
  /** Copies the input into the memory. */
  load: (memory: ArrayBufferLike) => void;
  stages: readonly Stage[];
  /** Copies the result out of the memory. */
  read: (memory: ArrayBufferLike) => T;
}

/** One after the other: an engine has one memory. */
class Lane {
  readonly engine: Engine;
  #last: Promise<unknown> = Promise.resolve();

  constructor(engine: Engine) {
    this.engine = engine;
  }

  take<T>(body: () => Promise<T>): Promise<T> {
    const result = this.#last.then(body);
    this.#last = result.catch(() => {});
    return result;
  }
}

const inline = new Lane(new InlineEngine());
const workers = new Lane(new WorkerEngine());

/** Runs a job. Throws `cancelled`, `failed.memory` or `failed.kernel`. */
export async function runJob<T>(job: Job<T>, options: KernelOptions): Promise<T> {
  throwIfCancelled(options.signal);
  const threads = Math.min(MOST_THREADS, Math.max(1, Math.floor(options.threads ?? availableThreads())));
  if (threads > 1 && job.layout.bytes >= PARALLEL_FROM_BYTES) {
    const result = await workers.take(() => runOn(workers.engine, threads, job, options));
    if (result) return result.value;
  }
  const result = await inline.take(() => runOn(inline.engine, 1, job, options));
  return result!.value;
}

async function runOn<T>(
  engine: Engine,
  threads: number,
  job: Job<T>,
  options: KernelOptions,
): Promise<{ value: T } | null> {
  throwIfCancelled(options.signal);
  const prepared = await engine.prepare(job.wasm, threads);
  if (!prepared) return null;
  const scratchBytes = Math.ceil(job.scratchBytes(prepared.exports) / 64 + 1) * 64;
  const scratch = { address: job.layout.bytes, bytes: scratchBytes };
  const bytes = scratch.address + prepared.threads * scratchBytes;
  try {
    growTo(prepared.memory, bytes);
    job.load(prepared.memory.buffer);
    const report = new Report(job.stages, options);
    for (const stage of job.stages) {
      await prepared.run(stage, scratch, report, options);
      stage.after?.(prepared.memory.buffer);
      report.finish(stage);
    }
    return { value: job.read(prepared.memory.buffer) };
  } finally {
    if (prepared.memory.buffer.byteLength > KEEP_BYTES) await engine.close();
  }
}

/** Ends the workers and lets go of the memory. They come back with the next kernel that needs them. */
export async function closePool(): Promise<void> {
  await Promise.all([inline, workers].map((lane) => lane.take(() => lane.engine.close())));
}
