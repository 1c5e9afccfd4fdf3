import { inputError } from "@viscera/core";
import type { DataRecord, DataSet, DataSubject } from "../pharmacology/data-set.js";
import type { PharmacologyModel, ResidualError } from "../pharmacology/model.js";
import { findCompartment } from "../pharmacology/model-text.js";
import type { Observation } from "./residual-likelihood.js";

export interface SortedObservation {
  record: DataRecord;
  /** Among the model's errors. */
  output: number;
  observation: Observation;
}

export interface LimitOptions {
  quantificationLimit?: number;
  belowLimit?: "m3" | "m1";
}

/**
 * Each subject's observations with the output that they observe: by DVID (number of the error's line, or the output's
 * name in any case), else by the CMT that errors name, else all of them the only one. Throws `input.data` for values that an
 * exponential error cannot have and kinds of observations that nothing describes.
 */
export function observationsOf(
  model: PharmacologyModel,
  data: DataSet,
  { quantificationLimit = Number.NEGATIVE_INFINITY, belowLimit = "m3" }: LimitOptions,
  warnings: string[],
): Map<DataSubject, SortedObservation[]> {
  const errors = model.errors ?? [];
  const kinds = new Set(
    data.subjects.flatMap(({ records }) =>
      records.filter(({ observed }) => observed !== null).map(({ measurement = "" }) => measurement),
    ),
  );
  const others = new Map<string, number>();
  let dropped = 0;
  const result = new Map<DataSubject, SortedObservation[]>();
  for (const subject of data.subjects) {
    const list: SortedObservation[] = [];
    result.set(subject, list);
    for (const record of subject.records) {
      if (record.observed === null) continue;
      const output = outputOf(record, model, errors, kinds.size > 1);
      if (output === null) {
        const kind =
          kinds.size > 1
            ? `DVID ${record.measurement || "(missing)"}`
            : `CMT ${record.compartment || "(missing)"}`;
        others.set(kind, (others.get(kind) ?? 0) + 1);
        continue;
      }
      const observation = observationIn(record, quantificationLimit);
      if (observation.censored && belowLimit === "m1") {
        dropped++;
        continue;
      }
      if (errors[output]!.terms[0]!.kind === "exponential" && !(observation.value > 0)) {
        throw inputError(
          "data",
          `Line ${record.line} of ${data.name}: DV is ${record.observed}, but an exponential error is of values above 0 only.`,
          "Mark it as missing (MDV 1) or below a limit (--lloq), or take a proportional error.",
        );
      }
      list.push({ record, output, observation });
    }
  }
  if (errors.length > 1 && [...result.values()].every((list) => list.length === 0) && others.size > 0) {
    throw inputError(
      "data",
      `The model has errors of ${errors.length} outputs, but ${data.name} does not say which was observed.`,
      'Add a column DVID (1, 2, ... in the order of the errors), or write "error effect cmt 2 = ..." in the model.',
    );
  }
  for (const [kind, count] of others) {
    warnings.push(`${count} observations with ${kind} are left out: the model has no error for them.`);
  }
  if (dropped > 0)
    warnings.push(`${dropped} observations below the limit of quantification are left out (M1).`);
  return result;
}

function observationIn({ observed, below }: DataRecord, limit: number): Observation {
  if (below !== undefined) return { value: below, censored: true };
  return observed! < limit ? { value: limit, censored: true } : { value: observed!, censored: false };
}

function outputOf(
  { measurement = "", compartment }: DataRecord,
  model: PharmacologyModel,
  errors: readonly ResidualError[],
  byKind: boolean,
): number | null {
  const found = (at: number) => (at >= 0 && at < errors.length ? at : null);
  if (byKind) {
    const named = errors.findIndex(({ output }) => output.toLowerCase() === measurement.toLowerCase());
    return found(named >= 0 ? named : Number(measurement) - 1);
  }
  const from = findCompartment(model, compartment);
  const asked = errors.findIndex(
    (error) =>
      error.compartment !== "" &&
      (error.compartment === compartment ||
        (from !== undefined && findCompartment(model, error.compartment) === from)),
  );
  if (asked >= 0) return asked;
  const open = errors.flatMap((error, i) => (error.compartment === "" ? [i] : []));
  return open.length === 1 ? open[0]! : null;
}
