export { dataRun } from "./data-run.js";
export { type NcaRunInput, ncaRun } from "./nca-run.js";
export { type SbmlCourse, sbmlReplicatesRun, sbmlRun } from "./sbml-run.js";
