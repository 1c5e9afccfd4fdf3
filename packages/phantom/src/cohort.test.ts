/** Properties over a cohort of thirty synthetic people on a coarse grid. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createPhantom, type Phantom } from "./phantom.js";
import { TISSUES } from "./tissues.js";

const SPACING = 5.5;
const size = [88, 66, 116] as const;
const cohort: Promise<Phantom[]> = (async () => {
  const people: Phantom[] = [];
  for (let seed = 1; seed <= 30; seed++)
    people.push(await createPhantom({ seed, size, spacingMm: [SPACING, SPACING, SPACING], noiseHu: 0 }));
  return people;
})();

/** Labels that are several pieces in life, or fill what others leave. */
const IN_PIECES = new Set([
  "skin",
  "subcutaneous_fat",
  "torso_fat",
  "intermuscular_fat",
  "skeletal_muscle",
  "intervertebral_discs",
  "costal_cartilages",
  "pulmonary_vein",
  "thyroid_gland",
]);

/** Number of 26-connected pieces per label, by a flood from each unseen voxel. */
function pieces({
  labels: {
    data,
    size: [nx, ny, nz],
  },
}: Phantom): Map<number, number> {
  const seen = new Uint8Array(data.length);
  const stack: number[] = [];
  const count = new Map<number, number>();
  for (let start = 0; start < data.length; start++) {
    const id = data[start]!;
    if (id === 0 || seen[start]) continue;
    count.set(id, (count.get(id) ?? 0) + 1);
    stack.push(start);
    seen[start] = 1;
    while (stack.length > 0) {
      const at = stack.pop()!;
      const x = at % nx;
      const y = Math.floor(at / nx) % ny;
      const z = Math.floor(at / (nx * ny));
      for (let k = Math.max(0, z - 1); k <= Math.min(nz - 1, z + 1); k++)
        for (let j = Math.max(0, y - 1); j <= Math.min(ny - 1, y + 1); j++)
          for (let i = Math.max(0, x - 1); i <= Math.min(nx - 1, x + 1); i++) {
            const next = i + nx * (j + ny * k);
            if (!seen[next] && data[next] === id) {
              seen[next] = 1;
              stack.push(next);
            }
          }
    }
  }
  return count;
}

function centroid(phantom: Phantom, name: string): [number, number, number] {
  const {
    data,
    size: [nx, ny],
    affine,
    labels,
  } = phantom.labels;
  const id = labels.find((label) => label.name === name)!.id;
  const sum = [0, 0, 0];
  let n = 0;
  for (let at = 0; at < data.length; at++) {
    if (data[at] !== id) continue;
    n++;
    sum[0]! += at % nx;
    sum[1]! += Math.floor(at / nx) % ny;
    sum[2]! += Math.floor(at / (nx * ny));
  }
  return [0, 1, 2].map((axis) => (sum[axis]! / n) * affine[axis * 5]! + affine[axis * 4 + 3]!) as [
    number,
    number,
    number,
  ];
}

function correlation(x: number[], y: number[]): number {
  const mean = (v: number[]) => v.reduce((a, b) => a + b, 0) / v.length;
  const [mx, my] = [mean(x), mean(y)];
  const product = (a: number[], ma: number, b: number[], mb: number) =>
    a.reduce((sum, value, i) => sum + (value - ma) * (b[i]! - mb), 0);
  return product(x, mx, y, my) / Math.sqrt(product(x, mx, x, mx) * product(y, my, y, my));
}

const lungs = ({ truth: { organVolumesMl: v } }: Phantom) =>
  Object.entries(v).reduce((sum, [name, ml]) => sum + (name.startsWith("lung_") ? ml : 0), 0);

test("everybody has every structure of their sex", async () => {
  const all = [...TISSUES.values()].filter(({ id, labelId }) => id === labelId).map(({ name }) => name);
  for (const { labels, patient } of await cohort) {
    const present = new Set(labels.labels.map(({ name }) => name));
    const other = patient.sex === "male" ? "uterus" : "prostate";
    const missing = all.filter((name) => !present.has(name) && name !== "tumor" && name !== other);
    assert.deepEqual(missing, []);
    assert.ok(!present.has(other));
  }
});

test("every organ, bone and vessel is one piece", async () => {
  for (const phantom of (await cohort).slice(0, 10)) {
    const counts = pieces(phantom);
    for (const { id, name } of phantom.labels.labels)
      if (!IN_PIECES.has(name))
        assert.equal(counts.get(id), 1, `${name} of seed ${phantom.truth.parameters.seed}`);
  }
});

test("organ volumes are those of people", async () => {
  // Wide limits of adults in CT, mL; sources in population.ts.
  const limits: Record<string, [number, number]> = {
    liver: [750, 2800],
    spleen: [70, 480],
    kidney_right: [80, 260],
    kidney_left: [80, 260],
    pancreas: [30, 140],
    gallbladder: [8, 80],
    stomach: [100, 700],
    urinary_bladder: [30, 500],
    colon: [300, 1500],
    small_bowel: [250, 1700],
    aorta: [90, 450],
    heart_ventricle_left: [70, 230],
    heart_ventricle_right: [75, 260],
    heart_atrium_left: [40, 130],
    heart_atrium_right: [45, 150],
    heart_myocardium: [55, 200],
    vertebrae_L3: [25, 90],
    sacrum: [90, 320],
    hip_left: [130, 450],
    autochthon_left: [250, 1100],
    iliopsoas_left: [120, 520],
  };
  for (const phantom of await cohort) {
    for (const [name, [low, high]] of Object.entries(limits)) {
      const ml = phantom.truth.organVolumesMl[name]!;
      assert.ok(ml > low && ml < high, `${name} of seed ${phantom.truth.parameters.seed}: ${ml} mL`);
    }
    const air = lungs(phantom);
    assert.ok(air > 1800 && air < 8000, `lungs: ${air} mL`);
  }
});

test("organs have the volumes they were shaped for, on average within 6 %", async () => {
  const people = await cohort;
  for (const name of Object.keys(people[0]!.truth.targetVolumesMl)) {
    const ratio = people.map(({ truth }) => truth.organVolumesMl[name]! / truth.targetVolumesMl[name]!);
    const mean = ratio.reduce((a, b) => a + b, 0) / ratio.length;
    assert.ok(Math.abs(mean - 1) < 0.06, `${name}: ${mean}`);
    assert.ok(Math.min(...ratio) > 0.65 && Math.max(...ratio) < 1.25, `${name}: ${ratio}`);
  }
});

test("organs grow with the body", async () => {
  const people = await cohort;
  const height = people.map(({ patient }) => patient.heightCm);
  const surface = people.map(({ patient: p }) => 0.007184 * p.weightKg ** 0.425 * p.heightCm ** 0.725);
  const bmi = people.map(({ patient: p }) => p.weightKg / (p.heightCm / 100) ** 2);
  const volume = (name: string) => people.map(({ truth }) => truth.organVolumesMl[name]!);
  assert.ok(correlation(surface, volume("liver")) > 0.5);
  assert.ok(correlation(surface, volume("kidney_left")) > 0.4);
  assert.ok(correlation(height, people.map(lungs)) > 0.6);
  assert.ok(correlation(height, volume("vertebrae_L3")) > 0.6);
  assert.ok(correlation(bmi, volume("subcutaneous_fat")) > 0.6);
  assert.ok(correlation(bmi, volume("torso_fat")) > 0.4);
});

test("organs lie on their side and in their order", async () => {
  for (const phantom of (await cohort).slice(0, 10)) {
    const [liver, spleen, heart, stomach, bladder] = [
      "liver",
      "spleen",
      "heart_ventricle_left",
      "stomach",
      "urinary_bladder",
    ].map((name) => centroid(phantom, name)) as [number, number, number][];
    assert.ok(liver![0] > 25 && spleen![0] < -50 && stomach![0] < -10 && heart![0] < -20);
    assert.ok(heart![2] > liver![2] && liver![2] > bladder![2] + 150);
    assert.ok(spleen![1] < stomach![1]);
    for (const pair of ["kidney", "hip", "rib", "autochthon", "iliopsoas", "iliac_artery", "renal_vein"]) {
      const end = pair === "rib" ? "_6" : "";
      assert.ok(centroid(phantom, `${pair}_right${end}`)[0] > 5, pair);
      assert.ok(centroid(phantom, `${pair}_left${end}`)[0] < -5, pair);
    }
    const levels = ["T1", "T6", "T12", "L1", "L5"].map((v) => centroid(phantom, `vertebrae_${v}`)[2]);
    assert.deepEqual(
      [...levels].sort((a, b) => b - a),
      levels,
    );
    // The aorta runs left of the vena cava in the abdomen, both before the spine.
    const spine = centroid(phantom, "vertebrae_L2");
    assert.ok(centroid(phantom, "inferior_vena_cava")[0] > 8);
    assert.ok(centroid(phantom, "aorta")[0] < 0 && centroid(phantom, "pancreas")[1] > spine[1] + 30);
  }
});

test("no air stands between organs inside the body", async () => {
  for (const { labels } of (await cohort).slice(0, 3)) {
    const [nx, ny, nz] = labels.size;
    // In every row the labelled part is one stretch, but where two breasts or the neck's sides stand out.
    let gaps = 0;
    let rows = 0;
    for (let row = 0; row < ny * nz; row++) {
      let changes = 0;
      for (let i = 1; i < nx; i++)
        if ((labels.data[row * nx + i] === 0) !== (labels.data[row * nx + i - 1] === 0)) changes++;
      if (changes > 0) rows++;
      if (changes > 2) gaps++;
    }
    assert.ok(gaps / rows < 0.02, `${gaps} of ${rows} rows`);
  }
});

test("the physiology is consistent", async () => {
  for (const { patient: p, truth } of await cohort) {
    assert.ok(p.systolicMmHg > p.diastolicMmHg + 20);
    const strokeMl = (p.cardiacOutputLPerMin * 1000) / p.heartRateBpm;
    const fraction = strokeMl / truth.targetVolumesMl["heart_ventricle_left"]!;
    assert.ok(fraction > 0.5 && fraction < 0.75, `ejection fraction ${fraction}`);
    assert.ok(p.haematocrit > 0.32 && p.haematocrit < 0.54);
    assert.ok(p.creatinineMgPerDl > 0.4 && p.creatinineMgPerDl < 2);
  }
});
