import assert from "node:assert/strict";
import { test } from "node:test";
import { createPhantom } from "./phantom.js";

const coarse = { size: [64, 64, 64] as const };

test("the same seed gives the same bytes, whatever the threads", async () => {
  const a = await createPhantom({ ...coarse, seed: 5 }, { threads: 1 });
  const b = await createPhantom({ ...coarse, seed: 5 }, { threads: 4 });
  assert.deepEqual(a.scan, b.scan);
  assert.deepEqual(a.labels, b.labels);
  assert.deepEqual(a.patient, b.patient);
  assert.deepEqual(a.truth, b.truth);
  const c = await createPhantom({ ...coarse, seed: 6 });
  assert.notDeepEqual(c.labels.data, a.labels.data);
});
