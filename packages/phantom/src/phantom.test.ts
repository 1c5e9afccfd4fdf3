import assert from "node:assert/strict";
import { test } from "node:test";
import { VisceraError } from "@viscera/core";
import { assertClose } from "@viscera/core/testing";
import { PHANTOM_DEFAULTS, type PhantomParameters, phantomParameters } from "./parameters.js";
import { createPhantom, type Phantom } from "./phantom.js";
import { creatinineForGfr } from "./population.js";
import { MATERIALS } from "./tissues.js";

const coarse = { size: [72, 64, 88] as const };

/** Mean and deviation of the scan over voxels of a label whose 26 neighbours all bear it. */
function inside({ scan, labels }: Phantom, name: string): { mean: number; sd: number } {
  const id = labels.labels.find((label) => label.name === name)!.id;
  const [nx, ny, nz] = labels.size;
  const values: number[] = [];
  for (let k = 1; k < nz - 1; k++)
    for (let j = 1; j < ny - 1; j++)
      next: for (let i = 1; i < nx - 1; i++) {
        const at = i + nx * (j + ny * k);
        for (const dk of [-1, 0, 1])
          for (const dj of [-1, 0, 1])
            for (const di of [-1, 0, 1]) if (labels.data[at + di + nx * (dj + ny * dk)] !== id) continue next;
        values.push(scan.data[at]!);
      }
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return { mean, sd: Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length) };
}

test("the same seed gives the same bytes, whatever the threads", async () => {
  const a = await createPhantom({ ...coarse, seed: 5 }, { threads: 1 });
  const b = await createPhantom({ ...coarse, seed: 5 }, { threads: 4 });
  assert.deepEqual(a, b);
  const c = await createPhantom({ ...coarse, seed: 6 });
  assert.notDeepEqual(c.labels.data, a.labels.data);
});

test("fixed parameters change no other draw", async () => {
  const a = await createPhantom({ size: [16, 16, 16], seed: 8 });
  const b = await createPhantom({ size: [16, 16, 16], seed: 8, heightCm: a.patient.heightCm });
  assert.deepEqual(a.patient, b.patient);
});

test("a CT has the HU of its tissues and the noise asked for", async () => {
  for (const phase of ["native", "portal-venous"] as const) {
    const phantom = await createPhantom({ size: [96, 84, 112], seed: 7, phase, noiseHu: 20 });
    assert.equal(phantom.scan.unit, "HU");
    assert.equal(phantom.scan.modality, "CT");
    const key = phase === "native" ? "native" : "portal";
    for (const [organ, material, tolerance] of [
      ["spleen", "spleen", 7],
      ["aorta", "artery", 7],
      ["autochthon_left", "muscle", 7],
      ["subcutaneous_fat", "subcutaneousFat", 7],
      ["heart_ventricle_left", "blood", 7],
      ["urinary_bladder", "urine", 7],
      ["liver", "liver", 28],
      ["lung_lower_lobe_right", "lung", 60],
    ] as const)
      assertClose(inside(phantom, organ).mean, MATERIALS[material][key], { absolute: tolerance }, organ);
    assert.ok(inside(phantom, "vertebrae_L3").mean > 90);
    assertClose(inside(phantom, "heart_ventricle_left").sd, 20, { relative: 0.2 });
    assert.equal(Math.min(...phantom.scan.data.subarray(0, 200)) >= -1024, true);
  }
});

test("slices thicker than their spacing average along z", async () => {
  const thin = await createPhantom({ ...coarse, seed: 3, noiseHu: 0, couch: false });
  const spacing = thin.truth.parameters.spacingMm![2];
  const thick = await createPhantom({
    ...coarse,
    seed: 3,
    noiseHu: 0,
    couch: false,
    sliceThicknessMm: 3 * spacing,
  });
  const plane = coarse.size[0] * coarse.size[1];
  let largest = 0;
  for (let k = 1; k < coarse.size[2] - 1; k++)
    for (let i = 0; i < plane; i++) {
      const at = i + k * plane;
      const mean = (thin.scan.data[at - plane]! + thin.scan.data[at]! + thin.scan.data[at + plane]!) / 3;
      largest = Math.max(largest, Math.abs(mean - thick.scan.data[at]!));
    }
  assert.ok(largest <= 1, `${largest}`);
});

test("MR contrasts are those of T1 and T2", async () => {
  const grid = { size: [88, 72, 112] as const, seed: 4, noiseHu: 4 };
  const t1 = await createPhantom({ ...grid, modality: "MR-T1" });
  const t2 = await createPhantom({ ...grid, modality: "MR-T2" });
  assert.equal(t1.scan.modality, "MR");
  assert.equal(t1.scan.unit, null);
  const mean = (phantom: Phantom, name: string) => inside(phantom, name).mean;
  assert.ok(mean(t1, "subcutaneous_fat") > 1.3 * mean(t1, "liver"));
  assert.ok(mean(t1, "liver") > 1.15 * mean(t1, "spleen"));
  assert.ok(mean(t1, "urinary_bladder") < mean(t1, "autochthon_left"));
  assert.ok(mean(t2, "urinary_bladder") > 2 * mean(t2, "spleen"));
  assert.ok(mean(t2, "spleen") > 1.4 * mean(t2, "liver"));
  assert.ok(mean(t2, "lung_lower_lobe_right") < 0.3 * mean(t2, "liver"));
  assert.deepEqual(t1.labels.data, t2.labels.data);
});

test("a tumour has its volume and lies in its organ", async () => {
  for (const [organ, volumeMl] of [
    ["liver", 60],
    ["kidney_left", 12],
    ["lung_upper_lobe_right", 20],
    ["spleen", 15],
  ] as const) {
    const grid = { size: [112, 96, 128] as const, seed: 11, noiseHu: 0 };
    const ill = await createPhantom({ ...grid, tumour: { organ, volumeMl } });
    assertClose(ill.truth.organVolumesMl["tumor"]!, volumeMl, { relative: 0.15 }, organ);
    if (organ !== "liver") continue;
    const well = await createPhantom(grid);
    const tumour = ill.labels.labels.find(({ name }) => name === "tumor")!.id;
    const liver = well.labels.labels.find(({ name }) => name === "liver")!.id;
    for (let i = 0; i < well.labels.data.length; i++)
      if (ill.labels.data[i] === tumour) assert.equal(well.labels.data[i], liver);
  }
  await assert.rejects(
    createPhantom({ size: [16, 16, 16], tumour: { organ: "pancreas", volumeMl: 900 } }),
    (error) => error instanceof VisceraError && error.exitCode === 2 && /does not fit/.test(error.message),
  );
});

test("a stenosis narrows the truth and the labels alike", async () => {
  const grid = { field: "chest", size: [90, 130, 84], spacingMm: [1.4, 1.4, 1.4], seed: 2 } as const;
  const well = await createPhantom(grid);
  const ill = await createPhantom({ ...grid, stenosis: { artery: "aorta", percent: 60 } });
  const line = (phantom: Phantom) => phantom.truth.vessels.find(({ name }) => name === "aorta")!;
  const middle = Math.round(line(well).radiiMm.length / 2);
  const ratio = line(ill).radiiMm[middle]! / line(well).radiiMm[middle]!;
  assertClose(ratio, 0.4, { absolute: 1e-9 });
  const narrowest = Math.min(...line(ill).radiiMm.map((r, i) => r / line(well).radiiMm[i]!));
  assertClose(narrowest, 0.4, { absolute: 1e-9 });
  const [x, y, z] = line(ill).points[middle]!;
  const area = ({ labels: { data, size, affine, labels } }: Phantom) => {
    const id = labels.find(({ name }) => name === "aorta")!.id;
    const k = Math.round((z - affine[11]!) / affine[10]!);
    let voxels = 0;
    for (let j = 0; j < size[1]; j++)
      for (let i = 0; i < size[0]; i++)
        if (
          data[i + size[0] * (j + size[1] * k)] === id &&
          Math.hypot(affine[0]! * i + affine[3]! - x, affine[5]! * j + affine[7]! - y) < 22
        )
          voxels++;
    return voxels * affine[0]! * affine[5]!;
  };
  assertClose(area(ill) / area(well), 0.16, { relative: 0.25 });
});

test("sex, height and weight shape the body", async () => {
  const make = (parameters: Partial<PhantomParameters>) =>
    createPhantom({ size: [96, 80, 100], spacingMm: [5, 5, 6.4], seed: 9, noiseHu: 0, ...parameters });
  const lean = await make({ sex: "male", heightCm: 178, weightKg: 62 });
  const plump = await make({ sex: "male", heightCm: 178, weightKg: 105 });
  const tall = await make({ sex: "male", heightCm: 195, weightKg: 74 });
  const woman = await make({ sex: "female", heightCm: 178, weightKg: 62 });
  const ml = (phantom: Phantom, name: string) => phantom.truth.organVolumesMl[name]!;
  assert.ok(ml(plump, "subcutaneous_fat") > 2 * ml(lean, "subcutaneous_fat"));
  assert.ok(ml(plump, "torso_fat") > 1.2 * ml(lean, "torso_fat"));
  assert.ok(ml(plump, "liver") > ml(lean, "liver"));
  assert.ok(ml(tall, "vertebrae_L3") > ml(lean, "vertebrae_L3"));
  assert.ok(ml(woman, "subcutaneous_fat") > ml(lean, "subcutaneous_fat"));
  assert.ok(ml(woman, "heart_myocardium") < ml(lean, "heart_myocardium"));
  assert.ok(woman.labels.labels.some(({ name }) => name === "uterus"));
  assert.ok(lean.labels.labels.some(({ name }) => name === "prostate"));
});

test("vessel centre lines run inside their labels", async () => {
  const { labels, truth } = await createPhantom({
    size: [120, 100, 170],
    spacingMm: [3.5, 3.5, 3.5],
    seed: 3,
  });
  const { data, size, affine } = labels;
  const names = new Map(labels.labels.map(({ id, name }) => [id, name]));
  for (const { name, points } of truth.vessels) {
    let inside = 0;
    let seen = 0;
    for (const p of points) {
      const [i, j, k] = [0, 1, 2].map((axis) => Math.round((p[axis]! - affine[axis * 4 + 3]!) / 3.5)) as [
        number,
        number,
        number,
      ];
      if (k < 0 || k >= size[2]) continue;
      seen++;
      if (name.startsWith(names.get(data[i + size[0] * (j + size[1] * k)]!) ?? "?")) inside++;
    }
    // Branches begin inside the trunk they leave.
    assert.ok(inside / seen > 0.45, `${name}: ${inside} of ${seen}`);
  }
});

test("fields of view fit the patient", async () => {
  for (const field of ["torso", "abdomen", "chest"] as const) {
    const { labels } = await createPhantom({ ...coarse, seed: 12, field, noiseHu: 0 });
    const names = new Set(labels.labels.map(({ name }) => name));
    assert.equal(names.has("urinary_bladder"), field !== "chest");
    assert.equal(names.has("trachea"), field !== "abdomen");
    assert.ok(names.has("liver"));
    // Air at every side border.
    const [nx, ny, nz] = labels.size;
    for (let k = 0; k < nz; k++)
      for (let j = 0; j < ny; j++) {
        assert.equal(labels.data[nx * (j + ny * k)], 0);
        assert.equal(labels.data[nx - 1 + nx * (j + ny * k)], 0);
      }
  }
});

test("a phantom can be cancelled and tells how far it is", async () => {
  const stop = new AbortController();
  const stages = new Set<string>();
  const job = createPhantom(
    { ...coarse },
    {
      signal: stop.signal,
      onProgress: ({ stage, done, total }) => {
        assert.ok(done <= total);
        stages.add(stage);
        if (stage === "drawing organs") stop.abort();
      },
    },
  );
  await assert.rejects(job, (error) => error instanceof VisceraError && error.exitCode === 130);
  assert.ok(stages.has("shaping organs"));
});

test("wrong parameters are refused in a sentence", () => {
  assert.deepEqual(phantomParameters(), PHANTOM_DEFAULTS);
  const wrong: [unknown, RegExp][] = [
    [{ seed: -1 }, /seed/],
    [{ seed: 1.5 }, /seed/],
    [{ heightCm: 300 }, /heightCm/],
    [{ weightKg: Number.NaN }, /weightKg/],
    [{ heightCm: 200, weightKg: 40 }, /body mass index/],
    [{ sex: "x" }, /sex/],
    [{ size: [0, 10, 10] }, /size/],
    [{ size: [4096, 4096, 4096] }, /too large/],
    [{ spacingMm: [1, 1] }, /spacingMm/],
    [{ modality: "PET" }, /modality/],
    [{ noiseHu: -3 }, /noiseHu/],
    [{ tumour: { organ: "brain", volumeMl: 3 } }, /tumour\.organ/],
    [{ stenosis: { artery: "aorta", percent: 100 } }, /percent/],
    [{ hight: 3 }, /hight/],
  ];
  for (const [given, message] of wrong)
    assert.throws(
      () => phantomParameters(given as Partial<PhantomParameters>),
      (error) =>
        error instanceof VisceraError &&
        error.exitCode === 2 &&
        message.test(error.message) &&
        error.hint !== "",
    );
});

test("creatinine solves the filtration formula", () => {
  // CKD-EPI 2021 worked forwards.
  const gfr = (creatinine: number, female: boolean, age: number) => {
    const r = creatinine / (female ? 0.7 : 0.9);
    return (
      142 *
      Math.min(r, 1) ** (female ? -0.241 : -0.302) *
      Math.max(r, 1) ** -1.2 *
      0.9938 ** age *
      (female ? 1.012 : 1)
    );
  };
  for (const sex of ["female", "male"] as const)
    for (const target of [35, 70, 95, 120])
      assertClose(gfr(creatinineForGfr(target, sex, 50), sex === "female", 50), target, { relative: 1e-9 });
});
