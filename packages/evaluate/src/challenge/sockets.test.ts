import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { VisceraError } from "@viscera/core";
import { testWithShared } from "@viscera/core/testing";
import { imageSocket, readChallengeJobs, readInputSockets } from "./sockets.js";

const socket = (slug: string, kind: "image" | "json", path = `images/${slug}`) => ({
  socket: { slug, relative_path: path, is_image_kind: kind === "image", is_json_kind: kind === "json" },
  image: kind === "image" ? { name: "case_1.mha" } : null,
  value: kind === "json" ? 42 : null,
});

const refuse = (body: () => unknown, message: RegExp) =>
  assert.throws(body, (error: VisceraError) => {
    assert.match(error.message, message);
    return true;
  });

testWithShared("the sample's sockets and jobs", ["cases/metrics/grandchallenge"], ([folder]) => {
  const path = join(folder, "algorithm_test/input/interf0/inputs.json");
  const inputs = readInputSockets(readFileSync(path, "utf8"), "inputs.json");
  assert.equal(imageSocket(inputs, undefined, "inputs.json").socket.relative_path, "images/color-fundus");
  assert.equal(inputs[1]!.value, 42);
  refuse(
    () => imageSocket(inputs, "ct", "inputs.json"),
    /no socket "ct"; its sockets: color-fundus-image \(image\), age-in-months \(JSON\)/,
  );
  const jobs = readChallengeJobs(
    readFileSync(join(folder, "evaluation_test/input/predictions.json"), "utf8"),
    "predictions.json",
  );
  assert.equal(jobs.length, 3);
  assert.equal(imageSocket(jobs[0]!.outputs, undefined, "a job").socket.slug, "binary-vessel-segmentation");
});

test("the exact mismatch is told", () => {
  const read = (...values: unknown[]) => readInputSockets(JSON.stringify(values), "inputs.json");
  refuse(
    () => imageSocket(read(socket("ct", "image"), socket("pet", "image")), undefined, "inputs.json"),
    /2 image sockets where one is expected; its sockets: ct \(image\), pet \(image\)/,
  );
  refuse(() => imageSocket(read(), undefined, "inputs.json"), /0 image sockets .* its sockets: none/);
  refuse(() => imageSocket(read(socket("age", "json")), "age", "inputs.json"), /of kind JSON/);
  refuse(() => read({ socket: { slug: "x" } }), /0.socket.relative_path/);
  refuse(() => readInputSockets("{", "inputs.json"), /inputs.json is not valid JSON/);
});

test("paths that lead out of the folder are refused", () => {
  for (const path of ["../secret", "/etc/passwd", "a/../../b"])
    refuse(
      () => readInputSockets(JSON.stringify([socket("ct", "image", path)]), "inputs.json"),
      /leads out of the folder/,
    );
  refuse(
    () => readChallengeJobs(JSON.stringify([{ pk: "../x", inputs: [], outputs: [] }]), "predictions.json"),
    /is no identifier/,
  );
});
