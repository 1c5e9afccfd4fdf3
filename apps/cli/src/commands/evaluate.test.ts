import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { affineOf, type Size3 } from "@viscera/core";
import { writeVolume } from "@viscera/scan/node";
import { filesBelow, fingerprint, refused, scratch, viscera } from "./testing.js";

const SIZE: Size3 = [20, 18, 12];

/** Two boxes: label 1 from x0 on, label 2 at a fixed place where `second`. */
async function writeCase(path: string, x0: number, second: boolean, spacingMm = 1.5): Promise<void> {
  const data = new Uint8Array(SIZE[0] * SIZE[1] * SIZE[2]);
  const fill = (id: number, from: number, to: number, y0: number) => {
    for (let z = 3; z < 8; z++)
      for (let y = y0; y < y0 + 5; y++)
        data.fill(id, from + SIZE[0] * (y + SIZE[1] * z), to + SIZE[0] * (y + SIZE[1] * z));
  };
  fill(1, x0, x0 + 6, 2);
  if (second) fill(2, 8, 14, 10);
  await writeVolume(path, {
    size: SIZE,
    affine: affineOf([spacingMm, 1, 2]),
    data,
    modality: null,
    unit: null,
  });
}

describe("evaluate", () => {
  const { at, remove } = scratch();
  before(async () => {
    mkdirSync(at("labelsTs"));
    mkdirSync(at("predictions"));
    const names = { labels: { background: 0, liver: 1, spleen: 2 }, channel_names: { 0: "CT" } };
    writeFileSync(at("dataset.json"), JSON.stringify(names));
    for (const [name, x0, second] of [
      ["a", 4, true],
      ["b", 5, false],
      ["c", 7, true],
    ] as const) {
      await writeCase(at("labelsTs", `${name}.nii.gz`), 4, true);
      await writeCase(at("predictions", `${name}.mha`), x0, second);
    }
  });
  after(remove);
  const folders = ["--truth", at("labelsTs"), "--prediction", at("predictions")];

  test("every structure of every case gets a row, whatever the number of threads", () => {
    const run = (threads: number) =>
      viscera([
        "evaluate",
        ...folders,
        "--out",
        at(`scores${threads}`),
        "--threads",
        String(threads),
        "--json",
      ]);
    const { status, stdout, stderr } = run(1);
    assert.equal(status, 0, stderr);
    assert.equal(JSON.parse(stdout).structures[0].name, "liver");
    const [header = "", ...rows] = readFileSync(at("scores1", "cases.csv"), "utf8").trimEnd().split("\n");
    assert.match(header, /^case,structure,label,convention,tolerance\[mm\],dice,/);
    assert.equal(rows.length, 6);
    const column = header.split(",").indexOf("dice");
    const diceOf = (row: string) => Number(row.split(",")[column]);
    // Moved by 0, 1 and 3 of 6 voxels; the spleen is missed once.
    const found = rows.map(diceOf);
    for (const [i, expected] of [1, 1, 5 / 6, 0, 1 / 2, 1].entries())
      assert.ok(Math.abs(found[i]! - expected) < 1e-12, `${rows[i]}`);
    const spleen = rows[3]!.split(",");
    assert.equal(spleen[header.split(",").indexOf("hausdorff_95[mm]")], "", "no distance from an empty mask");
    const results = JSON.parse(readFileSync(at("scores1", "results.json"), "utf8"));
    assert.equal(results.convention, "metrics-reloaded");
    assert.ok(Math.abs(results.structures[0].summaries.dice.mean - (1 + 5 / 6 + 0.5) / 3) < 1e-12);
    assert.equal(results.structures[1].summaries.hausdorff_95.missing, 1);
    assert.equal(results.cases[1].structures.spleen.hausdorff_95, null);
    assert.equal(run(2).status, 0);
    assert.equal(fingerprint(at("scores2")), fingerprint(at("scores1")));
  });

  test("a broken, a missing and a displaced case are listed and do not stop the others", async () => {
    mkdirSync(at("truth2"));
    mkdirSync(at("pred2"));
    for (const name of ["a", "b", "c", "d"]) await writeCase(at("truth2", `${name}.nii.gz`), 4, true);
    await writeCase(at("pred2", "a.nii.gz"), 4, true);
    writeFileSync(at("pred2", "b.nii.gz"), "no image");
    await writeCase(at("pred2", "d.nii.gz"), 4, true, 1.25);
    await writeCase(at("pred2", "z.nii.gz"), 4, true);
    const { status, stdout, stderr } = viscera([
      "evaluate",
      ...["--truth", at("truth2"), "--prediction", at("pred2"), "--out", at("partial"), "--threads", "2"],
    ]);
    assert.equal(status, 3, stderr);
    assert.match(stderr, /1 prediction without a truth: z/);
    assert.match(stderr, /b: b\.nii\.gz is in no known image format/);
    assert.match(stderr, /c: There is no prediction/);
    assert.match(stderr, /d: The truth's voxels are 1.5 x 1 x 2 mm, the prediction's 1.25 x 1 x 2 mm/);
    assert.match(stdout, /3 cases could not be evaluated: b, c, d\./);
    const results = JSON.parse(readFileSync(at("partial", "results.json"), "utf8"));
    assert.equal(results.cases.length, 1);
    assert.deepEqual(
      results.failed.map(({ name }: { name: string }) => name),
      ["b", "c", "d"],
    );
  });

  test("the report shows the worst cases, on the scan where there is one", async () => {
    mkdirSync(at("imagesTs"));
    const data = new Int16Array(SIZE[0] * SIZE[1] * SIZE[2]).fill(40);
    const affine = affineOf([1.5, 1, 2]);
    await writeVolume(at("imagesTs", "c_0000.nii.gz"), {
      size: SIZE,
      affine,
      data,
      modality: "CT",
      unit: "HU",
    });
    const { status, stderr } = viscera([
      ...["evaluate", ...folders, "--out", at("page"), "--report", "--scans", at("imagesTs"), "--worst", "2"],
    ]);
    assert.equal(status, 0, stderr);
    const page = readFileSync(at("page", "report.html"), "utf8");
    assert.equal([...page.matchAll(/<article class="worst">/g)].length, 2);
    // The missed spleen of b first, then the liver of c, which was moved furthest.
    assert.match(page, /Spleen <span class="meta">in b<[\s\S]*Liver <span class="meta">in c</);
    assert.match(page, /1 of the worst cases have no scan/);
    assert.doesNotMatch(page, /NaN|undefined/);
  });

  test("MONAI's generalised Dice weighs the labels of a case together", () => {
    const { status, stderr } = viscera([
      ...["evaluate", ...folders, "--out", at("monai"), "--convention", "monai", "--region", "both=1+2"],
    ]);
    assert.equal(status, 0, stderr);
    const { cases, overall } = JSON.parse(readFileSync(at("monai", "results.json"), "utf8"));
    // Labels of equal size: 2 (125 + 0) / (150 + 150 + 150), where the spleen is missed and the liver moved by one voxel.
    assert.ok(Math.abs(cases[1].together.generalised_dice - 250 / 450) < 1e-12);
    assert.equal(cases[0].together.generalised_dice, 1);
    assert.equal(overall.summaries.generalised_dice.count, 3);
  });

  test("settings reach the structures that they name", () => {
    const { status, stderr } = viscera([
      ...["evaluate", ...folders, "--out", at("set"), "--convention", "deepmind", "--labels", "spleen,1"],
      ...[
        "--tolerance",
        "1,spleen=3,both=4",
        "--region",
        "both=liver+2",
        "--percentile",
        "50,95",
        "--tubular",
        "liver",
        "--lesions",
        "all",
      ],
    ]);
    assert.equal(status, 0, stderr);
    const results = JSON.parse(readFileSync(at("set", "results.json"), "utf8"));
    assert.deepEqual(
      results.structures.map(({ name, toleranceMm }: Record<string, unknown>) => [name, toleranceMm]),
      [
        ["liver", 1],
        ["spleen", 3],
        ["both", 4],
      ],
    );
    assert.match(readFileSync(at("set", "cases.csv"), "utf8"), /a,both,1\+2,deepmind,4,1,/);
    const [liver, spleen] = ["liver", "spleen"].map((name) => results.cases[1].structures[name]);
    assert.ok(
      "cl_dice" in liver && !("cl_dice" in spleen) && "lesion_f1" in spleen && "hausdorff_50" in liver,
    );
    assert.equal(spleen.hausdorff_95, "Infinity");
    assert.equal(results.structures[1].summaries.hausdorff_95.infinite, 1);
    // clDice is no missing value of a structure that has none.
    assert.equal(results.structures[1].summaries.cl_dice.missing, 0);
  });

  test("wrong use is refused before any work", () => {
    const wrong = (more: string[], message: RegExp, status = 2) =>
      refused(["evaluate", ...folders, "--out", at("never"), ...more], status, message);
    wrong(["--convention", "nnunet"], /no convention "nnunet"/);
    wrong(["--tolerance", "heart=2"], /names the structure "heart"/);
    wrong(["--region", "both=liver+heart"], /names the structure "heart"/);
    wrong(["--convention", "monai", "--boundary", "2"], /setting of --convention metrics-reloaded/);
    mkdirSync(at("other"));
    wrong(["--prediction", at("other")], /No file in .* has the name of one/);
    writeFileSync(at("other", "a.nii.gz"), "x");
    writeFileSync(at("other", "a.mha"), "x");
    wrong(["--prediction", at("other")], /two files of the case a/);
    assert.deepEqual(filesBelow(at("never")), []);
  });
});
