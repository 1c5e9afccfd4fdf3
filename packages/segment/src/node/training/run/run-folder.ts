/** The folder of a training run: who it belongs to, whether it goes on, and where things lie in it. */
import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { inputError, usageError } from "@viscera/core";
import { writeWhole, writingError } from "@viscera/scan/node";
import { FEATURES_FILE_NAME } from "../../familiarity-file.js";
import { MODEL_FILE_NAME } from "../../open-model.js";
import { hasCheckpoint } from "./checkpoint.js";
import { CARD_FILE_NAME } from "./model-folder.js";

/** What makes two commands the same run: name as a user knows it -> value, which must survive JSON. */
export type RunSettings = Record<string, unknown>;

/** training/run.json */
export interface RunFile {
  schema: 1;
  /** The command line that made it. */
  command: string;
  settings: RunSettings;
  /** What was decided once, at the beginning (plan, split). */
  decided: Record<string, unknown>;
}

export const RUN_FILE = join("training", "run.json");

/** Whether an entry of the folder is what a run leaves there. */
const isOwn = (name: string) =>
  [MODEL_FILE_NAME, FEATURES_FILE_NAME, CARD_FILE_NAME, "LICENSE", "training", "folds"].includes(name) ||
  /^weights(-\d+)?\.safetensors$/.test(name);

export class RunFolder {
  readonly path: string;
  readonly file: RunFile;

  private constructor(path: string, file: RunFile) {
    this.path = path;
    this.file = file;
  }

  /** Folder of records: run.json, checkpoint, history, page. */
  get training(): string {
    return join(this.path, "training");
  }

  /** Folder of the prepared cases, deleted at the end. */
  get prepared(): string {
    return join(this.training, "prepared");
  }

  /**
   * Opens a folder for a command: a new or empty one, or one in which the same command was stopped. `force`
   * deletes what an earlier training left there. Throws `usage` where the folder holds anything else, and
   * `input.no-run` with `mustResume` where nothing was begun.
   */
  static async open(
    path: string,
    command: string,
    settings: RunSettings,
    { force = false, mustResume = false }: { force?: boolean; mustResume?: boolean } = {},
  ): Promise<RunFolder> {
    const info = await stat(path).catch(() => null);
    if (info && !info.isDirectory()) {
      throw usageError(`"${path}" is a file, not a folder.`, "Give a folder for the model.");
    }
    const entries = info ? await readdir(path) : [];
    const text = await readFile(join(path, RUN_FILE), "utf8").catch(() => null);
    if (entries.length > 0 && text === null) {
      throw usageError(`The folder "${path}" holds something else.`, "Choose another one for the model.");
    }
    const fresh: RunFile = { schema: 1, command, settings: plain(settings), decided: {} };
    if (text !== null && !force) {
      const found = parseRunFile(text, path);
      if (entries.includes(CARD_FILE_NAME)) {
        throw usageError(`"${path}" holds a finished model.`, "Choose another folder, or add --force.");
      }
      const other = differenceOf(found.settings, fresh.settings);
      if (other === null) return new RunFolder(path, found);
      // Where no step was taken yet, nothing is lost by beginning anew.
      if (entries.includes("folds") || (await hasCheckpoint(join(path, "training")))) {
        throw usageError(
          `"${path}" holds a training that was begun with another ${other}.`,
          "Repeat the first command to go on with it, choose another folder, or begin anew with --force.",
        );
      }
    }
    if (mustResume) {
      throw inputError(
        "no-run",
        `There is no training in "${path}" to go on with.`,
        "Leave --resume out to begin one.",
      );
    }
    for (const name of entries.filter(isOwn)) await rm(join(path, name), { recursive: true, force: true });
    const folder = new RunFolder(path, fresh);
    await mkdir(folder.training, { recursive: true }).catch((error) => {
      throw writingError(error, path);
    });
    await folder.#write();
    return folder;
  }

  /** What was decided under a name, or what `make` decides now, kept for a run that goes on. */
  async decide<T>(name: string, make: () => Promise<T> | T): Promise<T> {
    if (name in this.file.decided) return this.file.decided[name] as T;
    const value = plain(await make());
    this.file.decided[name] = value;
    await this.#write();
    return value;
  }

  async #write(): Promise<void> {
    const text = `${JSON.stringify(this.file, null, 1)}\n`;
    await writeWhole(join(this.path, RUN_FILE), new TextEncoder().encode(text));
  }
}

/** A value as it comes back from JSON. */
function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function parseRunFile(text: string, path: string): RunFile {
  try {
    const file = JSON.parse(text) as Partial<RunFile>;
    if (file.schema === 1 && file.settings && file.decided) return file as RunFile;
  } catch {
    // Reported below with every other broken form.
  }
  throw inputError("run", `${RUN_FILE} in "${path}" cannot be read.`, "Begin anew with --force.");
}

/** Name of the first setting that differs. */
function differenceOf(before: RunSettings, now: RunSettings): string | null {
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  for (const name of names) {
    if (JSON.stringify(before[name] ?? null) !== JSON.stringify(now[name] ?? null)) return name;
  }
  return null;
}
