/** Batches of a training, made ahead on worker threads so that the network does not wait. */
import { Worker } from "node:worker_threads";
import { failedError, usageError, VisceraError } from "@viscera/core";
import type { TrainingBatch, TrainingPlan } from "../../../training/data/index.js";
import { BatchMaker, type BatchRecipe } from "./batch-maker.js";
import type { BatchAnswer } from "./batch-worker.js";
import type { PreparedDataset } from "./prepared.js";

export interface BatchSourceOptions {
  seed: number;
  /** Ids of the cases that are trained on. Default: all. */
  cases?: readonly string[];
  /** Worker threads; 0 makes batches in this thread, when they are asked for. Default 1. */
  threads?: number;
}

interface Job {
  step: number;
  /** Somebody waits for it: it is not dropped when other steps are asked for. */
  wanted: boolean;
  promise: Promise<TrainingBatch>;
  resolve(batch: TrainingBatch): void;
  reject(error: unknown): void;
}

/**
 * `next(step)` depends on the seed, the plan, the cases and the step only: not on the threads, nor on which steps
 * were asked for before. The steps after the one asked for are made ahead, one more than there are threads.
 */
export class BatchSource {
  readonly #workers: { worker: Worker; job: Job | null }[] = [];
  readonly #maker: BatchMaker | null;
  /** Being made or made ahead, by step. */
  readonly #jobs = new Map<number, Job>();
  #waiting: Job[] = [];
  #waiters = 0;
  #failure: unknown = null;

  private constructor(recipe: BatchRecipe, threads: number) {
    this.#maker = threads === 0 ? new BatchMaker(recipe) : null;
    for (let i = 0; i < threads; i++) this.#start(recipe);
  }

  /** Throws `usage` for cases that were not prepared and a plan without a patch. */
  static async open(
    prepared: PreparedDataset,
    plan: TrainingPlan,
    { seed, cases, threads = 1 }: BatchSourceOptions,
  ): Promise<BatchSource> {
    const chosen = (cases ?? prepared.cases.map(({ id }) => id)).map((id) => {
      const entry = prepared.cases.find((item) => item.id === id);
      if (entry) return entry;
      throw usageError(`There is no prepared case "${id}".`, "Prepare the data set again.");
    });
    if (chosen.length === 0) throw usageError("There are no cases to train on.");
    if (!plan.input.patch) throw usageError("A plan without a patch cannot be trained.");
    if (!Number.isInteger(threads) || threads < 0) {
      throw usageError(`${threads} threads are not possible.`, "Give a whole number of at least 0.");
    }
    const made = chosen.find(({ synthesis }) => synthesis !== null);
    if (made && (plan.channels !== 1 || plan.synthesis === null)) {
      throw usageError(
        `The case ${made.id} has no image; images can be made for plans of one channel that say how.`,
        "Plan the training for this data set.",
      );
    }
    const { input, channels, classes, augmentation, foregroundShare, synthesis, batch } = plan;
    const parts = { input, channels, classes, augmentation, foregroundShare, synthesis, batch };
    return new BatchSource({ folder: prepared.folder, cases: chosen, plan: parts, seed }, threads);
  }

  /** The batch of a step. Throws `failed.prepared` where prepared files are not whole, and what synthesis throws. */
  async next(step: number): Promise<TrainingBatch> {
    if (this.#failure) throw this.#failure;
    if (this.#maker) return this.#maker.make(step);
    const last = step + this.#workers.length + 1;
    for (const job of this.#jobs.values()) {
      if (!job.wanted && (job.step < step || job.step > last)) this.#jobs.delete(job.step);
    }
    this.#waiting = this.#waiting.filter((job) => this.#jobs.get(job.step) === job);
    for (let ahead = step; ahead <= last; ahead++) this.#ask(ahead);
    const job = this.#jobs.get(step)!;
    job.wanted = true;
    this.#hold(1);
    try {
      return await job.promise;
    } finally {
      this.#hold(-1);
      if (this.#jobs.get(step) === job) this.#jobs.delete(step);
    }
  }

  /** Ends the threads; batches that are being waited for are given up with `cancelled`. */
  async close(): Promise<void> {
    // Ending takes a moment in which the process has to stay alive.
    this.#hold(1);
    this.#fail(new VisceraError("cancelled", "The source of batches was closed."));
    await Promise.all(this.#workers.map(({ worker }) => worker.terminate()));
  }

  /** Threads keep the process alive while somebody waits for them, and only then. */
  #hold(change: 1 | -1): void {
    this.#waiters += change;
    for (const { worker } of this.#workers) {
      if (this.#waiters > 0) worker.ref();
      else worker.unref();
    }
  }

  #ask(step: number): void {
    if (this.#jobs.has(step)) return;
    const job = { step, wanted: false } as Job;
    job.promise = new Promise((resolve, reject) => Object.assign(job, { resolve, reject }));
    // What was made ahead may fail without anybody waiting for it.
    job.promise.catch(() => {});
    this.#jobs.set(step, job);
    this.#waiting.push(job);
    this.#dispatch();
  }

  #dispatch(): void {
    for (const slot of this.#workers) {
      if (slot.job !== null) continue;
      const job = this.#waiting.shift();
      if (!job) return;
      slot.job = job;
      slot.worker.postMessage(job.step);
    }
  }

  #start(recipe: BatchRecipe): void {
    const worker = new Worker(new URL("./batch-worker.js", import.meta.url), { workerData: recipe });
    const slot: { worker: Worker; job: Job | null } = { worker, job: null };
    this.#workers.push(slot);
    worker.on("message", (answer: BatchAnswer) => {
      const { job } = slot;
      slot.job = null;
      if ("batch" in answer) job?.resolve(answer.batch);
      else {
        const { code, message, hint } = answer.error;
        job?.reject(new VisceraError(code, message, hint));
      }
      this.#dispatch();
    });
    worker.on("error", (cause) => {
      this.#fail(failedError("batch", `The thread that makes batches stopped: ${cause.message}`, "", cause));
    });
    worker.on("exit", () => {
      this.#fail(failedError("batch", "The thread that makes batches stopped.", "Try fewer threads."));
    });
    worker.unref();
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    for (const job of this.#jobs.values()) job.reject(this.#failure);
    this.#jobs.clear();
    this.#waiting = [];
  }
}
