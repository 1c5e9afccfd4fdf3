import type { CaseFile, LabelMap, Mesh, OrganRecord, RunSummary, SeriesColumn, Volume } from "@viscera/core";

/** The surface of one structure, world RAS+ mm. */
export interface ReportMesh {
  /** Label id of the structure. */
  id: number;
  name: string;
  /** `#rrggbb`. */
  color: string;
  mesh: Mesh;
}

/** One finished simulation. */
export interface ReportRun {
  /** Folder name below `runs/`. */
  name: string;
  summary: RunSummary;
  /** The configuration as it was used; shown as JSON. */
  config: unknown;
  /** Columns of series.csv, the first the independent one. */
  series: SeriesColumn[];
}

/** Everything a page is made from; the caller has read it, the report reads nothing itself. */
export interface ReportInput {
  caseFile: CaseFile;
  organs: OrganRecord[];
  scan: Volume | null;
  labels: LabelMap | null;
  meshes: ReportMesh[];
  runs: ReportRun[];
  language?: "en";
  title?: string;
  /** Structure name -> name for people; a missing one is made from the structure's name. */
  displayNames?: Record<string, string>;
  /** Structure name -> body system; structures without one stand under "Other structures". */
  groups?: Record<string, string>;
  /** ISO 8601; given, so that the same input gives the same page. */
  generatedAt: string;
  /** Version of the program that makes the page. */
  version: string;
}
