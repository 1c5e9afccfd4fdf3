export { type SynthesisSpec, synthesisSpec, synthesisSpecSchema } from "./spec.js";
export { type SynthesisedImage, synthesiseImage } from "./synthesise.js";
export {
  OUTSIDE as OUTSIDE_VALUE,
  type SynthesisPart,
  type SynthesisTable,
  type SynthesisTissue,
  synthesisTableSchema,
} from "./table.js";
