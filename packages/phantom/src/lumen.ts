/** What hollow organs hold. */
import type { Anatomy } from "./anatomy.js";
import { type Control, recolour } from "./shapes.js";
import { idOf } from "./tissues.js";

/** Content of a tube given by its controls. */
export function lumen(
  anatomy: Anatomy,
  name: string,
  controls: readonly Control[],
  wallMm: number,
  content: number,
): void {
  anatomy.tube(
    name,
    controls.map(([u, v, w, r]) => [u, v, w, Math.max(1, r - wallMm)] as const),
    { recolour: recolour([[idOf(name), content]]), stepMm: 5 },
  );
}

/** Content of an organ that is one tube, with gas where it rises to in a person lying on the back. */
export function inside(
  anatomy: Anatomy,
  tube: { name: string; points: Float64Array; radii: Float64Array; level: number },
  wallMm: number,
  content: number,
  gas: number,
  amount: number,
): void {
  const hollow = (shift: number, shrink: number, pairs: [number, number][]) =>
    anatomy.shapes.push({
      kind: "tube",
      name: tube.name,
      recolour: recolour(pairs),
      points: tube.points.map((x, i) => (i % 3 === 1 ? x + shift * tube.radii[Math.floor(i / 3)]! : x)),
      radii: tube.radii.map((r, i) => {
        const filled = anatomy.bumps.at(i / 7, tube.points[0]! / 9, 3) + amount > 0.45 ? 1 : 0;
        return shift === 0 ? Math.max(0.5, r - wallMm) : Math.max(0, filled * (r - wallMm) * shrink);
      }),
      zWeight: 1,
      level: 0,
      targetMl: null,
    });
  hollow(0, 1, [[idOf(tube.name), content]]);
  hollow(0.42, 0.8, [[content, gas]]);
}
