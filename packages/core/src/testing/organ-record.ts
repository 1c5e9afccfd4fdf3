import type { OrganRecord } from "../case/organs-file.js";

/** An organ of a volume, whole in its image; nothing else of it is known. */
export function organRecord(name: string, volumeMl: number, more: Partial<OrganRecord> = {}): OrganRecord {
  return {
    id: 1,
    name,
    snomed: null,
    color: "#cccccc",
    volumeMl,
    surfaceVolumeMl: volumeMl,
    areaMm2: 0,
    centroidMm: [0, 0, 0],
    boundingBoxMm: [
      [0, 0, 0],
      [0, 0, 0],
    ],
    principalAxesMm: [0, 0, 0],
    pieces: 1,
    intensity: null,
    touchesBorder: false,
    confidence: null,
    mesh: null,
    measures: {},
    ...more,
  };
}
