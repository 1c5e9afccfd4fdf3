import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { licenceOf, licenceWarnings } from "./licence.js";

test("a licence is known by its text; what is not known or forbids it is not for commercial use", async () => {
  const folder = await mkdtemp(join(tmpdir(), "viscera-licence-"));
  try {
    const model = join(folder, "model");
    await mkdir(model);
    assert.deepEqual(await licenceOf(model), { licence: "not stated", commercialUse: false });
    for (const [text, licence, commercialUse] of [
      ["Apache License\nVersion 2.0", "Apache-2.0", true],
      ["Creative Commons Attribution 4.0 International", "CC BY 4.0", true],
      ["Attribution-ShareAlike 4.0 International", "CC BY-SA 4.0", true],
      ["Attribution-NonCommercial 4.0 International", "CC BY-NC", false],
      ["CC BY-NC-SA 4.0", "CC BY-NC-SA", false],
      ["MIT License, for non-commercial use", "non-commercial", false],
      ["GPL: you may convey copies noncommercially", "see LICENSE", false],
    ] as const) {
      // Also where one file serves all models of a folder.
      await writeFile(join(folder, "LICENSE"), text);
      assert.deepEqual(await licenceOf(model), { licence, commercialUse }, text);
      assert.equal(licenceWarnings("m", licence, commercialUse).length, commercialUse ? 0 : 1);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
