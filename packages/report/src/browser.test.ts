/** The page in a real browser: opened from disk, without network. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { buildReport, buildRunReport, type ReportInput } from "./index.js";
import { hostileCase } from "./testing/hostile-case.js";
import { smallCase } from "./testing/small-case.js";

const CHROMIUM = "/usr/bin/chromium";
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-background-networking",
  "--disable-quic",
  "--no-first-run",
  "--use-gl=angle",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
];

describe("page in Chromium", { skip: !existsSync(CHROMIUM) && `no browser at ${CHROMIUM}` }, () => {
  let browser: Browser;
  let folder: string;
  /** One page that the tests below use one after the other. */
  let page: Page;
  let complaints: string[];
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "viscera-report-"));
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
    ({ page, complaints } = await open(smallCase()));
  });
  afterEach(() => assert.deepEqual(complaints.splice(0), []));
  after(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The page of a case, ready, and what the browser complained about or asked the network for. */
  async function open(input: ReportInput, options: BrowserContextOptions = {}) {
    const path = join(folder, "report é.html");
    writeFileSync(path, await buildReport(input));
    const context = await browser.newContext({
      viewport: { width: 1000, height: 760 },
      offline: true,
      ...options,
    });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => {
      if (!/^(file|data|blob):/.test(request.url())) complaints.push(`request: ${request.url()}`);
    });
    await page.goto(pathToFileURL(path).href);
    if (options.javaScriptEnabled !== false) await page.waitForSelector("html[data-ready]");
    return { page, complaints };
  }

  /** Sum over a canvas's pixels of a hash, and how many different colours it holds. */
  const look = (selector: string) =>
    page.evaluate(async (of) => {
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      const source = document.querySelector<HTMLCanvasElement>(of)!;
      const copy = document.createElement("canvas");
      copy.width = source.width;
      copy.height = source.height;
      const context = copy.getContext("2d")!;
      context.drawImage(source, 0, 0);
      const { data } = context.getImageData(0, 0, copy.width, copy.height);
      const colours = new Set<number>();
      let hash = 0;
      for (let i = 0; i < data.length; i += 4) {
        const colour = (data[i]! << 16) | (data[i + 1]! << 8) | data[i + 2]!;
        colours.add(colour);
        hash = (Math.imul(hash, 31) + colour) | 0;
      }
      return { hash, colours: colours.size };
    }, selector);

  test("slices: window, wheel, keys, slider, pointer and selection", async () => {
    const axial = ".pane-axial canvas";
    const first = await look(axial);
    assert.ok(first.colours > 50, "the slice is not blank");
    await page.getByRole("button", { name: "Lung" }).click();
    const lung = await look(axial);
    assert.notEqual(lung.hash, first.hash);
    assert.equal(await page.getByLabel("Level").inputValue(), "-600");
    const position = () => page.locator(".pane-axial .pane-position").textContent();
    const start = await position();
    await page.locator(axial).scrollIntoViewIfNeeded();
    const box = (await page.locator(axial).boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await page.mouse.move(box.x + box.width / 2 + 3, box.y + box.height / 2);
    await page.mouse.wheel(0, 120);
    await look(axial);
    assert.notEqual(await position(), start, "the wheel changes the slice");
    await page.locator(".pane-axial .pane-frame").press("Home");
    await look(axial);
    assert.equal(await position(), "Axial, I 58 mm");
    // The liver of the small case lies on the patient's right, the viewer's left.
    await page.locator("#measures-table button.name").first().click();
    await look(axial);
    assert.match((await page.locator(".readout").textContent())!, /^Liver/);
    assert.match((await page.locator(".readout").textContent())!, /R 2\d\.\d/);
    await page.mouse.move(box.x + box.width * 0.35, box.y + box.height / 2);
    assert.match((await page.locator(".readout").textContent())!, /^Liver.*HU/);
  });

  test("scene: drawn, turned, structures hidden and isolated, picked", async () => {
    await page.locator("#scene-view").scrollIntoViewIfNeeded();
    // The drawing buffer is only readable in the frame it was drawn in, so look at screenshots instead.
    const shot = async () => {
      await page.evaluate(
        () =>
          new Promise((done) =>
            requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 100))),
          ),
      );
      const picture = await page.locator(".scene-frame").screenshot();
      return createHash("sha256").update(picture).digest("hex");
    };
    await page.getByRole("button", { name: "Reset" }).click();
    const front = await shot();
    await page.getByRole("button", { name: "Left", exact: true }).click();
    const left = await shot();
    assert.notEqual(left, front);
    await page.getByRole("button", { name: "Front" }).click();
    assert.equal(await shot(), front, "a view can be had again");
    await page.getByRole("checkbox", { name: "Show Spleen" }).uncheck();
    const without = await shot();
    assert.notEqual(without, front);
    await page.getByRole("button", { name: "Reset" }).click();
    assert.equal(await shot(), front);
    await page.locator(".scene-frame canvas").scrollIntoViewIfNeeded();
    // The liver is on the left of the picture, seen from the front.
    const box = (await page.locator(".scene-frame canvas").boundingBox())!;
    await page.mouse.click(box.x + box.width * 0.38, box.y + box.height * 0.5);
    await page.waitForFunction(() => document.querySelector("#measures-table tr.is-selected"));
    assert.match((await page.locator("#measures-table tr.is-selected").textContent())!, /Liver/);
    await page.getByRole("button", { name: "Show only this" }).click();
    assert.equal(await page.getByRole("checkbox", { name: "Show Spleen" }).isChecked(), false);
  });

  test("scene: coloured by a run's quantity, at a time chosen by keys, and back", async () => {
    const input = smallCase();
    input.runs[0]!.series[1]!.structures = ["spleen"];
    input.runs[0]!.series[2]!.structures = ["liver"];
    const { page: other, complaints: own } = await open(input);
    const tools = other.locator(".color-tools");
    const shot = async () => {
      await other.evaluate(
        () =>
          new Promise((done) =>
            requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 100))),
          ),
      );
      return createHash("sha256")
        .update(await other.locator(".scene-frame").screenshot())
        .digest("hex");
    };
    const plain = await shot();
    assert.equal(await tools.getByRole("slider").isVisible(), false);
    await tools.getByLabel("Colour by").selectOption({ index: 1 });
    const slider = tools.getByRole("slider", { name: "Time" });
    const clock = () => tools.locator(".clock").textContent();
    const peak = await clock();
    const coloured = await shot();
    assert.notEqual(coloured, plain);
    assert.match((await other.locator(".scene-frame .color-bar").textContent())!, /µg\/L \(logarithmic\)/);
    await slider.focus();
    await slider.press("End");
    assert.equal(await clock(), "24\u00a0h");
    assert.equal(await slider.getAttribute("aria-valuetext"), "24\u00a0h");
    assert.notEqual(await shot(), coloured);
    await tools.getByRole("button", { name: "Peak" }).click();
    assert.equal(await clock(), peak);
    assert.equal(await shot(), coloured, "a time can be had again");
    await tools.getByRole("button", { name: "Linear" }).click();
    assert.notEqual(await shot(), coloured);
    // What lies under the pointer is told with its value.
    const box = (await other.locator(".scene-frame canvas").boundingBox())!;
    await other.mouse.move(box.x + box.width * 0.38, box.y + box.height * 0.5);
    await other.waitForFunction(() => document.querySelector(".scene-said")!.textContent !== "");
    assert.match((await other.locator(".scene-said").textContent())!, /^Liver: [\d.]+\u00a0µg\/L$/);
    await tools.getByRole("button", { name: "Play" }).press("Enter");
    await other.waitForFunction((text) => document.querySelector(".clock")!.textContent !== text, peak);
    await tools.getByRole("button", { name: "Pause" }).press("Enter");
    await tools.getByLabel("Colour by").selectOption({ index: 0 });
    assert.equal(await tools.getByRole("button").count(), 0, "nothing to press without a quantity");
    await other.mouse.move(box.x + 2, box.y + 2);
    await other.waitForFunction(() => document.querySelector(".scene-said")!.textContent === "");
    assert.equal(await shot(), plain);
    assert.deepEqual(own, []);
    await other.context().close();
  });

  test("measures and curves: sorted, searched, scale switched", async () => {
    const names = () => page.locator("#measures-table tr[data-structure] .name:visible").allTextContents();
    assert.deepEqual(await names(), ["Liver", "Spleen"]);
    const volume = page.locator("#measures-table thead").getByRole("button", { name: /Volume/ });
    await volume.click();
    await volume.click();
    assert.deepEqual(await names(), ["Spleen", "Liver"]);
    await page.getByRole("button", { name: "By body system" }).click();
    await page.getByRole("searchbox").fill("digest");
    assert.deepEqual(await names(), ["Liver"]);
    const chart = page.locator("figure[data-chart]").first();
    assert.equal(
      await chart.getByRole("button", { name: "Logarithmic" }).getAttribute("aria-pressed"),
      "true",
    );
    const before = await look("figure[data-chart] .u-wrap canvas");
    await chart.getByRole("button", { name: "Linear" }).click();
    assert.notEqual((await look("figure[data-chart] .u-wrap canvas")).hash, before.hash);
    await chart.locator(".u-over").hover({ position: { x: 60, y: 60 } });
    assert.match((await chart.locator(".u-legend").textContent())!, /Plasma:?[\d.]+\u00a0µg\/L/);
  });

  test("a page of runs: bands and points drawn, hidden, zoomed", async () => {
    const run = smallCase().runs[0]!;
    const plot = run.summary.plots[0]!;
    Object.assign(plot, {
      columns: ["liver"],
      yScale: "linear",
      bands: [{ label: "Between", low: "liver", high: "plasma" }],
      points: [{ label: "Measured", x: [1, 4, 9], y: [30, 50, 5] }],
    });
    const path = join(folder, "runs.html");
    const { generatedAt, version } = smallCase();
    writeFileSync(path, await buildRunReport({ title: "A run", runs: [run], generatedAt, version }));
    const before = page.url();
    await page.goto(pathToFileURL(path).href);
    await page.waitForSelector("html[data-ready]");
    const canvas = "figure[data-chart] .u-wrap canvas";
    const whole = await look(canvas);
    for (const name of ["Between", "Measured"]) {
      const toggle = page.locator(".live-legend").getByRole("button", { name });
      await toggle.press("Enter");
      assert.equal(await toggle.getAttribute("aria-pressed"), "false");
      assert.notEqual((await look(canvas)).hash, whole.hash, `${name} is drawn`);
      await toggle.press("Enter");
      assert.equal((await look(canvas)).hash, whole.hash);
    }
    // The second of the three measured points lies at (4 h, 50).
    const plot4 = (await page.locator(".u-over").first().boundingBox())!;
    await page.mouse.move(plot4.x + (4 / 24) * plot4.width + 2, plot4.y + 12);
    for (let down = 4; down < plot4.height; down += 6) {
      if ((await page.locator(".point-said").first().textContent()) !== "") break;
      await page.mouse.move(plot4.x + (4 / 24) * plot4.width + 2, plot4.y + down);
    }
    assert.equal(
      await page.locator(".point-said").first().textContent(),
      "Measured: 50.0\u00a0µg/L at 4.00\u00a0h",
    );
    await page.mouse.move(2, 2);
    await page.locator(".u-legend").first().getByRole("button", { name: "Liver" }).press("Enter");
    assert.notEqual((await look(canvas)).hash, whole.hash, "a key hides a curve");
    await page.locator(".u-legend").first().getByRole("button", { name: "Liver" }).press(" ");
    assert.equal((await look(canvas)).hash, whole.hash);
    const area = (await page.locator(".u-over").first().boundingBox())!;
    await page.mouse.move(area.x + 20, area.y + 40);
    await page.mouse.down();
    await page.mouse.move(area.x + 120, area.y + 40, { steps: 4 });
    await page.mouse.up();
    assert.notEqual((await look(canvas)).hash, whole.hash, "dragging zooms");
    await page.getByRole("button", { name: "Whole curve" }).first().click();
    await page.mouse.move(2, 2);
    assert.equal((await look(canvas)).hash, whole.hash);
    await page.goto(before);
    await page.waitForSelector("html[data-ready]");
  });

  test("printed, it is a document of several pages", async () => {
    const pdf = (await page.pdf({ preferCSSPageSize: true })).toString("latin1");
    assert.ok(pdf.match(/\/Type\s*\/Page\b/g)!.length > 1);
    await page.emulateMedia({ media: "print" });
    for (const hidden of [".panes", ".scene-frame", ".live", ".contents", ".table-tools"])
      assert.equal(await page.locator(hidden).first().isVisible(), false, hidden);
    for (const shown of [".viewer .stills svg", ".scene .stills img", ".chart-still", ".notice"])
      assert.equal(await page.locator(shown).first().isVisible(), true, shown);
  });

  test("without scripts, slices, surfaces, tables and curves are there", async () => {
    const { page: other, complaints: own } = await open(smallCase(), { javaScriptEnabled: false });
    for (const shown of [
      ".viewer .stills svg",
      ".levels svg",
      ".scene .stills img",
      ".chart-still",
      "#measures-table",
    ])
      assert.equal(await other.locator(shown).first().isVisible(), true, shown);
    assert.equal(await other.locator(".script-only:visible").count(), 0);
    assert.deepEqual(own, []);
    await other.context().close();
  });

  test("hostile texts stay texts, and a phone shows no sideways scroll bar", async () => {
    const { page: other, complaints: own } = await open(hostileCase(), {
      viewport: { width: 390, height: 844 },
    });
    await other.waitForTimeout(100);
    assert.match(await other.title(), /<img src=x/);
    assert.equal(await other.locator('img[src="x"]').count(), 0);
    assert.ok(await other.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
    assert.deepEqual(own, []);
    await other.context().close();
  });
});
