import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Affine,
  affineOf,
  applyToPoint,
  determinant,
  IDENTITY,
  type LabelMap,
  multiply,
  organRecordSchema,
  RandomStream,
  type Size3,
  type Vec3,
  VisceraError,
  type Volume,
  type VoxelArray,
} from "@viscera/core";
import { assertClose } from "@viscera/core/testing";
import { connectedComponents, marchingCubes } from "@viscera/kernels";
import { emptyLabels, MEASURE_UNITS, measureOrgans, measuresCsv } from "./index.js";

type Inside = (x: number, y: number, z: number) => boolean;

function labelMap(size: Size3, affine: Affine, inside: Inside): LabelMap {
  const data = new Uint8Array(size[0] * size[1] * size[2]);
  for (let at = 0, z = 0; z < size[2]; z++)
    for (let y = 0; y < size[1]; y++) for (let x = 0; x < size[0]; x++) data[at++] = inside(x, y, z) ? 1 : 0;
  const labels = [{ id: 1, name: "it", snomed: null, color: "#808080", source: "test" }];
  return { size, affine, data, labels };
}

const volume = ({ size, affine }: LabelMap, data: VoxelArray): Volume => ({
  size,
  affine,
  data,
  modality: "CT",
  unit: "HU",
});

async function measuresOf(
  labels: LabelMap,
  scan: Volume | null = null,
  options = {},
): Promise<Record<string, number>> {
  const [record] = await measureOrgans(labels, scan, options);
  return record!.measures as Record<string, number>;
}

/** Rotations about all three axes, then spacing, then a shift: no entry of the affine is zero. */
function oblique(spacing: Vec3): Affine {
  const turn = (a: number, b: number, angle: number): Affine => {
    const m = [...IDENTITY];
    m[5 * a] = m[5 * b] = Math.cos(angle);
    m[4 * a + b] = -Math.sin(angle);
    m[4 * b + a] = Math.sin(angle);
    return m;
  };
  const shift: Affine = [1, 0, 0, 31, 0, 1, 0, -17, 0, 0, 1, 400, 0, 0, 0, 1];
  return [shift, turn(0, 1, 0.4), turn(1, 2, -0.7), turn(0, 2, 1.1)].reduceRight(
    (product, m) => multiply(m, product),
    affineOf(spacing),
  );
}

test("a ball: volume, centre, equal axes, hull, and the area of its stepped surface", async () => {
  const radius = 20;
  const labels = labelMap([51, 51, 51], affineOf([1, 1, 1], [-100, 50, 7]), (x, y, z) => {
    return (x - 25) ** 2 + (y - 25) ** 2 + (z - 25) ** 2 <= radius ** 2;
  });
  const [record] = await measureOrgans(labels, null);
  const m = record!.measures as Record<string, number>;
  assertClose(m["morph_volume"]!, (4 / 3) * Math.PI * radius ** 3, { relative: 0.005 });
  // The unsmoothed surface of a mask keeps its steps: about 9 % more area however fine the grid.
  assertClose(m["morph_area_mesh"]!, 4 * Math.PI * radius ** 2 * 1.09, { relative: 0.015 });
  assertClose(m["morph_sphericity"]!, 0.915, { absolute: 0.015 });
  assertClose(m["morph_vol_dens_conv_hull"]!, 0.98, { absolute: 0.02 });
  assertClose(m["morph_diam"]!, 2 * radius + 1, { absolute: 0.05 });
  // A solid ball's covariance is r^2 / 5 along every axis.
  for (const axis of record!.principalAxesMm)
    assertClose(axis, 4 * (radius / Math.sqrt(5)), { relative: 0.003 });
  record!.centroidMm.forEach((value, i) => assertClose(value, [-75, 75, 32][i]!, { absolute: 1e-9 }));
  assert.deepEqual(record!.boundingBoxMm, [
    [-95.5, 54.5, 11.5],
    [-54.5, 95.5, 52.5],
  ]);
  assert.equal(record!.touchesBorder, false);
  assert.equal(record!.pieces, 1);
});

/** By the midpoint rule over the sphere of directions. */
function ellipsoidArea(a: number, b: number, c: number): number {
  const n = 400;
  let sum = 0;
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const theta = ((i + 0.5) * Math.PI) / n;
      const phi = ((j + 0.5) * 2 * Math.PI) / n;
      const [s, x, y, z] = [Math.sin(theta), Math.cos(phi), Math.sin(phi), Math.cos(theta)];
      sum += s * Math.hypot(b * c * s * x, a * c * s * y, a * b * z);
    }
  return (sum * 2 * Math.PI ** 2) / n ** 2;
}

test("an ellipsoid on an anisotropic, oblique grid: axes, volume and centre in the world", async () => {
  const affine = oblique([0.8, 1.1, 1.7]);
  const size: Size3 = [90, 70, 40];
  const centre = applyToPoint(affine, [44, 35, 20]);
  // Semi-axes along the world's axes: the grid is at an angle to them.
  const semi = [14, 22, 9];
  const labels = labelMap(size, affine, (x, y, z) => {
    const p = applyToPoint(affine, [x, y, z]);
    return p.reduce((sum, value, i) => sum + ((value - centre[i]!) / semi[i]!) ** 2, 0) <= 1;
  });
  const [record] = await measureOrgans(labels, null);
  assertClose(record!.volumeMl, ((4 / 3) * Math.PI * 14 * 22 * 9) / 1000, { relative: 0.01 });
  assertClose(record!.surfaceVolumeMl, record!.volumeMl, { relative: 0.01 });
  [22, 14, 9].forEach((a, i) =>
    assertClose(record!.principalAxesMm[i]!, (4 * a) / Math.sqrt(5), { relative: 0.01 }),
  );
  record!.centroidMm.forEach((value, i) => assertClose(value, centre[i]!, { absolute: 0.1 }));
  record!.boundingBoxMm[0].forEach((low, i) => {
    const extent = record!.boundingBoxMm[1][i]! - low;
    assert.ok(extent >= 2 * semi[i]! && extent <= 2 * semi[i]! + 3, `${extent} mm along axis ${i}`);
  });
  // IBSI's ellipsoid has semi-axes of two standard deviations: 2 / sqrt(5) of the solid's own.
  assertClose(record!.measures["morph_vol_dens_aee"]!, Math.sqrt(5) ** 3 / 8, { relative: 0.01 });
  const area = record!.areaMm2 / record!.measures["morph_area_dens_aee"]!;
  assertClose(area, 0.8 * ellipsoidArea(14, 22, 9), { relative: 0.01 });
});

test("a box: exact hull, box densities, border and diagonal", async () => {
  const labels = labelMap(
    [12, 10, 9],
    affineOf([2, 3, 5]),
    (x, y, z) => x < 6 && y >= 3 && y < 8 && z > 1 && z < 6,
  );
  const [record] = await measureOrgans(labels, null);
  const m = record!.measures as Record<string, number>;
  assert.equal(record!.volumeMl, (6 * 5 * 4 * 30) / 1000);
  assert.equal(record!.touchesBorder, true);
  // The surface of a box of voxels is convex: its hull is itself.
  assertClose(m["morph_vol_dens_conv_hull"]!, 1, { absolute: 1e-9 });
  assertClose(m["morph_area_dens_conv_hull"]!, 1, { absolute: 1e-9 });
  // From a face's outermost corner (half a voxel off centre along one axis) to the opposite one.
  assertClose(m["morph_diam"]!, Math.hypot(5 * 2, 4 * 3, 4 * 5), { absolute: 1e-9 });
});

test("a single voxel and a flat structure give finite numbers or null", async () => {
  const single = labelMap([1, 1, 1], affineOf([1, 2, 3]), () => true);
  const [record] = await measureOrgans(single, volume(single, Int16Array.of(5)), { quadratic: true });
  assert.ok(organRecordSchema.safeParse(record).success);
  assertClose(record!.measures["morph_volume"]!, 1, { relative: 1e-12 });
  assert.equal(record!.measures["morph_diam"], 3);
  assert.equal(record!.measures["morph_pca_elongation"], null);
  assert.equal(record!.measures["morph_moran_i"], null);
  assert.equal(record!.measures["stat_mean"], 5);
  assert.equal(record!.touchesBorder, false);
  const flat = labelMap([8, 8, 1], affineOf([1, 1, 1]), (x, y) => x > 1 && x < 5 && y > 1 && y < 6);
  const [sheet] = await measureOrgans(flat, null);
  assert.equal(sheet!.touchesBorder, false);
  assert.equal(sheet!.principalAxesMm[2], 0);
  assert.equal(sheet!.measures["morph_vol_dens_aee"], null);
  assert.ok(sheet!.measures["morph_vol_dens_conv_hull"]! > 0.9);
});

test("random masks: surface, diameter and pieces equal those of the whole mesh and mask", async () => {
  const random = new RandomStream(3, "organ.test.measures");
  for (let draw = 0; draw < 30; draw++) {
    const size: Size3 = [
      3 + random.integer(8, draw, 1),
      3 + random.integer(8, draw, 2),
      1 + random.integer(8, draw, 3),
    ];
    const fill = 0.05 + 0.9 * random.uniform(draw, 4);
    // Skewed as well: the general case of an affine.
    const affine = multiply(oblique([0.7, 1, 2]), [1, 0.2, 0, 0, 0, 1, -0.3, 0, 0.1, 0, 1, 0, 0, 0, 0, 1]);
    const labels = labelMap(
      size,
      affine,
      (x, y, z) => random.uniform(draw, 10 + x + 20 * y + 400 * z) < fill,
    );
    if (!labels.data.includes(1)) continue;
    const [record] = await measureOrgans(labels, null);
    const m = record!.measures as Record<string, number>;
    const mesh = marchingCubes(labels.data, size, 0.5);
    const points: number[][] = [];
    for (let i = 0; i < mesh.positions.length; i += 3)
      points.push(applyToPoint(affine, [mesh.positions[i]!, mesh.positions[i + 1]!, mesh.positions[i + 2]!]));
    let [area, enclosed, diameter] = [0, 0, 0];
    for (let i = 0; i < mesh.indices.length; i += 3) {
      const [a, b, c] = [0, 1, 2].map((k) => points[mesh.indices[i + k]!]!) as [number[], number[], number[]];
      const u = b.map((value, k) => value - a[k]!);
      const v = c.map((value, k) => value - a[k]!);
      const n = [u[1]! * v[2]! - u[2]! * v[1]!, u[2]! * v[0]! - u[0]! * v[2]!, u[0]! * v[1]! - u[1]! * v[0]!];
      area += Math.hypot(...n) / 2;
      enclosed += (n[0]! * a[0]! + n[1]! * a[1]! + n[2]! * a[2]!) / 6;
    }
    for (const p of points)
      for (const q of points)
        diameter = Math.max(diameter, Math.hypot(...p.map((value, k) => value - q[k]!)));
    assertClose(m["morph_volume"]!, Math.abs(enclosed), { relative: 1e-5 }, `volume of draw ${draw}`);
    assertClose(m["morph_area_mesh"]!, area, { relative: 1e-5 }, `area of draw ${draw}`);
    assertClose(m["morph_diam"]!, diameter, { relative: 1e-5 }, `diameter of draw ${draw}`);
    assertClose(m["morph_vol_approx"]!, m["voxels"]! * Math.abs(determinant(affine)), { relative: 1e-12 });
    const { count } = await connectedComponents(labels.data, size, 26);
    assert.equal(record!.pieces, count);
  }
});

test("counted, sorted and naive statistics agree, also where voxels are not finite", async () => {
  const random = new RandomStream(4, "organ.test.statistics");
  const labels = labelMap([9, 8, 7], affineOf([1, 1, 1]), (x, y, z) => (x + y + z) % 3 > 0);
  const whole = Float32Array.from(labels.data, (_, i) => random.integer(40, 0, i) - 20);
  const cases: [string, VoxelArray][] = [
    ["int16", Int16Array.from(whole)],
    ["float32, whole", whole],
    ["float32", whole.map((v, i) => v + random.uniform(1, i))],
    ["float64, wide", Float64Array.from(whole, (v) => v * 1e6)],
    ["not finite", whole.map((v, i) => [v, Number.NaN, Infinity, -Infinity][i % 7 < 4 ? i % 7 : 0]!)],
  ];
  for (const [name, data] of cases) {
    const m = await measuresOf(labels, volume(labels, data));
    const all = [...data].filter((_, i) => labels.data[i] === 1);
    const v = all.filter(Number.isFinite).sort((a, b) => a - b);
    assert.equal(m["excluded_voxels"], all.length - v.length, name);
    const mean = v.reduce((sum, x) => sum + x, 0) / v.length;
    const at = (f: number): number => {
      const h = (v.length - 1) * f;
      const i = Math.floor(h);
      return v[i]! + ((v[i + 1] ?? v[i]!) - v[i]!) * (h - i);
    };
    const near = { absolute: 1e-9 * (v.at(-1)! - v[0]!), relative: 1e-9 };
    assertClose(m["stat_mean"]!, mean, near, name);
    assertClose(m["stat_var"]!, v.reduce((sum, x) => sum + (x - mean) ** 2, 0) / v.length, near, name);
    assertClose(m["stat_median"]!, at(0.5), near, name);
    assertClose(m["stat_p10"]!, at(0.1), near, name);
    assertClose(m["stat_p90"]!, at(0.9), near, name);
    assertClose(m["stat_iqr"]!, at(0.75) - at(0.25), near, name);
    assertClose(
      m["stat_energy"]!,
      v.reduce((sum, x) => sum + x * x, 0),
      near,
      name,
    );
  }
});

test("intensity peaks equal the mean over every voxel within the sphere", async () => {
  const random = new RandomStream(5, "organ.test.peaks");
  const affine = multiply(oblique([2.1, 1.7, 3]), [1, 0.3, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
  const size: Size3 = [11, 10, 8];
  const labels = labelMap(size, affine, (x, y, z) => x > 2 && (x * y + z) % 4 > 0);
  const data = Float32Array.from(labels.data, (_, i) =>
    i % 50 === 3 ? Number.NaN : random.integer(30, 0, i),
  );
  const positions = Array.from(data, (_, i) => {
    return applyToPoint(affine, [i % 11, Math.floor(i / 11) % 10, Math.floor(i / 110)]);
  });
  const radius = 10 * Math.cbrt(3 / (4 * Math.PI));
  const meanAround = (centre: number): number => {
    let [sum, count] = [0, 0];
    positions.forEach((p, i) => {
      if (Number.isNaN(data[i]!)) return;
      if (Math.hypot(...p.map((value, k) => value - positions[centre]![k]!)) > radius) return;
      sum += data[i]!;
      count++;
    });
    return sum / count;
  };
  const inside = [...data.keys()].filter((i) => labels.data[i] === 1 && Number.isFinite(data[i]!));
  const maximum = Math.max(...inside.map((i) => data[i]!));
  const m = await measuresOf(labels, volume(labels, data), { quadratic: true });
  assertClose(m["loc_peak_glob"]!, Math.max(...inside.map(meanAround)), { relative: 1e-9 });
  const local = Math.max(...inside.filter((i) => data[i] === maximum).map(meanAround));
  assertClose(m["loc_peak_loc"]!, local, { relative: 1e-9 });
  const fast = await measuresOf(labels, volume(labels, data));
  assert.equal(fast["loc_peak_loc"], m["loc_peak_loc"]);
  for (const tag of ["loc_peak_glob", "morph_moran_i", "morph_geary_c"]) assert.ok(!(tag in fast), tag);
});

test("records follow the label table, and what callers add is in them", async () => {
  const size: Size3 = [6, 5, 4];
  const data = Uint16Array.from({ length: 120 }, (_, i) => (i === 40 || i === 95 ? 300 : i === 41 ? 7 : 0));
  const label = (id: number, name: string) => ({ id, name, snomed: null, color: "#808080", source: "test" });
  const labels: LabelMap = {
    size,
    affine: IDENTITY,
    data,
    labels: [label(300, "b"), label(9, "none"), label(7, "a")],
  };
  const stages: number[] = [];
  const records = await measureOrgans(labels, null, {
    confidence: new Map([[300, 0.75]]),
    surfaces: new Map([[7, { volumeMl: 0.0011 }]]),
    onProgress: ({ done }) => stages.push(done),
  });
  assert.deepEqual(
    records.map(({ name, pieces, confidence, mesh }) => ({ name, pieces, confidence, mesh })),
    [
      { name: "b", pieces: 2, confidence: 0.75, mesh: null },
      { name: "a", pieces: 1, confidence: null, mesh: "a.glb" },
    ],
  );
  assert.equal(records[1]!.surfaceVolumeMl, 0.0011);
  assert.deepEqual(stages, [0, 1, 2]);
  assert.deepEqual(
    emptyLabels(labels).map(({ name }) => name),
    ["none"],
  );
  for (const record of records) {
    assert.ok(organRecordSchema.safeParse(record).success);
    for (const tag of Object.keys(record.measures)) assert.ok(tag in MEASURE_UNITS, tag);
  }
});

test("another grid and a cancelled job are errors", async () => {
  const labels = labelMap([3, 3, 3], IDENTITY, () => true);
  const code = (expected: string) => (error: unknown) =>
    error instanceof VisceraError && error.code === expected;
  const shifted = { ...volume(labels, new Int16Array(27)), affine: affineOf([1, 1, 1], [1, 0, 0]) };
  await assert.rejects(measureOrgans(labels, shifted), code("failed.grid"));
  await assert.rejects(
    measureOrgans({ ...labels, affine: new Array(16).fill(0) }, null),
    code("failed.grid"),
  );
  await assert.rejects(measureOrgans({ ...labels, size: [3, 3, 4] }, null), code("failed.grid"));
  await assert.rejects(measureOrgans(labels, null, { signal: AbortSignal.abort() }), code("cancelled"));
});

test("a cancellation arrives in the middle of the quadratic measures", async () => {
  const labels = labelMap([60, 60, 60], IDENTITY, () => true);
  const scan = volume(
    labels,
    Int16Array.from(labels.data, (_, i) => i % 17),
  );
  const controller = new AbortController();
  const job = measureOrgans(labels, scan, { quadratic: true, signal: controller.signal });
  setTimeout(() => controller.abort());
  // All pairs of 216000 voxels would take a minute.
  await assert.rejects(job, (error) => error instanceof VisceraError && error.code === "cancelled");
});

test("measures.csv: units in the header, quoted fields, a line a structure", async () => {
  const labels = labelMap([3, 3, 3], IDENTITY, (x) => x === 1);
  const [record] = await measureOrgans(labels, volume(labels, new Int16Array(27).fill(-4)));
  const text = measuresCsv([record!, { ...record!, id: 2, name: 'a "b", c', intensity: null, measures: {} }]);
  const lines = text.split("\r\n");
  assert.equal(lines.length, 4);
  assert.equal(lines[3], "");
  const header = lines[0]!.split(",");
  assert.deepEqual(header.slice(0, 3), ["id", "name", "volume[mL]"]);
  for (const name of ["morph_area_mesh[mm2]", "stat_mean[HU]", "stat_var[HU2]", "intensity_p95[HU]"])
    assert.ok(header.includes(name), name);
  const cells = lines[1]!.split(",");
  assert.equal(cells.length, header.length);
  assert.equal(cells[header.indexOf("stat_mean[HU]")], "-4");
  assert.ok(lines[2]!.startsWith('2,"a ""b"", c",0.009,'));
  assert.equal(measuresCsv([]), `${header.slice(0, 18).join(",")}\r\n`);
});
