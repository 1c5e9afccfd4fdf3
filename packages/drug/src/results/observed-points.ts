/** What a data set observed, beside the curves of the output that it observed. */
import type { PlotPoints } from "@viscera/core";
import type { DataRecord } from "../pharmacology/data-set.js";
import type { ModelOutput, PharmacologyModel } from "../pharmacology/model.js";
import { findCompartment } from "../pharmacology/model-text.js";
import type { DataCourses } from "./data-courses.js";
import { compartmentsBehind } from "./simulated-exposure.js";

/**
 * Observations of an output, one set a course that has any. Which output a record observes: by DVID where the model
 * lists its residual errors; else the first whose formula names the record's compartment (CMT); else the first.
 */
export function observedPoints(
  model: PharmacologyModel,
  { outputs, courses }: DataCourses,
  output: number,
): PlotPoints[] {
  const behind = outputs.map((entry) => compartmentsBehind(model, entry));
  return courses.flatMap(({ label, records }) => {
    const own = records.filter(
      (record) =>
        record.observed !== null &&
        record.below === undefined &&
        outputOf(record, model, outputs, behind) === output,
    );
    if (own.length === 0) return [];
    return [{ label, x: own.map(({ time }) => time), y: own.map(({ observed }) => observed!) }];
  });
}

function outputOf(
  { measurement = "", compartment }: DataRecord,
  model: PharmacologyModel,
  outputs: readonly ModelOutput[],
  behind: readonly ReadonlySet<string>[],
): number {
  if (measurement !== "" && model.errors !== undefined && model.errors.length > 0) {
    const error =
      model.errors.find((entry) => entry.output === measurement) ?? model.errors[Number(measurement) - 1];
    return outputs.findIndex(({ name }) => name === error?.output);
  }
  const at = compartment === "" ? undefined : findCompartment(model, compartment);
  const name = at === undefined ? null : model.compartments[at]!.name;
  const found = name === null ? -1 : behind.findIndex((names) => names.has(name));
  return Math.max(0, found);
}
