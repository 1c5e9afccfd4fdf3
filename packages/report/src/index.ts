export type {
  EvaluationReportInput,
  ShownMetric,
  ShownSummary,
  ShownSurface,
  WorstCase,
} from "./evaluation/input.js";
export { buildEvaluationReport } from "./evaluation/page.js";
export type { RankingReportInput, ShownPlacing, ShownRanking } from "./evaluation/ranking-input.js";
export { buildRankingReport } from "./evaluation/ranking-page.js";
export { formatQuantity } from "./numbers.js";
export { buildReport } from "./page.js";
export type { StudyCase, StudyInput, StudyQuestion } from "./readers/input.js";
export { buildReaderStudy } from "./readers/page.js";
export type { ReportInput, ReportMesh, ReportRun } from "./report-input.js";
export { buildRunReport, type RunReportInput } from "./run-page.js";
