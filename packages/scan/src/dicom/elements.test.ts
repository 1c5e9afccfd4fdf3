/** Headers beside dcmjs, on every DICOM file of the shared data. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { testWithShared } from "@viscera/core/testing";
import dcmjs from "dcmjs";
import type { Attribute } from "./attributes.js";
import { parseDicom } from "./elements.js";

const COMPARED: [Attribute, string][] = [
  ["SeriesInstanceUID", "0020000E"],
  ["SOPInstanceUID", "00080018"],
  ["Modality", "00080060"],
  ["ImageType", "00080008"],
  ["PhotometricInterpretation", "00280004"],
  ["Rows", "00280010"],
  ["Columns", "00280011"],
  ["BitsAllocated", "00280100"],
  ["BitsStored", "00280101"],
  ["PixelRepresentation", "00280103"],
  ["NumberOfFrames", "00280008"],
  ["PixelSpacing", "00280030"],
  ["ImagePositionPatient", "00200032"],
  ["ImageOrientationPatient", "00200037"],
  ["RescaleSlope", "00281053"],
  ["RescaleIntercept", "00281052"],
  ["SliceThickness", "00180050"],
  ["RedPaletteDescriptor", "00281101"],
];

function readWithDcmjs(bytes: Uint8Array) {
  try {
    const options = { untilTag: "7FE00010", ignoreErrors: true };
    return dcmjs.data.DicomMessage.readFile(bytes.buffer as ArrayBuffer, options);
  } catch {
    return null;
  }
}

testWithShared("headers agree with dcmjs", ["data/dicom"] as const, ([path]) => {
  dcmjs.log.setLevel("silent");
  const names = readdirSync(path, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".dcm"),
  );
  let compared = 0;
  const refused: string[] = [];
  for (const name of names) {
    const bytes = new Uint8Array(readFileSync(join(path, name)));
    const ours = parseDicom(bytes, name);
    const theirs = readWithDcmjs(bytes);
    if (!theirs) {
      refused.push(name);
      continue;
    }
    assert.equal(ours.transferSyntax, theirs.meta["00020010"]?.Value[0], name);
    for (const [keyword, tag] of COMPARED) {
      const expected: (string | number | null)[] = (theirs.dict[tag]?.Value ?? []).filter(
        (value) => value !== null && value !== "",
      );
      const numeric = expected.some((value) => typeof value === "number");
      const found = numeric ? ours.dataset.numbers(keyword) : ours.dataset.texts(keyword);
      assert.deepEqual(found, expected, `${name}: ${keyword}`);
      compared += expected.length;
    }
    for (const [keyword, tag] of [
      ["PerFrameFunctionalGroupsSequence", "52009230"],
      ["ModalityLUTSequence", "00283000"],
    ] as const)
      assert.equal(ours.dataset.items(keyword).length, theirs.dict[tag]?.Value.length ?? 0, name);
  }
  assert.ok(refused.length <= 2, `dcmjs reads all but files without preamble: ${refused}`);
  assert.ok(names.length > 100 && compared > 1500, `${names.length} files, ${compared} values`);
});
