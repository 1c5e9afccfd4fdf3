/**
 * For tests only: where the shared reference data lie, and comparisons. Tests that need shared data skip
 * where it is missing, and the test run says how many did.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

/** Root of the checkout. */
export const REPOSITORY = resolve(dirname(fileURLToPath(import.meta.url)), "../../../..");

const SHARED = process.env["VISCERA_SHARED"] ?? resolve(REPOSITORY, "../shared");

/** Absolute path of shared data, or null where it is missing. */
export function sharedPath(relative: string): string | null {
  const path = join(SHARED, relative);
  return existsSync(path) ? path : null;
}

/** A test on shared data: `body` gets the paths in the order asked for; skipped when one is missing. */
export function testWithShared<const Names extends readonly string[]>(
  name: string,
  needs: Names,
  body: (paths: { [K in keyof Names]: string }) => unknown,
): void {
  const paths = needs.map(sharedPath);
  const missing = needs.filter((_, i) => paths[i] === null);
  test(name, { skip: missing.length > 0 && `shared data missing: ${missing.join(", ")}` }, async () => {
    await body(paths as { [K in keyof Names]: string });
  });
}

/** Fails unless |actual - expected| <= absolute + relative * |expected|. */
export function assertClose(
  actual: number,
  expected: number,
  { absolute = 0, relative = 0 }: { absolute?: number; relative?: number },
  message = "",
): void {
  const limit = absolute + relative * Math.abs(expected);
  assert.ok(
    Math.abs(actual - expected) <= limit,
    `${message ? `${message}: ` : ""}${actual} is not within ${limit} of ${expected}`,
  );
}
export * from "./npy.js";
export * from "./organ-record.js";
