import { existsSync } from "node:fs";
import { readdir, rename, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { usageError } from "@viscera/core";
import { writeWhole } from "@viscera/scan/node";
import { makeFolder } from "../case/make-folder.js";

/** In the output folder while its files are being made. */
const STAGE = ".viscera-new";

/** A folder that a command fills: with every file or with none. */
export class OutputFolder {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Throws `usage` for a file, and for a folder that holds something unless `force`, which replaces `contents`. */
  static async open(path: string, force: boolean, contents = "the models"): Promise<OutputFolder> {
    const info = await stat(path).catch(() => null);
    if (info && !info.isDirectory())
      throw usageError(`"${path}" is a file, not a folder.`, "Give a folder with --out.");
    const entries = info ? await readdir(path) : [];
    if (!force && entries.some((name) => name !== STAGE)) {
      throw usageError(
        `The folder "${path}" is not empty.`,
        `Choose another, or replace ${contents} in it with --force.`,
      );
    }
    return new OutputFolder(resolve(path));
  }

  /** Calls `make` with a function that writes a file of the folder; the files appear when all are made. */
  async fill<T>(
    make: (write: (name: string, content: Uint8Array | string) => Promise<void>) => Promise<T>,
  ): Promise<T> {
    const stage = join(this.#path, STAGE);
    const isNew = !existsSync(this.#path);
    await makeFolder(this.#path);
    await rm(stage, { recursive: true, force: true });
    await makeFolder(stage);
    const names = new Set<string>();
    try {
      const made = await make(async (name, content) => {
        names.add(name);
        await makeFolder(dirname(join(stage, name)));
        await writeWhole(
          join(stage, name),
          typeof content === "string" ? new TextEncoder().encode(content) : content,
        );
      });
      for (const folder of new Set([...names].map((name) => dirname(join(this.#path, name)))))
        await makeFolder(folder);
      for (const name of names) await rename(join(stage, name), join(this.#path, name));
      return made;
    } finally {
      await rm(stage, { recursive: true, force: true });
      if (isNew) await rmdir(this.#path).catch(() => {});
    }
  }
}
