import type { Region } from "../compile/layout.js";
import type { ElementAccess } from "../compile/vector-code.js";
import type { CodeWriter, Index } from "../wasm/code-writer.js";

/** What an error is held against: both states of a step and the tolerances. */
export interface ErrorScale {
  start: Region;
  end: Region;
  absolute: Region;
  relative: Region;
}

/**
 * From the error of one state on the stack: adds (error / (absolute + relative * larger of both states))^2 to the
 * local `sum`; `ratio` is a local to work with.
 */
export function addWeightedSquare(
  code: CodeWriter,
  x: ElementAccess,
  base: Index,
  { start, end, absolute, relative }: ErrorScale,
  ratio: Index,
  sum: Index,
): void {
  x.load(absolute);
  code.get(base);
  code.load(relative.start * 8 * code.lanes);
  x.load(start);
  code.native("abs");
  x.load(end);
  code.native("abs");
  code.native("max");
  code.native("mul");
  code.native("add");
  code.native("div");
  code.tee(ratio);
  code.get(ratio);
  code.native("mul");
  code.get(sum);
  code.native("add");
  code.set(sum);
}
