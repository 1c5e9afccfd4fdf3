export { type GlobalSensitivity, globalSensitivity } from "./global.js";
export { type LocalSensitivity, localSensitivity } from "./local.js";
export { SENSITIVITY_MEASURES, type SensitivityTask, sensitivityTask, type VariedParameter } from "./task.js";
