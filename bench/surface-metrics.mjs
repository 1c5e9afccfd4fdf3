// All surface metrics against google-deepmind/surface-distance on the same masks, in processor seconds:
// two balls of radius 110 and eight labels in 256^3; then, alone, 117 labels of a 300x300x400 label map.
//   node bench/surface-metrics.mjs [rounds, default 3]
// VISCERA_BENCH_PYTHON names a Python that has the surface-distance package (default python3).
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { affineOf, RandomStream } from "@viscera/core";
import {
  compareLabels,
  DeepmindSurface,
  deepmindDice,
  MEASURE_DEFAULTS,
  maskPair,
  unionBoxes,
} from "@viscera/evaluate";

const PYTHON = process.env.VISCERA_BENCH_PYTHON ?? "python3";
const ROUNDS = Number(process.argv[2] ?? 3);
const TOLERANCES = [0.5, 1, 2, 3, 4, 5];

const PEER = `
import sys, json, time
import numpy as np
try:
    import surface_distance as sd
except ImportError:
    import surface_distance.metrics as sd
path, rounds = sys.argv[1], int(sys.argv[2])
case = json.load(open(path + ".json"))
n = case["size"]
ref = np.fromfile(path + ".ref", np.uint8).reshape(n[::-1]).transpose(2, 1, 0)
pred = np.fromfile(path + ".pred", np.uint8).reshape(n[::-1]).transpose(2, 1, 0)
times = []
for _ in range(rounds):
    start = time.process_time()
    out = []
    for label in case["labels"]:
        d = sd.compute_surface_distances(ref == label, pred == label, case["spacing"])
        out.append([sd.compute_robust_hausdorff(d, p) for p in (50, 95, 100)]
                   + list(sd.compute_average_surface_distance(d))
                   + [sd.compute_surface_dice_at_tolerance(d, t) for t in case["tolerances"]])
    times.append(time.process_time() - start)
print(json.dumps({"times": times, "values": np.array(out, float).tolist()}))
`;

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

function cpuSeconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function paintBall(data, [nx, ny, nz], id, [cx, cy, cz], radius) {
  for (let z = Math.max(0, Math.floor(cz - radius)); z < Math.min(nz, cz + radius + 1); z++)
    for (let y = Math.max(0, Math.floor(cy - radius)); y < Math.min(ny, cy + radius + 1); y++)
      for (let x = Math.max(0, Math.floor(cx - radius)); x < Math.min(nx, cx + radius + 1); x++)
        if ((x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2 < radius ** 2) data[x + nx * (y + ny * z)] = id;
}

function balls() {
  const size = [256, 256, 256];
  const ref = new Uint8Array(256 ** 3);
  const pred = new Uint8Array(256 ** 3);
  paintBall(ref, size, 1, [128, 128, 128], 110);
  paintBall(pred, size, 1, [130, 127, 126], 112);
  return { name: "two balls of radius 110 in 256^3", size, spacing: [1.5, 1, 1], ref, pred };
}

/** Balls here and there; the prediction's are moved and scaled a little. */
function scattered(name, size, count, [smallest, largest], spacing) {
  const stream = new RandomStream(1, "bench.surface-metrics");
  const ref = new Uint8Array(size[0] * size[1] * size[2]);
  const pred = new Uint8Array(ref.length);
  for (let id = 1; id <= count; id++) {
    const radius = smallest + (largest - smallest) * stream.uniform(id, 0);
    const centre = size.map((n, axis) => radius + (n - 2 * radius) * stream.uniform(id, 1 + axis));
    paintBall(ref, size, id, centre, radius);
    const moved = centre.map((c, axis) => c + 3 * (stream.uniform(id, 4 + axis) - 0.5));
    paintBall(pred, size, id, moved, radius * (0.95 + 0.1 * stream.uniform(id, 7)));
  }
  return { name, size, spacing, ref, pred };
}

function measure({ size, spacing, ref, pred }) {
  const boxes = unionBoxes(ref, pred, size);
  return [...boxes].map(([id, box]) => {
    const pair = maskPair(ref, pred, { size, spacingMm: spacing }, id, box);
    const surface = new DeepmindSurface(pair);
    deepmindDice(pair);
    return [
      ...[50, 95, 100].map((percent) => surface.hausdorff(percent)),
      ...surface.averageDistancesMm,
      ...TOLERANCES.map((tolerance) => surface.surfaceDice(tolerance)),
    ];
  });
}

function hasPeer() {
  try {
    execFileSync(PYTHON, ["-c", "import surface_distance"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const withPeer = hasPeer();
if (!withPeer) console.log(`${PYTHON} has no surface-distance here (VISCERA_BENCH_PYTHON): own times only.`);
const folder = mkdtempSync(join(tmpdir(), "viscera-bench-"));
try {
  for (const one of [
    balls(),
    scattered("eight labels in 256^3", [256, 256, 256], 8, [25, 60], [0.8, 0.8, 1.5]),
  ]) {
    const times = [];
    let values = measure(one); // Warms up.
    for (let round = 0; round < ROUNDS; round++) {
      const start = cpuSeconds();
      values = measure(one);
      times.push(cpuSeconds() - start);
    }
    console.log(`${one.name}: ${median(times).toFixed(2)} CPU s`);
    if (!withPeer) continue;
    const path = join(folder, "case");
    writeFileSync(`${path}.ref`, one.ref);
    writeFileSync(`${path}.pred`, one.pred);
    const labels = [...unionBoxes(one.ref, one.pred, one.size).keys()];
    writeFileSync(
      `${path}.json`,
      JSON.stringify({ size: one.size, spacing: one.spacing, labels, tolerances: TOLERANCES }),
    );
    const peer = JSON.parse(
      execFileSync(PYTHON, ["-c", PEER, path, String(ROUNDS)], {
        encoding: "utf8",
        env: { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" },
      }),
    );
    const worst = Math.max(
      ...values.flatMap((row, i) => row.map((value, k) => Math.abs(value - peer.values[i][k]))),
    );
    console.log(
      `  surface-distance ${median(peer.times).toFixed(2)} CPU s: ${(median(peer.times) / median(times)).toFixed(1)} times as long; largest difference ${worst.toExponential(1)}`,
    );
  }
  const many = scattered("117 labels in 300x300x400", [300, 300, 400], 117, [12, 45], [1.5, 1.5, 1.5]);
  const grid = { size: many.size, affine: affineOf(many.spacing) };
  for (const convention of ["deepmind", "metrics-reloaded"]) {
    const start = cpuSeconds();
    const results = await compareLabels(
      { ...grid, data: many.ref },
      { ...grid, data: many.pred },
      () => ({ ...MEASURE_DEFAULTS, convention }),
      null,
    );
    console.log(
      `${many.name}, every metric of ${convention}: ${(cpuSeconds() - start).toFixed(1)} CPU s (${results.length} structures)`,
    );
  }
  console.log(`most memory: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
