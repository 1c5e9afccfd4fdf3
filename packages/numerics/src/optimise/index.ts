export { type NelderMeadOptions, nelderMead } from "./nelder-mead.js";
export {
  type Objective,
  type QuasiNewtonOptions,
  type QuasiNewtonResult,
  quasiNewton,
} from "./quasi-newton.js";
