/** All cases on several threads; what comes out never depends on how many. */
import { Worker } from "node:worker_threads";
import { type JobOptions, throwIfCancelled, VisceraError } from "@viscera/core";
import type { EvaluationSettings } from "@viscera/evaluate";
import { type CaseOutcome, evaluateCase } from "./evaluate-case.js";
import type { FilePair } from "./pair-files.js";

/** Outcomes in the order of the pairs. A case whose thread breaks down has failed; the others go on. */
export async function evaluateCases(
  pairs: readonly FilePair[],
  settings: EvaluationSettings,
  { signal, onProgress, threads = 1 }: JobOptions,
): Promise<CaseOutcome[]> {
  const outcomes: CaseOutcome[] = [];
  const tell = (done: number) => onProgress?.({ stage: "cases", done, total: pairs.length });
  tell(0);
  const own: JobOptions = { ...(signal ? { signal } : {}), threads };
  if (threads === 1 || pairs.length === 1) {
    for (const pair of pairs) {
      outcomes.push(await evaluateCase(pair, settings, own));
      tell(outcomes.length);
    }
    return outcomes;
  }
  const workers = new Set<Worker>();
  let next = 0;
  let done = 0;
  try {
    await new Promise<void>((resolve, reject) => {
      signal?.addEventListener(
        "abort",
        () => reject(new VisceraError("cancelled", "The job was cancelled.")),
        {
          once: true,
        },
      );
      const start = () => {
        const worker = new Worker(new URL("./evaluate-worker.js", import.meta.url), { workerData: settings });
        workers.add(worker);
        let current = -1;
        const give = () => {
          if (next >= pairs.length) return;
          current = next++;
          worker.postMessage(pairs[current]);
        };
        const finish = (outcome: CaseOutcome) => {
          outcomes[current] = outcome;
          current = -1;
          tell(++done);
          if (done === pairs.length) resolve();
        };
        worker.on("message", (outcome: CaseOutcome) => {
          finish(outcome);
          give();
        });
        worker.on("error", (error) => {
          workers.delete(worker);
          if (current < 0) return reject(error);
          const { name } = pairs[current]!;
          finish({
            name,
            status: "failed",
            message: `The thread that evaluated it broke down: ${error.message}`,
            hint: "With --threads 1 it has more memory.",
          });
          if (next < pairs.length) start();
        });
        give();
      };
      for (let t = 0; t < Math.min(threads, pairs.length); t++) start();
    });
  } finally {
    await Promise.all([...workers].map((worker) => worker.terminate()));
  }
  throwIfCancelled(signal);
  return outcomes;
}
