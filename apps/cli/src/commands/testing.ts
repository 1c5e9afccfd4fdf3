/** For tests only: the command as a user starts it, and small files for it. */
import assert from "node:assert/strict";
import { type SpawnSyncOptions, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { affineOf, type Label, type Size3 } from "@viscera/core";
import { REPOSITORY } from "@viscera/core/testing";
import { writeVolume } from "@viscera/scan/node";

export const MAIN = join(REPOSITORY, "apps/cli/dist/main.js");

export interface Outcome {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the command to its end. */
export function viscera(args: readonly string[], options: SpawnSyncOptions = {}): Outcome {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    ...options,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", ...options.env },
  });
  return { status, stdout, stderr };
}

/** Runs the command and expects a failure in one sentence: no stack trace, nothing on stdout. */
export function refused(args: readonly string[], status: number, message: RegExp): void {
  const result = viscera(args);
  const shown = `${args.join(" ")}: ${result.stderr}`;
  assert.equal(result.status, status, shown);
  assert.match(result.stderr, message, shown);
  assert.doesNotMatch(result.stderr, /\n\s+at |inside Viscera/, shown);
  assert.equal(result.stdout, "", shown);
}

/** A new folder whose name holds what trips up programs. */
export function scratch(): { at: (...parts: string[]) => string; remove: () => void } {
  const root = mkdtempSync(join(tmpdir(), "viscera é 心 '"));
  return {
    at: (...parts) => join(root, ...parts),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

const SIZE: Size3 = [24, 24, 20];
const AFFINE = affineOf([3, 3, 4], [-36, -36, -40]);

/** A scan of two blocks in air, and their labels 5 (named liver) and 7 (without a name). */
export async function writeBlocks(scanPath: string, labelsPath: string): Promise<void> {
  const scan = new Int16Array(SIZE[0] * SIZE[1] * SIZE[2]).fill(-1000);
  const data = new Uint8Array(scan.length);
  const fill = (id: number, value: number, from: number, to: number) => {
    for (let z = 4; z < 16; z++)
      for (let y = 4; y < 20; y++)
        for (let x = from; x < to; x++) {
          const i = x + SIZE[0] * (y + SIZE[1] * z);
          scan[i] = value + ((x * 7 + y * 3 + z) % 9);
          data[i] = id;
        }
  };
  fill(5, 60, 3, 11);
  fill(7, 30, 13, 20);
  const liver: Label = { id: 5, name: "liver", snomed: "10200004", color: "#b5651d", source: "test" };
  await writeVolume(scanPath, { size: SIZE, affine: AFFINE, data: scan, modality: "CT", unit: "HU" });
  await writeVolume(labelsPath, { size: SIZE, affine: AFFINE, data, labels: [liver] });
}

/** Every file below a folder, hidden ones too, as paths relative to it. */
export function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const list = (at: string): string[] =>
    readdirSync(at, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? list(join(at, entry.name)) : [relative(folder, join(at, entry.name))],
    );
  return list(folder).sort();
}

/** SHA-256 over names and bytes of a folder's files, those named in `but` left out. */
export function fingerprint(folder: string, but: readonly string[] = []): string {
  const hash = createHash("sha256");
  for (const name of filesBelow(folder))
    if (!but.includes(name)) hash.update(`${name}\0`).update(readFileSync(join(folder, name)));
  return hash.digest("hex");
}
