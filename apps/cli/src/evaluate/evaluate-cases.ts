import type { JobOptions } from "@viscera/core";
import type { EvaluationSettings } from "@viscera/evaluate";
import { runBlocks } from "../threads/run-blocks.js";
import type { CaseOutcome } from "./evaluate-case.js";
import type { FilePair } from "./pair-files.js";

/** Outcomes in the order of the pairs. A case whose thread breaks down has failed; the others go on. */
export async function evaluateCases(
  pairs: readonly FilePair[],
  settings: EvaluationSettings,
  job: JobOptions,
): Promise<CaseOutcome[]> {
  const outcomes: CaseOutcome[] = [];
  const take = (outcome: CaseOutcome, n: number) => {
    outcomes[n] = outcome;
  };
  await runBlocks("evaluation", { pairs, settings }, pairs.length, take, {
    ...job,
    stage: "cases",
    lost: (error, n) => ({
      name: pairs[n]!.name,
      status: "failed",
      message: `The thread that evaluated it broke down: ${error.message}`,
      hint: "With --threads 1 it has more memory.",
    }),
  });
  return outcomes;
}
