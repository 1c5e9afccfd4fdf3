import type { KernelOptions } from "../options.js";
import type { Stage } from "./stage.js";

/** Milliseconds between progress reports. */
export const REPORT_MS = 100;

/** Reports progress of a job's stages as one whole; a stage weighs as much as it has units. */
export class Report {
  readonly #options: KernelOptions;
  readonly #total: number;
  #before = 0;
  #last = 0;

  constructor(stages: readonly Stage[], options: KernelOptions) {
    this.#options = options;
    this.#total = stages.reduce((sum, { count }) => sum + count, 0);
    this.#last = performance.now();
  }

  /** Tells at most every 100 ms how much of the stage is done. */
  tell(stage: Stage, done: number): void {
    const now = performance.now();
    if (now - this.#last < REPORT_MS) return;
    this.#last = now;
    this.#say(stage.name, this.#before + done);
  }

  /** A stage has ended. */
  finish(stage: Stage): void {
    this.#before += stage.count;
    if (this.#before === this.#total) this.#say(stage.name, this.#total);
  }

  #say(stage: string, done: number): void {
    this.#options.onProgress?.({ stage, done, total: this.#total });
  }
}
