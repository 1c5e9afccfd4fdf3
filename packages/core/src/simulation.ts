/**
 * The contract between a simulation and everything that starts or shows one. The command line, the report
 * and the studio know no simulation; they know this.
 */
import type { z } from "zod";
import type { OrganRecord } from "./case/organs-file.js";
import type { Patient } from "./case/patient.js";
import type { plotSchema, RunSummary } from "./case/run-file.js";
import type { JobOptions } from "./progress.js";
import type { LabelMap, Volume } from "./volume.js";

/** What a simulation may know of a case. Images are loaded only when asked for. */
export interface SimulationCase {
  patient: Patient;
  organs: readonly OrganRecord[];
  scan: () => Promise<Volume>;
  labels: () => Promise<LabelMap>;
}

export interface SimulationContext extends JobOptions {
  /** Keys every random stream of the run. */
  seed: number;
}

/** A column of series.csv; its header there is `name[unit]`. */
export interface SeriesColumn {
  name: string;
  /** UCUM code. */
  unit: string;
  /** For people. */
  label: string;
  values: Float64Array;
  /** Structures of the case that the column tells about (`kidney_left`); a report may colour them by it. */
  structures?: readonly string[];
}

/** A result in space, written as fields/<name>.nii.gz. */
export interface Field {
  name: string;
  /** UCUM code. */
  unit: string;
  /** For people. */
  label: string;
  volume: Volume;
}

/** What a simulation gives. */
export interface Run {
  /** Without `series`, which whoever writes the run fills in from the columns; parts of plots may be left out. */
  summary: Omit<RunSummary, "series" | "plots"> & { plots: z.input<typeof plotSchema>[] };
  /** The configuration as it was used, every default filled in. */
  config: unknown;
  /** Columns of equal length, the first the independent one (time); empty when there is no series. */
  series: SeriesColumn[];
  fields: Field[];
}

export interface Simulation<Config = unknown> {
  /** Verb-friendly: `drug`, `flow`. */
  id: string;
  title: string;
  version: string;
  /** Every field has a default where a sensible one exists, so that `{}` is a valid configuration. */
  configSchema: z.ZodType<Config>;
  run(subject: SimulationCase, config: Config, context: SimulationContext): Promise<Run>;
}
