/** Curves one can zoom and read: uPlot over the still pictures. */
import uPlot from "uplot";
import { DASHES, LINE_COLORS, tickText } from "../chart-svg.js";
import { type Chart, logRange } from "../charts.js";
import { formatNumber, formatUnit } from "../numbers.js";
import { button, element } from "./dom.js";

const HEIGHT = 300;
const FONT = '12px -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';

const style = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export function startCharts(charts: readonly Chart[]): void {
  for (const figure of document.querySelectorAll<HTMLElement>("figure[data-chart]")) {
    const chart = charts[Number(figure.dataset["chart"])];
    if (chart && chart.lines.length > 0) startChart(figure, chart);
  }
}

function startChart(figure: HTMLElement, chart: Chart): void {
  const host = figure.querySelector<HTMLElement>(".live")!;
  const range = logRange(chart.lines);
  let plot: uPlot | null = null;
  let scale = range ? chart.scale : "linear";
  const draw = () => {
    plot?.destroy();
    const width = Math.max(240, host.clientWidth);
    plot = new uPlot(
      optionsFor(chart, scale === "log" ? range : null, width),
      dataFor(chart, scale === "log"),
      host,
    );
  };
  figure.classList.add("is-live");
  const reset = button("Whole curve", () => draw(), { class: "quiet" });
  const tools = element("div", { class: "chart-tools" }, reset);
  if (range) {
    const choices = (["linear", "log"] as const).map((kind) =>
      button(kind === "log" ? "Logarithmic" : "Linear", () => {
        scale = kind;
        press();
        draw();
      }),
    );
    const press = () => {
      choices.forEach((node, i) => {
        node.setAttribute("aria-pressed", String((i === 1) === (scale === "log")));
      });
    };
    press();
    tools.prepend(
      element("div", { class: "segmented", role: "group", "aria-label": "Vertical scale" }, ...choices),
    );
  }
  host.before(tools);
  draw();
  let last = host.clientWidth;
  new ResizeObserver(() => {
    if (host.clientWidth === last || host.clientWidth === 0) return;
    last = host.clientWidth;
    plot?.setSize({ width: Math.max(240, last), height: HEIGHT });
  }).observe(host);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}

function dataFor(chart: Chart, log: boolean): uPlot.AlignedData {
  const lines = chart.lines.map((line) =>
    line.values.map((value) =>
      !Number.isFinite(value) || value === null || (log && value <= 0) ? null : value,
    ),
  );
  return [chart.x, ...lines] as uPlot.AlignedData;
}

function optionsFor(chart: Chart, range: [number, number] | null, width: number): uPlot.Options {
  const unit = formatUnit(chart.unit);
  const xUnit = formatUnit(chart.xUnit);
  const axis = {
    stroke: style("--muted"),
    font: FONT,
    grid: { stroke: style("--rule"), width: 1 },
    ticks: { show: false },
  };
  const withUnit = (value: number | null, of: string) =>
    value === null || value === undefined ? "–" : `${formatNumber(value)}${of && `\u00a0${of}`}`;
  return {
    width,
    height: HEIGHT,
    scales: {
      x: { time: false },
      y: range
        ? { distr: 3, log: 10, range: () => range }
        : { range: (_, low, high) => [Math.min(0, low), high > Math.min(0, low) ? high * 1.04 : 1] },
    },
    axes: [
      {
        ...axis,
        label: xUnit ? `${chart.xLabel} (${xUnit})` : chart.xLabel,
        labelFont: FONT,
        labelSize: 22,
        size: 30,
        values: (_, ticks) => ticks.map(tickText),
      },
      {
        ...axis,
        size: 62,
        label: unit,
        labelFont: FONT,
        labelSize: unit ? 20 : 0,
        values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : tickText(tick))),
      },
    ],
    series: [
      { label: chart.xLabel, value: (_, value) => withUnit(value, xUnit) },
      ...chart.lines.map((line, n) => ({
        label: line.label,
        stroke: style(`--line-${(n % LINE_COLORS) + 1}`),
        width: 2,
        dash: [...DASHES[Math.floor(n / LINE_COLORS) % DASHES.length]!],
        points: { show: false },
        value: (_: uPlot, value: number | null) => withUnit(value, unit),
      })),
    ],
    cursor: { drag: { x: true, y: false }, focus: { prox: 24 }, points: { size: 7 } },
    focus: { alpha: 0.35 },
    legend: {
      live: true,
      markers: {
        width: 2,
        dash: (_, n) => ["solid", "dashed", "dotted"][Math.floor((n - 1) / LINE_COLORS) % 3]!,
      },
    },
  };
}
