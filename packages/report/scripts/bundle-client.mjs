// Bundles the page's script and style into dist/client-bundle.js, as strings that the report writes into its
// HTML. Does nothing when the bundle is newer than every source; a rename makes it safe beside other builds.
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const PACKAGE = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const OUTPUT = join(PACKAGE, "dist", "client-bundle.js");

function newest(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function isCurrent() {
  const sources = [
    join(PACKAGE, "src"),
    join(PACKAGE, "package.json"),
    join(PACKAGE, "..", "core", "src"),
    join(PACKAGE, "..", "..", "package-lock.json"),
    fileURLToPath(import.meta.url),
  ];
  try {
    return statSync(OUTPUT).mtimeMs > Math.max(...sources.map(newest));
  } catch {
    return false;
  }
}

async function bundle(entry, options = {}) {
  const result = await build({
    entryPoints: [join(PACKAGE, "src", "client", entry)],
    bundle: true,
    minify: true,
    write: false,
    target: ["es2022", "chrome105", "firefox113", "safari16.4"],
    legalComments: "none",
    logLevel: "error",
    ...options,
  });
  return result.outputFiles[0].text.trim();
}

if (!isCurrent()) {
  const started = new Date();
  const [script, runScript, studyScript] = await Promise.all(
    ["main.ts", "runs.ts", "study.ts"].map((entry) =>
      bundle(entry, { format: "iife", conditions: ["import"] }),
    ),
  );
  const style = await bundle("style.css");
  if (
    [script, runScript, studyScript].some((text) => /<\/script|<!--/i.test(text)) ||
    /<\/style/i.test(style)
  ) {
    throw new Error("The bundle holds text that would end its own element.");
  }
  mkdirSync(dirname(OUTPUT), { recursive: true });
  const temporary = `${OUTPUT}.${process.pid}`;
  try {
    writeFileSync(
      temporary,
      Object.entries({
        CLIENT_SCRIPT: script,
        RUN_SCRIPT: runScript,
        STUDY_SCRIPT: studyScript,
        CLIENT_STYLE: style,
      })
        .map(([name, text]) => `export const ${name} = ${JSON.stringify(text)};\n`)
        .join(""),
    );
    // A source that changes while this runs is newer than the bundle.
    utimesSync(temporary, started, started);
    renameSync(temporary, OUTPUT);
  } finally {
    rmSync(temporary, { force: true });
  }
}
