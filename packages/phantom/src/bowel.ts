/** Colon and small bowel: long swept tubes laid out in the room the other organs leave. */
import type { Anatomy } from "./anatomy.js";
import { inside } from "./lumen.js";
import type { Control } from "./shapes.js";
import { PARTS } from "./tissues.js";

export function addColon(anatomy: Anatomy): void {
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
    [sideAt(-10) - 25, 4, -20, 20],
    [sideAt(0) - 27, 12, -2 + down * 0.3, 19],
    [sideAt(0) - 38, 42, -2 + down * 0.3, 18],
    [62, frontAt(-8) - 23, -12 + sag * 0.4, 18],
    [22, frontAt(-15) - 20, -20 + sag, 17.5],
    [-18, frontAt(-12) - 20, -14 + sag, 17.5],
    [-58, frontAt(8) - 24, 8 + sag * 0.5, 17],
    [-86, 56, 40 + down * 0.6, 16],
    [-100, 40, 58 + down, 15.5],
    [-(sideAt(40) - 22), 14, 36 + down * 0.7, 15],
    [-(sideAt(5) - 21), -4, 4, 14.5],
    [-(sideAt(-35) - 20), -4, -35, 14],
    [-(sideAt(-80) - 20), 26, -78, 14],
    [-80, 52, -102, 14],
    [-42, 58, -124, 14.5],
    [-4, 40, -118 + anatomy.vary(6), 14.5],
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
export function addSmallBowel(anatomy: Anatomy): void {
  const { body } = anatomy;
  const radius = 12.8 + anatomy.vary(0.8);
  const pitch = radius * 2 + 1.5;
  const line: Control[] = [
    [-44, 46, 20, 10.5],
    [-52, 48, 4, 11],
  ];
  const frontAt = (w: number) => body.cavity(w).centre + body.cavity(w).b;
  const layers = Math.min(3, Math.max(2, Math.round((frontAt(-50) - 18) / pitch)));
  // A big belly spreads the layers; fat lies between them.
  const depth = Math.min(1.4, Math.max(0.9, (frontAt(-50) - radius - 26) / (layers - 1) / pitch)) * pitch;
  for (let layer = 0; layer < layers; layer++) {
    const rows = layer === 0 ? 5 : 6;
    for (let row = 0; row < rows; row++) {
      const downwards = layer % 2 === 0;
      const w = -18 - (downwards ? row : rows - 1 - row) * pitch * 0.9;
      const reach = Math.min(82, body.cavity(w).a - 44) * (w < -95 ? 0.85 : 1);
      const toRight = (row + layer) % 2 === 0;
      for (let i = 0; i < 6; i++) {
        const t = (toRight ? i : 5 - i) / 5;
        const u = (2 * t - 1) * reach;
        // Layers bulge over the spine and fall back beside it.
        const over = 26 * Math.exp(-((u / 44) ** 2)) * (layer === 0 ? 1 : 0.35);
        const v = 22 + layer * depth + over + anatomy.vary(4);
        line.push([
          u + anatomy.vary(4),
          Math.min(v, frontAt(w) - radius - 2),
          w + anatomy.vary(6) + 7 * Math.sin(u / 21 + 1.9 * row + 2.3 * layer),
          radius * (1 + anatomy.vary(0.09)),
        ]);
      }
    }
  }
  line.push([62, 32, -100, 9]);
  const tube = anatomy.tube("small_bowel", line, { stepMm: 6 });
  inside(anatomy, tube, 2.6, PARTS.smallBowelContent, PARTS.smallBowelContent, 0);
}
