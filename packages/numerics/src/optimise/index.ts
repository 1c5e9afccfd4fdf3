export {
  type Objective,
  type QuasiNewtonOptions,
  type QuasiNewtonResult,
  quasiNewton,
} from "./quasi-newton.js";
