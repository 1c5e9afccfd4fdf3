import type { JobOptions, OrganRecord, Patient } from "@viscera/core";
import { type Body, bodyOf } from "@viscera/organ";
import { type Bed, bedsOf } from "./beds.js";
import type { CirculationConfig } from "./config.js";
import { type CirculationTargets, targetsOf } from "./targets.js";
import { type TunedLoop, tuneLoop } from "./tune.js";

export interface PatientLoop {
  body: Body;
  targets: CirculationTargets;
  beds: Bed[];
  loop: TunedLoop;
}

/** The loop of a patient. Throws `input.circulation`, `failed.circulation` where it cannot be tuned, `cancelled`. */
export async function patientLoop(
  patient: Patient,
  organs: readonly OrganRecord[],
  config: CirculationConfig,
  job: JobOptions = {},
): Promise<PatientLoop> {
  const body = bodyOf(patient, organs);
  const targets = targetsOf(patient, body, config);
  const beds = bedsOf(patient, body);
  const bloodMl = body.arterialBloodMl + body.venousBloodMl;
  const loop = await tuneLoop({ targets, beds, bloodMl, stepsPerBeat: config.stepsPerBeat }, job);
  return { body, targets, beds, loop };
}

/** The same as a document of svZeroDSolver, in mmHg, mL and seconds, that begins near its steady beat. */
export async function circulationDocument(
  patient: Patient,
  organs: readonly OrganRecord[],
  config: CirculationConfig,
): Promise<Record<string, unknown>> {
  return (await patientLoop(patient, organs, config)).loop.document;
}
