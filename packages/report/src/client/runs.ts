/** Brings a page of runs to life. */
import type { Chart } from "../charts.js";
import { startCharts } from "./live-charts.js";
import { openForPrinting } from "./printing.js";

document.documentElement.classList.add("scripted");
const manifest = JSON.parse(document.getElementById("manifest")?.textContent ?? "{}") as { charts: Chart[] };
startCharts(manifest.charts);
openForPrinting();
document.documentElement.dataset["ready"] = "true";
