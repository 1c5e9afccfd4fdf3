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
  type LabelMap,
  type ProvenanceEntry,
  parseJson,
  usageError,
  type Volume,
} from "@viscera/core";
import { writeVolume, writeWhole } from "@viscera/scan/node";
import { makeFolder } from "./make-folder.js";

/** Inside a case: the one that is to take its place, and the old one while they change places. */
const NEW = ".viscera-new";
const OLD = ".viscera-old";

/** What happens where a complete or another case is in the folder. */
export type IfThere = "refuse" | "replace" | "keep";

/** Everything a case may hold at its top level; nothing else in the folder is ever touched. */
const OWN_ENTRIES = [
  CASE_PATHS.case,
  CASE_PATHS.scan,
  CASE_PATHS.labels,
  CASE_PATHS.labelTable,
  "organs",
  "vessels",
  "runs",
  CASE_PATHS.report,
  CASE_PATHS.truth,
  CASE_PATHS.trueLabels,
  CASE_PATHS.uncertainty,
];

export class CaseFolder {
  #work: string;
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
    await finishExchange(folder);
    return new CaseFolder(folder, folder, await readCaseFile(folder));
  }

  /**
   * Creates a case, or takes up an unfinished one of the same key. An existing case of another key is refused
   * unless `ifThere` is "replace"; then the new case grows inside it, out of sight, and takes its place when it
   * is complete, so that nothing is lost if the command fails. A complete case of the same key is refused,
   * replaced or, with "keep", opened.
   */
  static async create(
    path: string,
    initial: CaseFile,
    steps: readonly string[],
    ifThere: IfThere,
  ): Promise<CaseFolder> {
    const target = resolve(path);
    const info = await stat(target).catch(() => null);
    if (info && !info.isDirectory()) {
      throw usageError(`"${path}" is a file, not a folder.`, "Give a folder for the case with --out.");
    }
    if (info) await finishExchange(target);
    const entries = info ? await readdir(target) : [];
    if (!entries.includes(CASE_PATHS.case)) {
      const own = entries.find((name) => OWN_ENTRIES.includes(name));
      if (own) {
        throw usageError(
          `"${path}" is no case but holds ${own}, which a case would overwrite.`,
          "Choose another folder with --out.",
        );
      }
      return CaseFolder.#begin(target, target, initial);
    }
    const existing = await readCaseFile(target).catch(() => null);
    if (existing?.key === initial.key) {
      const complete = steps.every((step) => existing.finished.includes(step));
      if (!complete || ifThere === "keep") {
        const folder = new CaseFolder(target, target, existing);
        if (!complete) await folder.tidy();
        return folder;
      }
    }
    if (ifThere !== "replace") {
      const what = !existing
        ? "already holds a case that cannot be read"
        : existing.key === initial.key
          ? "already holds this case, complete"
          : "already holds another case";
      throw usageError(
        `"${path}" ${what}.`,
        "Choose another folder with --out, or replace the case with --force.",
      );
    }
    const work = join(target, NEW);
    const left = await readCaseFile(work).catch(() => null);
    if (left?.key !== initial.key) return CaseFolder.#begin(work, target, initial);
    const folder = new CaseFolder(work, target, left);
    await folder.tidy();
    return folder;
  }

  static async #begin(work: string, target: string, initial: CaseFile): Promise<CaseFolder> {
    const left = join(target, NEW);
    if (existsSync(left)) await rm(left, { recursive: true, force: true });
    await makeFolder(work);
    const folder = new CaseFolder(work, target, initial);
    await folder.save();
    return folder;
  }

  /** Where the case will lie for its user. */
  get path(): string {
    return this.#target;
  }

  /** True when a file of the case exists. */
  holds(relative: string): boolean {
    return existsSync(this.at(relative));
  }

  has(step: string): boolean {
    return this.file.finished.includes(step);
  }

  /** SHA-256 of what a file of the case was made from. */
  inputsOf(file: string): Record<string, string> {
    return this.file.provenance.find((entry) => entry.file === file)?.inputs ?? {};
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

  async writeVolume(relative: string, image: Volume | LabelMap): Promise<void> {
    await makeFolder(dirname(this.at(relative)));
    await writeVolume(this.at(relative), image);
  }

  async writeJson(relative: string, value: unknown): Promise<void> {
    await this.write(relative, `${JSON.stringify(value, null, 2)}\n`);
  }

  async readText(relative: string): Promise<string> {
    return new TextDecoder().decode(await this.readBytes(relative));
  }

  /** Bytes of a file of the case. Throws `input.missing`. */
  async readBytes(relative: string): Promise<Uint8Array> {
    return readFile(this.at(relative)).catch(() => {
      throw inputError(
        "missing",
        `The case at "${this.#target}" has no ${relative}.`,
        "Make the case again with the command that made it and --force.",
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

  /**
   * Writes a folder of the case anew: in place of an earlier one once it is whole, or not at all. `write` gets
   * the path, relative to the case, to write into.
   */
  async replaceFolder(relative: string, write: (stage: string) => Promise<void>): Promise<void> {
    const [stage, old] = [NEW, OLD].map((prefix) => `${dirname(relative)}/${prefix}-${basename(relative)}`);
    try {
      await write(stage!);
    } catch (error) {
      await rm(this.at(stage!), { recursive: true, force: true });
      throw error;
    }
    if (existsSync(this.at(relative))) await rename(this.at(relative), this.at(old!));
    await rename(this.at(stage!), this.at(relative));
    await rm(this.at(old!), { recursive: true, force: true });
  }

  /** Clears away what a killed command left half-done. Only for a command that writes into the case. */
  async tidy(): Promise<void> {
    for (const folder of ["", "organs", "vessels", "runs"]) {
      for (const name of await readdir(this.at(folder)).catch(() => [])) {
        const path = join(this.at(folder), name);
        if (/^\.viscera-[0-9a-f]+\.part$/.test(name) || (folder === "runs" && name.startsWith(`${NEW}-`))) {
          await rm(path, { recursive: true, force: true });
        } else if (folder === "runs" && name.startsWith(`${OLD}-`)) {
          const place = this.at(`runs/${name.slice(OLD.length + 1)}`);
          if (existsSync(place)) await rm(path, { recursive: true, force: true });
          else await rename(path, place);
        }
      }
    }
  }

  /** Puts a case that grew inside an old one in its place. */
  async settle(): Promise<void> {
    if (this.#work === this.#target) return;
    await mkdir(join(this.#target, OLD), { recursive: true });
    await finishExchange(this.#target);
    this.#work = this.#target;
  }
}

/**
 * Exchanges a case for the complete one that grew inside it, or finishes an exchange that was killed; nothing
 * happens in a folder without one. `case.json` leaves last and arrives last, so that it tells how far it came.
 */
async function finishExchange(target: string): Promise<void> {
  const [fresh, old] = [join(target, NEW), join(target, OLD)];
  if (!existsSync(old)) return;
  const move = async (from: string, to: string) => {
    const entries = (await readdir(from)).filter((name) => OWN_ENTRIES.includes(name));
    for (const name of entries.sort((a, b) => Number(a === CASE_PATHS.case) - Number(b === CASE_PATHS.case)))
      await rename(join(from, name), join(to, name));
  };
  const isCase = (folder: string) => existsSync(join(folder, CASE_PATHS.case));
  if (isCase(fresh)) {
    if (isCase(target)) await move(target, old);
    await move(fresh, target);
  } else if (!isCase(target)) {
    // Without a new case to put in its place, the old one goes back.
    await move(old, target);
  }
  await rm(fresh, { recursive: true, force: true });
  await rm(old, { recursive: true, force: true });
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
  return parseJson(text, caseFileSchema, path);
}
