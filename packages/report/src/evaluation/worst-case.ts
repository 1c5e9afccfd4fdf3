/** A structure of a case to look at: slices with both outlines, and both surfaces coloured by distance. */
import { ticksBetween } from "../chart-range.js";
import { tickText } from "../chart-svg.js";
import { mapColor } from "../color-map.js";
import { html, type Markup } from "../html.js";
import { drawMeshes, VIEWS } from "../mesh-picture.js";
import { formatQuantity } from "../numbers.js";
import { PLANES, type Plane, sliceCaption, sliceWalk } from "../planes.js";
import { type Picture, pngDataUri } from "../png.js";
import { sliceOutlines } from "../slice-image.js";
import { type GreyWindow, windowsFor } from "../windows.js";
import type { ShownSurface, WorstCase } from "./input.js";

const VIEW_PIXELS = 260;

export async function worstCaseSection(worst: WorstCase): Promise<Markup> {
  const window = worst.scan ? windowOf(worst) : null;
  const slices: Markup[] = [];
  for (const plane of Object.values(PLANES)) slices.push(await sliceFigure(worst, plane, window));
  return html`<article class="worst">
<h3>${worst.structure} <span class="meta">in ${worst.caseName}</span></h3>
<p class="meta">${worst.values.map(({ label, value, unit }, i) => html`${i > 0 && " · "}${label} ${Number.isFinite(value) ? formatQuantity(value, unit) : Number.isNaN(value) ? "no value" : "∞"}`)}</p>
<div class="worst-slices">${slices}</div>
<ul class="legend"><li><svg viewBox="0 0 24 8" aria-hidden="true"><path class="outline-truth" d="M0 4H24"/></svg>truth</li><li><svg viewBox="0 0 24 8" aria-hidden="true"><path class="outline-prediction" d="M0 4H24"/></svg>prediction</li></ul>
${await surfaces(worst)}
</article>`;
}

/** Both surfaces coloured by their distance to the other. */
async function surfaces(worst: WorstCase): Promise<Markup> {
  const { truthSurface, predictionSurface, toleranceMm } = worst;
  if (!truthSurface || !predictionSurface)
    return html`<p class="empty">The ${truthSurface ? "prediction" : "truth"} holds no voxel of it, so there are no distances to show.</p>`;
  const most = scaleOf([truthSurface, predictionSurface], toleranceMm);
  const views = [
    await surfaceFigures(predictionSurface, "Prediction's surface, distance to the truth", most),
    await surfaceFigures(truthSurface, "Truth's surface, distance to the prediction", most),
  ];
  return html`<div class="worst-surfaces">${views}</div>
${distanceBar(most, toleranceMm)}`;
}

/** Soft tissue for a CT, the foreground's range for anything else. */
function windowOf({ scan }: WorstCase): GreyWindow {
  const { data, modality, unit } = scan!;
  let most = 0;
  for (const value of data) most = Math.max(most, Math.abs(value));
  // Sixteen bits are enough to choose a window by, whatever the values' scale.
  const slope = most / 32_000 || 1;
  const image = { data: Int16Array.from(data, (value) => Math.round(value / slope)), slope, intercept: 0 };
  return windowsFor({ modality, unit }, image)[0]!;
}

async function sliceFigure(worst: WorstCase, plane: Plane, window: GreyWindow | null): Promise<Markup> {
  const index = worst.focus[plane.through];
  const { width, height } = sliceWalk(worst.size, plane, index);
  const [across, down] = [plane.across, plane.down].map((axis) =>
    Math.hypot(worst.affine[axis]!, worst.affine[4 + axis]!, worst.affine[8 + axis]!),
  ) as [number, number];
  const picture = greySlice(worst, plane, index, window);
  const path = (mask: Uint8Array) => {
    const segments = sliceOutlines(worst.size, Uint16Array.from(mask), plane, index).get(1) ?? [];
    let text = "";
    for (let i = 0; i < segments.length; i += 4)
      text += `M${segments[i]} ${segments[i + 1]}L${segments[i + 2]} ${segments[i + 3]}`;
    return text;
  };
  const { left, right, top, bottom } = plane.marks;
  const caption = sliceCaption(worst.affine, worst.size, plane, index);
  // Drawn in mm, so that thick slices keep their shape.
  const [wideMm, highMm] = [(width * across).toFixed(2), (height * down).toFixed(2)];
  return html`<figure class="worst-slice"><svg viewBox="0 0 ${wideMm} ${highMm}" role="img" aria-label="${caption}: outlines of truth and prediction">
<g transform="scale(${across.toFixed(4)} ${down.toFixed(4)})"><image href="${await pngDataUri(picture)}" width="${width}" height="${height}" preserveAspectRatio="none"/>
<path class="outline-truth" d="${path(worst.truth)}"/><path class="outline-prediction" d="${path(worst.prediction)}"/></g>
</svg><figcaption>${caption} <span class="meta">${left}–${right}, ${top}–${bottom}</span></figcaption></figure>`;
}

/** The scan in grey; without one, where both masks agree and where only one is. */
function greySlice(worst: WorstCase, plane: Plane, index: number, window: GreyWindow | null): Picture {
  const { width, height, start, stepAcross, stepDown } = sliceWalk(worst.size, plane, index);
  const rgba = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const voxel = start + row * stepDown + column * stepAcross;
      const inside = Number(worst.truth[voxel] !== 0) + Number(worst.prediction[voxel] !== 0);
      const grey = window
        ? (255 * (worst.scan!.data[voxel]! - window.level + window.width / 2)) / window.width
        : [24, 70, 110][inside]!;
      rgba.fill(grey, 4 * (column + row * width), 4 * (column + row * width) + 3);
    }
  return { width, height, rgba };
}

/** Distance in mm at the end of the colours: what all but few points stay below, at least twice the tolerance. */
function scaleOf(shown: readonly ShownSurface[], toleranceMm: number): number {
  const finite = shown
    .flatMap(({ distancesMm }) => Array.from(distancesMm))
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  const high = finite[Math.floor(0.99 * (finite.length - 1))] ?? 0;
  return Math.max(high, 2 * toleranceMm, 1);
}

async function surfaceFigures(surface: ShownSurface, title: string, most: number): Promise<Markup> {
  const colors = new Uint8Array(3 * surface.distancesMm.length);
  surface.distancesMm.forEach((distance, v) => {
    const color = mapColor(distance / most);
    for (let c = 0; c < 3; c++) colors[3 * v + c] = Number.parseInt(color.slice(1 + 2 * c, 3 + 2 * c), 16);
  });
  const pictures: Markup[] = [];
  for (const view of [VIEWS.anterior, VIEWS.left]) {
    const picture = drawMeshes([{ mesh: surface.mesh, color: "#888888", colors }], view, VIEW_PIXELS);
    pictures.push(
      html`<img src="${await pngDataUri(picture)}" width="${picture.width}" height="${picture.height}" alt="${title}, ${view.title.toLowerCase()}">`,
    );
  }
  return html`<figure class="worst-surface"><div>${pictures}</div><figcaption>${title}; from the front and from the patient's left</figcaption></figure>`;
}

function distanceBar(most: number, toleranceMm: number): Markup {
  const pieces = 40;
  return html`<svg class="color-bar" viewBox="-20 -4 440 52" role="img" aria-label="Colours of distances">
${Array.from({ length: pieces }, (_, i) => html`<rect x="${i * 10}" width="10.5" height="14" fill="${mapColor((i + 0.5) / pieces)}"/>`)}
${ticksBetween(0, most, 5).map((tick) => html`<text x="${((400 * tick) / most).toFixed(1)}" y="27" text-anchor="middle">${tickText(tick)}</text>`)}
<path class="median" d="M${(400 * Math.min(1, toleranceMm / most)).toFixed(1)} -2v18"/>
<text x="200" y="42" text-anchor="middle">mm to the other surface; mark: tolerance</text>
</svg>`;
}
