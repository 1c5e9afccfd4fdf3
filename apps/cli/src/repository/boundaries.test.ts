import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { test } from "node:test";
import { REPOSITORY } from "@viscera/core/testing";

/** The rooms in the architecture's order, each with the rooms it may stand on besides core. */
const ROOMS: Record<string, string[]> = {
  core: [],
  kernels: [],
  numerics: ["kernels"],
  scan: ["kernels"],
  nets: ["kernels"],
  segment: ["kernels", "scan", "nets"],
  evaluate: ["kernels", "scan"],
  organ: ["kernels", "numerics", "scan"],
  phantom: ["kernels", "scan", "organ"],
  flow: ["kernels", "numerics", "scan", "organ"],
  drug: ["kernels", "numerics", "scan", "organ"],
  tissue: ["kernels", "numerics", "scan", "organ", "flow", "drug"],
  report: [],
};
/** Files that serve tests only. */
const TESTING = /\.test\.ts$|\/testing(\/|\.ts$)/;
/** Folders whose files may use Node's own modules. */
const NODE_EDGES = [/^(scan|nets|segment)\/src\/node\//, TESTING];

function sources(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return ["node_modules", "dist", "generated"].includes(entry.name) ? [] : sources(path);
    return /\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

/** Module names that a file imports, statically or dynamically. */
function imports(text: string): string[] {
  return [...text.matchAll(/(?:from\s+|import\s*\(?\s*)["']([^"'$]+)["']/g)].map((match) => match[1]!);
}

const packages = readdirSync(join(REPOSITORY, "packages"));

test("every package is a room of the house, and says what it is", () => {
  for (const name of packages) {
    assert.ok(name in ROOMS, `packages/${name} is not in the architecture`);
    assert.ok(
      existsSync(join(REPOSITORY, "packages", name, "README.md")),
      `packages/${name} has no README.md`,
    );
  }
});

for (const name of packages) {
  const root = join(REPOSITORY, "packages", name);
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const declared = new Set([
    ...Object.keys(manifest.dependencies ?? {}),
    ...Object.keys(manifest.devDependencies ?? {}),
  ]);

  test(`${name} imports only what stands before it, by package name, and declares it`, () => {
    for (const path of sources(join(root, "src"))) {
      const isTest = TESTING.test(path);
      const where = relative(join(REPOSITORY, "packages"), path);
      for (const module of imports(readFileSync(path, "utf8"))) {
        if (module.startsWith(".")) {
          assert.ok(
            !relative(root, join(path, "..", module)).startsWith(".."),
            `${where} reaches out of its package: ${module}`,
          );
          continue;
        }
        if (module.startsWith("node:")) continue;
        const [scope = "", second = ""] = module.split("/");
        const dependency = scope.startsWith("@") ? `${scope}/${second}` : scope;
        if (dependency.startsWith("@viscera/") && !(isTest && module === "@viscera/core/testing")) {
          const room = dependency.slice("@viscera/".length);
          // A package's Node edge takes its own main entry by name.
          assert.ok(
            room === "core" || room === name || ROOMS[name]!.includes(room),
            `${where} may not import ${module}`,
          );
        }
        const rootTools = ["playwright-core", "esbuild"];
        assert.ok(
          dependency === manifest.name ||
            declared.has(dependency) ||
            (isTest && rootTools.includes(dependency)),
          `${where} imports ${dependency}, which package.json does not declare`,
        );
      }
    }
  });

  test(`${name} uses Node only at its edge and evaluates no text`, () => {
    for (const path of sources(join(root, "src"))) {
      const where = relative(join(REPOSITORY, "packages"), path);
      const text = readFileSync(path, "utf8");
      assert.ok(!/\beval\(|new Function\(/.test(text), `${where} evaluates text as code`);
      if (NODE_EDGES.some((edge) => edge.test(where))) continue;
      // A dynamic import behind a check may start a worker; a static one would break the browser.
      assert.ok(!/from\s+["']node:/.test(text), `${where} imports a Node module statically`);
      assert.ok(!/\bBuffer\./.test(text), `${where} uses Node's Buffer`);
    }
  });
}
