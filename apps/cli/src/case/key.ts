import { createHash } from "node:crypto";

/** SHA-256 over everything that decides a case's content; equal keys mean that a case can be resumed. */
export function caseKey(parts: Record<string, unknown>): string {
  const sorted = Object.fromEntries(Object.entries(parts).sort(([a], [b]) => (a < b ? -1 : 1)));
  return createHash("sha256").update(JSON.stringify(sorted)).digest("hex");
}
