/**
 * Errors a person can act on. A `VisceraError` says what is wrong, where, and how to mend it; the command
 * line prints message and hint (never a stack trace) and exits with the code of its family.
 */

/** Family before the dot; the part after it names the case for programs (`--json`), e.g. `input.truncated`. */
export type ErrorCode = `${"usage" | "input" | "failed" | "cancelled"}${"" | `.${string}`}`;

const EXIT_CODES: Record<string, number> = { usage: 2, input: 3, failed: 4, cancelled: 130 };

export class VisceraError extends Error {
  readonly code: ErrorCode;
  /** One sentence on how to mend it; empty when there is nothing to advise. */
  readonly hint: string;

  constructor(code: ErrorCode, message: string, hint = "", options?: { cause?: unknown }) {
    super(message, options);
    this.name = "VisceraError";
    this.code = code;
    this.hint = hint;
  }

  /** Process exit code: 2 wrong usage, 3 bad input, 4 failed computation, 130 cancelled. */
  get exitCode(): number {
    return EXIT_CODES[this.code.split(".")[0]!] ?? 4;
  }
}

/** The input (a file, a header, a value in it) is not usable as it is. */
export function inputError(detail: string, message: string, hint = "", cause?: unknown): VisceraError {
  return new VisceraError(`input.${detail}`, message, hint, { cause });
}

/** The command or call was made wrongly. */
export function usageError(message: string, hint = ""): VisceraError {
  return new VisceraError("usage", message, hint);
}

/** A computation failed on input that looked right. */
export function failedError(detail: string, message: string, hint = "", cause?: unknown): VisceraError {
  return new VisceraError(`failed.${detail}`, message, hint, { cause });
}
