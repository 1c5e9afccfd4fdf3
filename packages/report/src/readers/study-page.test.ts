import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { affineOf, type Size3 } from "@viscera/core";
import { chromium } from "playwright-core";
import type { StudyInput } from "./input.js";
import { buildReaderStudy } from "./page.js";

function scan(slices: number) {
  const size: Size3 = [12, 10, slices];
  const data = Int16Array.from({ length: 120 * slices }, (_, i) => (i * 7) % 300);
  return { size, affine: affineOf([1, 1, 4]), data, modality: "CT", unit: "HU" };
}

const STUDY: StudyInput = {
  title: "Nodules <1>",
  arm: "aided",
  instructions: "Look well.",
  questions: [
    { id: "kind", text: "Which kind?", kind: "choice", options: ["solid", "<glass>"] },
    { id: "sure", text: "How sure?", kind: "scale", least: 1, most: 5, ends: ["not", "surely"] },
  ],
  cases: [
    { id: "c0", scan: scan(5) },
    { id: "c1", scan: scan(80) },
  ],
  version: "0.1.0",
};

test("the page escapes what it is given and says where slices are left out", async () => {
  const page = await buildReaderStudy(STUDY);
  assert.equal(page, await buildReaderStudy(STUDY));
  assert.doesNotMatch(page, /<glass>|Nodules <1>/);
  assert.equal([...page.matchAll(/class="study-slice"/g)].length, 5 + 48);
  assert.match(page, /48 of the image's 80 slices/);
});

const CHROMIUM = "/usr/bin/chromium";

test("a reader answers case by case and saves a file", {
  skip: !existsSync(CHROMIUM) && `no browser at ${CHROMIUM}`,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "viscera-study-"));
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  try {
    writeFileSync(join(folder, "study.html"), await buildReaderStudy(STUDY));
    const page = await (await browser.newContext({ offline: true, acceptDownloads: true })).newPage();
    const complaints: string[] = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    await page.goto(pathToFileURL(join(folder, "study.html")).href);
    await page.waitForSelector("html[data-ready]");
    const shown = page.locator(".study-case:not([hidden])");
    await page.click("#save");
    assert.match((await page.textContent("#progress"))!, /name or code first/);
    await page.fill("#reader", "Dr. Ann");
    await shown.locator("fieldset").nth(0).locator("input").nth(1).check();
    assert.match((await page.textContent("#progress"))!, /3 questions are open/);
    const position = await shown.locator(".study-position").textContent();
    await shown.locator(".study-view").hover();
    await page.mouse.wheel(0, 100);
    assert.notEqual(await shown.locator(".study-position").textContent(), position);
    await page.click("#next");
    assert.equal(await shown.getAttribute("data-case"), "c1");
    await shown.locator("fieldset").nth(1).locator("input").nth(4).check();
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#save")]);
    assert.equal(download.suggestedFilename(), "answers-Dr_Ann-aided.json");
    await download.saveAs(join(folder, "answers.json"));
    assert.deepEqual(JSON.parse(readFileSync(join(folder, "answers.json"), "utf8")), {
      schema: 1,
      study: "Nodules <1>",
      arm: "aided",
      reader: "Dr. Ann",
      answers: [
        { case: "c0", question: "kind", value: "<glass>" },
        { case: "c1", question: "sure", value: "5" },
      ],
    });
    assert.deepEqual(complaints, []);
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
