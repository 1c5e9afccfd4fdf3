export * from "./body.js";
export * from "./filtration.js";
export * from "./reference-adult.js";
export * from "./tissue-structures.js";
export {
  bodyMassKg,
  FLOW_VARIATION,
  type PeopleSpec,
  type Range,
  type VirtualPerson,
  VOLUME_VARIATION,
  virtualPerson,
} from "./virtual-person.js";
