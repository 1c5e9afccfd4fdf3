/**
 * Checkpoints of a training run: tensors as safetensors, everything else as JSON. `checkpoint.json` names its
 * tensor file and that file's SHA-256; it is replaced last, so that the checkpoint before stays whole until then.
 */
import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { inputError } from "@viscera/core";
import { readSafetensors, type Weights, writeSafetensors } from "@viscera/nets";
import { writeWhole } from "@viscera/scan/node";
import { readModelFile, sha256 } from "../../files.js";

export interface Checkpoint<Record> {
  tensors: Weights;
  /** Must survive JSON. */
  record: Record;
}

const FILE = "checkpoint.json";
const TENSORS = /^checkpoint-\d+\.safetensors$/;

interface CheckpointFile {
  schema: 1;
  tensors: string;
  sha256: string;
  record: unknown;
}

/** Writes a checkpoint into a folder, which is made; older ones go once it is complete. */
export async function writeCheckpoint<Record>(
  folder: string,
  step: number,
  { tensors, record }: Checkpoint<Record>,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const bytes = writeSafetensors(tensors);
  const name = `checkpoint-${step}.safetensors`;
  await writeWhole(join(folder, name), bytes);
  const file: CheckpointFile = { schema: 1, tensors: name, sha256: sha256(bytes), record };
  await writeWhole(join(folder, FILE), new TextEncoder().encode(JSON.stringify(file)));
  for (const other of await readdir(folder)) {
    if (TENSORS.test(other) && other !== name) await rm(join(folder, other), { force: true });
  }
}

/** Whether a folder has a checkpoint, whole or not. */
export async function hasCheckpoint(folder: string): Promise<boolean> {
  return stat(join(folder, FILE)).then(
    () => true,
    () => false,
  );
}

/** The checkpoint in a folder; null when there is none. Throws `input.checkpoint` for a broken one. */
export async function readCheckpoint<Record>(folder: string): Promise<Checkpoint<Record> | null> {
  const file = await readFileOf(folder);
  if (file === null) return null;
  const bytes = await readModelFile(join(folder, file.tensors));
  if (sha256(bytes) !== file.sha256) throw broken(folder, `${file.tensors} is not the file it names`);
  return { tensors: readSafetensors(bytes, file.tensors), record: file.record as Record };
}

async function readFileOf(folder: string): Promise<CheckpointFile | null> {
  const text = await readFile(join(folder, FILE), "utf8").catch(() => null);
  if (text === null) return null;
  try {
    const file = JSON.parse(text) as Partial<CheckpointFile>;
    if (file.schema === 1 && TENSORS.test(file.tensors ?? "") && typeof file.sha256 === "string") {
      return file as CheckpointFile;
    }
  } catch (error) {
    throw broken(folder, (error as Error).message);
  }
  throw broken(folder, "it has not the fields of one");
}

function broken(folder: string, reason: string): Error {
  return inputError(
    "checkpoint",
    `The checkpoint in ${folder} cannot be used: ${reason}.`,
    "Begin anew with --force.",
  );
}

/** Deletes the checkpoint of a folder, if there is one. */
export async function removeCheckpoint(folder: string): Promise<void> {
  await rm(join(folder, FILE), { force: true });
  for (const name of await readdir(folder).catch(() => [])) {
    if (TENSORS.test(name)) await rm(join(folder, name), { force: true });
  }
}
