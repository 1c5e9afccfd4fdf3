import { failedError, inputError, VisceraError } from "@viscera/core";

/** What the system's error codes mean to a person who asked for `path` to be read. */
export function readingError(error: unknown, path: string): VisceraError {
  if (error instanceof VisceraError) return error;
  const code = (error as NodeJS.ErrnoException)?.code ?? "";
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return inputError(
        "not-found",
        `There is no file or folder ${path}.`,
        "Check the spelling of the path.",
      );
    case "EISDIR":
      return inputError("folder", `${path} is a folder, but a file is needed.`, "Name a file in it.");
    case "EACCES":
    case "EPERM":
      return inputError(
        "permission",
        `No permission to read ${path}.`,
        "Change the file's permissions, or copy it to where it can be read.",
      );
    case "ELOOP":
      return inputError("not-found", `${path} is a link that leads back to itself.`);
    default:
      return failedError("read", `${path} could not be read (${describe(error)}).`, "", error);
  }
}

/** What the system's error codes mean to a person who asked for `path` to be written. */
export function writingError(error: unknown, path: string): VisceraError {
  if (error instanceof VisceraError) return error;
  const code = (error as NodeJS.ErrnoException)?.code ?? "";
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return failedError(
        "disk-full",
        `The disk is full: ${path} could not be written.`,
        "Free some space and try again.",
      );
    case "EACCES":
    case "EPERM":
      return failedError(
        "permission",
        `No permission to write ${path}.`,
        "Choose another place, or change the folder's permissions.",
      );
    case "EROFS":
      return failedError(
        "permission",
        `${path} lies on a disk that can only be read.`,
        "Choose another place.",
      );
    case "EISDIR":
    case "ENOTEMPTY":
    case "EEXIST":
      return new VisceraError(
        "usage.folder",
        `${path} is a folder; a file cannot take its place.`,
        "Give a file name.",
      );
    case "ENOENT":
    case "ENOTDIR":
      return new VisceraError(
        "usage.no-folder",
        `${path} cannot be written: its folder does not exist.`,
        "Make the folder first, or check the spelling.",
      );
    case "ENAMETOOLONG":
      return new VisceraError("usage.name", `The name ${path} is too long for this disk.`, "Shorten it.");
    default:
      return failedError("write", `${path} could not be written (${describe(error)}).`, "", error);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
