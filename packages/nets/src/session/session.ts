/**
 * ONNX Runtime behind one small interface. This file knows no binding: Node's is in `@viscera/nets/node`; a
 * page passes `onnxruntime-web` itself, which has the same shape.
 */
import { failedError, inputError, throwIfCancelled, VisceraError } from "@viscera/core";
import type { InferenceSession, InferenceSessionFactory, TensorConstructor } from "onnxruntime-common";
import type { ElementType, Tensor, TensorArray } from "../tensor.js";

/** What is needed of a binding: `onnxruntime-node` and `onnxruntime-web` both have it. */
export interface OnnxRuntime {
  InferenceSession: InferenceSessionFactory;
  Tensor: TensorConstructor;
}

export type Device = "cpu" | "webgpu" | "cuda";

export interface SessionOptions {
  /** Threads within an operator; default: as many as the machine has cores. */
  threads?: number;
  /** Default `cpu`. */
  device?: Device;
  /**
   * Plan all memory ahead from the first run's shapes. Faster where every run has one shape, but it may hold
   * twice the memory; default off.
   */
  memoryPattern?: boolean;
}

export interface RunOptions {
  /** Cancels: the call rejects at once; an operator already under way finishes unheard. */
  signal?: AbortSignal;
  /** Names of the outputs wanted; default all. */
  outputs?: readonly string[];
}

/** A model ready to run. */
export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly device: Device;
  /** Throws `failed.inference` when the runtime refuses the tensors, `cancelled` when the signal fires. */
  run(feeds: Readonly<Record<string, Tensor>>, options?: RunOptions): Promise<Record<string, Tensor>>;
  /** Frees the model; waits for a run under way. */
  dispose(): Promise<void>;
}

/** Opens a model on a given runtime. Throws `input.onnx` when the runtime cannot load it. */
export async function openSessionOn(
  runtime: OnnxRuntime,
  model: Uint8Array,
  { threads, device = "cpu", memoryPattern = false }: SessionOptions = {},
): Promise<Session> {
  const options: InferenceSession.SessionOptions = {
    executionProviders: device === "cpu" ? ["cpu"] : [device, "cpu"],
    enableMemPattern: memoryPattern,
    // Warnings about a user's model go to no one; errors come as exceptions.
    logSeverityLevel: 3,
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
  };
  let session: InferenceSession;
  try {
    session = await runtime.InferenceSession.create(model, options);
  } catch (error) {
    throw device === "cpu"
      ? inputError("onnx", `ONNX Runtime cannot load the model: ${reason(error)}`, "", error)
      : failedError(
          "device",
          `ONNX Runtime cannot run the model on ${device}: ${reason(error)}`,
          "Use the CPU, or install the runtime and driver for that device.",
          error,
        );
  }
  return new RuntimeSession(runtime, session, device);
}

/** The runtime's message without its source location and status codes. */
function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s+/g, " ").slice(0, 300);
}

class RuntimeSession implements Session {
  readonly device: Device;
  readonly #runtime: OnnxRuntime;
  readonly #session: InferenceSession;
  readonly #pending = new Set<Promise<unknown>>();
  #disposed = false;

  constructor(runtime: OnnxRuntime, session: InferenceSession, device: Device) {
    this.#runtime = runtime;
    this.#session = session;
    this.device = device;
  }

  get inputNames(): readonly string[] {
    return this.#session.inputNames;
  }

  get outputNames(): readonly string[] {
    return this.#session.outputNames;
  }

  async run(
    feeds: Readonly<Record<string, Tensor>>,
    { signal, outputs }: RunOptions = {},
  ): Promise<Record<string, Tensor>> {
    throwIfCancelled(signal);
    if (this.#disposed) throw failedError("inference", "The network was used after it had been closed.");
    const converted: Record<string, InferenceSession.FeedsType[string]> = {};
    for (const [name, { type, data, dims }] of Object.entries(feeds)) {
      converted[name] = new this.#runtime.Tensor(type as "float32", data as Float32Array, dims);
    }
    const running = outputs
      ? this.#session.run(converted, outputs as string[])
      : this.#session.run(converted);
    this.#pending.add(running);
    let results: InferenceSession.ReturnType;
    try {
      results = await (signal ? untilCancelled(running, signal) : running);
      this.#pending.delete(running);
    } catch (error) {
      // A cancelled run goes on inside the runtime: it stays noted until it ends.
      const settled = () => this.#pending.delete(running);
      running.then(settled, settled);
      if (error instanceof VisceraError) throw error;
      throw failedError("inference", `The network failed: ${reason(error)}`, "", error);
    }
    const out: Record<string, Tensor> = {};
    for (const name of Object.keys(results)) {
      const { type, dims, data } = results[name]!;
      out[name] = { type: type as ElementType, dims, data: data as TensorArray };
    }
    return out;
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await Promise.allSettled(this.#pending);
    await this.#session.release();
  }
}

/** The promise's result, or a rejection as soon as the signal fires. */
function untilCancelled<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(new VisceraError("cancelled", "The job was cancelled."));
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
