import { type JobOptions, type Size3, usageError, type Vec3 } from "@viscera/core";
import {
  compareLabels,
  decimalSpacing,
  type EvaluationSettings,
  optionsOf,
  type StructureResult,
} from "@viscera/evaluate";
import { readLabels } from "@viscera/scan/node";
import { explainError } from "../terminal/explain-error.js";
import type { FilePair } from "./pair-files.js";

/** What came of a case; plain data, so that a worker can send it. */
export type CaseOutcome =
  | {
      name: string;
      status: "done";
      size: Size3;
      spacingMm: Vec3;
      /** Values by label id, of the labels that occur in either file or were asked for. */
      structures: StructureResult[];
      warnings: string[];
    }
  | { name: string; status: "failed"; message: string; hint: string };

/** Evaluates a case. What is wrong with it becomes its outcome; only a cancellation is thrown. */
export async function evaluateCase(
  { name, truth, prediction }: FilePair,
  settings: EvaluationSettings,
  job: JobOptions,
): Promise<CaseOutcome> {
  try {
    if (prediction === null)
      throw usageError("There is no prediction of this case.", "Predict it, or take its truth away.");
    const reading = { ...(job.signal ? { signal: job.signal } : {}), mayBeEmpty: true };
    const a = await readLabels(truth, reading);
    const b = await readLabels(prediction, reading);
    const structures = await compareLabels(a, b, (id) => optionsOf(settings, id), settings.ids, {
      ...job,
      regions: settings.regions,
    });
    return {
      name,
      status: "done",
      size: a.size,
      spacingMm: decimalSpacing(a),
      structures,
      warnings: [...new Set([...a.warnings, ...b.warnings])],
    };
  } catch (error) {
    if (job.signal?.aborted) throw error;
    const { message, hint } = explainError(error, false);
    return { name, status: "failed", message, hint };
  }
}
