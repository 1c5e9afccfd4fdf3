/** What was examined, who the patient is as far as it is known, and the numbers to see first. */
import { html, type Markup } from "../html.js";
import { formatCount, formatFixed, formatNumber, formatUnit, readable } from "../numbers.js";
import type { ReportInput, ReportRun } from "../report-input.js";
import type { Structure } from "../structures.js";
import { capitalised } from "../wording.js";
import { phantomNotice, researchNotice } from "./notice.js";

const MODALITIES: Record<string, string> = {
  CT: "Computed tomography (CT)",
  MR: "Magnetic resonance (MR)",
  PT: "Positron emission tomography (PET)",
  US: "Ultrasound",
};

export function titleOf(input: ReportInput): string {
  return (
    input.title ?? (input.caseFile.kind === "phantom" ? "Organ report, synthetic patient" : "Organ report")
  );
}

function fact(term: string, value: string | null): Markup {
  return html`<div><dt>${term}</dt><dd${value === null && html` class="unknown"`}>${value ?? "unknown"}</dd></div>`;
}

function patientFacts(input: ReportInput): Markup {
  const p = input.caseFile.patient;
  const bmi = p.heightCm && p.weightKg ? p.weightKg / (p.heightCm / 100) ** 2 : null;
  const text = (value: number | null, unit: string, decimals = 0) =>
    value === null ? null : `${formatFixed(value, Number.isInteger(value) ? 0 : decimals)}\u00a0${unit}`;
  const pressure =
    p.systolicMmHg !== null && p.diastolicMmHg !== null
      ? `${Math.round(p.systolicMmHg)}/${Math.round(p.diastolicMmHg)}\u00a0mmHg`
      : null;
  const further = [
    ["Heart rate", text(p.heartRateBpm, "/min")],
    ["Blood pressure", pressure],
    ["Cardiac output", text(p.cardiacOutputLPerMin, "L/min", 1)],
    ["Haematocrit", p.haematocrit === null ? null : `${formatFixed(100 * p.haematocrit, 0)}\u00a0%`],
    ["Creatinine", text(p.creatinineMgPerDl, "mg/dL", 2)],
  ] as const;
  return html`<dl class="facts">
${fact("Age", p.ageYears === null ? null : ageText(p.ageYears))}
${fact("Sex", p.sex)}
${fact("Height", text(p.heightCm, "cm"))}
${fact("Weight", text(p.weightKg, "kg", 1))}
${fact("Body mass index", bmi === null ? null : `${formatFixed(bmi, 1)}\u00a0kg/m²`)}
${further.map(([term, value]) => value !== null && fact(term, value))}
</dl>`;
}

function ageText(years: number): string {
  if (years >= 2) return `${Math.floor(years)}\u00a0years`;
  const months = Math.floor(years * 12);
  return `${months}\u00a0month${months === 1 ? "" : "s"}`;
}

function imageFacts(input: ReportInput): Markup {
  const scan = input.caseFile.scan;
  if (!scan) return html`<dl class="facts">${fact("Image", null)}</dl>`;
  const by = (values: number[], decimals: number) => values.map((v) => formatFixed(v, decimals)).join(" × ");
  const modality = scan.modality === null ? null : (MODALITIES[scan.modality] ?? scan.modality);
  return html`<dl class="facts">
${fact("Modality", modality)}
${fact(
  "Field of view",
  `${by(
    scan.size.map((n, i) => n * scan.spacingMm[i]!),
    0,
  )}\u00a0mm`,
)}
${fact("Voxel", `${by(scan.spacingMm, 2)}\u00a0mm`)}
${fact("Voxels", scan.size.join(" × "))}
${fact("Stored axes", scan.orientation)}
</dl>`;
}

/** A number to see first, in two to four words. */
interface Figure {
  value: string;
  unit: string;
  label: string;
  /** "2.1 to 3.4". */
  interval?: string | undefined;
  note?: string;
}

function figureList(figures: readonly Figure[]): Markup {
  if (figures.length === 0) return html``;
  return html`<ul class="figures" aria-label="Key figures">${figures.map(
    ({ value, unit, label, interval, note }) =>
      html`<li><span class="value">${value}${unit && html`<span class="unit">\u00a0${unit}</span>`}</span><span class="label">${label}</span>${interval && html`<span class="source">${interval}</span>`}${note && html`<span class="source">${note}</span>`}</li>`,
  )}</ul>`;
}

/** The first results of each run. */
function figuresOfRuns(runs: readonly ReportRun[], most: number): Figure[] {
  return runs.flatMap(({ summary }) =>
    summary.values
      .slice(0, most)
      .map(readable)
      .map(({ label, value, unit, low, high }) => ({
        interval: low === null || high === null ? undefined : `${formatNumber(low)} to ${formatNumber(high)}`,
        value: formatNumber(value),
        unit: formatUnit(unit),
        label,
        note: capitalised(summary.title),
      })),
  );
}

/** Key figures of a page about runs alone; one run's need not say whose they are. */
export function runFigures(runs: readonly ReportRun[]): Markup {
  const figures = figuresOfRuns(runs, runs.length > 1 ? 2 : 4);
  return figureList(runs.length > 1 ? figures : figures.map(({ note: _, ...figure }) => figure));
}

/** Structures, liver, cut structures, first results of each run. */
function keyFigures(input: ReportInput, structures: readonly Structure[]): Markup {
  const figures: Figure[] = [];
  const measured = structures.filter(({ organ }) => organ && organ.volumeMl > 0);
  figures.push({
    value: formatCount(measured.length || structures.length),
    unit: "",
    label: (measured.length || structures.length) === 1 ? "structure" : "structures",
  });
  const liver = measured.find(({ name }) => name === "liver");
  const main =
    liver ?? measured.filter((s) => !s.envelope).sort((a, b) => b.organ!.volumeMl - a.organ!.volumeMl)[0];
  if (main) {
    const cut = main.organ!.touchesBorder;
    figures.push({
      value: `${cut ? "≥\u2009" : ""}${formatNumber(main.organ!.volumeMl)}`,
      unit: "mL",
      label: `${main.title} volume`,
    });
  }
  const cut = measured.filter(({ organ }) => organ!.touchesBorder).length;
  if (measured.length > 0) {
    figures.push({ value: formatCount(cut), unit: "", label: "cut by the image's edge" });
  }
  return figureList([...figures, ...figuresOfRuns(input.runs, input.runs.length > 1 ? 2 : 3)]);
}

/** What every page begins with: whose it is, its title, what it is not. */
export function masthead(kind: string, title: string): Markup {
  return html`<p class="maker">Viscera <span>${kind}</span></p>
<h1>${title}</h1>
${researchNotice()}`;
}

export function headerSection(input: ReportInput, structures: readonly Structure[]): Markup {
  return html`<header class="head">
${masthead("organ report", titleOf(input))}
${input.caseFile.kind === "phantom" && phantomNotice()}
<div class="who">
<section aria-label="Patient"><h2 class="small">Patient</h2>${patientFacts(input)}</section>
<section aria-label="Image"><h2 class="small">Image</h2>${imageFacts(input)}</section>
</div>
${keyFigures(input, structures)}
</header>`;
}
