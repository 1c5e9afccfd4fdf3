import assert from "node:assert/strict";
import { test } from "node:test";
import { throwIfCancelled, VisceraError } from "./index.js";

test("a fired signal throws a cancelled error with exit code 130", () => {
  const controller = new AbortController();
  throwIfCancelled(controller.signal);
  throwIfCancelled(undefined);
  controller.abort();
  assert.throws(
    () => throwIfCancelled(controller.signal),
    (error) => error instanceof VisceraError && error.code === "cancelled" && error.exitCode === 130,
  );
});

test("exit codes follow the error's family", () => {
  assert.equal(new VisceraError("usage", "m").exitCode, 2);
  assert.equal(new VisceraError("input.truncated", "m").exitCode, 3);
  assert.equal(new VisceraError("failed.diverged", "m").exitCode, 4);
});
