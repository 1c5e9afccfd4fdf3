/** A small figure in the scene's corner that says which way right, anterior and superior are. */
import { type Quaternion, Vector3 } from "three";
import { svgElement } from "./dom.js";

const ENDS = [
  ["R", [1, 0, 0]],
  ["L", [-1, 0, 0]],
  ["A", [0, 1, 0]],
  ["P", [0, -1, 0]],
  ["S", [0, 0, 1]],
  ["I", [0, 0, -1]],
] as const;

export class AxisFigure {
  readonly root = svgElement("svg", {
    class: "axis-figure",
    viewBox: "-50 -50 100 100",
    role: "img",
    "aria-label": "Directions",
  });
  readonly #ends = ENDS.map(([letter, direction]) => {
    const line = svgElement("line", { x1: 0, y1: 0 });
    const label = svgElement("text", { "text-anchor": "middle", dy: "0.35em" }, letter);
    const group = svgElement("g", {}, line, label);
    this.root.append(group);
    return { group, line, label, direction: new Vector3(...direction) };
  });

  update(camera: Quaternion): void {
    const inverse = camera.clone().invert();
    const turned = this.#ends.map((end) => ({ ...end, at: end.direction.clone().applyQuaternion(inverse) }));
    // Farther ends first, so that nearer ones lie over them.
    turned.sort((a, b) => a.at.z - b.at.z);
    for (const { group, line, label, at } of turned) {
      line.setAttribute("x2", (at.x * 30).toFixed(1));
      line.setAttribute("y2", (-at.y * 30).toFixed(1));
      label.setAttribute("x", (at.x * 41).toFixed(1));
      label.setAttribute("y", (-at.y * 41).toFixed(1));
      // An axis that points at or away from the viewer says nothing: its letters would lie on each other.
      const flat = Math.hypot(at.x, at.y);
      group.setAttribute("opacity", flat < 0.25 ? "0" : (at.z < -0.1 ? 0.45 : 1).toString());
      this.root.append(group);
    }
  }
}
