// Compiles each assembly/<name>.ts (assembly/shared holds what they import) to src/generated/<name>.ts, which holds
// the WebAssembly as base64 text, so that Node and browsers load it alike and without a request. Skips what is newer
// than all sources and this script; files are written beside and renamed, so several builds may run at once.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const PACKAGE = resolve(fileURLToPath(import.meta.url), "../..");
const SOURCES = join(PACKAGE, "assembly");
const OUTPUT = join(PACKAGE, "src", "generated");
const COMMON = [
  ...["--runtime", "stub", "--importMemory", "--noAssert", "--use", "abort="],
  ...["--enable", "simd", "--optimizeLevel", "3", "--shrinkLevel", "0", "--lowMemoryLimit", "1024"],
];
// 65536 pages are 4 GiB, all that 32-bit addresses reach.
const SHARED = ["--enable", "threads", "--sharedMemory", "--initialMemory", "1", "--maximumMemory", "65536"];

const time = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);
const names = readdirSync(SOURCES)
  .filter((file) => file.endsWith(".ts"))
  .map((file) => basename(file, ".ts"));
const inputs = readdirSync(SOURCES, { recursive: true }).map((file) => join(SOURCES, file));
const newestInput = Math.max(...[fileURLToPath(import.meta.url), ...inputs].map(time));
const stale = names.filter((name) => time(join(OUTPUT, `${name}.ts`)) <= newestInput);

async function compile(asc, name, extra) {
  const { error, binary, stderr } = await compileText(asc, name, extra);
  if (error) throw new Error(`assembly/${name}.ts does not compile:\n${stderr}`);
  return Buffer.from(binary).toString("base64");
}

async function compileText(asc, name, extra) {
  let binary;
  const { error, stderr } = await asc.main(
    [`${name}.ts`, "--outFile", "out.wasm", "--baseDir", SOURCES, ...COMMON, ...extra],
    {
      readFile: (file) => {
        const path = resolve(SOURCES, file);
        return existsSync(path) ? readFileSync(path, "utf8") : null;
      },
      writeFile: (_, contents) => {
        binary = contents;
      },
      listFiles: () => [],
    },
  );
  return { error, binary, stderr: stderr.toString() };
}

mkdirSync(OUTPUT, { recursive: true });
for (const file of readdirSync(OUTPUT))
  if (file.endsWith(".ts") && !names.includes(basename(file, ".ts")))
    rmSync(join(OUTPUT, file), { force: true });
if (stale.length > 0) {
  const { default: asc } = await import("assemblyscript/asc");
  for (const name of stale) {
    const single = await compile(asc, name, []);
    const shared = await compile(asc, name, SHARED);
    const path = join(OUTPUT, `${name}.ts`);
    const beside = `${path}.${process.pid}.partial`;
    writeFileSync(
      beside,
      `// Compiled from assembly/${name}.ts by scripts/build-wasm.mjs.\n` +
        `export const ${name.replace(/-(.)/g, (_, c) => c.toUpperCase())}Wasm = {\n` +
        `  name: "${name}",\n  single: "${single}",\n  shared: "${shared}",\n};\n`,
    );
    renameSync(beside, path);
  }
}
