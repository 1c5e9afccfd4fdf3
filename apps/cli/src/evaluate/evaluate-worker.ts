/** A thread that evaluates cases. */
import { parentPort, workerData } from "node:worker_threads";
import type { EvaluationSettings } from "@viscera/evaluate";
import { evaluateCase } from "./evaluate-case.js";
import type { FilePair } from "./pair-files.js";

const settings = workerData as EvaluationSettings;
parentPort!.on("message", async (pair: FilePair) => {
  // One thread for each case: the kernels need none of their own.
  parentPort!.postMessage(await evaluateCase(pair, settings, { threads: 1 }));
});
