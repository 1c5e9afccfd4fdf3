export { type Checkpoint, readCheckpoint, writeCheckpoint } from "./checkpoint.js";
export { evaluateCases } from "./evaluate-cases.js";
export { type FinetuneOptions, finetuneModel } from "./finetune-model.js";
export { type ModelDescription, writeModelFolder } from "./model-folder.js";
export { relearnQuality } from "./relearn-quality.js";
export type { RunReports } from "./run-training.js";
export {
  DEFAULT_MINUTES,
  type OptimiserName,
  type TrainedModel,
  type TrainingOptions,
  type TrainModelOptions,
  trainModel,
} from "./train-model.js";
export type { TrainingBudget } from "./train-network.js";
