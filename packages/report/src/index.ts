export { buildReport } from "./page.js";
export type { ReportInput, ReportMesh, ReportRun } from "./report-input.js";
