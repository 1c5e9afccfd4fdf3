export type { MonaiPlan } from "./plan.js";
export { readMonaiPlan } from "./read-plan.js";
export { type MonaiOptions, segmentLikeMonai } from "./segment-like-monai.js";
export { trainingInput } from "./training-input.js";
