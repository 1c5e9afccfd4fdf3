import assert from "node:assert/strict";
import { test } from "node:test";
import { licenceFacts, licenceText } from "./licence.js";

test("licences are known by the names people give them", () => {
  for (const name of ["CC BY-SA 4.0", "CC-BY-SA-4.0", "Apache-2.0", "Apache License 2.0", "MIT", "CC0-1.0"]) {
    const { commercialUse, url } = licenceFacts(name);
    assert.ok(commercialUse && url?.startsWith("https://"), name);
  }
  for (const name of ["CC BY-NC 4.0", "non-commercial research", "not stated", "my own"]) {
    assert.equal(licenceFacts(name).commercialUse, false, name);
  }
  assert.notEqual(licenceFacts("CC BY 4.0").url, licenceFacts("CC BY-SA 4.0").url);
});

test("the licence file names the licence and where its text stands", () => {
  assert.match(licenceText("liver", "MIT"), /"liver".*MIT\n.*https:/);
  assert.doesNotMatch(licenceText("liver", "my own"), /http/);
});
