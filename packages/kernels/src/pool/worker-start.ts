/** Starts a worker in Node (worker_threads) or in a browser, behind one face. */
import { BROWSER_WORKER, NODE_WORKER } from "./worker-source.js";

export interface WorkerHandle {
  post(message: object): void;
  /** Resolves with the next message. Rejects when the worker fails or has ended. */
  answer(): Promise<{ error: string | null }>;
  /** Whether the worker keeps the process alive. */
  hold(alive: boolean): void;
  close(): Promise<void>;
}

type Answer = { error: string | null };
type NodeThreads = typeof import("node:worker_threads");
type NodeSystem = typeof import("node:os");

/** A built-in module of Node, undefined elsewhere; bundlers see no import. */
function nodeModule(name: string): unknown {
  const process = (globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } }).process;
  return process?.getBuiltinModule?.(name);
}

/** Processors that this machine lends. */
export function availableThreads(): number {
  const system = nodeModule("node:os") as NodeSystem | undefined;
  return system?.availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
}

/** True where threads can share memory: Node, and browser pages that are cross-origin isolated. */
export function canShareMemory(): boolean {
  if (typeof SharedArrayBuffer === "undefined") return false;
  if (nodeModule("node:worker_threads")) return true;
  return typeof Worker !== "undefined" && globalThis.crossOriginIsolated === true;
}

/** One message at a time: keeps who waits for the next one. */
class Mailbox {
  #waiting: { resolve: (answer: Answer) => void; reject: (cause: unknown) => void } | null = null;
  #failure: unknown = null;

  next(): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#failure) reject(this.#failure);
      else this.#waiting = { resolve, reject };
    });
  }

  deliver(answer: Answer): void {
    this.#waiting?.resolve(answer);
    this.#waiting = null;
  }

  fail(cause: unknown): void {
    this.#failure ??= cause ?? new Error("The worker ended.");
    this.#waiting?.reject(this.#failure);
    this.#waiting = null;
  }
}

function startInNode({ Worker }: NodeThreads): WorkerHandle {
  const worker = new Worker(NODE_WORKER, { eval: true });
  const mailbox = new Mailbox();
  worker.on("message", (answer: Answer) => mailbox.deliver(answer));
  worker.on("error", (cause) => mailbox.fail(cause));
  worker.on("exit", () => mailbox.fail(null));
  return {
    post: (message) => worker.postMessage(message),
    answer: () => mailbox.next(),
    hold: (alive) => (alive ? worker.ref() : worker.unref()),
    close: async () => void (await worker.terminate()),
  };
}

function startInBrowser(): WorkerHandle {
  const url = URL.createObjectURL(new Blob([BROWSER_WORKER], { type: "text/javascript" }));
  const worker = new Worker(url);
  const mailbox = new Mailbox();
  worker.onmessage = ({ data }) => mailbox.deliver(data as Answer);
  worker.onerror = (event) => mailbox.fail(event.message);
  return {
    post: (message) => worker.postMessage(message),
    answer: () => mailbox.next(),
    hold: () => {},
    close: async () => {
      worker.terminate();
      URL.revokeObjectURL(url);
      mailbox.fail(null);
    },
  };
}

/** Starts a worker and waits until it answers; it does not keep the process alive. */
export async function startWorker(): Promise<WorkerHandle> {
  const threads = nodeModule("node:worker_threads") as NodeThreads | undefined;
  const worker = threads ? startInNode(threads) : startInBrowser();
  await worker.answer();
  worker.hold(false);
  return worker;
}
