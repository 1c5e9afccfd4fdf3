import { mkdir } from "node:fs/promises";
import { failedError, inputError } from "@viscera/core";

/** Makes a folder and those above it. Throws `failed.permission`, `failed.disk-full`, `input.no-folder`. */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    // The folders in which new work grows are nobody's business.
    const shown = path.replace(/([\\/]runs)?[\\/]\.viscera-[^\\/]*.*$/, "");
    switch (error.code) {
      case "EACCES":
      case "EPERM":
      case "EROFS":
        throw failedError(
          "permission",
          `There is no permission to write into "${shown}".`,
          "Choose another place, or change the folder's permissions.",
        );
      case "ENOSPC":
      case "EDQUOT":
        throw failedError(
          "disk-full",
          `The disk is full: the folder "${shown}" could not be made.`,
          "Free some space and try again.",
        );
      default: {
        const why =
          error.code === "ENOTDIR" || error.code === "EEXIST"
            ? "a file is in the way"
            : error.code === "ENOENT"
              ? "a link there leads nowhere"
              : error.message;
        throw inputError(
          "no-folder",
          `The folder "${shown}" cannot be made: ${why}.`,
          "Choose another folder with --out.",
        );
      }
    }
  });
}
