/** Solid organs of the abdomen, their vessels, gallbladder, stomach, duodenum and bladder. */
import type { Vec3 } from "@viscera/core";
import { addAbdominalVessels, hanging } from "./abdominal-vessels.js";
import { type Anatomy, SIDES, type Side, sideName } from "./anatomy.js";
import { addColon } from "./bowel.js";
import { inside, lumen } from "./lumen.js";
import {
  axesAlong,
  boxAround,
  type Control,
  ellipsoid,
  type Field,
  recolour,
  smoothIntersection,
  smoothUnion,
} from "./shapes.js";
import { spineFront } from "./skeleton.js";
import { idOf, PARTS } from "./tissues.js";

/** Beyond this distance (mm) no organ's level reaches. */
const FAR = 30;

interface Kidney {
  centre: Vec3;
  field: Field;
  hilum: Vec3;
}

function kidney(anatomy: Anatomy, side: Side): Kidney {
  const centre: Vec3 = [
    side * (62 + anatomy.vary(2)),
    -15 + anatomy.vary(2),
    (side === 1 ? 33 : 45) + hanging(anatomy, 0.3) + anatomy.vary(4),
  ];
  const axes = axesAlong(
    [side * (-0.27 + anatomy.vary(0.04)), -0.24 + anatomy.vary(0.04), 0.93],
    [side * 0.8, -0.6, 0],
  );
  const [, outward] = axes;
  const body = ellipsoid(centre, [57, 29, 25], axes);
  const hilum: Vec3 = [centre[0] - outward[0] * 24, centre[1] - outward[1] * 24, centre[2] - outward[2] * 24];
  const notch = ellipsoid(hilum, [19, 13, 9], axes);
  const field: Field = (u, v, w) =>
    smoothIntersection(body(u, v, w) + 1.2 * anatomy.bumps.at(u / 24, v / 24, w / 24), -notch(u, v, w), 5);
  return { centre, field, hilum };
}

function kidneys(anatomy: Anatomy): void {
  const pair = SIDES.map((side) => kidney(anatomy, side));
  for (const [i, side] of SIDES.entries()) {
    const { hilum } = pair[i]!;
    const name = sideName(side);
    const w = 50 + anatomy.vary(2);
    const root = spineFront(w) + 10;
    const towards = side === 1 ? 0.5 : 0.45;
    anatomy.vessel(`renal_artery_${name}`, [
      [side === 1 ? 2 : -12, root, w, 3.1],
      [side * 25, side === 1 ? spineFront(w) + 3 : root - 8, w + (hilum[2] - w) * towards, 3],
      [hilum[0] + side * 2, hilum[1] + 1, hilum[2] + 6, 2.7],
    ]);
    anatomy.vessel(
      `renal_vein_${name}`,
      side === 1
        ? [
            [22, spineFront(w) + 14, w - 6, 5.2],
            [36, hilum[1] + 9, hilum[2] * 0.5 + w * 0.5 - 7, 5.2],
            [hilum[0] + 2, hilum[1] + 2, hilum[2] - 5, 4.6],
          ]
        : [
            [16, spineFront(w) + 20, w - 8, 4.8],
            [-6, spineFront(w) + 26, w - 7, 4.4],
            [-28, spineFront(w) + 12, w - 4, 5],
            [hilum[0] - 2, hilum[1] + 2, hilum[2] - 5, 4.6],
          ],
    );
  }
  for (const [i, side] of SIDES.entries()) {
    const { centre, field } = pair[i]!;
    const box = boxAround([centre], 75);
    const name = `kidney_${sideName(side)}`;
    anatomy.solid(name, box, field, { target: true });
  }
}

/** Pyramids of the medulla: deep in the kidney, cut up by columns of cortex. */
export function addKidneyMedulla(anatomy: Anatomy): void {
  const { bumps } = anatomy;
  for (const shape of anatomy.shapes.filter((s) => s.name.startsWith("kidney_"))) {
    if (shape.kind !== "solid") continue;
    const right = shape.name === "kidney_right";
    const { field } = shape;
    anatomy.solid(
      shape.name,
      shape.box,
      (u, v, w) =>
        Math.max(field(u, v, w) - shape.level + 6.5, 3 - 22 * (bumps.at(u / 9, v / 9, w / 9 + 7) + 0.32)),
      { recolour: recolour([[idOf(shape.name), right ? PARTS.medullaRight : PARTS.medullaLeft]]) },
    );
  }
}

function liver(anatomy: Anatomy): void {
  const { body, bumps } = anatomy;
  const down = hanging(anatomy, 0.75);
  const leftLobe = 76 + anatomy.vary(9);
  const right = ellipsoid([74, 2, 84 + down], [72, 96, 96 + anatomy.vary(5)]);
  const left = ellipsoid(
    [4, 48, 122 + down],
    [leftLobe, 46, 42],
    axesAlong([-0.95, 0.12, 0.14], [0, 1, -0.1]),
  );
  // The visceral face looks down, back and to the left.
  const porta: Vec3 = [14, 26, 78 + down];
  const normal: Vec3 = [-0.72, -0.36, -0.59];
  const field: Field = (u, v, w) => {
    let f = smoothUnion(right(u, v, w), left(u, v, w), 26);
    const face = (u - porta[0]) * normal[0] + (v - porta[1]) * normal[1] + (w - porta[2]) * normal[2];
    f = smoothIntersection(f, face - 5 * bumps.at(u / 45, v / 45, w / 45), 16);
    // Where it touches walls its level must not move, so these are kept apart by a steep slope.
    if (f > FAR) return f;
    const wall = Math.max(body.cavityDistance(u, v, w) + 1, w - body.diaphragm(u, v) + 1.6);
    return wall > 0 ? 50 + wall : f;
  };
  anatomy.solid("liver", { min: [-95, -100, -40 + down], max: [145, 125, 190] }, field, { target: true });
}

function gallbladder(anatomy: Anatomy): void {
  const centre: Vec3 = [
    56 + anatomy.vary(4),
    58 + anatomy.vary(4),
    46 + hanging(anatomy, 0.75) + anatomy.vary(4),
  ];
  const field = ellipsoid(centre, [31, 16, 16], axesAlong([0.25, 0.75, -0.6], [1, 0, 0.4]));
  anatomy.solid("gallbladder", anatomy.around(centre, 48), field, { target: true });
}

function spleen(anatomy: Anatomy): void {
  const { body, bumps } = anatomy;
  const down = hanging(anatomy, 0.7);
  const centre: Vec3 = [-96, -30 + anatomy.vary(4), 83 + down + anatomy.vary(5)];
  const axes = axesAlong([0.1, 0.5 + anatomy.vary(0.08), -0.8], [-0.8, -0.5, 0]);
  const outer = ellipsoid(centre, [56, 24, 37], axes);
  // Hollow towards the stomach.
  const hollow = ellipsoid([-34, 20, 96 + down], [36, 34, 56]);
  const field: Field = (u, v, w) => {
    const f = smoothIntersection(outer(u, v, w) + 2 * bumps.at(u / 28, v / 28, w / 28), -hollow(u, v, w), 10);
    if (f > FAR) return f;
    const wall = Math.max(body.cavityDistance(u, v, w) + 1.5, w - body.diaphragm(u, v) + 1.6);
    return wall > 0 ? 50 + wall : f;
  };
  anatomy.solid("spleen", anatomy.around(centre, 88), field, { target: true });
}

function pancreas(anatomy: Anatomy): void {
  const down = hanging(anatomy, 0.5);
  const tilt = anatomy.vary(6);
  anatomy.tube(
    "pancreas",
    [
      [36, 34, 14 + down, 10],
      [33, 38, 30 + down, 14],
      [23, 50, 42 + down, 11.5],
      [4, 59, 51 + down, 9.5],
      [-22, 56, 60 + down + tilt * 0.3, 10],
      [-50, 26, 70 + down + tilt * 0.6, 10],
      [-80, 0, 82 + down + tilt, 8],
    ],
    { targetMl: anatomy.person.targetsMl["pancreas"]!, stepMm: 5 },
  );
}

function stomach(anatomy: Anatomy): void {
  const down = hanging(anatomy, 0.7);
  const sag = anatomy.vary(7);
  const front = anatomy.body.cavity(60).centre + anatomy.body.cavity(60).b;
  const line: Control[] = [
    [-52, -2, 124 + down, 26],
    [-60, 12, 108 + down, 30],
    [-66, 34, 86 + down, 27],
    [-54, front - 36, 62 + down + sag * 0.5, 23],
    [-26, front - 32, 44 + down + sag, 19],
    [6, front - 36, 42 + down + sag, 16],
    [30, 52, 50 + down, 9],
  ];
  const tube = anatomy.tube("stomach", line, {
    targetMl: anatomy.person.targetsMl["stomach"]!,
    stepMm: 6,
  });
  anatomy.tube("stomach", [
    [-27, 14, 116 + down, 9],
    [-46, 14, 112 + down, 15],
  ]);
  inside(anatomy, tube, 4.2, PARTS.stomachContent, PARTS.stomachGas, 0.75);
}

function duodenum(anatomy: Anatomy): void {
  const down = hanging(anatomy, 0.7);
  const loop: Control[] = [
    [32, 52, 51 + down, 9],
    [46, 44, 50 + down, 12],
    [54, 30, 34 + down, 12],
    [54, 26, 0, 12],
    [44, 28, -18, 11.5],
    [14, spineFront(-16) + 29, -22, 10.5],
    [-18, spineFront(-10) + 27, -14, 10.5],
    [-36, 34, 8, 11],
    [-44, 46, 20, 11],
  ];
  anatomy.tube("duodenum", loop, { stepMm: 5 });
  lumen(anatomy, "duodenum", loop, 3.2, PARTS.duodenumContent);
}

function adrenals(anatomy: Anatomy): void {
  const w = 80 + hanging(anatomy, 0.3);
  for (const side of SIDES) {
    const u = side === 1 ? 33 : -36;
    const v = side === 1 ? 0 : 4;
    const apex = [u, v + 6, w + 6] as const;
    for (const [du, dv, dw] of [
      [-5, -14, -10],
      [8, -10, -14],
    ] as const)
      anatomy.tube(
        `adrenal_gland_${sideName(side)}`,
        [
          [...apex, 3.2],
          [u + side * du * 0.6, v + dv * 0.4, w + dw * 0.5, 3.4],
          [u + side * du, v + dv, w + dw, 2.8],
        ],
        { zWeight: 0.7 },
      );
  }
}

function pelvicOrgans(anatomy: Anatomy): void {
  const field = ellipsoid([anatomy.vary(3), 22, -172], [40, 33, 28]);
  anatomy.solid("urinary_bladder", { min: [-65, -35, -225], max: [65, 75, -115] }, field, { target: true });
  if (anatomy.body.sex === "male") {
    // Grows with age: 20 mL at thirty, 40 mL at seventy.
    const size =
      Math.cbrt(0.8 + 0.02 * Math.max(0, anatomy.person.patient.ageYears - 40)) * (1 + anatomy.vary(0.06));
    const centre: Vec3 = [0, 4, -212];
    anatomy.solid(
      "prostate",
      anatomy.around(centre, 40),
      ellipsoid(centre, [22 * size, 15 * size, 16 * size]),
    );
  } else {
    const centre: Vec3 = [anatomy.vary(5), -4, -150 + anatomy.vary(4)];
    const fundus = ellipsoid(centre, [24, 17, 33], axesAlong([1, 0, 0], [0, 0.75, 0.66]));
    anatomy.solid("uterus", anatomy.around(centre, 45), fundus);
  }
}

/** Hepatic veins towards the vena cava and portal branches, drawn into the finished liver. */
export function addLiverVessels(anatomy: Anatomy): void {
  const down = hanging(anatomy, 0.7);
  const liverId = idOf("liver");
  const veins = recolour([[liverId, PARTS.liverVein]]);
  const portal = recolour([
    [liverId, PARTS.liverPortal],
    [PARTS.liverVein, PARTS.liverPortal],
  ]);
  const branch = (from: Control, to: Control, bend: Vec3, map: Uint8Array, depth: number): void => {
    const middle: Control = [
      (from[0] + to[0]) / 2 + bend[0],
      (from[1] + to[1]) / 2 + bend[1],
      (from[2] + to[2]) / 2 + bend[2],
      (from[3] + to[3]) / 2,
    ];
    anatomy.tube("liver", [from, middle, to], { recolour: map, stepMm: 5 });
    if (depth === 0) return;
    for (let i = 0; i < 3; i++) {
      const length = 26 + anatomy.vary(6);
      const start = i === 0 ? to : middle;
      const out: Control = [
        start[0] + (to[0] - from[0]) * 0.3 + length * (2 * anatomy.uniform() - 1),
        start[1] + (to[1] - from[1]) * 0.3 + length * (2 * anatomy.uniform() - 1),
        start[2] + (to[2] - from[2]) * 0.3 + length * (2 * anatomy.uniform() - 1),
        start[3] * 0.45,
      ];
      branch([start[0], start[1], start[2], start[3] * 0.7], out, [3, -3, 2], map, depth - 1);
    }
  };
  const mouth: Control = [28, 2, 143 + down, 5];
  for (const to of [
    [100, -8, 95 + down, 2],
    [55, 55, 100 + down, 2],
    [-25, 55, 125 + down, 2],
  ] as const)
    branch(mouth, to, [0, 6, 8], veins, 1);
  const porta: Control = [38, 26, 94 + down, 6];
  branch(porta, [92, 30, 66 + down, 2.4], [0, 0, 5], portal, 2);
  branch(porta, [80, -30, 112 + down, 2.4], [0, 0, 5], portal, 2);
  branch(porta, [-10, 48, 116 + down, 2.2], [0, 5, 0], portal, 1);
}

export function addAbdomen(anatomy: Anatomy): void {
  addAbdominalVessels(anatomy);
  kidneys(anatomy);
  adrenals(anatomy);
  gallbladder(anatomy);
  pancreas(anatomy);
  duodenum(anatomy);
  addColon(anatomy);
  spleen(anatomy);
  stomach(anatomy);
  liver(anatomy);
  pelvicOrgans(anatomy);
}
