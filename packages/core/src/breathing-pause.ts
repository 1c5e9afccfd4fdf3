import { throwIfCancelled } from "./progress.js";

/** To be awaited now and then within long work: lets events run every 50 ms, throws once it is cancelled. */
export type Pause = () => Promise<void>;

export function breathingPause(signal: AbortSignal | undefined): Pause {
  let last = performance.now();
  return async () => {
    if (performance.now() - last > 50) {
      await new Promise((resolve) => setTimeout(resolve));
      last = performance.now();
    }
    throwIfCancelled(signal);
  };
}
