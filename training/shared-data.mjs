/** Where the shared data lies: $VISCERA_SHARED, or `shared` beside the repository. */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const REPOSITORY = resolve(dirname(fileURLToPath(import.meta.url)), "..");

/** Path below the shared data's folder `data`. Ends the program with a sentence where it is missing. */
export function dataPath(...parts) {
  const shared = process.env.VISCERA_SHARED ?? join(REPOSITORY, "..", "shared");
  const path = join(shared, "data", ...parts);
  if (existsSync(path)) return path;
  console.error(`${path} does not exist. Set VISCERA_SHARED to the folder that holds "data".`);
  process.exit(3);
}

/** The folder named on the command line. Ends the program with how to call it where there is none. */
export function outputFolder(usage) {
  const folder = process.argv[2];
  if (folder && !folder.startsWith("-")) return resolve(folder);
  console.error(`Usage: ${usage}`);
  process.exit(2);
}
