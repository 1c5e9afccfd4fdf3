export { type Compound, type CompoundInput, compoundSchema, PARTITION_METHODS } from "./compound.js";
export {
  compoundNames,
  libraryCompound,
  type ResolvedCompound,
  readCompound,
  resolveCompound,
} from "./compound-library.js";
export { type PbpkCourse, pbpkCourse, regularTimes } from "./course.js";
export { type Dose, describeDoses, doseRecords, doseSchema, lastDoseEndH } from "./doses.js";
export { FILTRATION_METHODS, type Filtration, glomerularFiltration } from "./filtration.js";
export { httkHuman } from "./httk/human.js";
export { steadyStateMgPerL } from "./httk/steady-state.js";
export { MIDAZOLAM } from "./midazolam.js";
export { type PbpkModel, pbpkModel, withParameterValues } from "./model.js";
export { type NamedCompound, namedCompounds } from "./names.js";
export { type PbpkParameterOptions, pbpkParameters } from "./parameters.js";
export { bloodToPlasmaRatio, partitionCoefficient } from "./partition/index.js";
export { type Physiology, physiologyOf } from "./physiology.js";
export { compoundRows } from "./provenance.js";
export { type DrugConfig, drugConfigSchema, drugSimulation } from "./simulation.js";
export { HTTK_PBTK, type PbpkStructure, type PbpkTissue, WHOLE_BODY } from "./structure.js";
export { PATIENT_COLUMNS, type PbpkSubjects, pbpkSubjects } from "./subjects.js";
