/** The operations of a levelled LU plan as straight WebAssembly code, one function for each level. */
import { emitPieces } from "../compile/emit-lu.js";
import type { Layout, Region } from "../compile/layout.js";
import type { CodeWriter, Index } from "../wasm/code-writer.js";
import type { ModuleWriter } from "../wasm/module-writer.js";
import { CONSTANT, type Level, SOLVED, TIMED } from "./implicit-system.js";
import type { FactorEntry, LevelledLuPlan } from "./levelled-lu.js";

/** A value that the factors start from: where it lies, or the number that it is. */
export type GivenValue = { slot: number; level: Level } | { number: number };

/** One value of the plan, gathered in up to three parts as its terms become known. */
interface GatheredEntry {
  place: number;
  entry: FactorEntry;
  given: GivenValue | null;
  /** Level at which the last of its terms is known, and the pivot that it is divided by. */
  stored: Level;
  /** Its own pivot's place for an entry of L, -1 for one of U. */
  dividedBy: number;
  isPivot: boolean;
}

export class LevelledLuEmitter {
  readonly #plan: LevelledLuPlan;
  readonly #module: ModuleWriter;
  readonly #layout: Layout;
  /** Entries of L and U, pivots as their reciprocals. */
  readonly #factors: Region;
  /** In the order in which they become known. */
  readonly #gathered: GatheredEntry[] = [];
  readonly #storedLevel: Level[] = [];
  readonly #partial = new Map<number, number>();

  constructor(
    module: ModuleWriter,
    layout: Layout,
    plan: LevelledLuPlan,
    givenValue: (index: number) => GivenValue,
  ) {
    this.#module = module;
    this.#layout = layout;
    this.#plan = plan;
    this.#factors = layout.region(plan.entries.length);
    const add = (place: number, dividedBy: number, isPivot: boolean) => {
      const entry = plan.entries[place]!;
      const given = entry.given < 0 ? null : givenValue(entry.given);
      const levels: Level[] = entry.products.map((product) => this.#productLevel(product));
      if (given && "level" in given) levels.push(given.level);
      const summed = Math.max(CONSTANT, ...levels) as Level;
      const stored = dividedBy < 0 ? summed : (Math.max(summed, this.#storedLevel[dividedBy]!) as Level);
      this.#storedLevel[place] = stored;
      this.#gathered.push({ place, entry, given, stored, dividedBy, isPivot });
    };
    for (const { pivot, right, below } of plan.steps) {
      add(pivot, -1, true);
      for (const place of right) add(place, -1, false);
      for (const place of below) add(place, pivot, false);
    }
  }

  #productLevel([multiplier, above]: readonly [number, number]): Level {
    return Math.max(this.#storedLevel[multiplier]!, this.#storedLevel[above]!) as Level;
  }

  /** Number of multiplications that a level's function makes. */
  productsOf(level: Level): number {
    return this.#gathered.reduce(
      (sum, { entry }) =>
        sum + entry.products.filter((product) => this.#productLevel(product) === level).length,
      0,
    );
  }

  /** `(base)`: what becomes known at a level. To be emitted for the levels in rising order. */
  emitFactor(level: Level): Index {
    const pieces: ((code: CodeWriter) => void)[] = [];
    for (const gathered of this.#gathered) {
      if (level > gathered.stored) continue;
      const piece = this.#piece(gathered, level);
      if (piece) pieces.push(piece);
    }
    return emitPieces(this.#module, 1, ["i32"], pieces);
  }

  #load(code: CodeWriter, slot: number): void {
    code.get(0);
    code.load(8 * slot);
  }

  #piece(
    { place, entry, given, stored, dividedBy, isPivot }: GatheredEntry,
    level: Level,
  ): ((code: CodeWriter) => void) | null {
    const products = entry.products.filter((product) => this.#productLevel(product) === level);
    const takesGiven = given !== null && level === ("level" in given ? given.level : CONSTANT);
    const before = this.#partial.get(place);
    const finished = level === stored;
    if (!finished && products.length === 0 && !takesGiven) return null;
    const target = finished ? this.#factors.start + place : this.#layout.region(1).start;
    if (!finished) this.#partial.set(place, target);
    const divides = finished && dividedBy >= 0;
    return (code) => {
      code.get(0);
      if (finished && isPivot) code.constant(1);
      if (before !== undefined) this.#load(code, before);
      if (takesGiven && given) {
        if ("slot" in given) this.#load(code, given.slot);
        else code.constant(given.number);
        if (before !== undefined) code.native("add");
      }
      if (before === undefined && !takesGiven) code.constant(0);
      for (const [multiplier, above] of products) {
        this.#load(code, this.#factors.start + multiplier);
        this.#load(code, this.#factors.start + above);
        code.native("mul");
        code.native("sub");
      }
      if (finished && isPivot) code.native("div");
      if (divides) {
        this.#load(code, this.#factors.start + dividedBy);
        code.native("mul");
      }
      code.store(8 * target);
    };
  }

  /**
   * `(base)`: solves with the factors; the right-hand side, by rows, lies in `side` and is changed, the
   * result, by columns, comes into `result`.
   */
  emitSolve(side: Region, result: Region): Index {
    const { steps, entries } = this.#plan;
    const leftOf = new Map<number, { place: number; row: number }[]>();
    for (const { row, below } of steps) {
      for (const place of below) {
        const target = entries[place]!.row;
        const list = leftOf.get(target) ?? [];
        list.push({ place, row });
        leftOf.set(target, list);
      }
    }
    const pieces: ((code: CodeWriter) => void)[] = [];
    for (const { row } of steps) {
      const left = leftOf.get(row);
      if (!left) continue;
      pieces.push((code) => {
        code.get(0);
        this.#load(code, side.start + row);
        for (const term of left) {
          this.#load(code, this.#factors.start + term.place);
          this.#load(code, side.start + term.row);
          code.native("mul");
          code.native("sub");
        }
        code.store(8 * (side.start + row));
      });
    }
    for (const { row, column, pivot, right } of [...steps].reverse()) {
      pieces.push((code) => {
        code.get(0);
        this.#load(code, side.start + row);
        for (const place of right) {
          this.#load(code, this.#factors.start + place);
          this.#load(code, result.start + entries[place]!.column);
          code.native("mul");
          code.native("sub");
        }
        this.#load(code, this.#factors.start + pivot);
        code.native("mul");
        code.store(8 * (result.start + column));
      });
    }
    return emitPieces(this.#module, 1, ["i32"], pieces);
  }
}

export const LEVELS = [CONSTANT, TIMED, SOLVED] as const;
