/** The organs in space: still views first, which the page's script replaces by a scene one can turn. */
import { html, type Markup } from "../html.js";
import { drawMeshes, VIEWS } from "../mesh-picture.js";
import { formatCount, formatFixed } from "../numbers.js";
import type { Payload } from "../payload.js";
import { pngDataUri } from "../png.js";
import type { Structure } from "../structures.js";
import { coloringStills } from "./coloring.js";

const STILL_PIXELS = 540;

export async function sceneSection(payload: Payload, structures: readonly Structure[]): Promise<Markup> {
  const { parts, clusterMm } = payload;
  const { colorings } = payload.manifest;
  if (parts.length === 0) {
    return html`<section id="scene"><h2>Organs in space</h2><p class="empty">No surfaces are stored with this case.</p></section>`;
  }
  const inner = parts.filter(({ structure }) => !structures[structure - 1]!.envelope);
  const drawn = inner.length > 0 ? inner : parts;
  const stills: Markup[] = [];
  for (const view of Object.values(VIEWS)) {
    const picture = drawMeshes(drawn, view, STILL_PIXELS);
    stills.push(
      html`<figure class="still"><img src="${await pngDataUri(picture)}" width="${picture.width}" height="${picture.height}" alt="Organ surfaces, ${view.title.toLowerCase()}"><figcaption>${view.title}</figcaption></figure>`,
    );
  }
  const colored: Markup[] = [];
  for (const coloring of colorings) colored.push(await coloringStills(coloring, drawn, structures));
  const triangles = parts.reduce((sum, { mesh }) => sum + mesh.indices.length / 3, 0);
  return html`<section id="scene" aria-labelledby="scene-title">
<h2 id="scene-title">Organs in space</h2>
<div class="scene" id="scene-view"><div class="stills">${stills}</div></div>
${colored}
<p class="caption">${formatCount(parts.length)} surfaces, ${formatCount(triangles)} triangles.
${drawn.length < parts.length && html`The still views leave skin, fat and muscles out; layers around the whole body start hidden.`}
${clusterMm.organs !== null && html`For this page the organs were coarsened to about ${formatFixed(clusterMm.organs, 1)} mm; the files of the case are finer.`}
${clusterMm.layers !== null && html`The layers around the body were coarsened to about ${formatFixed(clusterMm.layers, 1)} mm.`}</p>
</section>`;
}
