export { buildReport } from "./page.js";
export type { ReportInput, ReportMesh, ReportRun } from "./report-input.js";
export { buildRunReport, type RunReportInput } from "./run-page.js";
