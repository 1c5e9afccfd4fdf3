import { failedError, usageError } from "@viscera/core";
import {
  type Device,
  type OnnxRuntime,
  openSessionOn,
  type Session,
  type SessionOptions,
} from "@viscera/nets";

type NodeRuntime = OnnxRuntime & {
  listSupportedBackends(): readonly { name: string; bundled: boolean }[];
};

let loading: Promise<NodeRuntime> | undefined;

/** Loads the native library on first use only: a command that runs no network does not pay for it. */
function loadRuntime(): Promise<NodeRuntime> {
  loading ??= import("onnxruntime-node").then(
    (module) => module as unknown as NodeRuntime,
    (error: unknown) => {
      throw failedError(
        "runtime",
        "ONNX Runtime's native library cannot be loaded on this machine.",
        "It exists for Linux (x64, arm64), Windows (x64, arm64) and macOS (arm64); run npm ci again on one of these.",
        error,
      );
    },
  );
  return loading;
}

/** Devices the installed runtime was built for. Whether a graphics card answers shows when a session opens. */
export async function listDevices(): Promise<Device[]> {
  const runtime = await loadRuntime();
  const names = new Set(runtime.listSupportedBackends().map(({ name }) => name));
  return (["cpu", "webgpu", "cuda"] as const).filter((name) => names.has(name));
}

/** Opens a model on onnxruntime-node. Throws `usage` for threads < 1, else as `openSessionOn`. */
export async function openSession(model: Uint8Array, options: SessionOptions = {}): Promise<Session> {
  if (options.threads !== undefined && !(Number.isInteger(options.threads) && options.threads >= 1)) {
    throw usageError(`"${options.threads}" is not a number of threads.`, "Give a whole number from 1 on.");
  }
  return openSessionOn(await loadRuntime(), model, options);
}
