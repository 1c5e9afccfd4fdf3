// Exact Euclidean distance transform against scipy.ndimage.distance_transform_edt on the same masks, runs alternating.
//   node bench/distance-transform.mjs [edge length, default 256] [rounds, default 3]
// VISCERA_BENCH_PYTHON names the Python that has scipy (default python3).
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { RandomStream } from "@viscera/core";
import { closePool, distanceTransform, gaussianSmooth } from "@viscera/kernels";

const PYTHON = process.env.VISCERA_BENCH_PYTHON ?? "python3";
const EDGE = Number(process.argv[2] ?? 256);
const ROUNDS = Number(process.argv[3] ?? 3);
const SIZE = [EDGE, EDGE, EDGE];
const SPACING_MM = [0.8, 0.8, 1.5];

const SCIPY = `
import sys, time
import numpy as np
from scipy import ndimage
path, n, *spacing = sys.argv[1:]
mask = np.fromfile(path, np.uint8).reshape(int(n), int(n), int(n))
sampling = [float(s) for s in spacing[::-1]]
for line in sys.stdin:
    start = time.perf_counter()
    distances = ndimage.distance_transform_edt(mask, sampling=sampling)
    seconds = time.perf_counter() - start
    if line.strip() == "keep":
        distances.astype(np.float32).tofile(path + ".distances")
    print(seconds * 1000, flush=True)
`;

function masks() {
  const stream = new RandomStream(1, "bench.distance-transform");
  const voxels = EDGE ** 3;
  const middle = (EDGE - 1) / 2;
  const fromCentre = (i) =>
    Math.hypot(
      (i % EDGE) - middle,
      (Math.floor(i / EDGE) % EDGE) - middle,
      Math.floor(i / EDGE ** 2) - middle,
    );
  const noise = Float32Array.from({ length: voxels }, (_, i) => stream.uniform(0, i) - 0.5);
  return {
    ball: async () => Uint8Array.from(noise, (_, i) => (fromCentre(i) < 0.4 * EDGE ? 1 : 0)),
    blobs: async () => Uint8Array.from(await gaussianSmooth(noise, SIZE, [6, 6, 6]), (x) => (x > 0 ? 1 : 0)),
    sparse: async () => Uint8Array.from(noise, (x) => (x > 1e-4 - 0.5 ? 1 : 0)),
  };
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

async function timed(body) {
  const start = performance.now();
  const value = await body();
  return { value, ms: performance.now() - start };
}

function hasScipy() {
  try {
    execFileSync(PYTHON, ["-c", "import scipy.ndimage"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const withScipy = hasScipy();
if (!withScipy) console.log(`${PYTHON} has no scipy here: own times only.`);
const folder = mkdtempSync(join(tmpdir(), "viscera-bench-"));
try {
  for (const [name, make] of Object.entries(masks())) {
    const mask = await make();
    const path = join(folder, name);
    writeFileSync(path, mask);
    const python = withScipy ? spawn(PYTHON, ["-c", SCIPY, path, EDGE, ...SPACING_MM].map(String)) : null;
    python?.stderr.pipe(process.stderr);
    const lines = python && createInterface({ input: python.stdout })[Symbol.asyncIterator]();
    const scipy = async (command) => {
      python.stdin.write(`${command}\n`);
      return Number((await lines.next()).value);
    };
    const own = (threads) => timed(() => distanceTransform(mask, SIZE, SPACING_MM, { threads }));
    const times = { one: [], two: [], scipy: [] };
    // The first round warms up and compares values.
    const distances = (await own(2)).value;
    await own(1);
    let note = "";
    if (withScipy) {
      await scipy("keep");
      const expected = new Float32Array(new Uint8Array(readFileSync(`${path}.distances`)).buffer);
      const worst = distances.reduce(
        (most, d, i) => Math.max(most, Math.abs(d - expected[i]) / (expected[i] || 1)),
        0,
      );
      note = `, largest relative difference ${worst.toExponential(1)}`;
    }
    for (let round = 0; round < ROUNDS; round++) {
      times.one.push((await own(1)).ms);
      if (withScipy) times.scipy.push(await scipy("time"));
      times.two.push((await own(2)).ms);
    }
    python?.stdin.end();
    const ms = (values) => `${median(values).toFixed(0)} ms`;
    const ratio = (values) => `${median(times.scipy.map((s, i) => s / values[i])).toFixed(1)}x`;
    console.log(`${name.padEnd(7)} ${EDGE}^3: 1 thread ${ms(times.one)}, 2 threads ${ms(times.two)}`);
    if (withScipy)
      console.log(
        `        scipy ${ms(times.scipy)}: faster by ${ratio(times.one)} (1 thread), ${ratio(times.two)} (2 threads)${note}`,
      );
  }
} finally {
  await closePool();
  rmSync(folder, { recursive: true, force: true });
}
