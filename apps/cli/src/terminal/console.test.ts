import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { formatSeconds, openConsole } from "./console.js";

function capture(json: boolean, tty: boolean) {
  const stream = () =>
    Object.assign(new PassThrough(), { isTTY: tty, columns: 80 }) as unknown as NodeJS.WriteStream;
  const out = stream();
  const err = stream();
  const text = (s: NodeJS.WriteStream) => String((s as unknown as PassThrough).read() ?? "");
  return { console: openConsole(json, out, err), out: () => text(out), err: () => text(err) };
}

test("with --json stdout is one object and nothing else is printed", () => {
  const { console, out, err } = capture(true, true);
  console.step("Scan", "fine", 1);
  console.progress("Scan", { stage: "reading", done: 1, total: 2 });
  console.warning("careful");
  console.text("hello");
  console.facts([["a", "b"]]);
  console.result({ a: 1 });
  assert.deepEqual(JSON.parse(out()), { a: 1 });
  assert.equal(err(), "");
});

test("progress bars are drawn for a terminal only and leave no trace", () => {
  const terminal = capture(false, true);
  terminal.console.progress("Scan", { stage: "reading", done: 1, total: 2 });
  assert.match(terminal.err(), /50 %.*reading/);
  terminal.console.text("done");
  assert.equal(terminal.err(), "\r\u001b[K");
  terminal.console.progress("Train", { stage: "training", done: 1, total: 4, detail: "loss 0.5" });
  assert.match(terminal.err(), /25 %.*training · loss 0\.5/);
  const pipe = capture(false, false);
  pipe.console.progress("Scan", { stage: "reading", done: 1, total: 2 });
  assert.equal(pipe.err(), "");
});

test("tables align numbers to the right", () => {
  const { console, out } = capture(false, false);
  console.table(
    ["Name", "mL"],
    [
      ["liver", "1125.7"],
      ["spleen", "9.0"],
    ],
  );
  assert.equal(out(), "Name        mL\n──────  ──────\nliver   1125.7\nspleen     9.0\n");
});

test("times read as people say them", () => {
  assert.deepEqual([0.04, 12.4, 75, 200].map(formatSeconds), ["0.0 s", "12 s", "75 s", "3 min 20 s"]);
});
