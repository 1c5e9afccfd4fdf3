import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { exampleOf, rankedPlaces } from "../examples.js";
import { emptyHistory, recordStep, recordValidation } from "../history.js";
import { type TrainingPageInput, trainingPage } from "./training-page.js";

const CHROMIUM = "/usr/bin/chromium";

/** A case of 20 x 16 x 5 voxels with a block of class 1 in slice 3, predicted one voxel to the side. */
function block() {
  const [nx, ny, nz] = [20, 16, 5];
  const truth = new Uint8Array(nx * ny * nz);
  const predicted = new Uint8Array(truth.length);
  for (let y = 4; y < 9; y++) {
    for (let x = 2; x < 8; x++) {
      truth[x + nx * (y + ny * 3)] = 1;
      predicted[x + 1 + nx * (y + ny * 3)] = 1;
    }
  }
  return {
    id: "<case & 1>",
    size: [nx, ny, nz] as const,
    spacingMm: [1, 2, 3] as const,
    orientation: "RAS",
    image: Float32Array.from(truth, (value, i) => value + 0.1 * Math.sin(i)),
    truth,
    predicted,
  };
}

function input(finished: boolean): TrainingPageInput {
  const history = emptyHistory(400);
  for (let step = 1; step <= (finished ? 400 : 150); step++) {
    recordStep(history, {
      step,
      loss: 1 / step - 0.5,
      gradientNorm: 1,
      learningRate: 1e-3,
      seconds: step / 2,
    });
    if (step % 50 !== 0) continue;
    const cases = ["<case & 1>", "b", "c"].map((id, i) => ({
      id,
      dice: [0.5 + 0.1 * i, i === 0 ? null : 0.9],
    }));
    const examples = rankedPlaces(cases.map(({ dice }) => dice[0]!)).map(({ rank, place }) => ({
      ...exampleOf(block()),
      rank,
      dice: cases[place]!.dice[0]!,
    }));
    recordValidation(history, step, cases, examples, 3);
  }
  const final = finished ? { ...history.validations.at(-1)!, step: 400 } : null;
  return {
    name: 'model "<b>"',
    history,
    structures: ["<i>liver</i>", "spleen"],
    finished,
    final,
    facts: [["Network", "PlainConvUNet & more"]],
  };
}

test("the page escapes names, needs no network and renews itself until it is finished", () => {
  const open = trainingPage(input(false));
  assert.match(open, /Step 150 of 400, about 2 min left/);
  assert.match(open, /http-equiv="refresh"/);
  const done = trainingPage(input(true));
  assert.match(done, /Finished after 400 steps/);
  assert.match(done, /each on its own grid/);
  assert.doesNotMatch(done, /http-equiv="refresh"/);
  for (const page of [open, done]) {
    assert.doesNotMatch(page, /<i>liver|<b>|<case|<script|https?:|src="(?!data:)/);
    assert.match(page, /&#60;i&#62;liver/);
    assert.equal(page.match(/<img /g)!.length, 9);
  }
  const empty = { ...input(false), history: emptyHistory(10) };
  assert.doesNotMatch(trainingPage(empty), /NaN|undefined|Infinity/);
  assert.doesNotMatch(done, /NaN|undefined|Infinity/);
});

test("an example shows the slice with most labels, cut to them, at the right aspect", () => {
  const example = exampleOf(block());
  assert.equal(example.slice, 3);
  // x 2 to 8 and y 4 to 8, each 12 voxels wider where the image goes on: 20 x 16 voxels of 1 x 2 mm.
  assert.equal(example.aspect, 20 / 32);
  const bytes = Buffer.from(example.truth.split(",")[1]!, "base64");
  assert.equal(bytes.toString("latin1", 0, 2), "BM");
  assert.equal(bytes.readUInt32LE(2), bytes.length);
  const [width, height] = [bytes.readInt32LE(18), bytes.readInt32LE(22)];
  assert.deepEqual([width, height], [240, 192]);
  // The outline of the block, turned round along x and y; the bitmap's rows run upwards.
  const at = (x: number, y: number) => bytes[54 + 1024 + x + width * (height - 1 - y)]!;
  const edge = 12 * (20 - 2) - 1;
  assert.equal(at(edge, 12 * (16 - 6)), 248);
  assert.ok(at(edge + 1, 12 * (16 - 6)) < 248);
  assert.ok(at(edge - 1, 12 * (16 - 6) + 6) < 248);
  assert.notEqual(example.truth, example.predicted);
});

test("worst, median and best are told apart, and cases that do not count left out", () => {
  assert.deepEqual(rankedPlaces([0.5, null, 0.1, 0.9]), [
    { rank: "worst", place: 2 },
    { rank: "median", place: 0 },
    { rank: "best", place: 3 },
  ]);
  assert.deepEqual(rankedPlaces([null, 0.5]), [{ rank: "worst", place: 1 }]);
  assert.deepEqual(rankedPlaces([]), []);
});

test("in a browser the page fits a phone and nothing complains", {
  skip: !existsSync(CHROMIUM) && `no browser at ${CHROMIUM}`,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "viscera-training-"));
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  try {
    const path = join(folder, "training.html");
    writeFileSync(path, trainingPage(input(true)));
    const context = await browser.newContext({ viewport: { width: 360, height: 700 }, offline: true });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(pathToFileURL(path).href);
    const { width, pictures } = await page.evaluate(() => ({
      width: document.documentElement.scrollWidth,
      pictures: [...document.images].map((image) => image.complete && image.naturalWidth),
    }));
    assert.equal(width, 360);
    assert.deepEqual(pictures, new Array(9).fill(240));
    assert.deepEqual(complaints, []);
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
