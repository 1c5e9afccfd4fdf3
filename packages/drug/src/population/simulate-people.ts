import type { JobOptions } from "@viscera/core";
import { PopulationResult } from "./results.js";
import { PEOPLE_A_BLOCK, PopulationRunner } from "./runner.js";
import type { PopulationTask } from "./task.js";

/** Milliseconds that work may hold up everything else, but for a block that takes longer. */
const TURN_MS = 20;

/** A whole population on the calling thread. Throws what `PopulationRunner` does, `cancelled`. */
export async function simulatePeople(
  task: PopulationTask,
  size: number,
  job: JobOptions = {},
): Promise<PopulationResult> {
  const runner = await PopulationRunner.create(task);
  const result = new PopulationResult(runner.layout, size);
  let turn = performance.now();
  for (let first = 0; first < size; first += PEOPLE_A_BLOCK) {
    job.onProgress?.({ stage: "People", done: first, total: size });
    // A signal is heard only between two turns of the event loop.
    if (performance.now() - turn > TURN_MS) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      turn = performance.now();
    }
    result.add(runner.run(first, Math.min(first + PEOPLE_A_BLOCK, size), job));
  }
  return result;
}
