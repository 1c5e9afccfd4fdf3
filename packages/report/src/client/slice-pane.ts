/** One of the three views: a canvas with letters at its edges, a slider and a crosshair. */
import { type Plane, screenOf, voxelAt } from "../planes.js";
import { drawSlice, type SliceSource, sliceOutlines } from "../slice-image.js";
import type { GreyWindow } from "../windows.js";
import { element, wheelIntent } from "./dom.js";

/** What all panes share and show. */
export interface ViewState {
  voxel: [number, number, number];
  window: GreyWindow;
  opacity: number;
  outlines: boolean;
  crosshair: boolean;
  hidden: readonly boolean[];
  selected: number | null;
}

export interface PaneEvents {
  move: (voxel: [number, number, number]) => void;
  hover: (voxel: [number, number, number] | null) => void;
}

/** The images of all panes. */
export interface PaneScene {
  source: SliceSource;
  spacingMm: readonly number[];
  colors: readonly string[];
  captionOf: (plane: Plane, index: number) => string;
}

export class SlicePane {
  readonly root: HTMLElement;
  readonly #scene: PaneScene;
  readonly #plane: Plane;
  readonly #state: ViewState;
  readonly #events: PaneEvents;
  readonly #canvas = element("canvas");
  readonly #slider: HTMLInputElement;
  readonly #caption = element("span", { class: "pane-position" });
  readonly #outlines = new Map<number, Map<number, Path2D>>();
  readonly #picture = document.createElement("canvas");
  #box = { x: 0, y: 0, width: 1, height: 1 };

  constructor(scene: PaneScene, plane: Plane, state: ViewState, events: PaneEvents) {
    this.#scene = scene;
    this.#plane = plane;
    this.#state = state;
    this.#events = events;
    const { source } = scene;
    const count = source.size[plane.through];
    this.#slider = element("input", {
      type: "range",
      min: 0,
      max: count - 1,
      step: 1,
      value: state.voxel[plane.through],
      "aria-label": `${plane.title} slice`,
    });
    this.#slider.addEventListener("input", () => this.#goTo(Number(this.#slider.value)));
    const letters = (["left", "right", "top", "bottom"] as const).map((edge) =>
      element("span", { class: `mark mark-${edge}`, "aria-hidden": "true" }, plane.marks[edge]),
    );
    const frame = element(
      "div",
      { class: "pane-frame", tabindex: 0, role: "group", "aria-label": this.#description() },
      this.#canvas,
      ...letters,
      this.#caption,
    );
    this.root = element("div", { class: `pane pane-${plane.name}` }, frame, this.#slider);
    this.#listen(frame);
    new ResizeObserver(() => this.draw()).observe(frame);
  }

  #description(): string {
    const { left, right, top, bottom } = this.#plane.marks;
    return `${this.#plane.title} view. Left edge ${left}, right edge ${right}, top ${top}, bottom ${bottom}. Arrow keys change the slice.`;
  }

  #listen(frame: HTMLElement): void {
    const canvas = this.#canvas;
    const at = (event: PointerEvent) => {
      const rect = canvas.getBoundingClientRect();
      const x = (event.clientX - rect.left - this.#box.x) / this.#box.width;
      const y = (event.clientY - rect.top - this.#box.y) / this.#box.height;
      const inside = x >= 0 && x < 1 && y >= 0 && y < 1;
      return {
        inside,
        voxel: voxelAt(this.#scene.source.size, this.#plane, this.#state.voxel[this.#plane.through], x, y),
      };
    };
    let dragging = false;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      dragging = true;
      canvas.setPointerCapture(event.pointerId);
      frame.focus({ preventScroll: true });
      this.#events.move(at(event).voxel);
    });
    canvas.addEventListener("pointermove", (event) => {
      const { inside, voxel } = at(event);
      if (dragging) this.#events.move(voxel);
      this.#events.hover(inside || dragging ? voxel : null);
    });
    for (const name of ["pointerup", "pointercancel"] as const)
      canvas.addEventListener(name, () => {
        dragging = false;
      });
    canvas.addEventListener("pointerleave", () => this.#events.hover(null));
    const meant = wheelIntent(frame);
    let turned = 0;
    frame.addEventListener(
      "wheel",
      (event) => {
        if (!meant() || event.ctrlKey) return;
        event.preventDefault();
        // Touchpads send many small steps: a slice for every 40 pixels, a mouse notch at least one.
        turned += event.deltaMode === 0 ? event.deltaY / 40 : event.deltaY;
        const steps = Math.trunc(turned);
        if (steps === 0) return;
        turned -= steps;
        this.#goTo(this.#state.voxel[this.#plane.through] - Math.max(-3, Math.min(3, steps)));
      },
      { passive: false },
    );
    frame.addEventListener("keydown", (event) => {
      const step = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1, PageUp: 10, PageDown: -10 }[
        event.key
      ];
      const last = this.#scene.source.size[this.#plane.through] - 1;
      const target =
        step !== undefined
          ? this.#state.voxel[this.#plane.through] + step
          : { Home: 0, End: last }[event.key];
      if (target === undefined) return;
      event.preventDefault();
      this.#goTo(target);
    });
  }

  #goTo(index: number): void {
    const voxel: [number, number, number] = [...this.#state.voxel];
    voxel[this.#plane.through] = Math.max(
      0,
      Math.min(this.#scene.source.size[this.#plane.through] - 1, index),
    );
    this.#events.move(voxel);
  }

  #pathsOf(index: number): Map<number, Path2D> {
    let paths = this.#outlines.get(index);
    if (!paths) {
      paths = new Map();
      if (this.#scene.source.labels) {
        for (const [label, segments] of sliceOutlines(
          this.#scene.source.size,
          this.#scene.source.labels,
          this.#plane,
          index,
        )) {
          const path = new Path2D();
          for (let i = 0; i < segments.length; i += 4) {
            path.moveTo(segments[i]!, segments[i + 1]!);
            path.lineTo(segments[i + 2]!, segments[i + 3]!);
          }
          paths.set(label, path);
        }
      }
      if (this.#outlines.size > 40) this.#outlines.clear();
      this.#outlines.set(index, paths);
    }
    return paths;
  }

  draw(): void {
    const canvas = this.#canvas;
    const ratio = window.devicePixelRatio || 1;
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    if (width === 0 || height === 0) return;
    const { source, spacingMm } = this.#scene;
    const plane = this.#plane;
    const state = this.#state;
    const index = state.voxel[plane.through];
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const context = canvas.getContext("2d")!;
    const picture = drawSlice(source, plane, index, state.window, state.opacity, state.hidden);
    this.#picture.width = picture.width;
    this.#picture.height = picture.height;
    this.#picture
      .getContext("2d")!
      .putImageData(
        new ImageData(picture.rgba as Uint8ClampedArray<ArrayBuffer>, picture.width, picture.height),
        0,
        0,
      );
    const wide = picture.width * spacingMm[plane.across]!;
    const tall = picture.height * spacingMm[plane.down]!;
    const scale = Math.min(width / wide, height / tall);
    this.#box = {
      x: (width - wide * scale) / 2,
      y: (height - tall * scale) / 2,
      width: wide * scale,
      height: tall * scale,
    };
    const { x, y } = this.#box;
    context.scale(ratio, ratio);
    context.imageSmoothingQuality = "high";
    context.drawImage(this.#picture, x, y, this.#box.width, this.#box.height);
    const [sx, sy] = [this.#box.width / picture.width, this.#box.height / picture.height];
    for (const [label, path] of this.#pathsOf(index)) {
      const chosen = label === state.selected;
      if (state.hidden[label] || !(state.outlines || chosen)) continue;
      const placed = new Path2D();
      placed.addPath(path, new DOMMatrix([sx, 0, 0, sy, x, y]));
      context.lineCap = "round";
      if (chosen) {
        context.strokeStyle = "#fff";
        context.lineWidth = 4;
        context.stroke(placed);
      }
      context.strokeStyle = this.#scene.colors[label - 1]!;
      context.lineWidth = chosen ? 2.2 : 1.2;
      context.stroke(placed);
    }
    if (state.crosshair) this.#drawCrosshair(context);
    this.#slider.value = String(index);
    this.#caption.textContent = this.#scene.captionOf(plane, index);
    this.#slider.setAttribute("aria-valuetext", this.#caption.textContent);
  }

  #drawCrosshair(context: CanvasRenderingContext2D): void {
    const [fx, fy] = screenOf(this.#scene.source.size, this.#plane, this.#state.voxel);
    const { x, y, width, height } = this.#box;
    const cx = x + fx * width;
    const cy = y + fy * height;
    const gap = 9;
    context.strokeStyle = "rgba(255, 236, 160, 0.65)";
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(x, cy);
    context.lineTo(cx - gap, cy);
    context.moveTo(cx + gap, cy);
    context.lineTo(x + width, cy);
    context.moveTo(cx, y);
    context.lineTo(cx, cy - gap);
    context.moveTo(cx, cy + gap);
    context.lineTo(cx, y + height);
    context.stroke();
  }
}
