/** What the store notes of a model when it is added. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { inputError, type ModelFile, modelFileSchema } from "@viscera/core";
import { writeWhole } from "@viscera/scan/node";
import { z } from "zod";

const FILE_NAME = "viscera-stored.json";

const schema = z.strictObject({
  schema: z.literal(1),
  /** Path or address it came from. */
  source: z.string(),
  /** ISO 8601 */
  added: z.string(),
  /** As the model was when it was added: its licence, its SHA-256. */
  description: modelFileSchema,
  files: z.array(
    z.strictObject({
      path: z.string(),
      bytes: z.int().nonnegative(),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
});
export type StoredRecord = z.infer<typeof schema>;

export async function writeRecord(folder: string, record: StoredRecord): Promise<void> {
  await writeWhole(join(folder, FILE_NAME), new TextEncoder().encode(`${JSON.stringify(record, null, 2)}\n`));
}

/** null where there is none, or none that can be read: models put into the store by hand have none. */
export async function readRecord(folder: string): Promise<StoredRecord | null> {
  try {
    return schema.parse(JSON.parse(await readFile(join(folder, FILE_NAME), "utf8")));
  } catch {
    return null;
  }
}

/** Throws `input.checksum` unless a stored model's weights are those that were added. */
export function checkRecord(record: StoredRecord | null, { name, sha256 }: ModelFile): void {
  if (record && record.description.sha256 !== sha256) {
    throw inputError(
      "checksum",
      `The weights of the stored model "${name}" are not those that were added on ${record.added.slice(0, 10)} from ${record.source}.`,
      "Remove it and add it again.",
    );
  }
}
