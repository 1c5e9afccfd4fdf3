/** Chooses a quantity to colour the organs by, and the time it is shown at: slider, play, colour bar. */
import { tickText } from "../chart-svg.js";
import { type Coloring, colorBar, colorsAt, timeScale, timeText, valueAt } from "../colorings.js";
import { formatQuantity } from "../numbers.js";
import { button, element, svgElement } from "./dom.js";

/** Seconds that the whole course plays for. */
const PLAY_SECONDS = 14;
/** Steps of the slider; an arrow key moves by one, page keys by more. */
const STEPS = 400;

export class SceneColoring {
  readonly root: HTMLElement;
  /** The colour bar, to lie in the scene. */
  readonly bar: SVGElement;
  readonly #colorings: readonly Coloring[];
  readonly #paint: (colors: ReadonlyMap<number, string> | null) => void;
  #chosen: Coloring | null = null;
  #scale: "linear" | "log" = "linear";
  #time = 0;
  #along = timeScale({ x: [0, 1], moments: [{ label: "Peak", row: 0 }] });
  #playing = false;
  readonly #controls: HTMLElement;
  readonly #slider: HTMLInputElement;
  readonly #clock = element("output", { class: "clock" });
  readonly #play: HTMLButtonElement;
  readonly #scales: HTMLElement;
  readonly #jumps: HTMLElement;
  readonly #hint = element("span", { class: "hint" });

  /** `paint` gets the colours by structure number; null: the structures' own. */
  constructor(colorings: readonly Coloring[], paint: (colors: ReadonlyMap<number, string> | null) => void) {
    this.#colorings = colorings;
    this.#paint = paint;
    const choice = element(
      "select",
      {},
      element("option", { value: "" }, "structure"),
      ...colorings.map((coloring, i) => element("option", { value: i }, titleWithUnit(coloring))),
    );
    choice.addEventListener("change", () => this.#choose(choice.value === "" ? null : Number(choice.value)));
    this.#play = button("Play", () => this.#setPlaying(!this.#playing), { class: "play" });
    this.#slider = element("input", { type: "range", min: 0, max: STEPS, step: 1, "aria-label": "Time" });
    this.#slider.addEventListener("input", () => {
      this.#setPlaying(false);
      this.#show(this.#along.timeAt(Number(this.#slider.value) / STEPS));
    });
    this.#scales = element("div", {
      class: "segmented",
      role: "group",
      "aria-label": "Scale of the colours",
    });
    this.#jumps = element("div", { class: "segmented", role: "group", "aria-label": "Go to" });
    this.#hint.textContent = "The slider gives early times more room.";
    this.#controls = element(
      "div",
      { class: "time-controls", hidden: true },
      this.#play,
      this.#slider,
      this.#clock,
      this.#jumps,
      this.#hint,
    );
    this.root = element(
      "div",
      { class: "tools color-tools", role: "group", "aria-label": "Colour" },
      element("label", {}, "Colour by ", choice),
      this.#scales,
      this.#controls,
    );
    this.bar = svgElement("svg", { class: "color-bar is-empty", viewBox: "-12 0 124 15", role: "img" });
  }

  /** Value of a structure now, with its unit; null where it has none. */
  valueText(structure: number): string | null {
    const coloring = this.#chosen;
    const column = coloring?.columns.find(({ structures }) => structures.includes(structure));
    if (!coloring || !column) return null;
    return formatQuantity(valueAt(coloring.x, column.values, this.#time), coloring.unit);
  }

  #choose(index: number | null): void {
    this.#setPlaying(false);
    this.#chosen = index === null ? null : this.#colorings[index]!;
    this.#controls.hidden = this.#chosen === null;
    this.#scales.hidden = this.#chosen === null;
    this.bar.classList.toggle("is-empty", this.#chosen === null);
    if (!this.#chosen) {
      this.#paint(null);
      return;
    }
    const { x, xUnit, moments, scale } = this.#chosen;
    this.#along = timeScale(this.#chosen);
    this.#hint.hidden = this.#along.even;
    this.#jumps.replaceChildren(
      ...moments.map(({ label, row }) =>
        button(
          label,
          () => {
            this.#setPlaying(false);
            this.#show(x[row]!);
          },
          { title: timeText(x[row]!, xUnit) },
        ),
      ),
    );
    this.#setScale(scale);
    this.#show(x[moments.find(({ label }) => label === "Peak")!.row]!);
  }

  #setScale(scale: "linear" | "log"): void {
    this.#scale = scale;
    const choices = this.#chosen!.log ? (["linear", "log"] as const) : [];
    this.#scales.replaceChildren(
      ...choices.map((kind) => {
        const node = button(kind === "log" ? "Logarithmic" : "Linear", () => {
          this.#setScale(kind);
          this.#show(this.#time);
          this.#scales.querySelector<HTMLElement>('[aria-pressed="true"]')?.focus();
        });
        node.setAttribute("aria-pressed", String(kind === scale));
        return node;
      }),
    );
    this.#drawBar();
  }

  #drawBar(): void {
    const { pieces, ticks, unit } = colorBar(this.#chosen!, this.#scale);
    const note = this.#scale === "log" ? `${unit} (logarithmic)` : unit;
    this.bar.setAttribute("aria-label", `Colours from little to much, ${note}`);
    this.bar.replaceChildren(
      ...pieces.map(({ x, width, color }) => svgElement("rect", { x, width, height: 4, fill: color })),
      ...ticks.map(({ x, value }) =>
        svgElement("text", { x, y: 8.6, "text-anchor": "middle" }, tickText(value)),
      ),
      svgElement("text", { x: 50, y: 13.6, "text-anchor": "middle" }, note),
    );
  }

  #show(time: number): void {
    const coloring = this.#chosen;
    if (!coloring) return;
    this.#time = time;
    this.#slider.value = String(Math.round(this.#along.placeOf(time) * STEPS));
    const text = timeText(time, coloring.xUnit);
    this.#slider.setAttribute("aria-valuetext", text);
    this.#clock.textContent = text;
    this.#paint(colorsAt(coloring, time, this.#scale));
  }

  #setPlaying(on: boolean): void {
    if (on === this.#playing) return;
    this.#playing = on;
    this.#play.textContent = on ? "Pause" : "Play";
    if (!on || !this.#chosen) return;
    let place = this.#along.placeOf(this.#time);
    if (place >= 1 - 1e-9) place = 0;
    let before: number | null = null;
    const step = (now: number) => {
      if (!this.#playing) return;
      place = Math.min(1, place + (before === null ? 0 : (now - before) / 1000 / PLAY_SECONDS));
      before = now;
      this.#show(this.#along.timeAt(place));
      if (place >= 1) this.#setPlaying(false);
      else requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }
}

function titleWithUnit(coloring: Coloring): string {
  const { unit } = colorBar(coloring, "linear");
  return unit === "" ? coloring.title : `${coloring.title} (${unit})`;
}
