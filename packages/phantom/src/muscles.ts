/** Muscles that have labels of their own; the rest of the wall is filled as skeletal muscle. */
import { type Anatomy, SIDES, sideName } from "./anatomy.js";
import { spineAt } from "./body.js";
import { type Control, ellipsoid, type Field } from "./shapes.js";

export function addMuscles(anatomy: Anatomy): void {
  const male = anatomy.body.sex === "male" ? 1 : 0.9;
  const bulk =
    male * (1 - 0.003 * Math.max(0, anatomy.person.patient.ageYears - 45)) * (1 + anatomy.vary(0.06));
  for (const side of SIDES) {
    const name = sideName(side);
    const psoas: Control[] = [
      [side * 27, -22, 72, 5],
      [side * 34, -13, 44, 10],
      [side * 41, -7, 5, 16],
      [side * 47, 0, -38, 20],
      [side * 54, 10, -80, 20],
      [side * 66, 18, -120, 20],
      [side * 78, 30, -158, 18],
      [side * 86, 28, -200, 17],
      [side * 88, 16, -240, 15],
    ];
    anatomy.tube(
      `iliopsoas_${name}`,
      psoas.map(([u, v, w, r]) => [u, v, w, r * bulk]),
      { stepMm: 6 },
    );
    anatomy.solid(
      `iliopsoas_${name}`,
      {
        min: side === 1 ? [30, -60, -170] : [-130, -60, -170],
        max: side === 1 ? [130, 60, -50] : [-30, 60, -50],
      },
      // The iliacus lines the inside of the iliac wing.
      (
        (wing: Field) => (u: number, v: number, w: number) =>
          Math.max(Math.abs(wing(u, v, w) + 9) - 7 * bulk, w + 66, v - 44, 52 - side * u)
      )(ellipsoid([0, -8, -70], [128, 92, 118])),
    );
    anatomy.tube("skeletal_muscle", [
      [side * 36, -42, 84, 6],
      [side * 48, -43, 50, 11],
      [side * 58, -40, 0, 13],
      [side * 68, -38, -52, 13],
    ]);
    const column: Field = (u, v, w) => {
      const lumbar = 1 / (1 + Math.exp(-(90 - w) / 30));
      const neck = Math.max(0, (w - 300) / 100);
      const low = Math.max(0, (-60 - w) / 70);
      const a = (21 + 10 * lumbar - 3 * neck) * (1 - 0.35 * low);
      const b = (15.5 + 9 * lumbar + 2 * neck) * (1 - 0.5 * low);
      const x = (side * u - a - 3) / a;
      const centre = spineAt(w) - 44 - 22 * lumbar + 6 * neck;
      const y = (v - centre) / b;
      const r = (x * x * x * x + y * y * y * y) ** 0.25;
      const flat = (r - 1) * Math.min(a, b);
      return Math.max(flat, w - 396, -128 - w);
    };
    anatomy.solid(
      `autochthon_${name}`,
      {
        min: side === 1 ? [0, -145, -130] : [-72, -145, -130],
        max: side === 1 ? [72, -5, 398] : [0, -5, 398],
      },
      column,
    );
  }
  // Short muscles of the back fill the room between the vertebrae and the long ones.
  anatomy.solid("skeletal_muscle", { min: [-48, -110, -75], max: [48, 0, 110] }, (u, v, w) =>
    Math.max(Math.abs(u) - 44, spineAt(w) - 54 - v, v - spineAt(w) + 16 + Math.abs(u) * 0.12),
  );
}
