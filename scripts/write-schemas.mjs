// Writes the JSON Schemas of the case folder's files into docs/schemas; a test of core keeps them current.
import { writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { FILE_SCHEMAS, jsonSchemaOf } from "@viscera/core";

const folder = join(resolve(dirname(fileURLToPath(import.meta.url)), ".."), "docs/schemas");
for (const [name, schema] of Object.entries(FILE_SCHEMAS)) {
  writeFileSync(join(folder, `${name}.schema.json`), `${JSON.stringify(jsonSchemaOf(schema), null, 2)}\n`);
}
