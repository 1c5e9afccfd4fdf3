// Runs the viscera command in its own process and measures wall time and peak memory.
import { spawnSync } from "node:child_process";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
/** Folder of shared reference data. */
export const SHARED = process.env.VISCERA_SHARED ?? resolve(ROOT, "../shared");

export function measureCommand(args) {
  const preload = pathToFileURL(join(ROOT, "bench/shared/print-peak.mjs")).href;
  const started = performance.now();
  const { status, stderr } = spawnSync(
    process.execPath,
    ["--import", preload, join(ROOT, "apps/cli/dist/main.js"), ...args],
    {
      encoding: "utf8",
    },
  );
  const seconds = (performance.now() - started) / 1000;
  if (status !== 0) throw new Error(`viscera ${args[0]} ended with ${status}:\n${stderr}`);
  return { seconds, peakGb: Number(/peak-rss-kb=(\d+)/.exec(stderr)[1]) / 1e6, stderr };
}
