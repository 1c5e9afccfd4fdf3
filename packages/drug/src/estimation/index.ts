export {
  INDIVIDUAL_PREFIX,
  withoutRandomEffects,
  withRandomEffects,
  withResidualError,
} from "./add-variability.js";
export { type DefaultVariability, withDefaultVariability } from "./default-variability.js";
export { type FitOptions, fitPopulation, fitSubjects, type PopulationFit } from "./fit-population.js";
export { type FitRunInput, fitRun } from "./fit-run.js";
export { type FittedText, fittedModelText } from "./fitted-model-text.js";
export { type NpdeResult, npdeOf } from "./npde.js";
export type { NaturalParameter } from "./parameter-space.js";
export { dataColumnsOf, type EstimationProblem, estimationProblem, type ProblemOptions } from "./problem.js";
export { type ResidualRow, residualsOf } from "./residuals.js";
export { simulateObservations } from "./simulate-observations.js";
export type { InnerResult, PopulationValues } from "./subject-problem.js";
export type { Estimate } from "./uncertainty.js";
export { type VpcBin, type VpcOptions, visualPredictiveCheck } from "./vpc.js";
