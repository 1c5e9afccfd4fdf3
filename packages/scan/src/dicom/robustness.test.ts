/** Damaged, hostile and odd input: always one clear error, nothing allocated on a header's word. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { RandomStream, VisceraError } from "@viscera/core";
import { testWithShared } from "@viscera/core/testing";
import { type DicomSource, listDicomSeries, readDicom } from "./index.js";
import { concat, ctSlice, type Elements, encapsulate, writeDicom } from "./testing/synthetic.js";

function sourcesOf(...files: Uint8Array[]): DicomSource[] {
  return files.map((bytes, i) => ({ name: `${i}.dcm`, read: async () => bytes }));
}

async function refusal(...files: Uint8Array[]): Promise<VisceraError> {
  try {
    await readDicom(sourcesOf(...files));
  } catch (error) {
    assert.ok(error instanceof VisceraError, String(error));
    return error;
  }
  throw new Error("it was read");
}

/** The slice without one element. */
function without(tag: string, changes: Elements = {}): Uint8Array {
  const { [tag]: _, ...rest } = ctSlice(0, 0, changes);
  return writeDicom(rest);
}

const MUTATED = [
  "seg-rtstruct-sr/rt-utils/0.dcm",
  "dicom2nifti/generic/rgb/001/IM-0001-0001-0001.dcm",
  "dicom2nifti/hitachi/anatomical/001/001.dcm",
  "dicom2nifti/generic/compressed_rle/001/IM-0001-0001-0001.dcm",
  "dicom2nifti/generic/compressed_jpeg/001/IM-0001-0001-0001.dcm",
  "dicom2nifti/generic/compressed_jpegls/001/IM-0001-0001-0001.dcm",
  "transfer-syntaxes/TestPattern_JPEG-Baseline_YBR422.dcm",
  "transfer-syntaxes/CTImage.dcm_JPEGProcess10_12TransferSyntax_1.2.840.10008.1.2.4.55.dcm",
  "dicom2nifti/philips_enhanced/anatomical/001/IM-0001-0170-0001.dcm",
].map((path) => `data/dicom/${path}`);

testWithShared("cut-off and altered copies are read or refused, never worse", MUTATED, async (paths) => {
  const stream = new RandomStream(7, "scan.dicom-mutations");
  let draws = 0;
  const below = (limit: number) => stream.integer(limit, draws++);
  let refused = 0;
  for (const path of paths) {
    const bytes = new Uint8Array(readFileSync(path));
    for (let trial = 0; trial < 8; trial++) {
      const cut = bytes.slice(0, below(bytes.length));
      await assert.rejects(readDicom(sourcesOf(cut)), (error) => error instanceof VisceraError, path);
      const altered = bytes.slice();
      const reach = trial % 2 ? bytes.length : Math.min(bytes.length, 8000);
      for (let n = 0; n < 5; n++) altered[below(reach)] = below(256);
      try {
        await readDicom(sourcesOf(altered));
      } catch (error) {
        assert.ok(error instanceof VisceraError && error.code.startsWith("input."), `${path}: ${error}`);
        refused++;
      }
    }
  }
  assert.ok(refused > 0);
});

test("sizes are checked against the bytes there are", async () => {
  const huge = writeDicom(ctSlice(0, 0, { "00280010": ["US", 65535], "00280011": ["US", 65535] }));
  const native = await refusal(huge);
  assert.equal(native.code, "input.dicom-truncated");
  assert.match(native.message, /65535x65535 pixels but has only 24 bytes/);
  const frames = await refusal(writeDicom(ctSlice(0, 0, { "00280008": ["IS", "2000000000"] })));
  assert.match(frames.message, /2000000000 frame/);
  const jpeg = ctSlice(0, 0, {
    "00280010": ["US", 65535],
    "00280011": ["US", 65535],
    "7FE00010": ["OB", encapsulate([Uint8Array.of(0xff, 0xd8, 0xff, 0xd9)])],
  });
  assert.equal(
    (await refusal(writeDicom(jpeg, { transferSyntax: "1.2.840.10008.1.2.4.50" }))).code,
    "input.dicom-truncated",
  );
  for (const [tag, value] of [
    ["00280010", 0],
    ["00280011", 0],
  ] as const)
    assert.equal(
      (await refusal(writeDicom(ctSlice(0, 0, { [tag]: ["US", value] })))).code,
      "input.dicom-size",
    );
  // An element that claims more than the file holds.
  const bytes = writeDicom({ "00080060": ["CS", "CT"], "00081140": ["OB", new Uint8Array(8)] });
  bytes.set([0xff, 0xff, 0xff, 0x7f], bytes.length - 12);
  assert.match((await refusal(bytes)).message, /0008,1140/);
});

test("a missing or senseless tag is named in words", async () => {
  const second = writeDicom(ctSlice(1, 2));
  const cases: [Uint8Array[], RegExp][] = [
    [[without("00280010")], /Rows \(0028,0010\)/],
    [[without("00280100")], /Bits Allocated \(0028,0100\)/],
    [[without("00200032"), second], /Image Position Patient \(0020,0032\)/],
    [
      [without("00200032"), without("00200032", { "00080018": ["UI", "1.9"] })],
      /Image Position Patient \(0020,0032\)/,
    ],
    [[writeDicom(ctSlice(0, 0, { "00280030": ["DS", "0\\0"] }))], /Pixel Spacing \(0028,0030\)/],
    [[writeDicom(ctSlice(0, 0, { "00280030": ["DS", "-1\\1"] }))], /Pixel Spacing \(0028,0030\)/],
    [[writeDicom(ctSlice(0, 0, { "00200032": ["DS", "0\\NaN\\1"] }))], /Image Position Patient/],
    [[writeDicom(ctSlice(0, 0, { "00200032": ["DS", "0\\1"] }))], /Image Position Patient/],
    [
      [writeDicom(ctSlice(0, 0, { "00200037": ["DS", "1\\0\\0\\1\\0\\0"] }))],
      /Image Orientation Patient|directions/,
    ],
    [[writeDicom(ctSlice(0, 0, { "00280100": ["US", 12] }))], /12 bits/],
    [[writeDicom(ctSlice(0, 0, { "00280002": ["US", 4] }))], /4 samples a pixel/],
    [[without("7FE00010")], /no pixel data/],
    [[writeDicom(ctSlice(0, 0, { "00080008": ["CS", "ORIGINAL\\PRIMARY\\M\\MOSAIC"] }))], /mosaic/],
  ];
  for (const [files, message] of cases) {
    const error = await refusal(...files);
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /\n/);
  }
});

test("pixel spacing that only a single image lacks is taken as 1 mm, with a warning", async () => {
  const { volume, warnings } = await readDicom(sourcesOf(without("00280030")));
  assert.equal(Math.abs(volume.affine[0]!), 1);
  assert.match(warnings.join(), /how large its pixels are/);
});

test("other objects and other files are passed over; alone they are refused", async () => {
  const structures = writeDicom({ "00080060": ["CS", "RTSTRUCT"], "0020000E": ["UI", "1.2.3.9"] });
  const segmentation = writeDicom(
    ctSlice(5, 0, { "00080060": ["CS", "SEG"], "0020000E": ["UI", "1.2.3.8"] }),
  );
  const text = new TextEncoder().encode("Not an image at all, but a note beside the images.");
  const { volume, warnings } = await readDicom(
    sourcesOf(
      text,
      writeDicom(ctSlice(0, 0)),
      structures,
      segmentation,
      writeDicom(ctSlice(1, 2)),
      new Uint8Array(0),
    ),
  );
  assert.equal(volume.size[2], 2);
  assert.match(warnings.join(), /2 DICOM object\(s\) that are no images were left out \(RTSTRUCT, SEG\)/);
  assert.match((await refusal(structures)).message, /hold no image, only RTSTRUCT/);
  assert.match((await refusal(segmentation)).message, /hold no image, only SEG/);
  assert.equal((await refusal(text)).code, "input.dicom-not");
  assert.equal((await refusal()).code, "input.dicom-not");
});

test("damage in one series does not hide another", async () => {
  const broken = writeDicom(ctSlice(7, 0, { "0020000E": ["UI", "1.2.3.7"], "00280010": ["US", 999] }));
  const sources = sourcesOf(broken, writeDicom(ctSlice(0, 0)), writeDicom(ctSlice(1, 2)));
  assert.equal((await readDicom(sources, { series: "1.2.3.5" })).volume.size[2], 2);
  assert.equal((await listDicomSeries(sources)).length, 1);
  const same = writeDicom(ctSlice(7, 4, { "00280010": ["US", 999] }));
  assert.equal(
    (await refusal(same, writeDicom(ctSlice(0, 0)), writeDicom(ctSlice(1, 2)))).code,
    "input.dicom-truncated",
  );
});

test("age, sex, height and weight come out; who it is does not", async () => {
  const patientOf = async (changes: Elements) =>
    (await readDicom(sourcesOf(writeDicom(ctSlice(0, 0, changes))))).patient;
  assert.deepEqual(
    await patientOf({
      "00100040": ["CS", "F"],
      "00101010": ["AS", "034Y"],
      "00101020": ["DS", "1.71"],
      "00101030": ["DS", "64.5"],
    }),
    { ageYears: 34, sex: "female", heightCm: 171, weightKg: 64.5 },
  );
  assert.deepEqual(await patientOf({ "00101010": ["AS", "018M"], "00100040": ["CS", "O"] }), {
    ageYears: 1.5,
    sex: "other",
  });
  assert.deepEqual(await patientOf({ "00101010": ["AS", "005D"], "00101020": ["DS", "168"] }), {
    ageYears: 0.014,
    heightCm: 168,
  });
  // What anonymisers leave, and slips.
  assert.deepEqual(
    await patientOf({
      "00101010": ["AS", "000Y"],
      "00100040": ["CS", "X"],
      "00101020": ["DS", "0"],
      "00101030": ["DS", "7000"],
    }),
    {},
  );
  const secret: Elements = {
    "00100010": ["PN", "Doe^Jane"],
    "00100020": ["LO", "SECRET-ID"],
    "00100030": ["DA", "19610721"],
    "00081030": ["LO", "SECRET-STUDY"],
    "0008103E": ["LO", "SECRET-SERIES"],
  };
  const sources = sourcesOf(writeDicom(ctSlice(0, 0, secret)), writeDicom(ctSlice(1, 2, secret)));
  const shown = JSON.stringify([await readDicom(sources), await listDicomSeries(sources)]);
  assert.doesNotMatch(shown, /Doe|Jane|SECRET|1961/);
});

test("cancelling stops the reading", async () => {
  const controller = new AbortController();
  const sources = sourcesOf(writeDicom(ctSlice(0, 0)), writeDicom(ctSlice(1, 2)));
  const stages: string[] = [];
  const onProgress = ({ stage }: { stage: string }) => {
    stages.push(stage);
    if (stage === "decoding slices") controller.abort();
  };
  await assert.rejects(readDicom(sources, { signal: controller.signal, onProgress }), { code: "cancelled" });
  assert.deepEqual([...new Set(stages)], ["reading headers", "decoding slices"]);
});

test("trailing zeros after the pixel data do no harm", async () => {
  const padded = concat(writeDicom(ctSlice(0, 0)), new Uint8Array(64));
  assert.equal((await readDicom(sourcesOf(padded))).volume.data[0], -1000);
});
