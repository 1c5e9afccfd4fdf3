/** Milliseconds that work on the calling thread may hold up everything else. */
const TURN_MS = 20;

/** Lets the event loop have its turn, so that timers, clicks and an abort come through. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Gives way to the event loop when the last time is more than 20 ms ago. */
export class Turns {
  #last = performance.now();

  async giveWay(): Promise<void> {
    if (performance.now() - this.#last < TURN_MS) return;
    await turn();
    this.#last = performance.now();
  }
}
