/** Vertebrae, discs, ribs with their cartilages, sternum, shoulder girdle, pelvis and upper femora. */
import { type Anatomy, SIDES, type Side, sideName } from "./anatomy.js";
import { SPINE, spineAt } from "./body.js";
import {
  boxAround,
  type Control,
  ellipsoid,
  type Field,
  roundCone,
  roundedBox,
  smoothIntersection,
  smoothUnion,
} from "./shapes.js";
import { VERTEBRAE } from "./tissues.js";

/** Half width and half depth of the vertebral bodies, L5 to C7, mm. */
const BODY_HALF: readonly (readonly [number, number])[] = [
  [26, 17.5],
  [25.5, 17.5],
  [24.5, 17.5],
  [23.5, 17],
  [22.5, 16.5],
  [21.5, 16],
  [20, 15.5],
  [18.5, 15.5],
  [17.5, 15],
  [16.5, 14.5],
  [15.5, 14],
  [15, 13.5],
  [14.5, 13],
  [14.5, 12],
  [15, 11],
  [16, 10],
  [16.5, 9.5],
  [16, 9],
];

/** v of the front of the vertebral bodies at height w. */
export function spineFront(w: number): number {
  return spineAt(w) + Math.min(17.5, Math.max(9, 17.5 - (w - 20) * 0.026));
}

function vertebra(anatomy: Anatomy, index: number): void {
  const [v, w] = SPINE[index]!;
  const below = SPINE[Math.max(0, index - 1)]!;
  const above = SPINE[Math.min(SPINE.length - 1, index + 1)]!;
  const rise = Math.hypot(above[0] - below[0], above[1] - below[1]);
  const tilt = index === 0 ? 0.4 : (above[0] - below[0]) / rise;
  const upright = Math.sqrt(1 - tilt * tilt);
  const [halfWidth, halfDepth] = BODY_HALF[index]!;
  const spacing = index === 0 ? 34 : rise / (index === SPINE.length - 1 ? 1 : 2);
  const lumbar = index < 5;
  const disc = lumbar ? 9 : index < 8 ? 6.5 : 4.5;
  const halfHeight = (spacing - disc) / 2;
  const canal = -halfDepth - 9;
  const body = roundedBox([0, 0, 0], [halfWidth, halfDepth, halfHeight], 7);
  const waist = lumbar ? 2.5 : 1.5;
  const spinous = lumbar
    ? roundedBox([0, canal - 23, -7], [3.6, 16, 11], 3)
    : roundCone([0, canal - 10, -3], [0, canal - 32, -20], 4.5, 3.6);
  const transverseBack = lumbar ? 4 : -10;
  const reach = lumbar ? 40 - Math.abs(index - 2) * 2 : 27 + (index - 5) * 0.5;
  const transverse = roundCone(
    [12, canal + 3, 2],
    [reach, canal + transverseBack, lumbar ? 0 : 6],
    lumbar ? 4.6 : 5,
    lumbar ? 3.6 : 4.6,
  );
  // u, v, w turned into the vertebra's own axes.
  const field: Field = (u, fv, fw) => {
    const dv = fv - v;
    const dw = fw - w;
    const y = dv * upright - dw * tilt;
    const z = dv * tilt + dw * upright;
    const x = Math.abs(u);
    let f = body(u, y, z) + waist * (1 - Math.min(1, (z / halfHeight) ** 2));
    const ring = Math.abs(Math.sqrt(u * u + (y - canal) ** 2) - 11.5) - 3.2;
    const arch = smoothIntersection(ring, Math.abs(z + (y > canal ? -4 : 3)) - (lumbar ? 11 : 9), 3);
    f = smoothUnion(f, arch, 4);
    f = Math.min(f, transverse(x, y, z));
    return Math.min(f, spinous(u, y, z));
  };
  anatomy.solid(
    `vertebrae_${VERTEBRAE[index]}`,
    { min: [-50, v - 72, w - 42], max: [50, v + 24, w + 32] },
    field,
  );
}

function spine(anatomy: Anatomy): void {
  const cord: Control[] = [[0, -78, -135, 4]];
  for (const [index, [v, w]] of SPINE.entries())
    cord.push([0, v - BODY_HALF[index]![1] - 9, w, index < 3 ? 6.5 : 7]);
  cord.push([0, 0, 372, 7], [0, 8, 400, 7]);
  anatomy.tube("spinal_cord", cord, { stepMm: 6 });
  for (let index = 0; index < SPINE.length; index++) vertebra(anatomy, index);
  for (let index = 0; index < SPINE.length; index++) {
    const [v, w] = SPINE[index]!;
    const [belowV, belowW] = index === 0 ? [-22, -100] : SPINE[index - 1]!;
    const [a, b] = BODY_HALF[index]!;
    const centre = [0, (v + belowV) / 2, (w + belowW) / 2 + (index === 0 ? 2 : 0)] as const;
    anatomy.solid(
      "intervertebral_discs",
      anatomy.around(centre, 30),
      roundedBox(centre, [a - 1, b - 1, 7], 4),
    );
  }
  const sacrum: Field = (u, v, w) => {
    const t = (w + 95) / -105;
    if (t < -0.25 || t > 1.1) return 20;
    const centre = -28 - 62 * t + 20 * t * t;
    const half = 48 - 35 * Math.max(0, t);
    const depth = 17.5 - 9.5 * Math.max(0, t);
    const wing = t < 0.12 ? Math.abs(u) * 0.12 : 0;
    const f = Math.hypot(Math.max(0, Math.abs(u) - half + 8), Math.abs(v - centre + wing * 1.5)) - depth;
    return Math.max(f, w + 79 + 0.35 * (v + 30), -200 - w);
  };
  anatomy.solid("sacrum", { min: [-55, -110, -205], max: [55, 5, -70] }, sacrum);
}

const RIB_END_DEGREES = [150, 152, 152, 150, 148, 146, 142, 132, 120, 105, 78, 50];
const RIB_DROP = [40, 62, 80, 90, 98, 104, 110, 114, 112, 106, 170, 270];
const RIB_ON_STERNUM = [302, 272, 248, 228, 210, 195, 184];

/** Point of a rib's middle line at an angle from straight behind. */
function ribPoint(anatomy: Anatomy, rib: number, degrees: number): [number, number, number] {
  const angle = (degrees * Math.PI) / 180;
  const [, w0] = SPINE[17 - rib]!;
  const w = w0 + 7 - RIB_DROP[rib - 1]! * 0.5 * (1 - Math.cos(angle));
  const [u, v] = anatomy.body.onWall(angle, w, 5);
  return [u, v, w];
}

function ribs(anatomy: Anatomy, side: Side): void {
  for (let rib = 1; rib <= 12; rib++) {
    const [v, w] = SPINE[17 - rib]!;
    const [halfWidth, halfDepth] = BODY_HALF[17 - rib]!;
    const thick = rib === 1 ? 4.6 : rib > 10 ? 3.8 : 4.3;
    const line: Control[] = [
      [side * (halfWidth + 3), v - halfDepth * 0.7, w + 9, 4],
      [side * (halfWidth + 16), v - halfDepth - 14, w + 8, 4.2],
    ];
    const end = RIB_END_DEGREES[rib - 1]!;
    for (let degrees = rib < 3 ? 48 : 36; degrees < end; degrees += 12) {
      const [u, pv, pw] = ribPoint(anatomy, rib, degrees);
      line.push([side * u, pv, pw, thick]);
    }
    const [u, pv, pw] = ribPoint(anatomy, rib, end);
    line.push([side * u, pv, pw, thick]);
    anatomy.tube(`rib_${sideName(side)}_${rib}`, line, { zWeight: 0.62, stepMm: 5 });
  }
  for (let rib = 1; rib <= 10; rib++) {
    const end = RIB_END_DEGREES[rib - 1]!;
    const [u, v, w] = ribPoint(anatomy, rib, end);
    const line: Control[] = [[side * u, v, w, 4.6]];
    if (rib <= 7) {
      const target = RIB_ON_STERNUM[rib - 1]!;
      const [mu, mv] = anatomy.body.onWall(((end + 176) / 2) * (Math.PI / 180), (w + target) / 2 - 6, 7);
      line.push([side * Math.max(mu, 26), mv, (w + target) / 2 - 8, 4.8]);
      line.push([
        side * 18,
        anatomy.body.cavity(target).centre + anatomy.body.cavity(target).b + 7,
        target,
        5,
      ]);
    } else {
      const [, , nw] = ribPoint(anatomy, rib - 1, RIB_END_DEGREES[rib - 2]!);
      const [nu, nv] = anatomy.body.onWall(((RIB_END_DEGREES[rib - 2]! + 6) * Math.PI) / 180, nw + 1, 6);
      const [mu, mv] = anatomy.body.onWall(((end + 8) * Math.PI) / 180, (w + nw) / 2 - 2, 6);
      line.push([side * mu, mv, (w + nw) / 2 - 4, 4.4], [side * nu, nv, nw + 1, 4.4]);
    }
    anatomy.tube("costal_cartilages", line, { zWeight: 0.7, stepMm: 5 });
  }
}

function sternum(anatomy: Anatomy): void {
  const field: Field = (u, v, w) => {
    const { centre, b } = anatomy.body.cavity(w);
    const half = w > 268 ? 22 + (w - 268) * 0.22 : w > 165 ? 17 : 9;
    const depth = Math.abs(v - (centre + b + 8)) - 5.5;
    return smoothIntersection(smoothIntersection(Math.abs(u) - half, depth, 4), Math.abs(w - 230) - 84, 4);
  };
  anatomy.solid("sternum", { min: [-36, 0, 140], max: [36, 150, 320] }, field);
}

function shoulder(anatomy: Anatomy, side: Side): void {
  const name = sideName(side);
  anatomy.tube(
    `clavicula_${name}`,
    [
      [side * 17, 56, 314, 6.5],
      [side * 52, 58, 322, 5.2],
      [side * 95, 26, 334, 5.2],
      [side * 132, -18, 340, 6],
    ],
    { stepMm: 5 },
  );
  const axes = [
    [side * 0.86, 0.5, 0.1],
    [side * -0.08, -0.06, 0.995],
    [side * 0.5, -0.86, -0.01],
  ] as const;
  const plate = roundedBox([side * 96, -98, 262], [46, 68, 3.6], 3, axes);
  const spineOfScapula = roundCone([side * 62, -122, 288], [side * 136, -40, 334], 3.5, 6);
  const glenoid = roundCone([side * 118, -72, 300], [side * 138, -52, 312], 7, 12);
  anatomy.solid(
    `scapula_${name}`,
    boxAround(
      [
        [side * 40, -150, 185],
        [side * 165, -20, 350],
      ],
      0,
    ),
    (u, v, w) => {
      // The blade narrows to its lower tip: a triangle.
      const cut = (u * side - 78 - (w - 196) * 0.72) * 0.8;
      return Math.min(Math.max(plate(u, v, w), cut), spineOfScapula(u, v, w), glenoid(u, v, w));
    },
  );
}

function pelvis(anatomy: Anatomy, side: Side): void {
  const name = sideName(side);
  const female = anatomy.body.sex === "female" ? 5 : 0;
  const hipU = side * (86 + female * 0.6);
  const bowl = ellipsoid([0, -8, -70], [128 + female, 92, 118]);
  const socket = ellipsoid([hipU, -4, -172], [31, 31, 31]);
  const ischium = roundCone([side * (74 + female), -26, -180], [side * (58 + female), -42, -222], 15, 14);
  const pubis = roundCone([side * 66, 22, -172], [side * 7, 46, -204], 10, 9);
  const ramus = roundCone([side * 7, 44, -212], [side * (52 + female), -34, -226], 8, 8);
  const joint = roundCone([side * 50, -57, -94], [side * 76, -78, -90], 11, 8);
  const column = roundCone([side * 57, -52, -102], [side * 84, -8, -158], 10, 15);
  anatomy.solid(
    `femur_${name}`,
    boxAround(
      [
        [hipU - side * 30, -50, -250],
        [hipU + side * 80, 50, -145],
      ],
      0,
    ),
    (
      (head, neck, shaft) => (u: number, v: number, w: number) =>
        Math.min(head(u, v, w), smoothUnion(neck(u, v, w), shaft(u, v, w), 8))
    )(
      ellipsoid([hipU, -4, -176], [22, 22, 22]),
      roundCone([hipU, -4, -176], [hipU + side * 48, -10, -204], 14, 17),
      roundCone([hipU + side * 52, -14, -190], [hipU + side * 46, -8, -260], 15, 15),
    ),
  );
  anatomy.solid(
    `hip_${name}`,
    boxAround(
      [
        [0, -100, -238],
        [side * 148, 75, -38],
      ],
      0,
    ),
    (u, v, w) => {
      const x = u * side;
      const thickness = 4.2 + 3 * Math.max(0, Math.min(1, (w + 150) / -40)) + (w > -62 ? 1.5 : 0);
      const crest = w + 48 + ((v + 6) / 62) ** 2 * 42;
      const shell = Math.abs(bowl(u, v, w)) - thickness;
      let f = smoothIntersection(shell, crest, 4);
      f = Math.max(f, -140 - w, 50 - x - (v > 0 ? 12 : 0), v - 52 - (w + 100) * 0.25);
      const socketF = Math.max(socket(u, v, w), -(Math.hypot(u - hipU - side * 5, v + 4, w + 178) - 24));
      f = smoothUnion(f, socketF, 10);
      f = smoothUnion(f, Math.min(ischium(u, v, w), pubis(u, v, w), ramus(u, v, w)), 6);
      f = smoothUnion(f, Math.min(joint(u, v, w), column(u, v, w)), 8);
      return Math.max(f, 3 - x);
    },
  );
}

export function addSkeleton(anatomy: Anatomy): void {
  spine(anatomy);
  for (const side of SIDES) ribs(anatomy, side);
  sternum(anatomy);
  for (const side of SIDES) {
    shoulder(anatomy, side);
    pelvis(anatomy, side);
  }
}
