/** The kernels in a real browser: with shared memory (cross-origin isolated) and without. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const CHROMIUM = [process.env["VISCERA_CHROMIUM"], "/usr/bin/chromium", "/usr/bin/google-chrome"].find(
  (path) => path !== undefined && existsSync(path),
);
const playwright = await import("playwright-core").catch(() => null);
const skip = !CHROMIUM ? "no Chromium here" : !playwright && "playwright-core is missing";

/** What the page computes; it is bundled, so it names only what the package exports. */
const SCRIPT = `
  import { closePool, distanceTransform, distanceTransformReference, gaussianSmooth, gaussianSmoothReference } from "./index.js";
  const size = [67, 66, 65];
  const mask = Uint8Array.from({ length: 67 * 66 * 65 }, (_, i) => (Math.imul(i, 2654435761) >>> 0) % 997 === 0 ? 0 : 1);
  const difference = (a, b) => a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i])), 0);
  globalThis.check = async () => {
    const distances = await distanceTransform(mask, size, [0.7, 1, 2], { threads: 2 });
    const smooth = await gaussianSmooth(mask, size, [1, 2, 1], { threads: 2 });
    return {
      isolated: globalThis.crossOriginIsolated,
      isShared: !(distances.buffer instanceof ArrayBuffer),
      distance: difference(distances, distanceTransformReference(mask, size, [0.7, 1, 2])),
      smooth: difference(smooth, gaussianSmoothReference(mask, size, [1, 2, 1])),
    };
  };
  globalThis.closePool = closePool;
`;

async function bundle(): Promise<string> {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    stdin: { contents: SCRIPT, resolveDir: fileURLToPath(new URL("..", import.meta.url)) },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "browser",
  });
  return outputFiles[0]!.text;
}

function serve(script: string, isolated: boolean): Promise<Server> {
  const headers = isolated
    ? { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" }
    : {};
  const server = createServer((request, response) => {
    const isScript = request.url === "/kernels.js";
    response.writeHead(200, { ...headers, "Content-Type": isScript ? "text/javascript" : "text/html" });
    response.end(isScript ? script : '<!doctype html><script type="module" src="/kernels.js"></script>');
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

type Page = typeof globalThis & {
  check: () => Promise<{ isolated: boolean; isShared: boolean; distance: number; smooth: number }>;
  closePool: () => Promise<void>;
};

test("kernels run bundled in a browser, with and without shared memory", {
  skip,
  timeout: 120_000,
}, async () => {
  const script = await bundle();
  const browser = await playwright!.chromium.launch({
    executablePath: CHROMIUM!,
    args: ["--no-sandbox", "--disable-background-networking", "--disable-quic", "--no-first-run"],
  });
  try {
    for (const isolated of [true, false]) {
      const server = await serve(script, isolated);
      const page = await browser.newPage();
      const errors: unknown[] = [];
      page.on("pageerror", (error) => errors.push(error));
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      await page.waitForFunction(() => "check" in globalThis);
      const found = await page.evaluate(() => (globalThis as Page).check());
      assert.deepEqual(errors, []);
      assert.equal(found.isolated, isolated);
      assert.equal(found.isShared, false);
      assert.ok(found.distance < 1e-4 && found.smooth < 1e-5, JSON.stringify(found));
      assert.equal(page.workers().length, isolated ? 2 : 0, "workers");
      await page.evaluate(() => (globalThis as Page).closePool());
      await page.close();
      server.close();
    }
  } finally {
    await browser.close();
  }
});
