import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { usageError, VisceraError } from "@viscera/core";
import { explainError } from "./explain-error.js";

const thrown = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    return error;
  }
  assert.fail("nothing was thrown");
};

test("errors of the system become sentences with the right exit code", () => {
  const missing = explainError(
    thrown(() => readFileSync("/no/such/file")),
    false,
  );
  assert.deepEqual([missing.exitCode, missing.message], [3, 'There is no file or folder "/no/such/file".']);
  const full = explainError(Object.assign(new Error("ENOSPC"), { code: "ENOSPC", path: "/a" }), false);
  assert.deepEqual([full.exitCode, full.code], [4, "failed.disk-full"]);
  assert.equal(
    explainError(
      thrown(() => new ArrayBuffer(2 ** 52)),
      false,
    ).code,
    "failed.memory",
  );
  assert.equal(
    explainError(
      thrown(() => new Uint8Array(2 ** 52)),
      false,
    ).code,
    "failed.memory",
  );
  assert.equal(
    explainError(new RangeError("Maximum call stack size exceeded"), false).code,
    "failed.unexpected",
  );
});

test("errors for people stay as they are; after an abort everything is its consequence", () => {
  assert.equal(explainError(usageError("Wrong."), false).exitCode, 2);
  assert.equal(explainError(new Error("a worker is gone"), true).exitCode, 130);
});

test("a cancelled job may say itself how to go on; whatever else is thrown then is a consequence", () => {
  const stopped = new VisceraError("cancelled", "Stopped after step 7.", "Run it again.");
  assert.deepEqual(explainError(stopped, true), {
    code: "cancelled",
    message: "Stopped after step 7.",
    hint: "Run it again.",
    exitCode: 130,
  });
  assert.match(explainError(new Error("socket closed"), true).message, /was cancelled/);
});
