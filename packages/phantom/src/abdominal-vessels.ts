/** Vena cava, iliac vessels, the portal system and the unpaired branches of the aorta. */
import { type Anatomy, SIDES, sideName } from "./anatomy.js";
import type { Control } from "./shapes.js";
import { spineFront } from "./skeleton.js";

/** Heights of what hangs on the diaphragm move with it, less the further below it lies. */
export function hanging(anatomy: Anatomy, part: number): number {
  return -part * anatomy.body.inflation;
}

function largeVessels(anatomy: Anatomy): void {
  const wide = 1 + anatomy.vary(0.07);
  const cava: Control[] = [];
  for (const [u, w, r] of [
    [14, -46, 9.5],
    [19, 0, 10.5],
    [20, 40, 11],
    [22, 75, 11.5],
    [25, 105, 12],
    [28, 135, 12],
  ] as const)
    cava.push([u, spineFront(w) + r * 0.9 + (w > 80 ? 6 + (w - 80) * 0.2 : w > 20 ? 7 : 2), w, r * wide]);
  cava.push(
    [29, 8, 165 + hanging(anatomy, 0.6), 12 * wide],
    [29, 13, 184 + hanging(anatomy, 0.6), 12 * wide],
  );
  anatomy.vessel("inferior_vena_cava", cava);
  for (const side of SIDES) {
    const name = sideName(side);
    const start = [-4, spineFront(-30) + 9, -30] as const;
    anatomy.vessel(`iliac_artery_${name}`, [
      [...start, 5.8],
      [side * 9 - 1, side === 1 ? 37 : 30, -50, 5.6],
      [side * 25, 23, -76, 5.4],
      [side * 44, 12, -108, 4.8],
      [side * 60, 27, -146, 4.4],
      [side * 70, 52, -176, 4.2],
      [side * 76, 58, -205, 4.2],
      [side * 78, 56, -240, 4],
    ]);
    anatomy.vessel(
      `iliac_artery_${name}`,
      [
        [side * 36, 15, -96, 3.8],
        [side * 34, -8, -118, 3.6],
        [side * 50, -28, -146, 3],
      ],
      "_internal",
    );
    anatomy.vessel(`iliac_vena_${name}`, [
      [13, spineFront(-44) + 8, -44, 8.5],
      [side === 1 ? 21 : -4, 16, -62, 7.5],
      [side * 27, 10, -82, 7],
      [side * 48, 0, -112, 6.4],
      [side * 51, 15, -142, 6],
      [side * 57, 40, -167, 5.8],
      [side * 63, 49, -195, 5.6],
      [side * 65, 48, -240, 5.6],
    ]);
  }
}

function portalSystem(anatomy: Anatomy): void {
  const down = hanging(anatomy, 0.6);
  anatomy.vessel("portal_vein_and_splenic_vein", [
    [8, 44, 42 + down, 6.6],
    [16, 43, 60 + down, 6.8],
    [30, 30, 84 + down, 6.5],
    [38, 26, 94 + down, 6],
  ]);
  anatomy.vessel(
    "portal_vein_and_splenic_vein",
    [
      [8, 44, 44 + down, 5.2],
      [-18, 44, 54 + down, 4.8],
      [-52, 14, 72 + down, 4.4],
      [-82, -12, 88 + down, 4],
    ],
    "_splenic",
  );
  anatomy.vessel(
    "portal_vein_and_splenic_vein",
    [
      [8, 44, 44 + down, 5.4],
      [9, 48, 22, 5.2],
      [11, 56, -8, 4.6],
      [15, 59, -34, 4],
    ],
    "_superior_mesenteric",
  );
  const root = spineFront(92) + 11;
  anatomy.vessel("celiac_trunk", [
    [-8, root + 4, 92, 3.8],
    [-6, root + 18, 92, 3.8],
    [-4, root + 25, 90, 3.6],
  ]);
  anatomy.vessel(
    "celiac_trunk",
    [
      [-5, root + 23, 91, 2.8],
      [-26, 30, 80 + down, 2.7],
      [-56, 8, 86 + down, 2.5],
      [-80, -14, 96 + down, 2.3],
    ],
    "_splenic",
  );
  anatomy.vessel(
    "celiac_trunk",
    [
      [-4, root + 25, 90, 2.7],
      [10, 42, 82 + down, 2.6],
      [26, 38, 88 + down, 2.4],
    ],
    "_hepatic",
  );
  anatomy.vessel("superior_mesenteric_artery", [
    [-7, spineFront(70) + 12, 70, 3.8],
    [-6, spineFront(62) + 24, 62, 3.7],
    [-5, 36, 46, 3.6],
    [-4, 43, 24, 3.5],
    [-2, 55, -6, 3.2],
    [4, 60, -40, 2.8],
  ]);
}

export function addAbdominalVessels(anatomy: Anatomy): void {
  largeVessels(anatomy);
  portalSystem(anatomy);
}
