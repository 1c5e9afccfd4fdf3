/** The three views: still pictures first, which the page's script replaces by live ones. */
import { spacingOf } from "@viscera/core";
import type { DisplayGrid } from "../display-grid.js";
import { html, type Markup } from "../html.js";
import { formatFixed } from "../numbers.js";
import type { Payload } from "../payload.js";
import { PLANES, type Plane, sliceCaption } from "../planes.js";
import { pngDataUri } from "../png.js";
import { drawSlice, type SliceSource, sliceOutlines } from "../slice-image.js";
import type { GreyWindow } from "../windows.js";

const NO_IMAGE: GreyWindow = { title: "", level: 0, width: 1 };
const STILL_OPACITY = 0.3;

interface Still {
  source: SliceSource;
  spacingMm: readonly number[];
  window: GreyWindow;
  colors: readonly string[];
  /** By structure number. */
  hidden: readonly boolean[];
}

/** A slice as SVG in millimetres: picture, outlines, letters at the edges. */
async function stillSlice(still: Still, plane: Plane, index: number, caption: string): Promise<Markup> {
  const { source, spacingMm, window, colors, hidden } = still;
  const [dx, dy] = [spacingMm[plane.across]!, spacingMm[plane.down]!];
  const picture = drawSlice(source, plane, index, window, STILL_OPACITY, hidden);
  const width = picture.width * dx;
  const height = picture.height * dy;
  const uri = await pngDataUri(picture);
  const outlines = source.labels ? sliceOutlines(source.size, source.labels, plane, index) : new Map();
  const paths = [...outlines].map(([label, segments]: [number, number[]]) => {
    if (hidden[label]) return "";
    let d = "";
    for (let i = 0; i < segments.length; i += 4)
      d += `M${short(segments[i]! * dx)} ${short(segments[i + 1]! * dy)}L${short(segments[i + 2]! * dx)} ${short(segments[i + 3]! * dy)}`;
    return html`<path d="${d}" stroke="${colors[label - 1]!}"/>`;
  });
  const size = Math.max(width, height) / 22;
  const { left, right, top, bottom } = plane.marks;
  const letter = (x: number, y: number, text: string) =>
    html`<text x="${short(x)}" y="${short(y)}" font-size="${short(size)}">${text}</text>`;
  return html`<figure class="still still-${plane.name}"><svg viewBox="0 0 ${short(width)} ${short(height)}" role="img" aria-label="${caption}">
<image href="${uri}" width="${short(width)}" height="${short(height)}" preserveAspectRatio="none"/>
<g class="outlines" stroke-width="${short(size / 16)}">${paths}</g>
<g class="marks">${letter(size * 0.7, height / 2, left)}${letter(width - size * 0.7, height / 2, right)}${letter(width / 2, size, top)}${letter(width / 2, height - size * 0.4, bottom)}</g>
</svg><figcaption>${caption}</figcaption></figure>`;
}

const short = (value: number) => String(Number(value.toFixed(2)));

/** Upright volumes get three columns, flat ones a large axial view with two beside it. */
function isTall({ size, affine }: DisplayGrid): boolean {
  const spacing = spacingOf(affine);
  return size[2] * spacing[2] > 1.15 * size[0] * spacing[0];
}

export async function slicesSection(payload: Payload, shared: { sameScanGrid: boolean }): Promise<Markup> {
  const { manifest, source, grid } = payload;
  if (!source || !grid || !manifest.grid) {
    return html`<section id="slices"><h2>Slices</h2><p class="empty">No image is stored with this case.</p></section>`;
  }
  const still: Still = {
    source,
    spacingMm: manifest.grid.spacingMm,
    window: manifest.windows[0] ?? NO_IMAGE,
    colors: manifest.structures.map((s) => s.color),
    hidden: [false, ...manifest.structures.map((s) => s.wrapping)],
  };
  const one = (plane: Plane, index: number) =>
    stillSlice(still, plane, index, sliceCaption(grid.affine, grid.size, plane, index));
  const [x, y, z] = manifest.start;
  const main = [await one(PLANES.axial, z), await one(PLANES.coronal, y), await one(PLANES.sagittal, x)];
  const levels: Markup[] = [];
  const depth = grid.size[2];
  if (depth >= 6)
    for (const fraction of [0.86, 0.62, 0.38, 0.14])
      levels.push(await one(PLANES.axial, Math.round(fraction * (depth - 1))));
  const factors = grid.source.map(({ factor }) => factor);
  const reduced = factors.some((factor) => factor > 1);
  return html`<section id="slices" aria-labelledby="slices-title">
<h2 id="slices-title">Slices</h2>
<div class="${isTall(grid) ? "viewer is-tall" : "viewer"}" id="viewer">
<div class="stills">${main}</div>
</div>
<div class="levels">${levels}</div>
<p class="caption">Seen as in radiology: the patient's right (R) is on your left.
${manifest.windows[0] && html`Still pictures: ${manifest.windows[0].title.toLowerCase()} window, level ${formatFixed(manifest.windows[0].level, 0)}, width ${formatFixed(manifest.windows[0].width, 0)}${manifest.image?.unit ? ` ${manifest.image.unit}` : ""}.`}
${manifest.structures.some((s) => s.wrapping) && "Skin, fat and the muscle layer are not drawn at first; the list beside the scene shows them."}
${reduced && html`For this page the image was averaged over blocks of ${factors.join(" × ")} voxels; the measures come from the full image.`}
${!shared.sameScanGrid && html`The labels were resampled onto the image for display.`}</p>
</section>`;
}
