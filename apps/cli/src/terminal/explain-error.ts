import { type ErrorCode, failedError, VisceraError } from "@viscera/core";
import { readingError, writingError } from "@viscera/scan/node";

/** What the command prints of an error, and the code it exits with. */
export interface ExplainedError {
  code: ErrorCode;
  message: string;
  hint: string;
  exitCode: number;
}

/** The sentence for whatever was thrown; after Ctrl-C everything thrown is its consequence. */
export function explainError(error: unknown, cancelled: boolean): ExplainedError {
  const { code, message, hint, exitCode } = cancelled ? cancellation(error) : forPeople(error);
  return { code, message, hint, exitCode };
}

const CANCELLED = new VisceraError(
  "cancelled",
  "The command was cancelled.",
  "Nothing half-written is left; a case that was begun goes on when the same command is run again.",
);

/** A job that says how it was left and goes on says it better. */
function cancellation(error: unknown): VisceraError {
  const saysHow = error instanceof VisceraError && error.code === "cancelled" && error.hint !== "";
  return saysHow ? error : CANCELLED;
}

function forPeople(error: unknown): VisceraError {
  if (error instanceof VisceraError) return error;
  const { code = "", path } = error as NodeJS.ErrnoException;
  const place = path === undefined ? "a file" : `"${path}"`;
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
    case "EISDIR":
      return readingError(error, place);
    case "ENOSPC":
    case "EDQUOT":
    case "EACCES":
    case "EPERM":
    case "EROFS":
    case "EEXIST":
    case "ENOTEMPTY":
    case "ENAMETOOLONG":
      return writingError(error, place);
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
