import assert from "node:assert/strict";
import { test } from "node:test";
import { RandomStream } from "@viscera/core";
import { assertClose } from "@viscera/core/testing";
import {
  COURSE_STEP,
  type CourseStep,
  courseReference,
  exponentialReference,
  LINEAR_COURSE_RESERVED,
  linearCourseKernel,
} from "./index.js";

const random = new RandomStream(1, "linear-course.test");

/** Rates between compartments and out of each: columns whose sum is below 0. */
function compartments(n: number, seed: number, spread: number): Float64Array {
  const a = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    for (let i = 0; i <= n; i++) {
      if (i === j) continue;
      const rate = Math.exp(spread * random.normal(seed, i + n * j));
      if (i < n) a[i * n + j] = rate;
      a[j * (n + 1)]! -= rate;
    }
  }
  return a;
}

/** Exponentials of two matrices by the kernel. */
async function exponentials(pair: readonly [Float64Array, Float64Array], n: number, span: number) {
  const memory = new WebAssembly.Memory({ initial: 8 });
  const kernel = await linearCourseKernel(memory);
  const numbers = new Float64Array(memory.buffer);
  const bytes = 16 * n * n;
  const a = LINEAR_COURSE_RESERVED;
  const [shift, decay, to, work] = [a + bytes, a + bytes + 16, a + bytes + 32, a + 2 * bytes + 32];
  for (let lane = 0; lane < 2; lane++)
    pair[lane]!.forEach((value, i) => {
      numbers[a / 8 + 2 * i + lane] = value;
    });
  const squarings = kernel.shiftOf(a, n, span, shift);
  if (squarings < 0) return null;
  for (let lane = 0; lane < 2; lane++) numbers[decay / 8 + lane] = Math.exp(-numbers[shift / 8 + lane]!);
  kernel.exponential(a, n, squarings, shift, decay, span / 2 ** squarings, to, work);
  return [0, 1].map((lane) =>
    Float64Array.from({ length: n * n }, (_, i) => numbers[to / 8 + 2 * i + lane]!),
  );
}

test("exponentials of pairs equal the reference in every element", async () => {
  for (const [n, spread, span] of [
    [1, 0, 2],
    [3, 1, 1],
    [4, 2, 24],
    [12, 1.5, 0.25],
  ] as const) {
    const pair = [compartments(n, n, spread), compartments(n, n + 50, spread)] as const;
    const found = (await exponentials(pair, n, span))!;
    for (const lane of [0, 1] as const) {
      const expected = exponentialReference(pair[lane], n, span);
      found[lane]!.forEach((value, i) => assertClose(value, expected[i]!, { relative: 1e-10 }, `${n}: ${i}`));
    }
  }
});

test("tiny elements keep their digits: a chain of equal rates", async () => {
  // Down a chain x_i' = -x_i + x_(i-1): exp has e^-t t^k / k! k rows below the diagonal.
  const n = 6;
  const chain = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    chain[i * (n + 1)] = -1;
    if (i > 0) chain[i * n + i - 1] = 1;
  }
  const [found] = (await exponentials([chain, chain], n, 1e-3))!;
  assertClose(found![5 * n]!, (Math.exp(-1e-3) * 1e-15) / 120, { relative: 1e-13 });
  const [late] = (await exponentials([chain, chain], n, 50))!;
  assertClose(late![0]!, Math.exp(-50), { relative: 1e-12 });
});

test("a matrix that is not finite is told", async () => {
  assert.equal(await exponentials([Float64Array.of(Number.NaN), Float64Array.of(-1)], 1, 1), null);
});

test("a course equals the reference in both lanes", async () => {
  const n = 4;
  const memory = new WebAssembly.Memory({ initial: 1 });
  const kernel = await linearCourseKernel(memory);
  const numbers = new Float64Array(memory.buffer);
  const integers = new Int32Array(memory.buffer);
  let next = LINEAR_COURSE_RESERVED;
  const room = (pairs: number) => {
    next += 16 * pairs;
    return next - 16 * pairs;
  };
  const [state, spare, powers, inputs] = [room(n), room(n), room(2 * n * n), room(3)];
  const [rows, to, steps] = [room(2 * (n + 1)), room(20), room(20)];
  const value = (seed: number, i: number, lane: number) => random.normal(seed + lane, i);
  const fill = (at: number, count: number, seed: number) => {
    for (let i = 0; i < count; i++)
      for (let lane = 0; lane < 2; lane++) numbers[at / 8 + 2 * i + lane] = value(seed, i, lane);
  };
  fill(state, n, 200);
  fill(powers, 2 * n * n, 210);
  fill(inputs, 3, 220);
  fill(rows, 2 * (n + 1), 230);
  const { go, add, set, output } = COURSE_STEP;
  const plan = [
    [output, 0, 0],
    [go, 1, 0],
    [add, 2, 1],
    [output, 0, 0],
    [go, 0, 0],
    [set, 3, 2],
    [add, 0, 0],
    [go, 0, 0],
    [output, 0, 0],
  ];
  integers.set(plan.flat(), steps / 4);
  const take = (at: number, from: number, count: number, lane: number) =>
    Float64Array.from({ length: count }, (_, i) => numbers[at / 8 + 2 * (from + i) + lane]!);
  const expected = [0, 1].map((lane) =>
    courseReference(
      take(state, 0, n, lane),
      plan.map(([kind, i, v]): CourseStep => {
        if (kind === output) return { kind: "output" };
        if (kind === go) return { kind: "go", matrix: take(powers, i! * n * n, n * n, lane) };
        return { kind: kind === add ? "add" : "set", state: i!, value: value(220, v!, lane) };
      }),
      [0, 1].map((o) => take(rows, o * (n + 1), n + 1, lane)),
    ),
  );
  kernel.course(steps, plan.length, n, state, spare, powers, inputs, rows, 2, to);
  for (let lane = 0; lane < 2; lane++)
    take(to, 0, 6, lane).forEach((found, i) => assertClose(found, expected[lane]![i]!, { absolute: 1e-12 }));
});
