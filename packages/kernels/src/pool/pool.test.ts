import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { type Progress, type Size3, VisceraError } from "@viscera/core";
import { distanceTransformWasm } from "../generated/distance-transform.js";
import { closePool, distanceTransform } from "../index.js";
import { assertSameBytes, randomMask } from "../testing.js";
import { MemoryLayout } from "./memory-layout.js";
import { runJob } from "./pool.js";

after(closePool);

const SIZE: Size3 = [128, 128, 96];
const mask = randomMask(SIZE, 0.9999, 1);
const isCancelled = (error: unknown) => error instanceof VisceraError && error.code === "cancelled";

for (const threads of [1, 2])
  test(`pool: an abort stops a job on ${threads} thread(s), and the next one runs`, async () => {
    const controller = new AbortController();
    const job = distanceTransform(mask, SIZE, [1, 1, 1], { threads, signal: controller.signal });
    setTimeout(() => controller.abort(), 1);
    await assert.rejects(job, isCancelled);
    await assert.rejects(
      distanceTransform(mask, SIZE, [1, 1, 1], { threads, signal: AbortSignal.abort() }),
      isCancelled,
    );
    const after = await distanceTransform(mask, SIZE, [1, 1, 1], { threads });
    assertSameBytes(after, await distanceTransform(mask, SIZE, [1, 1, 1], { threads: 3 - threads }));
  });

test("pool: progress grows to its total", async () => {
  for (const threads of [1, 2]) {
    const seen: Progress[] = [];
    await distanceTransform(mask, SIZE, [1, 1, 1], {
      threads,
      onProgress: (progress) => seen.push(progress),
    });
    const last = seen.at(-1)!;
    assert.ok(last.total > 0 && last.done === last.total);
    assert.ok(seen.every(({ done }, i) => done >= (seen[i - 1]?.done ?? 0)));
  }
});

test("pool: jobs at the same time do not disturb each other", async () => {
  const masks = [2, 3, 4, 5].map((seed) => randomMask(SIZE, 0.999, seed));
  const alone = [];
  for (const one of masks) alone.push(await distanceTransform(one, SIZE, [1, 1, 2], { threads: 1 }));
  const together = await Promise.all(
    masks.map((one, i) => distanceTransform(one, SIZE, [1, 1, 2], { threads: 1 + (i % 3) })),
  );
  for (const [i, one] of together.entries()) assertSameBytes(one, alone[i]!);
});

test("pool: a listener that throws ends its job, not the process", async () => {
  const size: Size3 = [256, 256, 160];
  const onProgress = () => {
    throw new RangeError("no screen");
  };
  for (const threads of [1, 2])
    await assert.rejects(
      distanceTransform(new Uint8Array(256 * 256 * 160).fill(1, 1), size, [1, 1, 1], { threads, onProgress }),
      RangeError,
    );
});

test("pool: a kernel that traps fails its job, and the next one runs", async () => {
  for (const threads of [1, 2]) {
    const layout = new MemoryLayout();
    const at = layout.reserve(2 ** 21);
    const job = {
      wasm: distanceTransformWasm,
      layout,
      scratchBytes: () => 0,
      load: () => {},
      // Row 40000 lies beyond the memory.
      stages: [{ name: "a test", call: "rows", first: 40_000, count: 9, parameters: [at, at, 100_000, 1] }],
      read: () => null,
    };
    await assert.rejects(
      runJob(job, { threads }),
      (error) => error instanceof VisceraError && error.code === "failed.kernel",
    );
    assertSameBytes(
      await distanceTransform(mask, SIZE, [1, 1, 1], { threads }),
      await distanceTransform(mask, SIZE, [1, 1, 1], { threads: 3 - threads }),
    );
  }
});

test("pool: comes back after closePool", async () => {
  const before = await distanceTransform(mask, SIZE, [1, 1, 1], { threads: 2 });
  await closePool();
  assertSameBytes(await distanceTransform(mask, SIZE, [1, 1, 1], { threads: 2 }), before);
});

test("pool: a job under way keeps the process alive, idle workers do not", async () => {
  const script = `
    import { distanceTransform } from ${JSON.stringify(new URL("../index.js", import.meta.url).href)};
    const size = [128, 128, 96];
    const result = await distanceTransform(new Uint8Array(128 * 128 * 96), size, [1, 1, 1], { threads: 2 });
    console.log(result.length);`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], {
    timeout: 20_000,
  });
  assert.equal(stdout.trim(), String(128 * 128 * 96));
});
