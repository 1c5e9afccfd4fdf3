/** The table of measures, in the page and as CSV. */
import type { OrganRecord } from "@viscera/core";
import { toBase64 } from "../compression.js";
import { html, type Markup } from "../html.js";
import { formatFixed, formatNumber } from "../numbers.js";
import type { Structure } from "../structures.js";

type Cell = { text: string; sort: number | null };

interface Column {
  title: string;
  /** Shown small under the title. */
  unit: string;
  cell: (organ: OrganRecord) => Cell;
}

const none: Cell = { text: "–", sort: null };

function extents({ boundingBoxMm: [low, high] }: OrganRecord): number[] {
  return [0, 1, 2].map((axis) => high[axis]! - low[axis]!);
}

function columnsFor(organs: readonly OrganRecord[]): Column[] {
  const unit = organs.find(({ intensity }) => intensity?.unit)?.intensity?.unit ?? "";
  const withIntensity = organs.some(({ intensity }) => intensity !== null);
  const intensity = (
    title: string,
    text: (i: NonNullable<OrganRecord["intensity"]>) => string,
    sort: (i: NonNullable<OrganRecord["intensity"]>) => number,
  ): Column => ({
    title,
    unit,
    cell: ({ intensity: i }) => (i ? { text: text(i), sort: sort(i) } : none),
  });
  const grey = (value: number) => (unit === "HU" ? formatFixed(value, 0) : formatNumber(value));
  return [
    {
      title: "Volume",
      unit: "mL",
      cell: ({ volumeMl, touchesBorder }) => ({
        text: `${touchesBorder ? "≥\u2009" : ""}${formatNumber(volumeMl)}`,
        sort: volumeMl,
      }),
    },
    {
      title: "Surface",
      unit: "cm²",
      cell: ({ areaMm2 }) => ({ text: formatNumber(areaMm2 / 100), sort: areaMm2 }),
    },
    ...(withIntensity
      ? [
          intensity(
            "Mean ± SD",
            (i) => `${grey(i.mean)} ± ${grey(i.sd)}`,
            (i) => i.mean,
          ),
          intensity(
            "5 %",
            (i) => grey(i.p05),
            (i) => i.p05,
          ),
          intensity(
            "Median",
            (i) => grey(i.p50),
            (i) => i.p50,
          ),
          intensity(
            "95 %",
            (i) => grey(i.p95),
            (i) => i.p95,
          ),
        ]
      : []),
    {
      title: "Extent",
      unit: "R–L × A–P × S–I, mm",
      cell: (organ) => ({
        text: extents(organ)
          .map((mm) => formatFixed(mm, 0))
          .join(" × "),
        sort: Math.max(...extents(organ)),
      }),
    },
    { title: "Pieces", unit: "", cell: ({ pieces }) => ({ text: String(pieces), sort: pieces }) },
  ];
}

/** Text for a CSV cell; a leading formula sign is made harmless for spreadsheets. */
function csvText(text: string): string {
  return `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replace(/"/g, '""')}"`;
}

export function measuresCsv(structures: readonly Structure[]): string {
  const header =
    "id,structure,title,system,volume[mL],area[mm2],mean,sd,p05,p50,p95,intensity_unit,extent_rl[mm],extent_ap[mm],extent_si[mm],pieces,notes";
  const rows = structures.flatMap(({ organ, title, group, flags }) => {
    if (!organ) return [];
    const i = organ.intensity;
    const cells = [
      organ.id,
      csvText(organ.name),
      csvText(title),
      csvText(group),
      organ.volumeMl,
      organ.areaMm2,
      ...(i ? [i.mean, i.sd, i.p05, i.p50, i.p95, csvText(i.unit ?? "")] : ["", "", "", "", "", ""]),
      ...extents(organ),
      organ.pieces,
      csvText(flags.join("; ")),
    ];
    return [cells.join(",")];
  });
  return `${[header, ...rows].join("\r\n")}\r\n`;
}

export function swatch(color: string): Markup {
  return html`<svg class="swatch" viewBox="0 0 12 12" aria-hidden="true"><rect width="12" height="12" rx="3" fill="${color}"/></svg>`;
}

export function measuresSection(structures: readonly Structure[]): Markup {
  const measured = structures.filter((structure) => structure.organ !== null);
  if (measured.length === 0) {
    return html`<section id="measures"><h2>Measures</h2><p class="empty">No structures were measured in this case.</p></section>`;
  }
  const columns = columnsFor(measured.map(({ organ }) => organ!));
  const groups = [...new Set(measured.map(({ group }) => group))];
  const csv = toBase64(new TextEncoder().encode(`\ufeff${measuresCsv(structures)}`));
  const row = (structure: Structure) => html`<tr data-structure="${structures.indexOf(structure) + 1}">
<th scope="row" data-sort="${structure.title}">${swatch(structure.color)}<span class="name">${structure.title}</span></th>
${columns.map((column) => {
  const { text, sort } = column.cell(structure.organ!);
  return html`<td${sort !== null && html` data-sort="${sort}"`}>${text}</td>`;
})}
<td class="notes">${structure.flags.map((flag, i) => html`${i > 0 && ", "}<span>${flag}</span>`)}</td></tr>`;
  return html`<section id="measures" aria-labelledby="measures-title">
<h2 id="measures-title">Measures</h2>
<div class="table-tools">
<label class="script-only">Find <input type="search" id="measures-search" placeholder="a structure or a system" autocomplete="off"></label>
<button type="button" class="script-only" id="measures-by-system" hidden>By body system</button>
<span class="spacer"></span>
<button type="button" class="script-only" id="measures-copy">Copy table</button>
<a class="button" download="measures.csv" href="data:text/csv;charset=utf-8;base64,${csv}">Download CSV</a>
</div>
<div class="table-scroll" tabindex="0" role="region" aria-labelledby="measures-title">
<table class="measures" id="measures-table">
<thead><tr><th scope="col" data-column="0">Structure</th>${columns.map(
    ({ title, unit }, i) =>
      html`<th scope="col" data-column="${i + 1}">${title}${unit && html`<small>${unit}</small>`}</th>`,
  )}<th scope="col" class="notes">Notes</th></tr></thead>
${groups.map(
  (
    group,
  ) => html`<tbody><tr class="group"><th colspan="${columns.length + 2}" scope="rowgroup">${group}</th></tr>
${measured.filter((structure) => structure.group === group).map(row)}</tbody>`,
)}
</table>
</div>
<p class="caption">Volumes count voxels. ≥ marks a structure that reaches the edge of the image, so that part of it may be missing.</p>
</section>`;
}
