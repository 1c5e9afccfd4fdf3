/**
 * Courses of linear systems dx/dt = A x, two subjects at once in the lanes of vectors, for whoever has many of them
 * (populations). The caller lays out the memory and fills it; this runs in the calling thread.
 */
import { linearCourseWasm } from "./generated/linear-course.js";
import { compile, instantiate } from "./pool/engine.js";

/** First number of a step of a course. */
export const COURSE_STEP = { go: 0, add: 1, set: 2, output: 3 } as const;

/** Functions on addresses in bytes; see assembly/linear-course.ts and the reference. */
export interface LinearCourseKernel {
  workBytes(n: number): number;
  shiftOf(a: number, n: number, span: number, shift: number): number;
  exponential(
    a: number,
    n: number,
    squarings: number,
    shift: number,
    decay: number,
    scale: number,
    to: number,
    work: number,
  ): void;
  course(
    steps: number,
    count: number,
    n: number,
    state: number,
    spare: number,
    powers: number,
    inputs: number,
    rows: number,
    outputs: number,
    to: number,
  ): void;
}

/** Bytes at the start of a memory that the kernel's constants take. */
export const LINEAR_COURSE_RESERVED = 2048;

/** The kernel over a memory, of which it keeps the first `LINEAR_COURSE_RESERVED` bytes. */
export async function linearCourseKernel(memory: WebAssembly.Memory): Promise<LinearCourseKernel> {
  return instantiate(await compile(linearCourseWasm.single), memory) as unknown as LinearCourseKernel;
}
