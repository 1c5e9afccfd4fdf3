/** For tests only: a complete small case whose numbers are easy to foresee. */
import {
  type Affine,
  type LabelMap,
  type Mesh,
  type OrganRecord,
  runSummarySchema,
  type Size3,
  type Vec3,
  type Volume,
} from "@viscera/core";
import type { ReportInput } from "../report-input.js";

/** Closed sphere of latitude rings, outward winding. */
export function sphere([cx, cy, cz]: Vec3, radius: number, rings: number): Mesh {
  const around = rings * 2;
  const positions: number[] = [cx, cy, cz - radius, cx, cy, cz + radius];
  const at = (ring: number, n: number) => 2 + (ring - 1) * around + (n % around);
  const indices: number[] = [];
  for (let ring = 1; ring < rings; ring++)
    for (let n = 0; n < around; n++) {
      const polar = Math.PI * (1 - ring / rings);
      const angle = (2 * Math.PI * n) / around;
      positions.push(
        cx + radius * Math.sin(polar) * Math.cos(angle),
        cy + radius * Math.sin(polar) * Math.sin(angle),
        cz + radius * Math.cos(polar),
      );
      if (ring === 1) indices.push(0, at(1, n + 1), at(1, n));
      else
        indices.push(
          at(ring - 1, n),
          at(ring - 1, n + 1),
          at(ring, n),
          at(ring - 1, n + 1),
          at(ring, n + 1),
          at(ring, n),
        );
      if (ring === rings - 1) indices.push(1, at(ring, n), at(ring, n + 1));
    }
  return { positions: Float32Array.from(positions), indices: Uint32Array.from(indices) };
}

const SIZE: Size3 = [40, 32, 24];
/** Left-posterior-superior storage with uneven voxels: what must be turned for display. */
const AFFINE: Affine = [-3, 0, 0, 58.5, 0, -3, 0, 46.5, 0, 0, 5, -57.5, 0, 0, 0, 1];
const ORGANS = [
  { id: 5, name: "liver", color: "#a0522d", centre: [25, 0, 0], radius: 24, hu: 60 },
  { id: 1, name: "spleen", color: "#7d4a8c", centre: [-32, -8, 5], radius: 15, hu: 45 },
] as const;

function organRecord({ id, name, color, centre, radius, hu }: (typeof ORGANS)[number]): OrganRecord {
  const volumeMl = ((4 / 3) * Math.PI * radius ** 3) / 1000;
  return {
    id,
    name,
    snomed: null,
    color,
    volumeMl,
    surfaceVolumeMl: volumeMl,
    areaMm2: 4 * Math.PI * radius ** 2,
    centroidMm: [...centre],
    boundingBoxMm: [
      [centre[0] - radius, centre[1] - radius, centre[2] - radius],
      [centre[0] + radius, centre[1] + radius, centre[2] + radius],
    ],
    principalAxesMm: [2 * radius, 2 * radius, 2 * radius],
    pieces: name === "spleen" ? 3 : 1,
    intensity: { unit: "HU", mean: hu, sd: 10, p05: hu - 16, p50: hu, p95: hu + 16 },
    touchesBorder: name === "spleen",
    confidence: null,
    mesh: `${name}.glb`,
    measures: {},
  };
}

export function smallCase(): ReportInput & { scan: Volume; labels: LabelMap } {
  const scanData = new Int16Array(SIZE[0] * SIZE[1] * SIZE[2]);
  const labelData = new Uint8Array(scanData.length);
  for (let k = 0, at = 0; k < SIZE[2]; k++)
    for (let j = 0; j < SIZE[1]; j++)
      for (let i = 0; i < SIZE[0]; i++, at++) {
        const p = [58.5 - 3 * i, 46.5 - 3 * j, -57.5 + 5 * k];
        const inBody = (p[0]! / 56) ** 2 + (p[1]! / 44) ** 2 < 1;
        scanData[at] = inBody ? -80 + ((i * 7 + j * 3 + k * 5) % 17) : -1000;
        for (const { id, centre, radius, hu } of ORGANS)
          if (Math.hypot(p[0]! - centre[0], p[1]! - centre[1], p[2]! - centre[2]) < radius) {
            scanData[at] = hu + ((i + j + k) % 5);
            labelData[at] = id;
          }
      }
  const hours = Float64Array.from({ length: 97 }, (_, i) => i / 4);
  const sha = "0123456789abcdef".repeat(4);
  return {
    caseFile: {
      schema: 1,
      kind: "scan",
      patient: {
        ageYears: 54.3,
        sex: "female",
        heightCm: 168,
        weightKg: 63.5,
        heartRateBpm: null,
        systolicMmHg: null,
        diastolicMmHg: null,
        cardiacOutputLPerMin: null,
        haematocrit: null,
        creatinineMgPerDl: null,
      },
      scan: { modality: "CT", unit: "HU", size: [40, 32, 24], spacingMm: [3, 3, 5], orientation: "LPS" },
      key: sha,
      finished: ["scan", "labels", "organs", "simulate:drug"],
      warnings: [{ step: "scan", message: "The slices are thick." }],
      provenance: [
        {
          file: "labels.nii.gz",
          command: "run --labels",
          version: "0.1.0",
          inputs: { labels: sha },
          seed: 1,
          date: "2026-11-21T07:05:12Z",
        },
      ],
    },
    organs: ORGANS.map(organRecord),
    scan: { size: SIZE, affine: AFFINE, data: scanData, modality: "CT", unit: "HU" },
    labels: {
      size: SIZE,
      affine: AFFINE,
      data: labelData,
      labels: ORGANS.map(({ id, name, color }) => ({
        id,
        name,
        color,
        snomed: null,
        source: "import:Jane_Doe.nii.gz",
      })),
    },
    meshes: ORGANS.map(({ id, name, color, centre, radius }) => ({
      id,
      name,
      color,
      mesh: sphere(centre, radius, 20),
    })),
    runs: [
      {
        name: "drug",
        config: { compound: "midazolam", doseMg: 2 },
        series: [
          { name: "time", unit: "h", label: "Time", values: hours },
          {
            name: "plasma",
            unit: "ug/L",
            label: "Plasma",
            values: hours.map((t) => 40 * Math.exp(-0.3 * t)),
          },
          {
            name: "liver",
            unit: "ug/L",
            label: "Liver",
            values: hours.map((t) => 90 * (Math.exp(-0.3 * t) - Math.exp(-3 * t))),
          },
          {
            name: "eliminated",
            unit: "mg",
            label: "Eliminated",
            values: hours.map((t) => 2 * (1 - Math.exp(-0.3 * t))),
          },
        ],
        summary: runSummarySchema.parse({
          schema: 1,
          simulation: "drug",
          title: "Midazolam 2 mg, intravenous",
          version: "0.1.0",
          config: "config.json",
          values: [
            {
              name: "cmax",
              label: "Peak plasma concentration",
              value: 40,
              unit: "ug/L",
              low: 31.4,
              high: 52.2,
            },
            { name: "auc", label: "AUC", value: 133.21, unit: "ug.h/L", low: null, high: null },
            {
              name: "halfLife",
              label: "Terminal half-life",
              value: 2.3105,
              unit: "h",
              low: null,
              high: null,
            },
          ],
          series: [
            { name: "time", unit: "h", label: "Time" },
            { name: "plasma", unit: "ug/L", label: "Plasma" },
            { name: "liver", unit: "ug/L", label: "Liver" },
            { name: "eliminated", unit: "mg", label: "Eliminated" },
          ],
          plots: [{ title: "Concentrations", columns: ["plasma", "liver", "eliminated"], yScale: "log" }],
          tables: [
            {
              title: "Volumes",
              columns: ["Organ", "Volume (mL)"],
              rows: [
                ["Liver", 57.9],
                ["Lung", null],
              ],
            },
          ],
          warnings: ["The lung volume comes from a table."],
        }),
      },
    ],
    groups: { liver: "Digestive system", spleen: "Glands and lymphatic organs" },
    generatedAt: "2026-11-21T07:06:00Z",
    version: "0.1.0",
  };
}
