import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { VisceraError } from "@viscera/core";
import { floatTensor, type Weights } from "@viscera/nets";
import { readCheckpoint, removeCheckpoint, writeCheckpoint } from "./checkpoint.js";

const tensors = (value: number): Weights => new Map([["a", floatTensor(Float32Array.of(value, 1 / 3), [2])]]);

test("a checkpoint comes back bit by bit and takes the place of the one before", async () => {
  const folder = mkdtempSync(join(tmpdir(), "viscera-checkpoint-"));
  try {
    assert.equal(await readCheckpoint(folder), null);
    await writeCheckpoint(folder, 3, { tensors: tensors(1), record: { step: 3 } });
    await writeCheckpoint(folder, 5, { tensors: tensors(Math.PI), record: { step: 5, nested: [null, 0.1] } });
    assert.deepEqual(readdirSync(folder).sort(), ["checkpoint-5.safetensors", "checkpoint.json"]);
    const found = await readCheckpoint<unknown>(folder);
    assert.deepEqual(found!.record, { step: 5, nested: [null, 0.1] });
    assert.deepEqual(found!.tensors.get("a")!.data, tensors(Math.PI).get("a")!.data);
    // A new tensor file without its record, as a kill may leave it, changes nothing.
    writeFileSync(join(folder, "checkpoint-9.safetensors"), "half");
    assert.deepEqual((await readCheckpoint<unknown>(folder))!.record, found!.record);
    await removeCheckpoint(folder);
    assert.deepEqual(readdirSync(folder), []);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a damaged checkpoint is refused in a sentence", async () => {
  const folder = mkdtempSync(join(tmpdir(), "viscera-checkpoint-"));
  const refused = (error: unknown) => error instanceof VisceraError && error.code === "input.checkpoint";
  try {
    await writeCheckpoint(folder, 1, { tensors: tensors(1), record: {} });
    const path = join(folder, "checkpoint-1.safetensors");
    const bytes = readFileSync(path);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(path, bytes);
    await assert.rejects(readCheckpoint(folder), refused);
    for (const text of ["{", "{}", '{"schema":1,"tensors":"../x","sha256":""}']) {
      writeFileSync(join(folder, "checkpoint.json"), text);
      await assert.rejects(readCheckpoint(folder), refused);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
