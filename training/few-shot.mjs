#!/usr/bin/env node
/**
 * Few-shot learning: fine-tuning a foundation model with 1, 2, 5 and 10 cases against training from scratch on the
 * same cases for the same time, with three seeds (each draws its own cases), on the same held-out cases.
 *
 *   node training/few-shot.mjs <data set> --from <model> --out <folder> [--minutes 5] [--cases 1,2,5,10]
 *     [--seeds 1,2,3] [--held-out 40]
 *
 * The data set has a validation.txt; its first `--held-out` names are used. Each run leaves a file of results in the
 * folder and is not run again; the table (few-shot.json, few-shot.md) is written anew after every run.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const VISCERA = resolve(dirname(fileURLToPath(import.meta.url)), "..", "apps", "cli", "bin", "viscera.js");
const METHODS = { scratch: "from scratch", finetune: "fine-tuned" };

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    from: { type: "string" },
    out: { type: "string" },
    minutes: { type: "string", default: "5" },
    cases: { type: "string", default: "1,2,5,10" },
    seeds: { type: "string", default: "1,2,3" },
    "held-out": { type: "string", default: "40" },
  },
});
const [data] = positionals;
if (!data || !flags.from || !flags.out) {
  console.error("Usage: node training/few-shot.mjs <data set> --from <model> --out <folder> [--minutes 5]");
  process.exit(2);
}
const numbers = (list) => list.split(",").map(Number);
const counts = numbers(flags.cases);
const seeds = numbers(flags.seeds);
const out = resolve(flags.out);
await mkdir(join(out, "results"), { recursive: true });
const names = (await readFile(join(data, "validation.txt"), "utf8")).trim().split("\n");
const heldOut = join(out, "held-out.txt");
await writeFile(heldOut, `${names.slice(0, Number(flags["held-out"])).join("\n")}\n`);

for (const seed of seeds) {
  for (const count of counts) {
    for (const method of Object.keys(METHODS)) {
      const result = join(out, "results", `${method}-${count}-${seed}.json`);
      if (existsSync(result)) continue;
      await writeWhole(result, await run(method, count, seed));
      await writeTable();
    }
  }
}
await writeTable();
console.log(await readFile(join(out, "few-shot.md"), "utf8"));

/** Scores of one training as the command line prints them. */
async function run(method, count, seed) {
  const folder = join(out, `run-${method}-${count}-${seed}`);
  const verb = method === "scratch" ? ["train", data] : ["finetune", data, "--from", flags.from];
  const common = [
    "--out",
    folder,
    "--minutes",
    flags.minutes,
    "--validation",
    heldOut,
    "--cases",
    String(count),
  ];
  const started = performance.now();
  const { scores, steps } = JSON.parse(await viscera([...verb, ...common, "--seed", String(seed), "--json"]));
  await rm(folder, { recursive: true, force: true });
  const minutes = (performance.now() - started) / 60000;
  console.log(
    `${METHODS[method]}, cases: ${count}, seed ${seed}: Dice ${scores.mean.toFixed(3)}, ${minutes.toFixed(1)} min`,
  );
  return {
    method,
    count,
    seed,
    minutes,
    steps,
    mean: scores.mean,
    structures: scores.structures,
    cases: scores.cases,
  };
}

function viscera(args) {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [VISCERA, ...args], { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (part) => {
      text += part;
    });
    child.on("error", fail);
    child.on("exit", (code) =>
      code === 0 ? done(text) : fail(new Error(`viscera ${args.join(" ")} ended with ${code}`)),
    );
  });
}

async function writeTable() {
  const rows = [];
  for (const count of counts) {
    for (const method of Object.keys(METHODS)) {
      const runs = [];
      for (const seed of seeds) {
        const path = join(out, "results", `${method}-${count}-${seed}.json`);
        if (existsSync(path)) runs.push(JSON.parse(await readFile(path, "utf8")));
      }
      if (runs.length > 0)
        rows.push({ count, method, runs: runs.map(({ cases, ...rest }) => rest), ...spread(runs) });
    }
  }
  const settings = {
    data: resolve(data),
    from: resolve(flags.from),
    minutes: Number(flags.minutes),
    heldOut: flags["held-out"],
  };
  await writeWhole(join(out, "few-shot.json"), { ...settings, rows });
  const lines = [
    `Mean Dice on ${names.slice(0, Number(flags["held-out"])).length} held-out cases after ${flags.minutes} minutes; mean (lowest to highest) over seeds.`,
    "",
    "| cases | from scratch | fine-tuned | seeds |",
    "|---|---|---|---|",
    ...counts.map((count) => {
      const cell = (method) => rows.find((row) => row.count === count && row.method === method);
      const shown = Object.keys(METHODS).map((method) => {
        const row = cell(method);
        return row ? `${row.mean.toFixed(3)} (${row.lowest.toFixed(3)} to ${row.highest.toFixed(3)})` : "";
      });
      return `| ${count} | ${shown.join(" | ")} | ${Math.min(...Object.keys(METHODS).map((m) => cell(m)?.runs.length ?? 0))} |`;
    }),
  ];
  await writeFile(join(out, "few-shot.md"), `${lines.join("\n")}\n`);
}

function spread(runs) {
  const values = runs.map(({ mean }) => mean ?? 0);
  return {
    mean: values.reduce((a, b) => a + b, 0) / values.length,
    lowest: Math.min(...values),
    highest: Math.max(...values),
  };
}

async function writeWhole(path, value) {
  await writeFile(`${path}.part`, `${JSON.stringify(value, null, 1)}\n`);
  await rename(`${path}.part`, path);
}
