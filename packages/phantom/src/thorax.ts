/** Heart, great vessels, airways, oesophagus and the fat between the lungs. */
import type { Vec3 } from "@viscera/core";
import { type Anatomy, SIDES } from "./anatomy.js";
import { spineAt } from "./body.js";
import {
  axesAlong,
  boxAround,
  type Control,
  ellipsoid,
  type Field,
  paint,
  smoothIntersection,
  smoothUnion,
} from "./shapes.js";
import { spineFront } from "./skeleton.js";
import { idOf } from "./tissues.js";

/** How far the heart and the organs below hang down with the diaphragm, as parts of its own way. */
const HEART_FOLLOWS = 0.6;

/** The heart's chambers; returns the field of the whole, for the fat around it. */
function heart(anatomy: Anatomy): Field {
  const { body } = anatomy;
  const down = -HEART_FOLLOWS * body.inflation + anatomy.vary(3);
  const turn = anatomy.vary(0.09);
  const at = (u: number, v: number, w: number): Vec3 => [u + anatomy.vary(1), v, w + down];
  // The long axis points from the base to the apex: left, forward, down.
  const [e1, e2, e3] = axesAlong([-0.67 + turn, 0.49 + turn, -0.55 - turn], [0.59, 0.81, 0]);
  const axes = [e1, e2, e3] as const;
  const leftCentre = at(-44, 29, 186);
  const alongAxis = (u: number, v: number, w: number) =>
    (u - leftCentre[0]) * e1[0] + (v - leftCentre[1]) * e1[1] + (w - leftCentre[2]) * e1[2];
  const leftEllipsoid = ellipsoid(leftCentre, [44, 22, 23], axes);
  const rightEllipsoid = ellipsoid(at(-21, 51, 184), [46, 27, 37], axes);
  const rightAtrium = ellipsoid(at(29, 14, 198), [25, 27, 33]);
  const leftAtrium = ellipsoid(at(-3, -1, 214), [36, 19, 25]);
  const onDiaphragm = (f: Field): Field => {
    return (u, v, w) => smoothIntersection(f(u, v, w), body.diaphragm(u, v) + 5 - w, 6);
  };
  const left: Field = (u, v, w) => smoothIntersection(leftEllipsoid(u, v, w), -28 - alongAxis(u, v, w), 6);
  const muscle: Field = (u, v, w) =>
    smoothIntersection(leftEllipsoid(u, v, w) - 10, -30 - alongAxis(u, v, w), 4);
  const right: Field = (u, v, w) => smoothIntersection(rightEllipsoid(u, v, w), -34 - alongAxis(u, v, w), 8);
  const box = boxAround(
    [
      [-105, -35, 125 + down],
      [62, 95, 250 + down],
    ],
    4,
  );
  anatomy.solid(
    "heart_ventricle_left",
    box,
    onDiaphragm((u, v, w) => left(u, v, w)),
    { target: true },
  );
  anatomy.solid("heart_myocardium", box, onDiaphragm(muscle), { target: true });
  anatomy.vessel("aorta", aortaLine(anatomy, down));
  anatomy.tube("heart_ventricle_right", [
    [-16, 54, 196 + down, 17],
    [-20, 53, 214 + down, 14],
    [-21, 50, 224 + down, 13],
  ]);
  anatomy.solid("heart_ventricle_right", box, onDiaphragm(right), { target: true });
  anatomy.solid("heart_atrium_left", box, leftAtrium, { target: true });
  anatomy.solid("heart_atrium_right", box, onDiaphragm(rightAtrium), { target: true });
  return (u, v, w) =>
    smoothUnion(
      smoothUnion(muscle(u, v, w), right(u, v, w), 14),
      smoothUnion(rightAtrium(u, v, w), leftAtrium(u, v, w), 14),
      18,
    );
}

function aortaLine(anatomy: Anatomy, down: number): Control[] {
  // Grows with age and is a little wider in men: Rogers 2013, Am J Cardiol 111:1510.
  const { ageYears, sex } = anatomy.person.patient;
  const wide = (0.92 + 0.0028 * (ageYears - 30)) * (sex === "male" ? 1.04 : 0.95) * (1 + anatomy.vary(0.05));
  const line: Control[] = [
    [-9, 27, 203 + down, 14],
    [0, 31, 220 + down * 0.8, 15.5],
    [8, 31, 242 + down * 0.5, 15],
    [4, 24, 264, 14.5],
    [-9, 10, 280, 13.8],
    [-20, -6, 283, 13],
    [-26, -20, 272, 12.5],
  ];
  for (const [u, w, r] of [
    [-26, 250, 12.2],
    [-24, 215, 12],
    [-21, 175, 11.8],
    [-15, 135, 11.4],
    [-9, 99, 10.8],
    [-6, 67, 9.8],
    [-6, 34, 9.2],
    [-6, 0, 8.8],
    [-4, -32, 8.6],
  ] as const)
    line.push([u + anatomy.vary(1), spineFront(w) + r + 1, w, r]);
  return line.map(([u, v, w, r]) => [u, v, w, r * wide]);
}

function greatVessels(anatomy: Anatomy): void {
  const down = -0.35 * anatomy.body.inflation;
  anatomy.vessel("pulmonary_artery", [
    [-21, 50, 222 + down, 13],
    [-22, 38, 238 + down, 13],
    [-20, 20, 247 + down, 12],
    [-34, 0, 248 + down, 10],
    [-50, -14, 244 + down, 8],
  ]);
  anatomy.vessel(
    "pulmonary_artery",
    [
      [-20, 22, 246 + down, 10],
      [0, 5, 243 + down, 10],
      [26, 3, 241 + down, 9.5],
      [46, -4, 236 + down, 8],
    ],
    "_right_branch",
  );
  for (const [side, u, v, w] of [
    [1, 48, 2, 226],
    [1, 48, -18, 206],
    [-1, -54, 4, 230],
    [-1, -54, -14, 208],
  ] as const)
    anatomy.tube("pulmonary_vein", [
      [side * 22 - 3, -2, 214 + (w - 214) * 0.4 + down, 7],
      [u * 0.75, v * 0.7, w + down, 6.5],
      [u, v, w + down, 6],
    ]);
  anatomy.vessel("superior_vena_cava", [
    [34, 25, 300, 8.5],
    [36, 20, 262, 9.5],
    [34, 16, 226 + down, 10],
  ]);
  anatomy.vessel("brachiocephalic_trunk", [
    [-4, 17, 280, 6.8],
    [8, 16, 300, 6.2],
    [20, 14, 320, 5.8],
  ]);
  anatomy.vessel("common_carotid_artery_right", [
    [20, 14, 320, 3.9],
    [24, 20, 350, 3.6],
    [26, 26, 400, 3.4],
  ]);
  anatomy.vessel("common_carotid_artery_left", [
    [-15, 3, 288, 4],
    [-21, 10, 318, 3.7],
    [-25, 20, 350, 3.6],
    [-26, 26, 400, 3.4],
  ]);
  anatomy.vessel("subclavian_artery_right", [
    [20, 14, 320, 5],
    [36, 6, 338, 4.6],
    [62, 8, 342, 4.4],
    [96, 8, 322, 4],
  ]);
  anatomy.vessel("subclavian_artery_left", [
    [-23, -10, 284, 5],
    [-28, -4, 316, 4.7],
    [-40, 3, 338, 4.5],
    [-64, 8, 342, 4.4],
    [-96, 8, 322, 4],
  ]);
  anatomy.vessel("brachiocephalic_vein_right", [
    [42, 24, 336, 6.5],
    [38, 27, 316, 7],
    [34, 25, 299, 7.5],
  ]);
  anatomy.vessel("brachiocephalic_vein_left", [
    [-42, 26, 336, 6.2],
    [-26, 34, 318, 6.5],
    [2, 38, 305, 6.8],
    [32, 26, 299, 7],
  ]);
}

function airways(anatomy: Anatomy): void {
  const down = -0.3 * anatomy.body.inflation;
  const male = anatomy.body.sex === "male" ? 1 : 0.87;
  const carina = 264 + down;
  const line: Control[] = [];
  for (const w of [400, 370, 345, 320, 298, 280])
    line.push([(400 - w) * 0.035, spineFront(w) + 21, w, 8.6 * male]);
  line.push([5, spineFront(carina) + 20, carina, 9 * male]);
  anatomy.tube("trachea", line, { stepMm: 6 });
  const v = spineFront(carina) + 20;
  anatomy.tube("trachea", [
    [5, v, carina + 2, 8 * male],
    [24, v - 3, carina - 16, 7.2 * male],
    [44, v - 5, carina - 30, 6 * male],
  ]);
  anatomy.tube("trachea", [
    [5, v, carina + 2, 7.5 * male],
    [-20, v, carina - 18, 6.4 * male],
    [-46, v - 5, carina - 32, 5.4 * male],
  ]);
  const gullet: Control[] = [];
  const hang = 0.7 * anatomy.body.inflation;
  // Behind the trachea and the left atrium, then forwards and to the left in front of the aorta.
  for (const w of [400, 360, 320, 285, 262, 240, 215, 190, 168])
    gullet.push([w > 262 ? -3 : 0, spineFront(w) + 7.5 + Math.max(0, 205 - w) * 0.45, w, 6.2]);
  gullet.push([-3, 5, 148 - hang, 6.2], [-13, 11, 130 - hang, 7], [-27, 15, 116 - hang, 8]);
  anatomy.tube("esophagus", gullet, { stepMm: 6 });
  for (const side of SIDES)
    anatomy.solid(
      "thyroid_gland",
      anatomy.around([side * 16, 30, 384], 26),
      ellipsoid([side * 16, spineFront(384) + 24, 384], [8, 10, 24]),
    );
  anatomy.tube("thyroid_gland", [
    [14, spineFront(376) + 33, 374, 5],
    [-14, spineFront(376) + 33, 374, 5],
  ]);
}

/** Organs of the chest that come before the lungs; the lungs fill what is left of the chest. */
export function addThorax(anatomy: Anatomy): void {
  const sac = heart(anatomy);
  greatVessels(anatomy);
  airways(anatomy);
  const { body } = anatomy;
  const fat: Field = (u, v, w) => {
    const { centre, b } = body.cavity(w);
    const front = centre + b;
    // Upper mediastinum from the spine to the sternum: wide around the great vessels, narrow where the lungs
    // nearly meet in front and where they reach behind the vessels beside the spine.
    const middle = spineFront(w) + 30;
    const forward = (v - middle) / (v > middle ? 34 : 46);
    const wide = 10 + 24 / (1 + forward * forward * forward * forward);
    const uneven = 5 * anatomy.bumps.at(u / 30, v / 30, w / 30);
    const upper = Math.max(Math.abs(u) - wide - uneven, Math.abs(w - 300) - 75, v - front - 2);
    const behind = Math.max(
      Math.sqrt((u + 8) ** 2 + (0.9 * (v - spineAt(w) - 24)) ** 2) - 31,
      w - 250,
      v - spineAt(w) - 62,
    );
    const inFront = ellipsoid([-14, 70, 178], [26, 22, 48]);
    let f = smoothUnion(smoothUnion(upper, behind, 12), sac(u, v, w) - 5, 12);
    f = smoothUnion(f, inFront(u, v, w), 10);
    return f > 0 ? f : Math.max(f, body.diaphragm(u, v) - w);
  };
  anatomy.solid("torso_fat", { min: [-112, -75, 60], max: [66, 110, 375] }, fat, {
    recolour: paint(idOf("torso_fat")),
  });
}
