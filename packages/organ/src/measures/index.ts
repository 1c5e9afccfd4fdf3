export { measuresCsv } from "./csv.js";
export { emptyLabels, type MeasureOptions, measureOrgans } from "./measure-organs.js";
export { MEASURE_UNITS, type MeasureUnit } from "./units.js";
