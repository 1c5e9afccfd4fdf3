export { readingError, writingError } from "./file-errors.js";
export { fileSource, IMAGE_FILE, sha256File, writeWhole } from "./files.js";
export { type LabelFile, type ReadLabelsOptions, readLabels } from "./read-labels.js";
export { type ReadScanOptions, readScan, type ScanFile } from "./read-scan.js";
export { writeVolume } from "./write-volume.js";
