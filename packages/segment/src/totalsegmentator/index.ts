export * from "./segment-task.js";
export { TASK_NAMES, type TaskCrop, type TaskPart, type TotalTask, taskNamed } from "./tasks.js";
