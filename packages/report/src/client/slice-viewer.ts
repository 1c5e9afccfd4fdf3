/** The three linked views with their tools and the line that says what is under the pointer. */
import { applyToPoint } from "@viscera/core";
import { unpackImage, unpackLabels } from "../image-packing.js";
import type { Manifest } from "../manifest.js";
import { formatFixed, formatNumber } from "../numbers.js";
import { PLANES, sliceCaption } from "../planes.js";
import { paletteOf, type SliceSource } from "../slice-image.js";
import type { GreyWindow } from "../windows.js";
import { button, checkbox, element, slider } from "./dom.js";
import type { Selection } from "./selection.js";
import { SlicePane, type ViewState } from "./slice-pane.js";

/** Replaces the still slices in `host` by live ones. */
export async function startSlices(
  host: HTMLElement,
  manifest: Manifest,
  blocks: { image: string; labels: string },
  selection: Selection,
): Promise<void> {
  const { grid, image, structures } = manifest;
  if (!grid) return;
  const [pixels, labels] = await Promise.all([
    image ? unpackImage(blocks.image) : null,
    manifest.hasLabels ? unpackLabels(blocks.labels) : null,
  ]);
  const colors = structures.map((structure) => structure.color);
  const source: SliceSource = {
    size: grid.size,
    image: image && pixels ? { data: pixels, slope: image.slope, intercept: image.intercept } : null,
    labels,
    palette: paletteOf(colors),
  };
  const state: ViewState = {
    voxel: [...manifest.start],
    window: manifest.windows[0] ?? { title: "", level: 0, width: 1 },
    opacity: image ? 0.3 : 0.9,
    outlines: true,
    crosshair: true,
    hidden: selection.choice.hidden,
    selected: null,
  };
  const readout = element("output", { class: "readout" });
  let pending = false;
  const redraw = () => {
    if (pending) return;
    pending = true;
    requestAnimationFrame(() => {
      pending = false;
      for (const pane of panes) pane.draw();
    });
  };
  const describe = (voxel: readonly [number, number, number]) => {
    const at = voxel[0] + grid.size[0] * (voxel[1] + grid.size[1] * voxel[2]);
    const label = labels?.[at] ?? 0;
    const value = image && pixels ? image.intercept + image.slope * pixels[at]! : null;
    const mm = applyToPoint(grid.affine, voxel);
    const place = mm
      .map((v, axis) => `${["RL", "AP", "SI"][axis]![v < 0 ? 1 : 0]} ${formatFixed(Math.abs(v), 1)}`)
      .join("  ");
    const number = value === null ? "" : image!.unit === "HU" ? formatFixed(value, 0) : formatNumber(value);
    readout.replaceChildren(
      element("strong", {}, label === 0 ? "No structure" : structures[label - 1]!.title),
      element("span", {}, value === null ? "" : `${number} ${image!.unit}`),
      element("span", {}, `${place} mm`),
    );
  };
  const move = (voxel: [number, number, number]) => {
    state.voxel = voxel;
    describe(voxel);
    redraw();
  };
  const hover = (voxel: [number, number, number] | null) => describe(voxel ?? state.voxel);
  const panes = [PLANES.axial, PLANES.coronal, PLANES.sagittal].map(
    (plane) =>
      new SlicePane(
        {
          source,
          spacingMm: grid.spacingMm,
          colors,
          captionOf: (shown, index) => sliceCaption(grid.affine, grid.size, shown, index),
        },
        plane,
        state,
        { move, hover },
      ),
  );
  const tools = element("div", { class: "tools", role: "group", "aria-label": "Slice display" });
  if (image) tools.append(...windowTools(manifest.windows, state, redraw));
  if (labels) {
    const tint = slider("Tint", { min: 0, max: 1, step: 0.05, value: state.opacity }, (value) => {
      state.opacity = value;
      redraw();
    });
    const outlines = checkbox("Outlines", state.outlines, (on) => {
      state.outlines = on;
      redraw();
    });
    tools.append(tint, outlines);
  }
  tools.append(
    checkbox("Crosshair", state.crosshair, (on) => {
      state.crosshair = on;
      redraw();
    }),
  );
  host.prepend(
    tools,
    element("div", { class: "panes" }, ...panes.map((pane) => pane.root)),
    element(
      "div",
      { class: "below" },
      readout,
      element("span", { class: "hint" }, "Click to set the crosshair; wheel or arrow keys change the slice."),
    ),
  );
  host.classList.add("is-live");
  describe(state.voxel);
  redraw();
  selection.subscribe(({ selected }, change) => {
    if (change === "selected") {
      state.selected = selected;
      const centre = selected === null || !labels ? null : middleOf(labels, grid.size, selected);
      if (centre) move(centre);
    }
    redraw();
  });
}

/** Preset buttons and the two numbers behind them. */
function windowTools(windows: readonly GreyWindow[], state: ViewState, redraw: () => void): Node[] {
  const decimals = windows.every(({ width }) => width >= 20) ? 0 : 3;
  const field = (label: string, key: "level" | "width") => {
    const input = element("input", {
      type: "number",
      step: "any",
      value: state.window[key].toFixed(decimals),
    });
    input.addEventListener("input", () => {
      const value = Number(input.value);
      if (input.value === "" || !Number.isFinite(value) || (key === "width" && value <= 0)) return;
      state.window = { ...state.window, title: "", [key]: value };
      press(null);
      redraw();
    });
    return { input, label: element("label", { class: "number" }, label, input) };
  };
  const level = field("Level", "level");
  const width = field("Width", "width");
  const buttons = windows.map((window) =>
    button(window.title, () => {
      state.window = window;
      level.input.value = window.level.toFixed(decimals);
      width.input.value = window.width.toFixed(decimals);
      press(window);
      redraw();
    }),
  );
  const press = (window: GreyWindow | null) => {
    buttons.forEach((node, i) => {
      node.setAttribute("aria-pressed", String(windows[i] === window));
    });
  };
  press(windows[0] ?? null);
  return [
    element("div", { class: "segmented", role: "group", "aria-label": "Grey window" }, ...buttons),
    level.label,
    width.label,
  ];
}

/** Voxel of a structure that lies closest to its centre of mass; null when it has none. */
function middleOf(
  labels: Uint16Array,
  [nx, ny, nz]: readonly [number, number, number],
  structure: number,
): [number, number, number] | null {
  const sums = [0, 0, 0];
  let count = 0;
  const each = (visit: (x: number, y: number, z: number) => void) => {
    let at = 0;
    for (let z = 0; z < nz; z++)
      for (let y = 0; y < ny; y++)
        for (let x = 0; x < nx; x++) if (labels[at++] === structure) visit(x, y, z);
  };
  each((x, y, z) => {
    sums[0]! += x;
    sums[1]! += y;
    sums[2]! += z;
    count++;
  });
  if (count === 0) return null;
  const mean = sums.map((sum) => sum / count) as [number, number, number];
  let best: [number, number, number] | null = null;
  let least = Number.POSITIVE_INFINITY;
  each((x, y, z) => {
    const distance = (x - mean[0]) ** 2 + (y - mean[1]) ** 2 + (z - mean[2]) ** 2;
    if (distance < least) {
      least = distance;
      best = [x, y, z];
    }
  });
  return best;
}
