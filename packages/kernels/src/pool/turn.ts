import { throwIfCancelled } from "@viscera/core";

/** Milliseconds that work on the calling thread may hold up everything else. */
const TURN_MS = 20;

/** Lets the event loop have its turn, so that timers, clicks and an abort come through. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Gives way to the event loop when the last time is more than 20 ms ago, and notices an abort. */
export class Turns {
  readonly #signal: AbortSignal | undefined;
  #last = performance.now();

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** Throws `cancelled` once the signal has fired. */
  async giveWay(): Promise<void> {
    if (performance.now() - this.#last >= TURN_MS) {
      await turn();
      this.#last = performance.now();
    }
    throwIfCancelled(this.#signal);
  }
}
