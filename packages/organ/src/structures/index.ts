export { completeLabels } from "./complete-labels.js";
export { displayName, type Side, type StructureInfo, structureOf } from "./dictionary.js";
export { STRUCTURE_GROUPS, type StructureGroup } from "./table.js";
