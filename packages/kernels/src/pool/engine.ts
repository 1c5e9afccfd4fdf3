import { failedError, type VisceraError } from "@viscera/core";
import type { KernelOptions } from "../options.js";
import type { Report } from "./report.js";
import type { Stage, WasmText } from "./stage.js";

/** What runs stages: the calling thread, or workers over shared memory. One job at a time. */
export interface Engine {
  /** Makes ready at least `threads` threads and the memory; null where this engine is not to be had. */
  prepare(wasm: WasmText, threads: number): Promise<Prepared | null>;
  /** Lets go of memory and threads. */
  close(): Promise<void>;
}

/** An engine with a module loaded. */
export interface Prepared {
  /** Threads that take part. */
  threads: number;
  /** The module's functions on the calling thread. */
  exports: Record<string, (...parameters: number[]) => number>;
  memory: WebAssembly.Memory;
  run(stage: Stage, scratch: Scratch, report: Report, options: KernelOptions): Promise<void>;
}

/** Memory of each thread's own: `bytes` for each, one after the other. */
export interface Scratch {
  address: number;
  bytes: number;
}

const PAGE = 65536;

/** Grows a memory to at least `bytes`. */
export function growTo(memory: WebAssembly.Memory, bytes: number): void {
  const missing = Math.ceil((bytes - memory.buffer.byteLength) / PAGE);
  if (missing <= 0) return;
  try {
    memory.grow(missing);
  } catch (cause) {
    throw failedError(
      "memory",
      `The image needs ${Math.ceil(bytes / 2 ** 20)} MiB of working memory, which is not to be had.`,
      "Crop it or resample it to larger voxels.",
      cause,
    );
  }
}

/** A WebAssembly function trapped, or its worker ended. */
export function kernelError(stage: Stage, cause: unknown): VisceraError {
  return failedError("kernel", `The kernel failed during ${stage.name}.`, "", cause);
}

const compiled = new Map<string, Promise<WebAssembly.Module>>();

/** Compiles base64 text once. */
export function compile(text: string): Promise<WebAssembly.Module> {
  let module = compiled.get(text);
  if (!module) {
    module = WebAssembly.compile(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));
    compiled.set(text, module);
  }
  return module;
}

/** Instantiates a module over a memory. */
export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Prepared["exports"] {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as Prepared["exports"];
}
