/**
 * A case folder on disk. Every file appears whole or not at all; case.json says which steps are finished, so
 * that a killed command goes on where it was.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import {
  CASE_PATHS,
  type CaseFile,
  caseFileSchema,
  inputError,
  type ProvenanceEntry,
  parseJson,
  usageError,
} from "@viscera/core";
import { writeWhole } from "@viscera/scan/node";

/** Everything a case may hold at its top level; nothing else in the folder is ever touched. */
const OWN_ENTRIES = [
  CASE_PATHS.case,
  CASE_PATHS.scan,
  CASE_PATHS.labels,
  CASE_PATHS.labelTable,
  "organs",
  "runs",
  CASE_PATHS.report,
  CASE_PATHS.truth,
];

export class CaseFolder {
  readonly #work: string;
  readonly #target: string;
  file: CaseFile;

  private constructor(work: string, target: string, file: CaseFile) {
    this.#work = work;
    this.#target = target;
    this.file = file;
  }

  /** Opens a finished or unfinished case to read or add to it. Throws `input.not-a-case`. */
  static async open(path: string): Promise<CaseFolder> {
    const folder = resolve(path);
    return new CaseFolder(folder, folder, await readCaseFile(folder));
  }

  /**
   * Creates a case, or takes up an unfinished one of the same key. An existing case of another key, or a
   * finished one, is refused unless `force`; then the new case grows beside it and takes its place when it is
   * complete, so that nothing is lost if the command fails.
   */
  static async create(
    path: string,
    initial: CaseFile,
    steps: readonly string[],
    force: boolean,
  ): Promise<CaseFolder> {
    const target = resolve(path);
    const partial = join(dirname(target), `.${basename(target)}.viscera-new`);
    if (existsSync(target) && !(await stat(target)).isDirectory()) {
      throw usageError(`"${path}" is a file, not a folder.`, "Give a folder for the case with --out.");
    }
    const entries = existsSync(target) ? await readdir(target) : [];
    if (!entries.includes(CASE_PATHS.case)) {
      if (entries.some((name) => OWN_ENTRIES.includes(name))) {
        throw usageError(
          `"${path}" holds files that a case would overwrite.`,
          "Choose another folder with --out.",
        );
      }
      return CaseFolder.#resumeOrBegin(target, target, initial);
    }
    const existing = await readCaseFile(target).catch(() => null);
    if (
      existing &&
      existing.key === initial.key &&
      !steps.every((step) => existing.finished.includes(step))
    ) {
      return new CaseFolder(target, target, existing);
    }
    if (!force) {
      const what =
        existing?.key === initial.key ? "already holds this case, complete" : "already holds another case";
      throw usageError(
        `"${path}" ${what}.`,
        "Choose another folder with --out, or replace the case with --force.",
      );
    }
    return CaseFolder.#resumeOrBegin(partial, target, initial);
  }

  static async #resumeOrBegin(work: string, target: string, initial: CaseFile): Promise<CaseFolder> {
    const left = existsSync(join(work, CASE_PATHS.case)) ? await readCaseFile(work).catch(() => null) : null;
    if (left && left.key === initial.key) return new CaseFolder(work, target, left);
    if (work !== target) await rm(work, { recursive: true, force: true });
    await makeFolder(work);
    const folder = new CaseFolder(work, target, initial);
    await folder.save();
    return folder;
  }

  /** Where the case will lie for its user. */
  get path(): string {
    return this.#target;
  }

  has(step: string): boolean {
    return this.file.finished.includes(step);
  }

  /** Absolute path of a file of the case while it is being made. */
  at(relative: string): string {
    return join(this.#work, relative);
  }

  async write(relative: string, content: Uint8Array | string): Promise<void> {
    await makeFolder(dirname(this.at(relative)));
    await writeWhole(
      this.at(relative),
      typeof content === "string" ? new TextEncoder().encode(content) : content,
    );
  }

  async writeJson(relative: string, value: unknown): Promise<void> {
    await this.write(relative, `${JSON.stringify(value, null, 2)}\n`);
  }

  async readText(relative: string): Promise<string> {
    return readFile(this.at(relative), "utf8").catch(() => {
      throw inputError(
        "missing",
        `The case at "${this.#target}" has no ${relative}.`,
        "Run the step that makes it again.",
      );
    });
  }

  /** Marks a step as finished (replacing an earlier run of it) with its warnings and provenance. */
  async finish(step: string, warnings: readonly string[], provenance: ProvenanceEntry): Promise<void> {
    this.file = {
      ...this.file,
      finished: [...this.file.finished.filter((name) => name !== step), step],
      warnings: [
        ...this.file.warnings.filter((w) => w.step !== step),
        ...warnings.map((message) => ({ step, message })),
      ],
      provenance: [...this.file.provenance.filter((entry) => entry.file !== provenance.file), provenance],
    };
    await this.save();
  }

  async save(): Promise<void> {
    await this.writeJson(CASE_PATHS.case, this.file);
  }

  /** Puts a case that grew beside an old one in its place. */
  async settle(): Promise<void> {
    if (this.#work === this.#target) return;
    const old = `${this.#work}-old`;
    await rm(old, { recursive: true, force: true });
    await mkdir(old, { recursive: true });
    const moved: string[] = [];
    try {
      for (const entry of OWN_ENTRIES) {
        if (!existsSync(join(this.#target, entry))) continue;
        await rename(join(this.#target, entry), join(old, entry));
        moved.push(entry);
      }
      for (const entry of await readdir(this.#work))
        await rename(join(this.#work, entry), join(this.#target, entry));
    } catch (error) {
      for (const entry of moved) {
        if (!existsSync(join(this.#target, entry))) await rename(join(old, entry), join(this.#target, entry));
      }
      throw error;
    }
    await rm(old, { recursive: true, force: true });
    await rm(this.#work, { recursive: true, force: true });
  }
}

async function readCaseFile(folder: string): Promise<CaseFile> {
  const path = join(folder, CASE_PATHS.case);
  const text = await readFile(path, "utf8").catch(() => {
    throw inputError(
      "not-a-case",
      `"${folder}" is not a case folder: it has no case.json.`,
      "Make one with `viscera run` or `viscera phantom`.",
    );
  });
  return parseJson(text, caseFileSchema, CASE_PATHS.case);
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    const why =
      error.code === "EACCES" || error.code === "EROFS" || error.code === "EPERM"
        ? "no permission to write there"
        : error.code === "ENOSPC"
          ? "the disk is full"
          : error.code === "ENOTDIR" || error.code === "EEXIST"
            ? "a file is in the way"
            : error.message;
    throw inputError(
      "no-folder",
      `The folder "${path}" cannot be made: ${why}.`,
      "Choose another folder with --out.",
    );
  });
}
