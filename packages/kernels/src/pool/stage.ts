/** A kernel's work as data: calls of exported WebAssembly functions over ranges that are independent of each other. */

/** A compiled AssemblyScript file, as base64 text, for plain and for shared memory. */
export interface WasmText {
  name: string;
  single: string;
  shared: string;
}

/** One parallel loop; stages of a job run one after the other. */
export interface Stage {
  /** For people, in progress reports. */
  name: string;
  /** Exported function (begin, end, scratch address, ...parameters), to be called over parts of first .. first + count. */
  call: string;
  /** 0 where not given. */
  first?: number;
  count: number;
  parameters: readonly number[];
  /** Called when the stage is done: takes results out of memory that the next stage uses again. */
  after?: (memory: ArrayBufferLike) => void;
}

/** Words of the control array that threads share. */
export const NEXT = 0;
export const STOP = 1;
export const DONE = 2;

/** Parts a stage is cut into: enough to balance threads, to stop soon and to show progress. */
const PARTS = 128;

/** Length of a stage's parts. */
export function grainOf(stage: Stage): number {
  return Math.max(1, Math.ceil(stage.count / PARTS));
}
