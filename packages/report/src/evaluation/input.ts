import type { Grid, Mesh, Vec3, Volume } from "@viscera/core";

/** A metric as the page shows it. */
export interface ShownMetric {
  name: string;
  label: string;
  /** UCUM code. */
  unit: string;
  better: "higher" | "lower" | null;
}

/** What the page tells of a list of values; see `Summary` of evaluate. */
export interface ShownSummary {
  count: number;
  missing: number;
  infinite: number;
  mean: number;
  sd: number;
  median: number;
  q1: number;
  q3: number;
  ciLow: number;
  ciHigh: number;
}

/** A surface with each vertex's distance to the other surface, in mm. */
export interface ShownSurface {
  mesh: Mesh;
  distancesMm: Float32Array;
}

/** A structure of a case to look at: a part of the image around it, its axes running right, anterior, superior. */
export interface WorstCase extends Grid {
  caseName: string;
  structure: string;
  values: readonly { label: string; value: number; unit: string }[];
  toleranceMm: number;
  /** Masks on the grid: nonzero is inside. */
  truth: Uint8Array;
  prediction: Uint8Array;
  /** The scan on the same grid, where it was given. */
  scan: Volume | null;
  /** Voxel that all three slices pass through. */
  focus: Vec3;
  truthSurface: ShownSurface | null;
  predictionSurface: ShownSurface | null;
}

export interface EvaluationReportInput {
  title: string;
  convention: string;
  /** Names and values for the head of the page. */
  facts: readonly (readonly [string, string])[];
  structures: readonly string[];
  metrics: readonly ShownMetric[];
  cases: readonly string[];
  /** By metric, structure and case; NaN where there is no value. */
  values: readonly (readonly (readonly number[])[])[];
  /** By metric and structure. */
  summaries: readonly (readonly ShownSummary[])[];
  /** By metric: of each case's mean over its structures. */
  overall: readonly ShownSummary[];
  /** Volumes in mL by structure and case. */
  truthMl: readonly (readonly number[])[];
  predictionMl: readonly (readonly number[])[];
  failed: readonly { name: string; message: string }[];
  notes: readonly string[];
  worst: readonly WorstCase[];
  /** How the worst cases were chosen, in words. */
  worstBy: string;
  /** ISO 8601; given, so that the same input gives the same page. */
  generatedAt: string;
  version: string;
}
