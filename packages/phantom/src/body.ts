/**
 * The body's frame and its walls. All anatomy is laid out for a reference man of 177 cm and 75 kg in millimetres,
 * u to the right, v anterior, w superior, from the centre of the body of L3; a patient's world is that frame
 * stretched along each axis. Walls are superellipses whose centre and half axes change with height: the inner
 * wall (ribs and abdominal muscles), the outside of the muscles, the skin.
 */
import { RandomStream, type Vec3 } from "@viscera/core";
import type { Person } from "./population.js";

const LOW = -300;
const HIGH = 460;

/** A smooth curve over w through the given knots (Hermite, no overshoot between equal values), tabulated per mm. */
export class Profile {
  readonly #table = new Float64Array(HIGH - LOW + 2);

  constructor(knots: readonly (readonly [w: number, value: number])[]) {
    const slope = (i: number) => {
      const before = knots[Math.max(0, i - 1)]!;
      const after = knots[Math.min(knots.length - 1, i + 1)]!;
      return (after[1] - before[1]) / (after[0] - before[0]);
    };
    for (let i = 0, cell = 0; i < this.#table.length; i++) {
      const w = LOW + i;
      while (cell < knots.length - 2 && w > knots[cell + 1]![0]) cell++;
      const [w0, f0] = knots[cell]!;
      const [w1, f1] = knots[cell + 1]!;
      const t = Math.min(1, Math.max(0, (w - w0) / (w1 - w0)));
      const h = w1 - w0;
      this.#table[i] =
        (1 + 2 * t) * (1 - t) ** 2 * f0 +
        t * (1 - t) ** 2 * h * slope(cell) +
        t * t * (3 - 2 * t) * f1 +
        t * t * (t - 1) * h * slope(cell + 1);
    }
  }

  at(w: number): number {
    const x = Math.min(HIGH - LOW, Math.max(0, w - LOW));
    const i = Math.floor(x);
    return this.#table[i]! + (x - i) * (this.#table[i + 1]! - this.#table[i]!);
  }
}

/** A wall at one height: |u / a|^2.5 + |(v - centre) / b|^2.5 = 1. */
export interface Section {
  a: number;
  b: number;
  centre: number;
}

/** Half width of a section at depth v, or -1 outside. */
export function halfWidth({ a, b, centre }: Section, v: number): number {
  const y = Math.abs(v - centre) / b;
  if (!(y < 1)) return -1;
  return a * (1 - y * y * Math.sqrt(y)) ** 0.4;
}

/** 1 on the section, below inside. */
export function radiusIn({ a, b, centre }: Section, u: number, v: number): number {
  const x = Math.abs(u) / a;
  const y = Math.abs(v - centre) / b;
  return (x * x * Math.sqrt(x) + y * y * Math.sqrt(y)) ** 0.4;
}

/** Centres of the vertebral bodies, [v, w], from L5 upwards to C7. */
export const SPINE: readonly (readonly [v: number, w: number])[] = [
  [-8, -69],
  [1, -35],
  [0, 0],
  [-7, 34],
  [-16, 67],
  [-25, 98],
  [-33, 126],
  [-40, 151],
  [-45, 175],
  [-49, 198],
  [-51, 220],
  [-50, 241],
  [-46, 262],
  [-40, 282],
  [-32, 302],
  [-22, 321],
  [-11, 339],
  [0, 356],
];

const spineV = new Profile([
  [-160, -58],
  [-125, -42],
  [-98, -24],
  ...SPINE.map(([v, w]): [number, number] => [w, v]),
  [372, 8],
  [400, 16],
]);

/** v of the centre of the vertebral bodies at height w. */
export const spineAt = (w: number): number => spineV.at(w);

const CAVITY_A: [number, number][] = [
  [-240, 56],
  [-190, 64],
  [-140, 86],
  [-90, 112],
  [-40, 121],
  [10, 126],
  [60, 131],
  [110, 136],
  [160, 137],
  [210, 132],
  [260, 117],
  [300, 92],
  [330, 66],
  [350, 46],
  [366, 30],
  [400, 24],
];
const CAVITY_FRONT: [number, number][] = [
  [-240, 10],
  [-190, 38],
  [-140, 64],
  [-90, 80],
  [-40, 88],
  [10, 92],
  [60, 95],
  [110, 96],
  [160, 92],
  [210, 82],
  [260, 64],
  [300, 44],
  [330, 26],
  [350, 18],
  [366, 14],
  [400, 12],
];
const CAVITY_BACK: [number, number][] = [
  [-240, -72],
  [-190, -82],
  [-140, -74],
  [-90, -52],
  [-40, -46],
  [10, -48],
  [60, -60],
  [110, -76],
  [160, -90],
  [210, -99],
  [260, -97],
  [300, -83],
  [330, -62],
  [350, -40],
  [366, -20],
  [400, 0],
];
/** Bone and muscle outside the cavity: lateral, in front, behind. */
const WALL_SIDE: [number, number][] = [
  [-240, 98],
  [-190, 96],
  [-140, 68],
  [-90, 38],
  [-40, 20],
  [10, 15],
  [60, 13],
  [110, 12.5],
  [160, 14],
  [210, 20],
  [260, 40],
  [300, 70],
  [330, 92],
  [346, 86],
  [358, 62],
  [370, 34],
  [400, 32],
];
const WALL_FRONT: [number, number][] = [
  [-240, 60],
  [-190, 34],
  [-140, 15],
  [-90, 11],
  [-40, 10],
  [10, 10],
  [60, 11],
  [110, 13],
  [160, 15],
  [210, 19],
  [260, 24],
  [300, 28],
  [330, 32],
  [350, 36],
  [366, 40],
  [400, 44],
];
const WALL_BACK: [number, number][] = [
  [-240, 36],
  [-190, 40],
  [-140, 38],
  [-90, 47],
  [-40, 47],
  [10, 45],
  [60, 40],
  [110, 32],
  [160, 27],
  [210, 24],
  [260, 27],
  [300, 36],
  [330, 46],
  [350, 54],
  [366, 60],
  [400, 62],
];

/** A patient's frame, walls and diaphragm. */
export class Body {
  readonly sex: "female" | "male";
  /** World mm per reference mm along u, v, w. */
  readonly scale: Vec3;
  /** How far the diaphragm stands below (+) the reference's, reference mm. */
  readonly inflation: number;
  readonly #cavity: { a: Profile; front: Profile; back: Profile };
  readonly #wall = {
    side: new Profile(WALL_SIDE),
    front: new Profile(WALL_FRONT),
    back: new Profile(WALL_BACK),
  };
  readonly #fat: { side: Profile; front: Profile; back: Profile };
  readonly #domes: { right: number; left: number };

  constructor(person: Person, seed: number) {
    const { patient, bodyMassIndex, visceralFat } = person;
    const random = new RandomStream(seed, "phantom.body");
    this.sex = patient.sex;
    const female = patient.sex === "female";
    const height = patient.heightCm / 177;
    const build = (bodyMassIndex - 24) / 24;
    this.scale = [
      height ** 0.7 * (female ? 0.95 : 1) * (1 + 0.09 * build) * (1 + 0.02 * random.normal(1)),
      height ** 0.5 * (female ? 0.93 : 1) * (1 + 0.13 * build) * (1 + 0.025 * random.normal(2)),
      height * (female ? 1.02 : 1) * (1 + 0.012 * random.normal(3)),
    ];
    // In the reference frame the lungs hold 4180 mL, 27 mL more for each mm of diaphragm and 90 mL for each mm by
    // which the ribs move out (measured on this model); the diaphragm does most of the breathing.
    const surplusMl = person.lungsMl / (this.scale[0] * this.scale[1] * this.scale[2]) - 4180;
    this.inflation = Math.min(17, Math.max(-20, surplusMl / 42));
    const expansion = Math.min(11, Math.max(-7, (surplusMl - 27 * this.inflation) / 90));
    const chest = (w: number) => 1 / (1 + Math.exp((100 - w) / 22)) / (1 + Math.exp((w - 320) / 12));
    // Fat inside pushes the belly forwards and a little sideways between the ribs and the pelvis.
    const belly = (w: number) => Math.exp(-(((w + 10) / 95) ** 2));
    const hips = (w: number) => Math.exp(-(((w + 190) / 60) ** 2));
    this.#cavity = {
      a: new Profile(
        CAVITY_A.map(([w, a]) => [
          w,
          a + expansion * chest(w) + 7 * belly(w) * (visceralFat - 0.4) + (female ? 5 * hips(w) : 0),
        ]),
      ),
      front: new Profile(
        CAVITY_FRONT.map(([w, f]) => [w, f + expansion * chest(w) + 30 * belly(w) * (visceralFat - 0.45)]),
      ),
      back: new Profile(CAVITY_BACK),
    };
    const plump = Math.max(0, bodyMassIndex - 18) / 7;
    const base = (female ? 1.35 : 1) * (0.9 + 0.2 * random.uniform(4));
    const fat = (low: number, perPlump: number, waist: number, hip: number) =>
      new Profile(
        CAVITY_A.map(([w]) => [
          w,
          low + base * plump * (perPlump + waist * belly(w + 25) + hip * hips(w) * (female ? 1.4 : 1)),
        ]),
      );
    this.#fat = { side: fat(3.5, 6, 6, 9), front: fat(4, 5, 11, 8), back: fat(4, 5.5, 7, 11) };
    this.#domes = { right: 164 + 4 * random.normal(5), left: 150 + 4 * random.normal(6) };
  }

  toWorld(u: number, v: number, w: number): [number, number, number] {
    return [u * this.scale[0], v * this.scale[1], w * this.scale[2]];
  }

  /** The inner wall at height w. */
  cavity(w: number): Section {
    return this.#section(w, 0, 0, 0);
  }

  /** The outer face of the muscles. */
  muscles(w: number): Section {
    return this.#section(w, this.#wall.side.at(w), this.#wall.front.at(w), this.#wall.back.at(w));
  }

  /** The skin, `insetMm` below its surface. */
  skin(w: number, inset = 0): Section {
    return this.#section(
      w,
      this.#wall.side.at(w) + this.#fat.side.at(w) - inset,
      this.#wall.front.at(w) + this.#fat.front.at(w) - inset,
      this.#wall.back.at(w) + this.#fat.back.at(w) - inset,
    );
  }

  #section(w: number, side: number, inFront: number, behind: number): Section {
    const front = this.#cavity.front.at(w) + inFront;
    const back = this.#cavity.back.at(w) - behind;
    return { a: this.#cavity.a.at(w) + side, b: (front - back) / 2, centre: (front + back) / 2 };
  }

  /** Approximate distance (mm) to the inner wall, negative inside. */
  cavityDistance(u: number, v: number, w: number): number {
    const section = this.cavity(w);
    const r = radiusIn(section, u, v);
    const x = u / section.a;
    const y = (v - section.centre) / section.b;
    const reach = (x * x + y * y) / ((x / section.a) ** 2 + (y / section.b) ** 2 + 1e-12);
    return (r - 1) * Math.sqrt(reach);
  }

  /** Point of the inner wall moved out by `outMm` at an angle from straight behind (0), over the right side (90 degrees). */
  onWall(angle: number, w: number, outMm: number): [number, number] {
    const section = this.cavity(w);
    const a = section.a + outMm;
    const b = section.b + outMm;
    const du = Math.sin(angle);
    const dv = -Math.cos(angle);
    const t = 1 / ((Math.abs(du) / a) ** 2.5 + (Math.abs(dv) / b) ** 2.5) ** 0.4;
    return [t * du, section.centre + t * dv];
  }

  /** Height of the diaphragm: two domes, highest on the right, falling to the wall, most behind. */
  diaphragm(u: number, v: number): number {
    const section = this.cavity(120);
    const r = Math.min(1.15, radiusIn(section, u, v));
    const forward = (v - section.centre) / section.b / Math.max(r, 0.3);
    const edge = 98 + (forward > 0 ? 34 : 26) * forward;
    const { right, left } = this.#domes;
    const top =
      (right + left) / 2 + ((right - left) / 2) * Math.tanh(u / 30) - 9 * Math.exp(-(((u + 8) / 30) ** 2));
    const flat = 1 - r * r * r * r * Math.sqrt(r);
    return edge + (top - edge) * flat - this.inflation * (0.55 + 0.45 * Math.max(0, flat));
  }
}
