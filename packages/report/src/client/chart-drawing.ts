/** What uPlot has no notion of: bands, points and the line of equality, drawn into its canvas. */
import type uPlot from "uplot";
import { bandOpacity, bandOutlines, MARK_SIZE, markOf } from "../chart-shapes.js";
import type { Chart } from "../charts.js";

/** Which bands and sets of points are drawn. */
export interface Shown {
  bands: boolean[];
  points: boolean[];
}

/** Value of a custom property of the page's style. */
export const style = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Colour of a line from the page's style, `#rrggbb`, made translucent. */
export function lineColor(number: number, opacity = 1): string {
  const byte = Math.round(255 * opacity);
  return `${style(`--line-${number}`)}${byte === 255 ? "" : byte.toString(16).padStart(2, "0")}`;
}

/** Draws within the plot and `margin` pixels around it. */
function inside(
  plot: uPlot,
  draw: (context: CanvasRenderingContext2D, pixel: number) => void,
  margin = 0,
): void {
  const { ctx, bbox } = plot;
  const pixel = devicePixelRatio || 1;
  const m = margin * pixel;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left - m, bbox.top - m, bbox.width + 2 * m, bbox.height + 2 * m);
  ctx.clip();
  draw(ctx, pixel);
  ctx.restore();
}

const px = (plot: uPlot) => (value: number) => plot.valToPos(value, "x", true);
const py = (plot: uPlot) => (value: number) => plot.valToPos(value, "y", true);

/** `floor`: lowest value of a logarithmic axis; null on a linear one. */
export function drawBands(plot: uPlot, chart: Chart, shown: Shown, floor: number | null): void {
  inside(plot, (context) => {
    chart.bands.forEach((band, n) => {
      if (!shown.bands[n]) return;
      context.fillStyle = lineColor(band.color, bandOpacity(band.depth));
      for (const outline of bandOutlines(chart.x, band, px(plot), py(plot), floor)) {
        context.beginPath();
        for (let i = 0; i < outline.length; i += 2) context.lineTo(outline[i]!, outline[i + 1]!);
        context.fill();
      }
    });
  });
}

export function drawPoints(plot: uPlot, chart: Chart, shown: Shown, log: boolean): void {
  inside(
    plot,
    (context, pixel) => {
      chart.points.forEach(({ x, y, color }, n) => {
        if (!shown.points[n]) return;
        const mark = markOf(n);
        const r = MARK_SIZE[mark] * pixel;
        context.strokeStyle = lineColor(color);
        context.fillStyle = lineColor(color, 0.8);
        context.lineWidth = 1.4 * pixel;
        context.beginPath();
        for (let i = 0; i < x.length; i++) {
          if (log && (y[i]! <= 0 || (chart.identity && x[i]! <= 0))) continue;
          const [cx, cy] = [px(plot)(x[i]!), py(plot)(y[i]!)];
          if (mark === "dot") {
            context.moveTo(cx + r, cy);
            context.arc(cx, cy, r, 0, 2 * Math.PI);
          } else if (mark === "square") context.rect(cx - r, cy - r, 2 * r, 2 * r);
          else {
            const [dx, dy] = mark === "plus" ? [r, 0] : [r, r];
            context.moveTo(cx - dx, cy - dy);
            context.lineTo(cx + dx, cy + dy);
            context.moveTo(cx + dy, cy - dx);
            context.lineTo(cx - dy, cy + dx);
          }
        }
        if (mark === "dot" || mark === "square") context.fill();
        else context.stroke();
      });
      // A mark on the edge stays whole.
    },
    MARK_SIZE.plus,
  );
}

/** Pixels within which a point counts as pointed at. */
const NEAR = 14;

/** The point nearest to the pointer, as its set's number and its place there; null where none is near. */
export function pointAt(plot: uPlot, chart: Chart, shown: Shown): { set: number; index: number } | null {
  const { left = -1, top = -1 } = plot.cursor;
  if (left < 0 || top < 0) return null;
  let found: { set: number; index: number } | null = null;
  let nearest = NEAR;
  chart.points.forEach(({ x, y }, set) => {
    if (!shown.points[set]) return;
    for (let index = 0; index < x.length; index++) {
      const distance = Math.hypot(plot.valToPos(x[index]!, "x") - left, plot.valToPos(y[index]!, "y") - top);
      if (!(distance < nearest)) continue;
      nearest = distance;
      found = { set, index };
    }
  });
  return found;
}

/** y = x across what is shown. */
export function drawIdentity(plot: uPlot): void {
  inside(plot, (context, pixel) => {
    const { min, max } = plot.scales["x"]!;
    if (min == null || max == null) return;
    context.strokeStyle = style("--muted");
    context.lineWidth = pixel;
    context.setLineDash([4 * pixel, 3 * pixel]);
    context.beginPath();
    context.moveTo(px(plot)(min), py(plot)(min));
    context.lineTo(px(plot)(max), py(plot)(max));
    context.stroke();
  });
}
