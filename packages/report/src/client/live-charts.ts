/** Curves one can zoom and read: uPlot over the still pictures. */
import uPlot from "uplot";
import { decades, hasLogScale, type Range, rangesOf } from "../chart-range.js";
import { DASHES } from "../chart-shapes.js";
import { axisTitle, tickText } from "../chart-svg.js";
import { type Chart, LINE_COLORS, MOST_DISTINCT_LINES } from "../charts.js";
import { formatNumber, formatUnit } from "../numbers.js";
import {
  drawBands,
  drawIdentity,
  drawPoints,
  lineColor,
  pointAt,
  type Shown,
  style,
} from "./chart-drawing.js";
import { button, element } from "./dom.js";

const HEIGHT = 300;
const FONT = '12px -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';

export function startCharts(charts: readonly Chart[]): void {
  for (const figure of document.querySelectorAll<HTMLElement>("figure[data-chart]")) {
    const chart = charts[Number(figure.dataset["chart"])];
    if (!chart || chart.lines.length + chart.bands.length + chart.points.length === 0) continue;
    const fold = figure.closest<HTMLDetailsElement>("details:not([open])");
    // What is folded away costs nothing until somebody looks.
    if (fold) fold.addEventListener("toggle", () => startChart(figure, chart), { once: true });
    else startChart(figure, chart);
  }
}

function startChart(figure: HTMLElement, chart: Chart): void {
  const host = figure.querySelector<HTMLElement>(".live")!;
  const canLog = hasLogScale(chart);
  const shown: Shown = { bands: chart.bands.map(() => true), points: chart.points.map(() => true) };
  let plot: uPlot | null = null;
  let log = canLog && chart.scale === "log";
  const said = element("output", { class: "point-said" });
  const draw = () => {
    plot?.destroy();
    const width = Math.max(240, host.clientWidth);
    plot = new uPlot(optionsFor(chart, log, width, { shown, said }), dataFor(chart, log), host);
    if (chart.lines.length <= MOST_DISTINCT_LINES) makeLegendKeyable(plot.root);
  };
  figure.classList.add("is-live");
  const reset = button("Whole curve", () => draw(), { class: "quiet" });
  const tools = element("div", { class: "chart-tools" }, reset);
  if (canLog) {
    const choices = ([false, true] as const).map((kind) =>
      button(kind ? "Logarithmic" : "Linear", () => {
        log = kind;
        press();
        draw();
      }),
    );
    const press = () => {
      choices.forEach((node, i) => {
        node.setAttribute("aria-pressed", String((i === 1) === log));
      });
    };
    press();
    const label = chart.identity ? "Scale of both axes" : "Vertical scale";
    tools.prepend(element("div", { class: "segmented", role: "group", "aria-label": label }, ...choices));
  }
  host.before(tools);
  if (chart.points.length > 0) host.after(said);
  host.after(...shownList(figure, chart, shown, () => plot?.redraw(false)));
  draw();
  let last = host.clientWidth;
  new ResizeObserver(() => {
    if (host.clientWidth === last || host.clientWidth === 0) return;
    last = host.clientWidth;
    plot?.setSize({ width: Math.max(240, last), height: HEIGHT });
  }).observe(host);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}

/** uPlot's legend hides a curve by click alone. */
function makeLegendKeyable(root: HTMLElement): void {
  // The first row is the horizontal axis.
  for (const name of [...root.querySelectorAll<HTMLElement>(".u-legend th")].slice(1)) {
    name.tabIndex = 0;
    name.setAttribute("role", "button");
    name.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      name.click();
    });
  }
}

/** Buttons that show and hide bands and points, made from the still legend's entries; lines have uPlot's own. */
function shownList(figure: HTMLElement, chart: Chart, shown: Shown, redraw: () => void): HTMLElement[] {
  const flags = [
    ...chart.bands.map((_, n) => ({ list: shown.bands, n })),
    ...chart.points.map((_, n) => ({ list: shown.points, n })),
  ];
  if (flags.length === 0) return [];
  const entries = [...figure.querySelectorAll(".static .legend li")];
  const first = entries.length - flags.length - (chart.identity ? 1 : 0);
  return [
    element(
      "ul",
      { class: "legend live-legend" },
      ...flags.map(({ list, n }, i) => {
        const toggle = button("", () => {
          list[n] = !list[n];
          toggle.setAttribute("aria-pressed", String(list[n]));
          redraw();
        });
        toggle.setAttribute("aria-pressed", "true");
        toggle.append(...[...entries[first + i]!.childNodes].map((node) => node.cloneNode(true)));
        return element("li", {}, toggle);
      }),
    ),
  ];
}

function dataFor(chart: Chart, log: boolean): uPlot.AlignedData {
  if (chart.lines.length === 0) {
    const { x } = rangesOf(chart, log);
    return [x, [null, null]] as uPlot.AlignedData;
  }
  const lines = chart.lines.map((line) =>
    line.values.map((value) => (!Number.isFinite(value) || (log && value <= 0) ? null : value)),
  );
  return [chart.x, ...lines] as uPlot.AlignedData;
}

/** The chart within a part of its horizontal axis. */
function within(chart: Chart, [from, to]: Range): Chart {
  const pick = (of: readonly number[], by: readonly number[]) =>
    of.filter((_, i) => by[i]! >= from && by[i]! <= to);
  return {
    ...chart,
    x: pick(chart.x, chart.x),
    lines: chart.lines.map((line) => ({ ...line, values: pick(line.values, chart.x) })),
    bands: chart.bands.map((band) => ({
      ...band,
      low: pick(band.low, chart.x),
      high: pick(band.high, chart.x),
    })),
    points: chart.points.map((set) => ({ ...set, x: pick(set.x, set.x), y: pick(set.y, set.x) })),
  };
}

/** What else a plot shows, and where it tells what is under the pointer. */
interface Company {
  shown: Shown;
  said: HTMLElement;
}

function optionsFor(chart: Chart, log: boolean, width: number, { shown, said }: Company): uPlot.Options {
  const unit = formatUnit(chart.unit);
  const xUnit = formatUnit(chart.xUnit);
  const whole = rangesOf(chart, log);
  const axis = {
    stroke: style("--muted"),
    font: FONT,
    grid: { stroke: style("--rule"), width: 1 },
    ticks: { show: false },
  };
  const many = chart.lines.length > MOST_DISTINCT_LINES;
  const withUnit = (value: number | null, of: string) =>
    value === null || value === undefined ? "–" : `${formatNumber(value)}${of && `\u00a0${of}`}`;
  /** What the vertical axis spans for what the horizontal one shows. */
  const heightIn = (plot: uPlot): Range => {
    const { min, max } = plot.scales["x"]!;
    return chart.identity || min == null || max == null
      ? whole.y
      : rangesOf(within(chart, [min, max]), log).y;
  };
  const scale = (range: Range, logarithmic: boolean, otherwise: (plot: uPlot) => Range): uPlot.Scale => ({
    time: false,
    auto: false,
    min: range[0],
    max: range[1],
    ...(logarithmic ? { distr: 3 as const, log: 10 as const } : {}),
    // Nothing is asked for when a curve is hidden or shown.
    range: (plot, low, high) => (low == null || high == null ? otherwise(plot) : [low, high]),
  });
  const values = (_: uPlot, ticks: number[]) => ticks.map((tick) => (tick === null ? "" : tickText(tick)));
  const splits = (_: uPlot, __: number, low: number, high: number) => decades([low, high]);
  const yTitle = axisTitle(chart.yLabel, chart.unit);
  return {
    width,
    height: HEIGHT,
    scales: {
      x: scale(whole.x, log && chart.identity, () => whole.x),
      y: scale(whole.y, log, heightIn),
    },
    axes: [
      {
        ...axis,
        label: axisTitle(chart.xLabel, chart.xUnit),
        labelFont: FONT,
        labelSize: 22,
        size: 30,
        values,
        ...(log && chart.identity ? { splits } : {}),
      },
      {
        ...axis,
        ...(log ? { splits } : {}),
        size: 62,
        label: yTitle,
        labelFont: FONT,
        labelSize: yTitle ? 20 : 0,
        values,
      },
    ],
    series: [
      { label: chart.xLabel, value: (_, value) => withUnit(value, xUnit) },
      ...(chart.lines.length === 0 ? [{ show: false }] : []),
      ...chart.lines.map((line, n) => ({
        label: line.label,
        stroke: many ? lineColor(1, 0.55) : lineColor((n % LINE_COLORS) + 1),
        width: many ? 1.2 : 2,
        dash: many ? [] : [...DASHES[Math.floor(n / LINE_COLORS) % DASHES.length]!],
        points: { show: false },
        // Curves between pixels: whole ones would make steps of a gentle slope.
        pxAlign: 0,
        value: (_: uPlot, value: number | null) => withUnit(value, unit),
      })),
    ],
    cursor: { drag: { x: true, y: false }, focus: { prox: 24 }, points: { size: 7 } },
    focus: { alpha: many ? 0.2 : 0.35 },
    hooks: {
      // Between grid and lines.
      drawAxes: [
        (plot) => {
          drawBands(plot, chart, shown, log ? whole.y[0] : null);
          if (chart.identity) drawIdentity(plot);
        },
      ],
      draw: [(plot) => drawPoints(plot, chart, shown, log)],
      setCursor: [
        (plot) => {
          const at = pointAt(plot, chart, shown);
          const set = at && chart.points[at.set]!;
          said.textContent = set
            ? `${set.label}: ${withUnit(set.y[at.index]!, unit)} at ${withUnit(set.x[at.index]!, xUnit)}`
            : "";
        },
      ],
      setScale: [
        (plot, key) => {
          if (key !== "x") return;
          const [min, max] = heightIn(plot);
          plot.setScale("y", { min, max });
        },
      ],
    },
    legend: {
      show: chart.lines.length > 0,
      live: true,
      markers: {
        width: 2,
        dash: (_, n) => ["solid", "dashed", "dotted"][many ? 0 : Math.floor((n - 1) / LINE_COLORS) % 3]!,
      },
    },
  };
}
