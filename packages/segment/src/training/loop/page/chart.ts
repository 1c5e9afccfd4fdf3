/** Curves over training steps as an SVG; colours come from the page's style. */
import { escaped } from "./html.js";

export interface Line {
  name: string;
  points: readonly { x: number; y: number }[];
  /** Class of the line in the style sheet. */
  style: string;
}

export interface ChartSpec {
  title: string;
  lines: readonly Line[];
  /** Steps of the whole run: the axis reaches there from the start. */
  xMost: number;
  /** Range of the axis; null fits it to the values. */
  range: readonly [number, number] | null;
  /** Logarithmic where all values are positive. */
  log?: boolean;
}

const WIDTH = 640;
const HEIGHT = 260;
const LEFT = 56;
const RIGHT = WIDTH - 28;
const TOP = 12;
const BOTTOM = HEIGHT - 30;

/** An SVG without a legend. Lines of one point are drawn as a dot. */
export function chartSvg({ title, lines, xMost, range, log = false }: ChartSpec): string {
  const values = lines.flatMap(({ points }) => points.map(({ y }) => y));
  const isLog = log && values.length > 0 && values.every((y) => y > 0);
  const scale = isLog ? Math.log10 : (y: number) => y;
  const [low, high] = range ?? niceRange(values.map(scale), isLog);
  const px = (x: number) => LEFT + ((RIGHT - LEFT) * x) / Math.max(1, xMost);
  const py = (y: number) => BOTTOM - ((BOTTOM - TOP) * (y - low)) / (high - low);
  const yTicks = isLog
    ? logTicks(low, high)
    : ticks(low, high, 5).map((at) => ({ at, text: shortNumber(at) }));
  const grid = yTicks.map(({ at, text }) => {
    const y = py(at).toFixed(1);
    return `<line class="grid" x1="${LEFT}" x2="${RIGHT}" y1="${y}" y2="${y}"/><text x="${LEFT - 8}" y="${y}" dy=".35em" text-anchor="end">${text}</text>`;
  });
  const steps = ticks(0, xMost, 5).map((at) => {
    const x = px(at).toFixed(1);
    return `<line class="axis" x1="${x}" x2="${x}" y1="${BOTTOM}" y2="${BOTTOM + 5}"/><text x="${x}" y="${BOTTOM + 22}" text-anchor="middle">${shortNumber(at)}</text>`;
  });
  const paths = lines.map(({ name, points, style }) => {
    const at = points.map(({ x, y }) => [px(x), Math.min(BOTTOM, Math.max(TOP, py(scale(y))))] as const);
    const label = `<title>${escaped(name)}</title>`;
    if (at.length === 1) {
      return `<circle class="dot ${style}" cx="${at[0]![0].toFixed(1)}" cy="${at[0]![1].toFixed(1)}" r="3.5">${label}</circle>`;
    }
    const path = at.map(([x, y], i) => `${i === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
    return `<path class="line ${style}" d="${path}">${label}</path>`;
  });
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">
${grid.join("")}${steps.join("")}<line class="axis" x1="${LEFT}" x2="${RIGHT}" y1="${BOTTOM}" y2="${BOTTOM}"/>
${paths.join("\n")}
</svg>`;
}

/** A range around the values, a little wider than they are. */
function niceRange(values: readonly number[], isLog: boolean): [number, number] {
  if (values.length === 0) return [0, 1];
  let low = values[0]!;
  let high = values[0]!;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (!isLog) low = Math.min(0, low);
  const margin = 0.04 * (high - low) || 0.5;
  return [isLog ? low - margin : low, high + margin];
}

function ticks(low: number, high: number, about: number): number[] {
  const raw = (high - low) / about;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= raw * 0.999) ?? raw;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(10)));
}

/** 1, 2 and 5 times the powers of ten in a range given by its logarithms. */
function logTicks(low: number, high: number): { at: number; text: string }[] {
  const found: { at: number; text: string }[] = [];
  for (let power = Math.floor(low); power <= high; power++) {
    for (const digit of high - low > 2 ? [1] : [1, 2, 5]) {
      const value = digit * 10 ** power;
      const at = Math.log10(value);
      if (at >= low && at <= high) found.push({ at, text: shortNumber(value) });
    }
  }
  return found;
}

/** "0.05", "1200", "12k", "1e-5". */
export function shortNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e4) return `${Number((value / 1000).toPrecision(4))}k`;
  if (size !== 0 && size < 1e-3) return value.toExponential(0).replace("e+", "e");
  return String(Number(value.toPrecision(4)));
}
