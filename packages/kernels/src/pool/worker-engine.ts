import { throwIfCancelled } from "@viscera/core";
import type { KernelOptions } from "../options.js";
import { compile, type Engine, instantiate, kernelError, type Prepared, type Scratch } from "./engine.js";
import { REPORT_MS, type Report } from "./report.js";
import { DONE, grainOf, NEXT, STOP, type Stage, type WasmText } from "./stage.js";
import { canShareMemory, startWorker, type WorkerHandle } from "./worker-start.js";

/** Runs stages on workers over one shared memory, while the calling thread waits without blocking. */
export class WorkerEngine implements Engine {
  #workers: WorkerHandle[] = [];
  #memory: WebAssembly.Memory | null = null;
  #control: Int32Array<SharedArrayBuffer> | null = null;
  /** Set once starting a worker has failed, as under a policy that forbids workers from Blobs. */
  #isRefused = false;

  async prepare(wasm: WasmText, threads: number): Promise<Prepared | null> {
    if (this.#isRefused || !canShareMemory()) return null;
    const module = await compile(wasm.shared);
    try {
      this.#memory ??= new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
      this.#control ??= new Int32Array(new SharedArrayBuffer(12));
      const missing = Math.max(0, threads - this.#workers.length);
      const started = await Promise.allSettled(Array.from({ length: missing }, startWorker));
      for (const start of started) if (start.status === "fulfilled") this.#workers.push(start.value);
      if (this.#workers.length < threads) throw new Error("A worker does not start.");
    } catch {
      this.#isRefused = true;
      await this.close();
      return null;
    }
    const memory = this.#memory;
    return {
      threads,
      exports: instantiate(module, memory),
      memory,
      run: (stage, scratch, report, options) =>
        this.#run({ key: wasm.name, module, memory }, threads, stage, scratch, report, options),
    };
  }

  async #run(
    load: object,
    threads: number,
    stage: Stage,
    scratch: Scratch,
    report: Report,
    options: KernelOptions,
  ): Promise<void> {
    const control = this.#control!;
    const { call, first = 0, count } = stage;
    Atomics.store(control, NEXT, first);
    Atomics.store(control, STOP, 0);
    Atomics.store(control, DONE, 0);
    const stop = () => Atomics.store(control, STOP, 1);
    options.signal?.addEventListener("abort", stop);
    // A listener that throws ends the job instead of the process.
    let refusal: unknown = null;
    const timer = setInterval(() => {
      try {
        report.tell(stage, Atomics.load(control, DONE));
      } catch (cause) {
        refusal ??= cause;
        stop();
      }
    }, REPORT_MS);
    const workers = this.#workers.slice(0, threads);
    try {
      const answers = workers.map((worker, slot) => {
        const parameters = [scratch.address + slot * scratch.bytes, ...stage.parameters];
        worker.hold(true);
        worker.post({ ...load, control, call, end: first + count, grain: grainOf(stage), parameters });
        return worker.answer();
      });
      for (const { error } of await Promise.all(answers)) if (error) throw new Error(error);
    } catch (cause) {
      await this.close();
      throw kernelError(stage, cause);
    } finally {
      clearInterval(timer);
      options.signal?.removeEventListener("abort", stop);
      for (const worker of workers) worker.hold(false);
    }
    if (refusal) throw refusal;
    throwIfCancelled(options.signal);
  }

  /** Ends the workers: only then is it certain that they let go of the memory. */
  async close(): Promise<void> {
    const workers = this.#workers;
    this.#workers = [];
    this.#memory = null;
    await Promise.all(workers.map((worker) => worker.close()));
  }
}
