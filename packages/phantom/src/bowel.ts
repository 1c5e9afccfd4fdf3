/** Colon and small bowel: long swept tubes laid out in the room the other organs leave. */
import { inside } from "./abdomen.js";
import type { Anatomy } from "./anatomy.js";
import type { Control } from "./shapes.js";
import { PARTS } from "./tissues.js";

function colon(anatomy: Anatomy): void {
  const { body } = anatomy;
  const frontAt = (w: number) => body.cavity(w).centre + body.cavity(w).b;
  const sideAt = (w: number) => body.cavity(w).a;
  const down = -0.5 * body.inflation;
  const wide = 1 + anatomy.vary(0.1);
  const sag = anatomy.vary(14);
  const line: Control[] = [
    [sideAt(-108) - 40, 30, -112, 20],
    [sideAt(-85) - 36, 26, -88, 23],
    [sideAt(-45) - 27, 12, -45, 21],
    [sideAt(0) - 25, 4, -8, 20],
    [sideAt(20) - 27, 14, 14 + down * 0.3, 19],
    [sideAt(20) - 40, 44, 16 + down * 0.3, 18],
    [60, frontAt(5) - 24, 6 + sag * 0.4, 18],
    [22, frontAt(-5) - 21, -10 + sag, 17.5],
    [-18, frontAt(0) - 21, -6 + sag, 17.5],
    [-58, frontAt(15) - 26, 14 + sag * 0.5, 17],
    [-90, 46, 42 + down * 0.6, 16.5],
    [-104, 18, 64 + down, 16.5],
    [-106, -8, 48 + down * 0.8, 15.5],
    [-(sideAt(10) - 21), -10, 10, 14.5],
    [-(sideAt(-35) - 20), -4, -35, 14],
    [-(sideAt(-80) - 22), 12, -80, 14],
    [-72, 36, -112, 14],
    [-38, 46, -126, 14.5],
    [-4, 34, -118 + anatomy.vary(6), 14.5],
    [22, 4, -124, 14.5],
    [14, -28, -136, 15],
    [0, -48, -158, 18],
    [0, -46, -184, 19],
    [0, -34, -206, 14],
    [0, -36, -225, 11],
  ];
  const tube = anatomy.tube(
    "colon",
    line.map(([u, v, w, r]) => [u, v, w, r * wide]),
    { stepMm: 5 },
  );
  // Haustra: regular pouches, fading in the descending colon and sigmoid.
  const points = tube.radii.length;
  for (let i = 0; i < points; i++) {
    const proximal = i < points * 0.55 ? 1 : 0.45;
    const wave = Math.sin(i * 1.05) * 0.1 + 0.12 * anatomy.bumps.at(i / 5, 11, anatomy.seed % 31);
    tube.radii[i] = tube.radii[i]! * (1 + proximal * wave);
  }
  inside(anatomy, tube, 3, PARTS.colonContent, PARTS.colonGas, 0.35);
}

/** Coils in rows from side to side, layer behind layer, shaken by the seed. */
function smallBowel(anatomy: Anatomy): void {
  const { body } = anatomy;
  const radius = 11.5 + anatomy.vary(0.8);
  const pitch = radius * 2 + 4.5;
  const line: Control[] = [
    [-44, 46, 20, 10.5],
    [-52, 48, 2, 11],
  ];
  const front = body.cavity(-50).centre + body.cavity(-50).b;
  const layers = Math.max(2, Math.round((front - 14 - 22) / pitch));
  for (let layer = 0; layer < layers; layer++) {
    const rows = 5;
    for (let row = 0; row < rows; row++) {
      const downwards = layer % 2 === 0;
      const w = -22 - (downwards ? row : rows - 1 - row) * pitch * 0.92;
      const reach = Math.min(78, body.cavity(w).a - 48) * (w < -95 ? 0.8 : 1);
      const toRight = (row + layer) % 2 === 0;
      for (let i = 0; i < 6; i++) {
        const t = (toRight ? i : 5 - i) / 5;
        const u = (2 * t - 1) * reach;
        // Layers bulge over the spine and fall back beside it.
        const over = 30 * Math.exp(-((u / 44) ** 2)) * (layer === 0 ? 1 : 0.35);
        const v = 20 + layer * pitch + over + anatomy.vary(4);
        line.push([
          u + anatomy.vary(3),
          Math.min(v, front - radius - 3),
          w + anatomy.vary(5),
          radius * (1 + anatomy.vary(0.09)),
        ]);
      }
    }
  }
  line.push([62, 32, -100, 9]);
  const tube = anatomy.tube("small_bowel", line, { stepMm: 6 });
  inside(anatomy, tube, 2.6, PARTS.smallBowelContent, PARTS.smallBowelContent, 0);
}

export function addBowel(anatomy: Anatomy): void {
  colon(anatomy);
  smallBowel(anatomy);
}
