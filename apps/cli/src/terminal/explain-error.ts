import { type ErrorCode, failedError, inputError, VisceraError } from "@viscera/core";

/** What the command prints of an error, and the code it exits with. */
export interface ExplainedError {
  code: ErrorCode;
  message: string;
  hint: string;
  exitCode: number;
}

/** The sentence for whatever was thrown; after Ctrl-C everything thrown is its consequence. */
export function explainError(error: unknown, cancelled: boolean): ExplainedError {
  const { code, message, hint, exitCode } = cancelled ? CANCELLED : forPeople(error);
  return { code, message, hint, exitCode };
}

const CANCELLED = new VisceraError(
  "cancelled",
  "The command was cancelled.",
  "Nothing half-written is left; a case that was begun goes on when the same command is run again.",
);

function forPeople(error: unknown): VisceraError {
  if (error instanceof VisceraError) return error;
  const { code = "", path } = error as NodeJS.ErrnoException;
  const place = path === undefined ? "a file" : `"${path}"`;
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return failedError(
        "disk-full",
        `The disk is full: ${place} could not be written.`,
        "Free some space and try again.",
      );
    case "EACCES":
    case "EPERM":
      return failedError(
        "permission",
        `There is no permission to use ${place}.`,
        "Change its permissions, or choose another place.",
      );
    case "EROFS":
      return failedError(
        "permission",
        `${place} lies on a disk that can only be read.`,
        "Choose another place.",
      );
    case "ENOENT":
    case "ENOTDIR":
      return inputError(
        "not-found",
        `There is no file or folder ${place}.`,
        "Check the spelling of the path.",
      );
    case "EISDIR":
      return inputError("folder", `${place} is a folder, but a file is needed.`, "Name a file.");
    case "EEXIST":
    case "ENOTEMPTY":
      return inputError("exists", `${place} is in the way.`, "Move it away, or choose another place.");
    case "ENAMETOOLONG":
      return new VisceraError("usage.name", `The name ${place} is too long for this disk.`, "Shorten it.");
    case "EMFILE":
    case "ENFILE":
      return failedError("open-files", "Too many files are open.", "Close other programs and try again.");
    case "EIO":
      return failedError(
        "disk",
        `The disk reports an error at ${place}.`,
        "Check the disk, or use another one.",
      );
    case "ENOMEM":
      return outOfMemory();
  }
  if (
    error instanceof RangeError &&
    /allocation failed|array length|out of memory|could not allocate/i.test(error.message)
  )
    return outOfMemory();
  const message = error instanceof Error ? error.message : String(error);
  return failedError(
    "unexpected",
    `Something went wrong inside Viscera: ${message}`,
    "Run it again with VISCERA_DEBUG=1 and report what it prints.",
  );
}

function outOfMemory(): VisceraError {
  return failedError(
    "memory",
    "There is not enough memory for this.",
    "Close other programs, or crop or resample the image first.",
  );
}
