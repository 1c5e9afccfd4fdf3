export { type CirculationConfig, circulationConfigSchema } from "./config.js";
export { flowSimulation } from "./simulation.js";
