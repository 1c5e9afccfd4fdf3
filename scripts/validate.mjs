// Runs the longer validations: validation/<room>/*.validate.mjs, each printing a table of what was reached and
// failing (exit code 1) where a tolerance is missed. `npm run validate -- segment` runs one room.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { buildIfStale } from "./build.mjs";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const rooms = process.argv.slice(2);

buildIfStale();
let failed = 0;
for (const room of readdirSync(join(ROOT, "validation"), { withFileTypes: true })) {
  if (!room.isDirectory() || (rooms.length > 0 && !rooms.includes(room.name))) continue;
  for (const file of readdirSync(join(ROOT, "validation", room.name)).filter((name) =>
    name.endsWith(".validate.mjs"),
  )) {
    console.log(`\n== ${room.name}/${file}`);
    const { status } = spawnSync(process.execPath, [join(ROOT, "validation", room.name, file)], {
      stdio: "inherit",
      cwd: ROOT,
    });
    if (status !== 0) failed++;
  }
}
process.exit(failed === 0 ? 0 : 1);
