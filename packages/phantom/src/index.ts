export { PHANTOM_DEFAULTS, type PhantomParameters, phantomParameters } from "./parameters.js";
export { createPhantom, type Phantom, type PhantomTruth, type VesselTruth } from "./phantom.js";
export { creatinineForGfr, type PhantomPatient } from "./population.js";
export {
  ARTERIES,
  MATERIALS,
  type Material,
  type MaterialName,
  TISSUES,
  type Tissue,
  TUMOUR_ORGANS,
} from "./tissues.js";
