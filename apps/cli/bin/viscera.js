#!/usr/bin/env node
// Starts the command; from a checkout it first builds what is stale.
import { buildIfStale } from "../../../scripts/build.mjs";

try {
  buildIfStale();
} catch {
  process.stderr.write(
    "Viscera could not be built; the messages above say why. Run `npm ci` and try again.\n",
  );
  process.exit(4);
}
await import("../dist/main.js");
