/** Brightness of everything in one image: as in a CT, as in an MR, or any at all. */
import type { Draws } from "./draws.js";
import type { SynthesisTissue } from "./table.js";

export type Look = "ct" | "t1" | "t2" | "random";

interface Brightness {
  ct: readonly [number, number];
  enhanced?: readonly [number, number] | undefined;
  t1: readonly [number, number];
  t2: readonly [number, number];
}

/** HU that a unit of brightness stands for where an effect is given in HU but the image is no CT. */
const HU_PER_UNIT = 300;

/** Draws the means and textures of one image: HU in a CT, in others 0 for air and about 1 for the brightest. */
export class Contrast {
  readonly look: Look;
  readonly #draws: Draws;
  /** How far a CT's contrast medium has come, 0 to 1. */
  readonly #phase: number;
  /** Standard deviation of what tissues differ from the usual by. */
  readonly #spread: number;
  /** Where contrasts are random: the few levels that all tissues take, null for any level. */
  readonly #levels: readonly number[] | null;
  readonly #groups = new Map<string, { phase: number; place: number; level: number }>();

  constructor(draws: Draws, look: Look) {
    this.look = look;
    this.#draws = draws;
    this.#phase = draws.chance(0.45) ? 0 : draws.uniform();
    const wide = draws.chance(0.3);
    this.#spread = look === "ct" ? draws.uniform(0, wide ? 30 : 8) : draws.uniform(0, wide ? 0.2 : 0.06);
    const levels = Array.from({ length: 3 + draws.integer(6) }, () => draws.uniform());
    this.#levels = draws.chance(0.4) ? levels : null;
  }

  /** Mean of a tissue or of a part of one. Members of a group mostly go together. */
  mean(brightness: Brightness, group?: string): number {
    const draws = this.#draws;
    const shared = this.#group(group ?? "");
    const together = group !== undefined && draws.chance(0.8);
    const own = draws.uniform();
    const place = together ? 0.75 * shared.place + 0.25 * own : own;
    const offset = draws.normal(0, this.#spread);
    if (this.look === "random") return together ? shared.level : this.level();
    if (this.look !== "ct") return Math.max(0, mix(brightness[this.look], place) + offset);
    const native = mix(brightness.ct, place);
    const phase = group === undefined ? this.#phase : shared.phase;
    const full = mix(brightness.enhanced ?? brightness.ct, place);
    return native + phase * (full - native) + offset;
  }

  #group(name: string): { phase: number; place: number; level: number } {
    let group = this.#groups.get(name);
    if (!group) {
      const draws = this.#draws;
      const phase = Math.min(1, Math.max(0, this.#phase * draws.uniform(0.5, 1.5)));
      group = { phase, place: draws.uniform(), level: this.level() };
      this.#groups.set(name, group);
    }
    return group;
  }

  /** Mean of air around the body: dark, but where contrasts are random now and then any value. */
  airMean(tissue: SynthesisTissue): number {
    if (this.look === "ct") return mix(tissue.ct, this.#draws.uniform());
    if (this.look === "random" && this.#draws.chance(0.2)) return this.level();
    return this.#draws.uniform(0, 0.04);
  }

  /** Mean of a lesion in a tissue of this mean: a mass, a cyst or a calcification. */
  lesionMean(host: number): number {
    const draws = this.#draws;
    const kind = draws.uniform();
    if (this.look !== "ct") return Math.max(0, kind < 0.5 ? host + draws.normal(0, 0.2) : draws.uniform());
    if (kind < 0.6) return host + draws.normal(0, 40);
    return kind < 0.9 ? draws.uniform(-5, 25) : draws.uniform(150, 600);
  }

  /** Mean of something that is no tissue, in a CT within a range of HU. */
  thingMean(ct: readonly [number, number]): number {
    return this.look === "ct" ? this.#draws.within(ct) : this.level();
  }

  /** Any of the levels of an image of random contrast. */
  level(): number {
    return this.#levels ? this.#levels[this.#draws.integer(this.#levels.length)]! : this.#draws.uniform();
  }

  /** Standard deviation of a texture whose range is given in HU. */
  texture(range: readonly [number, number]): number {
    const drawn = this.#draws.within(range);
    if (this.look === "ct") return drawn;
    return this.look === "random" ? this.#draws.uniform(0, 0.1) : drawn / HU_PER_UNIT;
  }
}

function mix([low, high]: readonly [number, number], place: number): number {
  return low + (high - low) * place;
}
