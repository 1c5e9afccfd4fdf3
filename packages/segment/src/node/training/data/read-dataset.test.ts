import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { affineOf, VisceraError } from "@viscera/core";
import { testWithShared } from "@viscera/core/testing";
import type { TrainingDataset } from "../../../training/data/index.js";
import { fingerprintDataset, readDataset } from "./index.js";
import { SIZE, temporaryFolder, writeCases, writeImage, writeJson, writeLabels } from "./testing.js";

const LABELS = { "0": "background", "1": "liver", "2": "spleen" };

/** Runs on a fresh folder, removed afterwards. */
function inFolder(name: string, body: (folder: string) => Promise<void>): void {
  test(name, async () => {
    const folder = await temporaryFolder();
    try {
      await body(folder);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
}

const names = ({ labels }: TrainingDataset) => labels.map(({ id, name, values }) => [id, name, ...values]);

async function refusal(action: Promise<unknown>): Promise<VisceraError> {
  const error = await action.then(
    () => assert.fail("should have been refused"),
    (cause) => cause,
  );
  assert.ok(error instanceof VisceraError, String(error));
  assert.match(error.message, /\.$/);
  return error;
}

inFolder("an nnU-Net raw data set of two channels", async (folder) => {
  for (const channel of ["_0000", "_0001"]) {
    await writeCases(folder, { images: "imagesTr", labels: "labelsTr", suffix: channel });
  }
  await writeJson(join(folder, "dataset.json"), {
    channel_names: { "0": "T1", "1": "FLAIR" },
    labels: { background: 0, liver: 1, spleen: 2 },
    numTraining: 3,
    file_ending: ".nii.gz",
  });
  await writeFile(join(folder, "imagesTr", "._a_0000.nii.gz"), "left by another system");
  const dataset = await readDataset(folder);
  assert.deepEqual(dataset.modality, ["MR"]);
  assert.deepEqual(dataset.channels, ["T1", "FLAIR"]);
  assert.deepEqual(names(dataset), [
    [1, "liver", 1],
    [2, "spleen", 2],
  ]);
  assert.deepEqual(
    dataset.cases.map(({ id }) => id),
    ["a", "b", "c"],
  );
  assert.deepEqual(dataset.cases[1], {
    id: "b",
    images: [join(folder, "imagesTr", "b_0000.nii.gz"), join(folder, "imagesTr", "b_0001.nii.gz")],
    labels: join(folder, "labelsTr", "b.nii.gz"),
    known: null,
    synthesis: null,
  });
});

inFolder("an nnU-Net v1 data set, and one whose files lie elsewhere", async (folder) => {
  await writeCases(folder, { images: "imagesTr", labels: "labelsTr", suffix: "_0000" });
  await writeJson(join(folder, "dataset.json"), { modality: { "0": "CT" }, labels: LABELS, numTraining: 3 });
  const first = await readDataset(folder);
  assert.deepEqual(first.modality, ["CT"]);
  assert.equal(first.cases.length, 3);
  const dataset = Object.fromEntries(
    ["a", "b"].map((id) => [
      `case ${id}`,
      { images: [`../imagesTr/${id}_0000.nii.gz`], label: `../labelsTr/${id}.nii.gz` },
    ]),
  );
  await writeJson(join(folder, "other", "dataset.json"), {
    channel_names: { "0": "CT" },
    labels: { background: 0, liver: 1, spleen: 2 },
    file_ending: ".nii.gz",
    dataset,
  });
  const second = await readDataset(join(folder, "other"));
  assert.deepEqual(
    second.cases.map(({ id, labels }) => [id, labels]),
    [
      ["case_a", join(folder, "labelsTr", "a.nii.gz")],
      ["case_b", join(folder, "labelsTr", "b.nii.gz")],
    ],
  );
});

inFolder("a Decathlon dataset.json, named itself or by its folder", async (folder) => {
  await writeCases(folder, { images: "imagesTr", labels: "labelsTr" });
  const file = join(folder, "dataset.json");
  await writeJson(file, {
    name: "Abdomen",
    licence: "CC-BY-SA 4.0",
    modality: { "0": "MRI" },
    labels: LABELS,
    numTraining: 2,
    training: ["a", "b"].map((id) => ({
      image: `./imagesTr/${id}.nii.gz`,
      label: `./labelsTr/${id}.nii.gz`,
    })),
    test: ["./imagesTs/x.nii.gz"],
  });
  const dataset = await readDataset(file);
  assert.deepEqual(await readDataset(folder), dataset);
  assert.equal(dataset.name, "Abdomen");
  assert.equal(dataset.licence, "CC-BY-SA 4.0");
  assert.deepEqual(
    dataset.cases.map(({ id }) => id),
    ["a", "b"],
  );
});

inFolder("our optional keys: patterns, known labels, partial, ids", async (folder) => {
  await writeCases(folder, { ids: ["p1", "p2"], images: "ct", labels: "oar", suffix: "_ct" });
  await writeCases(folder, { ids: ["p3"], images: "ct", labels: "oar", suffix: "_ct", values: [0, 2] });
  const file = join(folder, "lists", "abdomen.json");
  const description = {
    modality: "CT",
    labels: LABELS,
    partial: true,
    training: [{ image: "../ct/p*_ct.nii.gz", label: "../oar/p*.nii.gz" }],
  };
  await writeJson(file, description);
  const { cases } = await readDataset(file);
  assert.deepEqual(
    cases.map(({ id, known }) => [id, known]),
    [
      ["p1", [1, 2]],
      ["p2", [1, 2]],
      ["p3", [2]],
    ],
  );
  assert.equal(cases[2]!.images[0], join(folder, "ct", "p3_ct.nii.gz"));
  await writeJson(file, {
    ...description,
    partial: false,
    training: [
      {
        id: "first",
        image: ["../ct/p1_ct.nii.gz"],
        label: join(folder, "oar", "p1.nii.gz"),
        known: ["spleen"],
      },
      { image: "../ct/p2_ct.nii.gz", label: "../oar/p2.nii.gz", known: [2, 1] },
      { image: "../ct/p3_ct.nii.gz", label: "../oar/p3.nii.gz" },
    ],
  });
  assert.deepEqual(
    (await readDataset(file)).cases.map(({ id, known }) => [id, known]),
    [
      ["first", [2]],
      ["p2", [1, 2]],
      ["p3", null],
    ],
  );
});

inFolder("a folder of images and labels without a description", async (folder) => {
  await writeCases(folder, { ids: ["x", "y"], values: [1, 3] });
  const dataset = await readDataset(folder);
  assert.deepEqual(names(dataset), [
    [1, "label_1", 1],
    [2, "label_3", 3],
  ]);
  assert.match(dataset.warnings[0]!, /3 -> 2/);
  assert.deepEqual(dataset.modality, []);
  const empty = await refusal(readDataset(join(folder, "images")));
  assert.equal(empty.code, "usage");
  assert.match(empty.hint, /dataset\.json/);
});

inFolder(
  "regions become the parts that nnU-Net writes; ignored voxels have their own value",
  async (folder) => {
    await writeCases(folder, { values: [1, 2, 3, 4] });
    const write = (extra: object) =>
      writeJson(join(folder, "dataset.json"), {
        channel_names: { "0": "T1" },
        training: ["a", "b", "c"].map((id) => ({
          image: `images/${id}.nii.gz`,
          label: `labels/${id}.nii.gz`,
        })),
        ...extra,
      });
    const labels = { background: 0, whole: [1, 2, 3], core: [2, 3], enhancing: 3, ignore: 4 };
    await write({ labels, regions_class_order: [1, 2, 3] });
    const dataset = await readDataset(folder);
    assert.deepEqual(names(dataset), [
      [1, "whole", 1],
      [2, "core", 2],
      [3, "enhancing", 3],
    ]);
    assert.equal(dataset.ignoreLabel, 4);
    assert.match(dataset.warnings[0]!, /overlap/);
    // Lists that do not overlap are one structure of several values.
    await write({ labels: { background: 0, kidneys: [1, 3], liver: [2], ignore: 4 } });
    assert.deepEqual(names(await readDataset(folder)), [
      [1, "kidneys", 1, 3],
      [2, "liver", 2],
    ]);
    await write({ labels: { inner: 1, whole: [1, 2] } });
    assert.match((await refusal(readDataset(folder))).message, /nothing is left of the region "inner"/);
    await write({ labels: { liver: 1, spleen: 1 } });
    assert.match((await refusal(readDataset(folder))).message, /value 1 to "liver" and to "spleen"/);
    await write({ labels: { liver: 1, ignore: 1 } });
    assert.match((await refusal(readDataset(folder))).message, /"ignore"/);
  },
);

inFolder("cases without images, of which images are to be made", async (folder) => {
  await writeCases(folder, {});
  const tissues = [
    { name: "air", values: [0], target: 0, ct: [-1000, -1000] },
    { name: "organs", values: [1, 2], target: 1, ct: [20, 80] },
  ];
  const file = join(folder, "dataset.json");
  await writeJson(join(folder, "tissues.json"), { tissues });
  await writeJson(file, {
    labels: { "1": "organ" },
    synthesis: "tissues.json",
    training: [{ label: "labels/*.nii.gz" }],
  });
  const dataset = await readDataset(folder);
  assert.equal(dataset.cases.length, 3);
  assert.deepEqual(dataset.cases[0]!.images, []);
  assert.equal(dataset.cases[0]!.synthesis?.tissues[1]?.name, "organs");
  const fingerprint = await fingerprintDataset(dataset);
  assert.ok(fingerprint.synthetic);
  await writeJson(file, {
    labels: { "1": "organ" },
    synthesis: { tissues: [{ name: "air" }] },
    training: [{ label: "labels/*.nii.gz" }],
  });
  assert.match((await refusal(readDataset(folder))).message, /no table of tissues: tissues\.0/);
  await writeJson(file, { labels: { "1": "organ" }, training: [{ label: "labels/*.nii.gz" }] });
  assert.match((await refusal(readDataset(folder))).message, /has no image/);
  await writeJson(file, {
    labels: { "1": "organ" },
    synthesis: { tissues: tissues.slice(0, 1) },
    training: [{ label: "labels/*.nii.gz" }],
  });
  const error = await refusal(fingerprintDataset(await readDataset(folder)));
  assert.match(error.message, /values 1, 2, which the table of tissues does not name/);
});

inFolder("broken descriptions are refused with what is wrong", async (folder) => {
  await writeCases(folder, {});
  const file = join(folder, "dataset.json");
  const pair = (id: string) => ({ image: `images/${id}.nii.gz`, label: `labels/${id}.nii.gz` });
  const good = { labels: LABELS, modality: "CT", training: [pair("a"), pair("b")] };
  const cases: [unknown, string, RegExp][] = [
    ["{", "input.json", /not valid JSON/],
    [[], "input.dataset", /holds no table/],
    [{ ...good, labels: undefined }, "input.dataset", /no table `labels`/],
    [{ ...good, labels: { "0": "background" } }, "input.dataset", /names no structure/],
    [{ ...good, labels: { liver: -1 } }, "input.dataset", /the entry "liver"/],
    [{ ...good, training: undefined }, "input.dataset", /no list "training"/],
    [{ ...good, training: [pair("a")] }, "input.dataset", /1 labelled case is too few/],
    [{ ...good, training: [pair("a"), pair("b"), pair("a")] }, "input.dataset", /a\.nii\.gz is used twice/],
    [
      { ...good, training: [pair("a"), { ...pair("b"), id: "a" }] },
      "input.dataset",
      /two cases are called a/,
    ],
    [
      { ...good, training: [pair("a"), { ...pair("a"), id: "z" }] },
      "input.dataset",
      /is used twice, in the cases a and z/,
    ],
    [{ ...good, training: [pair("a"), pair("q")] }, "input.not-found", /The case q needs .*q\.nii\.gz/],
    [{ ...good, training: [pair("a"), { image: 3 }] }, "input.dataset", /entry 2 of "training"/],
    [
      { ...good, training: [pair("a"), { ...pair("b"), known: [7] }] },
      "input.dataset",
      /names 7, which is no label/,
    ],
    [
      { ...good, training: [{ image: "images/*.nii.gz", label: "labels/n*.nii.gz" }] },
      "input.dataset",
      /no file fits/,
    ],
    [
      { ...good, modality: { "0": "T1", "1": "T2" } },
      "input.dataset",
      /has 1 images, but there are 2 channels/,
    ],
    [{ ...good, modality: { "1": "T1" } }, "input.dataset", /not numbered 0, 1/],
  ];
  for (const [json, code, message] of cases) {
    await writeJson(file, json);
    const error = await refusal(readDataset(folder));
    assert.match(error.message, message);
    assert.equal(error.code, code);
  }
  assert.equal((await refusal(readDataset(join(folder, "nowhere")))).code, "input.not-found");
  await writeJson(file, { ...good, training: [pair("a")] });
  assert.equal((await readDataset(folder, { leastCases: 1 })).cases.length, 1);
});

inFolder("an nnU-Net folder that is not whole is refused", async (folder) => {
  await writeCases(folder, { images: "imagesTr", labels: "labelsTr", suffix: "_0000" });
  const json = {
    channel_names: { "0": "CT" },
    labels: { background: 0, liver: 1, spleen: 2 },
    file_ending: ".nii.gz",
  };
  await writeJson(join(folder, "dataset.json"), { ...json, numTraining: 4 });
  assert.match((await refusal(readDataset(folder))).message, /"numTraining" is 4, but labelsTr holds 3/);
  await writeJson(join(folder, "dataset.json"), json);
  await rm(join(folder, "labelsTr", "b.nii.gz"));
  assert.match((await refusal(readDataset(folder))).message, /b_0000\.nii\.gz has no label image/);
  await rm(join(folder, "imagesTr", "b_0000.nii.gz"));
  await rm(join(folder, "imagesTr", "c_0000.nii.gz"));
  assert.match((await refusal(readDataset(folder))).message, /The case c needs .*c_0000/);
});

inFolder("grids and values that do not fit are named when the cases are looked at", async (folder) => {
  await writeCases(folder, {});
  const file = join(folder, "dataset.json");
  const training = [{ image: "images/*.nii.gz", label: "labels/*.nii.gz" }];
  await writeJson(file, { labels: LABELS, training });
  const look = async () => fingerprintDataset(await readDataset(folder));
  const fingerprint = await look();
  assert.deepEqual(fingerprint.cases[0], { id: "a", size: SIZE, spacingMm: [1, 1, 1] });
  assert.deepEqual(fingerprint.warnings, []);
  assert.ok(fingerprint.intensities[0]!.mean > 100);

  await writeImage(join(folder, "images", "b.nii.gz"), [12, 10, 9], () => 1);
  let error = await refusal(look());
  assert.equal(error.code, "input.grid");
  assert.match(error.message, /b\.nii\.gz has 12 x 10 x 8 voxels, but .*b\.nii\.gz has 12 x 10 x 9/);
  await writeImage(join(folder, "images", "b.nii.gz"), SIZE, (i) => i, affineOf([1, 1, 2]));
  assert.match((await refusal(look())).message, /measure 1 x 1 x 1 mm, those of .* 1 x 1 x 2 mm/);
  await writeImage(join(folder, "images", "b.nii.gz"), SIZE, (i) => i, affineOf([1, 1, 1], [50, 0, 0]));
  assert.match((await look()).warnings[0]!, /voxel on voxel/);

  await writeLabels(join(folder, "labels", "c.nii.gz"), SIZE, [1, 7, 9]);
  error = await refusal(look());
  assert.equal(error.code, "input.label-value");
  assert.match(error.message, /c\.nii\.gz holds the values 7, 9, which the table of labels does not name/);
  for (const id of ["a", "b", "c"]) await writeLabels(join(folder, "labels", `${id}.nii.gz`), SIZE, [0]);
  assert.equal((await refusal(look())).code, "input.empty-labels");
});

inFolder("sizes and spacings are along RAS axes", async (folder) => {
  // Stored x runs to the feet, y to the left, z to the front.
  const affine = [0, -2, 0, 0, 0, 0, 3, 0, -1, 0, 0, 0, 0, 0, 0, 1];
  await writeCases(folder, { affine });
  const { cases } = await fingerprintDataset(await readDataset(folder));
  assert.deepEqual(cases[0], { id: "a", size: [10, 8, 12], spacingMm: [2, 3, 1] });
});

testWithShared("the hippocampus folder as it is", ["data/mr-hippocampus-msd"], async ([folder]) => {
  const dataset = await readDataset(folder);
  assert.equal(dataset.cases.length, 200);
  assert.equal(dataset.cases[0]!.id, "hippocampus_001");
  assert.deepEqual(names(dataset), [
    [1, "label_1", 1],
    [2, "label_2", 2],
  ]);
});

testWithShared(
  "the partly contoured head and neck by a description of our own",
  ["data/ct-headneck-openkbp/nifti"],
  async ([nifti]) => {
    const folder = await temporaryFolder();
    await writeJson(join(folder, "dataset.json"), {
      modality: "CT",
      partial: true,
      labels: {
        "1": "brainstem",
        "2": "spinal_cord",
        "3": "parotid_right",
        "4": "parotid_left",
        "5": "mandible",
        "6": "larynx",
        "7": "esophagus",
      },
      training: [{ image: `${nifti}/pt_10*_ct.nii.gz`, label: `${nifti}/pt_10*_oar.nii.gz` }],
    });
    const dataset = await readDataset(folder);
    const known = new Map(dataset.cases.map((entry) => [entry.id, entry.known]));
    assert.deepEqual(known.get("pt_100"), [1, 2, 3, 4, 5, 6, 7]);
    assert.deepEqual(known.get("pt_101"), [1, 2, 3, 4, 5]);
    const { modality, cases, intensities } = await fingerprintDataset({
      ...dataset,
      cases: dataset.cases.slice(0, 2),
    });
    assert.deepEqual(modality, ["CT"]);
    assert.deepEqual(cases[0]!.size, [128, 128, 128]);
    assert.ok(intensities[0]!.median > -50 && intensities[0]!.median < 60);
    await rm(folder, { recursive: true });
  },
);
