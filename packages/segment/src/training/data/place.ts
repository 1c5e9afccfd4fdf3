/** Which case a training patch is cut from, and where. */
import { RandomStream, type Size3 } from "@viscera/core";
import type { Draws } from "../../synthesis/draws.js";
import type { CaseReader, PreparedCase } from "./prepared-case.js";

/** The cases in random orders, one after the other: each comes once before any comes again. */
export class CaseOrder {
  readonly #random: RandomStream;
  readonly #order: Uint32Array;
  #round = -1;

  constructor(seed: number, cases: number) {
    this.#random = new RandomStream(seed, "segment.case-order");
    this.#order = new Uint32Array(cases);
  }

  /** Case of sample 0, 1, 2, ... */
  at(sample: number): number {
    const order = this.#order;
    const round = Math.floor(sample / order.length);
    if (round !== this.#round) {
      for (let i = 0; i < order.length; i++) order[i] = i;
      for (let i = order.length - 1; i > 0; i--) {
        const j = this.#random.integer(i + 1, round, i);
        const other = order[i]!;
        order[i] = order[j]!;
        order[j] = other;
      }
      this.#round = round;
    }
    return order[sample - round * order.length]!;
  }
}

/** True for the share of samples, spread evenly: of any run of samples as many as the share asks for, to within one. */
export function isForeground(sample: number, share: number): boolean {
  return Math.floor((sample + 1) * share) > Math.floor(sample * share);
}

/**
 * First voxel of a patch. Around a voxel of a random known class of the case where asked (nnU-Net's oversampling),
 * else anywhere; within the case, and centred along an axis that is shorter than the patch, as in inference.
 */
export function placePatch(
  entry: PreparedCase,
  patch: Size3,
  foreground: boolean,
  reader: Pick<CaseReader, "voxel">,
  draws: Draws,
): Size3 {
  const { size, known } = entry;
  const within = (axis: number, start: number) => {
    const room = size[axis]! - patch[axis]!;
    return room <= 0 ? -Math.floor(-room / 2) : Math.min(room, Math.max(0, start));
  };
  const classes = entry.voxels.filter((item) => known === null || known.includes(item.class));
  if (!foreground || classes.length === 0) {
    return [0, 1, 2].map((axis) =>
      within(axis, draws.integer(Math.max(1, size[axis]! - patch[axis]! + 1))),
    ) as unknown as Size3;
  }
  const chosen = classes[draws.integer(classes.length)]!;
  const voxel = reader.voxel(entry, chosen.from + draws.integer(chosen.listed));
  const at = [
    voxel % size[0],
    Math.floor(voxel / size[0]) % size[1],
    Math.floor(voxel / (size[0] * size[1])),
  ];
  return at.map((v, axis) => within(axis, v - Math.floor(patch[axis]! / 2))) as unknown as Size3;
}
