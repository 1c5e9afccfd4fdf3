export { type CirculationConfig, circulationConfigSchema } from "./config.js";
export { circulationDocument } from "./patient-loop.js";
export { flowSimulation } from "./simulation.js";
