/** Organs coloured by a quantity at a few times: for paper and for readers without scripts. */
import { tickText } from "../chart-svg.js";
import { NO_VALUE_COLOR } from "../color-map.js";
import { type Coloring, colorBar, colorsAt, timeText } from "../colorings.js";
import { html, type Markup } from "../html.js";
import { drawMeshes, type Part, VIEWS } from "../mesh-picture.js";
import { pngDataUri } from "../png.js";
import type { Structure } from "../structures.js";
import { isSkeleton } from "../wording.js";

const STILL_PIXELS = 340;

export async function coloringStills(
  coloring: Coloring,
  parts: readonly (Part & { structure: number })[],
  structures: readonly Structure[],
): Promise<Markup> {
  const figures: Markup[] = [];
  for (const { label, row } of coloring.moments) {
    const time = coloring.x[row]!;
    const colors = colorsAt(coloring, time, coloring.scale);
    const picture = drawMeshes(
      parts.map(({ mesh, structure }) => {
        const color = colors.get(structure);
        const behind = color === undefined || isSkeleton(structures[structure - 1]!.group);
        return { mesh, color: color ?? NO_VALUE_COLOR, behind };
      }),
      VIEWS.anterior,
      STILL_PIXELS,
    );
    const caption = `${label}, ${timeText(time, coloring.xUnit)}`;
    figures.push(
      html`<figure class="still"><img src="${await pngDataUri(picture)}" width="${picture.width}" height="${picture.height}" alt="Organs coloured by ${coloring.title}, ${caption}"><figcaption>${caption}</figcaption></figure>`,
    );
  }
  return html`<div class="coloring">
<h3>Coloured over time</h3>
<p class="meta">${coloring.title}</p>
<div class="stills">${figures}</div>
${barSvg(coloring)}
<p class="caption">Drawn: ${coloring.columns
    .filter(({ structures }) => parts.some(({ structure }) => structures.includes(structure)))
    .map(
      ({ label }, i) => html`${i > 0 && ", "}${label}`,
    )}. Structures without a value are grey; they and bones are drawn behind the others.</p>
</div>`;
}

function barSvg(coloring: Coloring): Markup {
  const { pieces, ticks, unit } = colorBar(coloring, coloring.scale);
  const scale = 4;
  return html`<svg class="color-bar" viewBox="-20 0 440 48" role="img" aria-label="Colours from little to much">
${pieces.map(({ x, width, color }) => html`<rect x="${(x * scale).toFixed(1)}" width="${(width * scale).toFixed(1)}" height="14" fill="${color}"/>`)}
${ticks.map(({ x, value }) => html`<text x="${(x * scale).toFixed(1)}" y="27" text-anchor="middle">${tickText(value)}</text>`)}
<text x="${50 * scale}" y="42" text-anchor="middle">${unit}${coloring.scale === "log" && " (logarithmic)"}</text>
</svg>`;
}
