/** Brings the page to life. Each part is on its own: where one fails, its still pictures stay. */
import type { Manifest } from "../manifest.js";
import { startCharts } from "./live-charts.js";
import { startMeasures } from "./measures-table.js";
import { openForPrinting } from "./printing.js";
import { startScene } from "./scene-view.js";
import { Selection } from "./selection.js";
import { startSlices } from "./slice-viewer.js";

const text = (id: string) => document.getElementById(id)?.textContent ?? "";

async function start(): Promise<void> {
  document.documentElement.classList.add("scripted");
  const manifest = JSON.parse(text("manifest")) as Manifest;
  const selection = new Selection(manifest.structures.map(({ wrapping }) => wrapping));
  startMeasures(selection);
  startCharts(manifest.charts);
  openForPrinting();
  const viewer = document.getElementById("viewer");
  if (viewer) {
    const blocks = { image: text("image-data"), labels: text("label-data") };
    await startSlices(viewer, manifest, blocks, selection).catch((error: unknown) => console.warn(error));
  }
  const scene = document.getElementById("scene-view");
  if (scene) {
    await startScene(scene, manifest, text("mesh-data"), selection).catch((error: unknown) =>
      console.warn(error),
    );
  }
  document.documentElement.dataset["ready"] = "true";
}

void start();
