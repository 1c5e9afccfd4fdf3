export { locateDicomCodecs } from "./codecs.js";
export { looksLikeDicom } from "./elements.js";
export {
  type DicomResult,
  type DicomSeriesInfo,
  listDicomSeries,
  type ReadDicomOptions,
  readDicom,
} from "./read.js";
export type { DicomSource } from "./sources.js";
