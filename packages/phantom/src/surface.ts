/** What stands out from the trunk's wall. */
import { type Anatomy, SIDES } from "./anatomy.js";
import { halfWidth } from "./body.js";
import { boxAround, ellipsoid, recolour, smoothUnion } from "./shapes.js";
import { idOf } from "./tissues.js";

/** A woman's breasts: skin over fat, on the chest muscles. */
export function addBreasts(anatomy: Anatomy): void {
  const { body, person } = anatomy;
  if (body.sex === "male") return;
  const size =
    0.85 + 0.12 * Math.max(-2, Math.min(6, (person.bodyMassIndex - 22) / 2.5)) + anatomy.vary(0.08);
  const wall = body.muscles(212);
  const front = wall.centre + wall.b;
  const lying = SIDES.map((side) =>
    ellipsoid(
      [side * (76 + 4 * size), front - 16, 208],
      [50 * size ** 0.4, 24 + 18 * size, 56 * size ** 0.3],
    ),
  );
  const both = (u: number, v: number, w: number) => smoothUnion(lying[0]!(u, v, w), lying[1]!(u, v, w), 10);
  const box = boxAround(
    [
      [-160, front - 70, 120],
      [160, front + 80, 290],
    ],
    0,
  );
  const [skin, fat] = [idOf("skin"), idOf("subcutaneous_fat")];
  anatomy.solid("skin", box, both, { recolour: recolour([[0, skin]]) });
  anatomy.solid(
    "subcutaneous_fat",
    box,
    (u, v, w) => (halfWidth(body.muscles(w), v) > Math.abs(u) ? 9 : both(u, v, w) + 2.4),
    { recolour: recolour([[skin, fat]]) },
  );
}
