import { VisceraError } from "./errors.js";

/** How far a job is. `done` and `total` share a unit of the job's choice; `total` 0 means unknown. */
export interface Progress {
  stage: string;
  done: number;
  total: number;
  /** What else is worth showing at the moment ("loss 0.41"); changes from call to call. */
  detail?: string;
}

export type OnProgress = (progress: Progress) => void;

/** What every long job takes: how to stop it, whom to tell, and what it may use. */
export interface JobOptions {
  signal?: AbortSignal;
  onProgress?: OnProgress;
  /** Worker threads to use; the result never depends on it. Default: what the machine has. */
  threads?: number;
}

/** Throws `cancelled` once the signal has fired; call it between steps of a long job. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new VisceraError("cancelled", "The job was cancelled.");
}
