import assert from "node:assert/strict";
import { test } from "node:test";
import { assertClose } from "@viscera/core/testing";
import type { EquationSystem } from "../compile/equations.js";
import { call, parseFormula } from "../expression/index.js";
import type { EventSpec } from "./event-queue.js";
import { type HybridOptions, HybridSystem } from "./hybrid.js";
import { compileRodas5p, Rodas5p } from "./rodas5p.js";

interface EventText {
  trigger: string;
  delay?: string;
  priority?: string;
  set: Record<string, string>;
  persistent?: boolean;
  initiallyTrue?: boolean;
  valuesFromTriggerTime?: boolean;
}

interface Model {
  equations: Record<string, string>;
  parameters?: Record<string, number>;
  initial: number[];
  events: EventText[];
  algebraic?: boolean[];
}

async function run(
  { equations, parameters = {}, initial, events, algebraic = [] }: Model,
  outputTimes: number[],
  more: Partial<HybridOptions> = {},
): Promise<number[][]> {
  const states = Object.keys(equations);
  const system: EquationSystem = {
    states,
    parameters: Object.keys(parameters),
    time: "t",
    equations: Object.values(equations).map(parseFormula),
    outputs: [...states, ...Object.keys(parameters)].map(parseFormula),
    algebraic,
  };
  const specs = events.map(
    ({ trigger, delay, priority, set, ...rules }): EventSpec => ({
      trigger: parseFormula(trigger),
      ...(delay === undefined ? {} : { delay: parseFormula(delay) }),
      ...(priority === undefined ? {} : { priority: parseFormula(priority) }),
      assignments: Object.entries(set).map(([target, value]) => ({ target, value: parseFormula(value) })),
      ...rules,
    }),
  );
  const hybrid = await HybridSystem.create(system, specs);
  const rows: number[][] = [];
  await hybrid.run({
    from: 0,
    until: outputTimes.at(-1)!,
    state: initial,
    parameters: Object.values(parameters),
    outputTimes,
    onOutput: (index, time, values) => {
      assert.equal(time, outputTimes[index]);
      rows.push([...values]);
    },
    solver: async (model) => new Rodas5p(await compileRodas5p(model), { relative: 1e-9, absolute: 1e-12 }),
    ...more,
  });
  return rows;
}

const column = (rows: number[][], index = 0) => rows.map((row) => row[index]!);

test("a bouncing ball: the times of contact are those of mechanics", async () => {
  const rows = await run(
    {
      equations: { height: "speed", speed: "-10" },
      initial: [5, 0],
      events: [{ trigger: "height <= 0 and speed < 0", set: { speed: "-0.5 * speed", height: "0" } }],
    },
    [0.5, 1.5, 2, 2.3],
  );
  // Down at t = 1 with -10 m/s, up at 5, down again at t = 2, up at 2.5.
  const expected = [5 - 5 * 0.25, 5 * 0.5 - 5 * 0.25, 0, 2.5 * 0.3 - 5 * 0.09];
  column(rows).forEach((height, i) => {
    assertClose(height, expected[i]!, { absolute: 1e-7 });
  });
});

test("a condition on the clock holds at its time: >= at it, > after it", async () => {
  for (const [relation, at5] of [
    [">=", 1],
    [">", 0],
  ] as const) {
    const rows = await run(
      {
        equations: { x: "0 * x" },
        initial: [0],
        events: [{ trigger: `t ${relation} 5`, set: { x: "x + 1" } }],
      },
      [4, 5, 6],
    );
    assert.deepEqual(column(rows), [0, at5, 1]);
  }
});

test("a short pulse of the right-hand side or of a trigger is not stepped over", async () => {
  const rows = await run(
    {
      equations: { x: "if(t >= 7 and t < 7.001, 1000, 0)", y: "0 * y" },
      initial: [0, 0],
      events: [{ trigger: "t > 50 and t < 50.0001", set: { y: "y + 1" } }],
    },
    [6, 8, 100],
  );
  [0, 1, 1].forEach((value, i) => {
    assertClose(rows[i]![0]!, value, { absolute: 1e-9 });
  });
  assert.deepEqual(column(rows, 1), [0, 0, 1]);
});

test("delays: values of trigger time or of execution time; calling off", async () => {
  const model = (rules: Partial<EventText>) => ({
    equations: { x: "1", y: "0 * y" },
    initial: [0, -1],
    events: [{ trigger: "x >= 2 and x < 2.5", delay: "1", set: { y: "x" }, ...rules }],
  });
  assertClose((await run(model({}), [4]))[0]![1]!, 2, { absolute: 1e-9 });
  assertClose((await run(model({ valuesFromTriggerTime: false }), [4]))[0]![1]!, 3, { absolute: 1e-9 });
  assert.equal((await run(model({ persistent: false }), [4]))[0]![1]!, -1);
  assertClose((await run(model({ persistent: false, delay: "0.3" }), [4]))[0]![1]!, 2, { absolute: 1e-9 });
});

test("priorities order simultaneous events; a tie is drawn", async () => {
  const model = (priorities: [string, string]) => ({
    equations: { x: "0 * x" },
    initial: [1],
    events: [
      { trigger: "t >= 1", priority: priorities[0], set: { x: "x * 2" }, valuesFromTriggerTime: false },
      { trigger: "t >= 1", priority: priorities[1], set: { x: "x + 1" }, valuesFromTriggerTime: false },
    ],
  });
  assert.equal((await run(model(["2", "1"]), [2]))[0]![0], 3);
  assert.equal((await run(model(["1", "2"]), [2]))[0]![0], 4);
  assert.equal((await run(model(["1", "1"]), [2], { random: () => 0.9 }))[0]![0], 4);
});

test("events at the start, events that set parameters, and a cascade", async () => {
  const start = { equations: { x: "k" }, parameters: { k: 1 }, initial: [0] };
  const atStart = (initiallyTrue: boolean) => ({
    ...start,
    events: [{ trigger: "t >= 0", initiallyTrue, set: { k: "3" } }],
  });
  assertClose((await run(atStart(true), [1]))[0]![0]!, 1, { absolute: 1e-9 });
  assertClose((await run(atStart(false), [1]))[0]![0]!, 3, { absolute: 1e-9 });
  const cascade: Model = {
    ...start,
    events: [
      { trigger: "x >= 1", set: { k: "2" } },
      { trigger: "k == 2", set: { x: "10" } },
    ],
  };
  const [row] = await run(cascade, [2]);
  assertClose(row![0]!, 12, { absolute: 1e-8 });
  await assert.rejects(
    run(
      {
        ...start,
        events: [
          { trigger: "x >= 1", set: { x: "0" } },
          { trigger: "x < 1", set: { x: "1" } },
        ],
      },
      [2],
    ),
    { code: "failed.event-loop", message: /at time (1|0\.9999)/ },
  );
});

test("algebraic unknowns are consistent at the start and after events", async () => {
  const rows = await run(
    {
      equations: { x: "-x", z: "z^2 - x * k" },
      parameters: { k: 4 },
      initial: [1, 5],
      algebraic: [false, true],
      events: [{ trigger: "t >= 1", set: { k: "9" } }],
    },
    [0, 1, 2],
  );
  [2, 3 * Math.exp(-0.5), 3 * Math.exp(-1)].forEach((value, i) => {
    assertClose(rows[i]![1]!, value, { relative: 1e-7 });
  });
});

test("a negative delay and an unknown target are refused", async () => {
  const model = (event: Partial<EventText>) => ({
    equations: { x: "1" },
    initial: [0],
    events: [{ trigger: "x > 1", set: { x: "0" }, ...event }],
  });
  await assert.rejects(run(model({ delay: "-1" }), [2]), { code: "failed.event-delay" });
  await assert.rejects(run(model({ set: { q: "0" } }), [2]), { code: "failed.event-target" });
});

test("a delay equation by the method of steps", async () => {
  // x' = -x(t - 1) with x = 1 up to 0: 1 - t, then 1 - t + (t - 1)^2 / 2, then ... - (t - 2)^3 / 6.
  const hybrid = await HybridSystem.create(
    {
      states: ["x"],
      parameters: [],
      time: "t",
      equations: [call("neg", call("history", 0, parseFormula("t - 1")))],
      outputs: [parseFormula("x")],
    },
    [],
    [parseFormula("x")],
  );
  const times = [0.5, 1.5, 2.5, 3];
  const exact = (t: number) => 1 - t + Math.max(0, t - 1) ** 2 / 2 - Math.max(0, t - 2) ** 3 / 6;
  let seen = 0;
  await hybrid.run({
    from: 0,
    until: 3,
    state: [1],
    parameters: [],
    outputTimes: times,
    onOutput: (index, _, [x]) => {
      seen++;
      assertClose(x!, exact(times[index]!), { absolute: 1e-6 });
    },
    solver: async (model) =>
      new Rodas5p(await compileRodas5p(model), { relative: 1e-8, absolute: 1e-10, largestStep: 0.5 }),
  });
  assert.equal(seen, 4);
});
