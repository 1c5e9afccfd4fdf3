/**
 * A plan of LU factors for matrices of one pattern, pivots chosen by value at one matrix that stands for all, and
 * by how often what they touch changes: entries that stay constant are eliminated once a run, those that change
 * with time once a step, and only the rest at every iteration. Markowitz' strategy with threshold pivoting (Duff,
 * Erisman & Reid, Direct Methods for Sparse Matrices, doi:10.1093/acprof:oso/9780198508380.001.0001), the cost of
 * an update weighted by its level.
 */
import { CONSTANT, type Level, SOLVED, TIMED } from "./implicit-system.js";

export interface LevelledEntry {
  row: number;
  column: number;
  level: Level;
  /** At the matrix that stands for all. */
  value: number;
}

/** An entry of L or U: its given value (if any) minus the sum of products of entries found before. */
export interface FactorEntry {
  row: number;
  column: number;
  /** Index of the given entry that it starts from, -1 for fill. */
  given: number;
  /** Places of [multiplier, entry above] of each product. */
  products: [number, number][];
}

export interface LevelledLuPlan {
  entries: FactorEntry[];
  /** In the order of elimination: the pivot's place, those right of it (U) and those below it (L). */
  steps: { row: number; column: number; pivot: number; right: number[]; below: number[] }[];
}

/** A pivot is at least this share of the largest entry of its column. */
const THRESHOLD = 0.1;
/** Cost of an update by its level: a constant one is made once a run. */
const COST = { [CONSTANT]: 1e-3, [TIMED]: 0.4, [SOLVED]: 1 } as const;

/** Column of an unknown that no equation determines. */
export interface SingularColumn {
  singular: number;
}

export function planLevelledLu(
  size: number,
  given: readonly LevelledEntry[],
): LevelledLuPlan | SingularColumn {
  const active = new ActiveMatrix(size, given);
  const steps: LevelledLuPlan["steps"] = [];
  for (let k = 0; k < size; k++) {
    const found = active.bestPivot();
    if (found === null) return { singular: active.anyColumn() };
    steps.push(active.eliminate(found));
  }
  return { entries: active.entries, steps };
}

interface Candidate {
  row: number;
  column: number;
  cost: number;
  size: number;
}

function isBetter(a: Candidate, b: Candidate): boolean {
  return a.cost < b.cost || (a.cost === b.cost && a.size > b.size);
}

interface Cell {
  place: number;
  value: number;
  level: Level;
}

/** What is left of the matrix during the planned elimination. */
class ActiveMatrix {
  readonly entries: FactorEntry[] = [];
  readonly #rows: Map<number, Cell>[];
  readonly #columns: Set<number>[];
  /** Numbers of entries of each level, by row and by column. */
  readonly #inRow: Int32Array[];
  readonly #inColumn: Int32Array[];
  readonly #left: Set<number>;
  /** The best pivot of each column, and the columns for which it has to be found again. */
  readonly #candidates = new Map<number, Candidate | null>();
  readonly #changed: Set<number>;

  constructor(size: number, given: readonly LevelledEntry[]) {
    const counts = () => Array.from({ length: size }, () => new Int32Array(3));
    this.#rows = Array.from({ length: size }, () => new Map());
    this.#columns = Array.from({ length: size }, () => new Set());
    this.#inRow = counts();
    this.#inColumn = counts();
    this.#left = new Set(Array.from({ length: size }, (_, column) => column));
    this.#changed = new Set(this.#left);
    for (const [index, { row, column, level, value }] of given.entries()) {
      this.#add(row, column, index, level, value);
    }
  }

  #add(row: number, column: number, given: number, level: Level, value: number): Cell {
    const place = this.entries.push({ row, column, given, products: [] }) - 1;
    const cell = { place, value, level };
    this.#rows[row]!.set(column, cell);
    this.#columns[column]!.add(row);
    this.#count(row, column, level, 1);
    return cell;
  }

  #count(row: number, column: number, level: Level, by: number): void {
    this.#inRow[row]![level]! += by;
    this.#inColumn[column]![level]! += by;
  }

  anyColumn(): number {
    const empty = [...this.#left].find((column) => this.#columns[column]!.size === 0);
    return empty ?? [...this.#left][0]!;
  }

  /** Weighted number of updates that a pivot causes. */
  #costOf(row: number, column: number, level: Level): number {
    const right = this.#inRow[row]!;
    const below = this.#inColumn[column]!;
    let cost = 0;
    let before = 0;
    let [rights, belows] = [0, 0];
    for (const l of [CONSTANT, TIMED, SOLVED] as const) {
      rights += right[l]! - (l === level ? 1 : 0);
      belows += below[l]! - (l === level ? 1 : 0);
      // A multiplier changes with its pivot.
      const products = l < level ? 0 : rights * belows;
      cost += COST[l] * (products - before);
      before = products;
    }
    return cost;
  }

  bestPivot(): { row: number; column: number } | null {
    for (const column of this.#changed) {
      if (this.#left.has(column)) this.#candidates.set(column, this.#bestInColumn(column));
    }
    this.#changed.clear();
    let best: Candidate | null = null;
    for (const column of this.#left) {
      const candidate = this.#candidates.get(column)!;
      if (candidate === null || (best !== null && !isBetter(candidate, best))) continue;
      best = candidate;
    }
    return best;
  }

  #bestInColumn(column: number): Candidate | null {
    let largest = 0;
    for (const row of this.#columns[column]!) {
      largest = Math.max(largest, Math.abs(this.#rows[row]!.get(column)!.value));
    }
    let best: Candidate | null = null;
    for (const row of this.#columns[column]!) {
      const { value, level } = this.#rows[row]!.get(column)!;
      const size = Math.abs(value);
      // 0 here, but perhaps not elsewhere: only where there is nothing else.
      const zero = !(size > 0);
      if (zero ? level === CONSTANT : size < THRESHOLD * largest) continue;
      const cost = zero ? Number.POSITIVE_INFINITY : this.#costOf(row, column, level);
      const candidate = { row, column, cost, size };
      if (best === null || isBetter(candidate, best)) best = candidate;
    }
    return best;
  }

  eliminate({ row, column }: { row: number; column: number }): LevelledLuPlan["steps"][number] {
    const pivotRow = this.#rows[row]!;
    const pivot = pivotRow.get(column)!;
    const right = [...pivotRow].filter(([other]) => other !== column);
    const rowsBelow = [...this.#columns[column]!].filter((other) => other !== row);
    const step = {
      row,
      column,
      pivot: pivot.place,
      right: right.map(([, cell]) => cell.place),
      below: rowsBelow.map((other) => this.#rows[other]!.get(column)!.place),
    };
    for (const other of rowsBelow) {
      const below = this.#rows[other]!.get(column)!;
      const factor = pivot.value === 0 ? 0 : below.value / pivot.value;
      const factorLevel = Math.max(below.level, pivot.level);
      for (const [c, above] of right) {
        const level = Math.max(factorLevel, above.level) as Level;
        let target = this.#rows[other]!.get(c);
        if (target === undefined) target = this.#add(other, c, -1, level, 0);
        else if (level > target.level) {
          this.#count(other, c, target.level, -1);
          this.#count(other, c, level, 1);
          target.level = level;
        }
        target.value -= factor * above.value;
        this.entries[target.place]!.products.push([below.place, above.place]);
      }
    }
    for (const other of rowsBelow) {
      this.#count(other, column, this.#rows[other]!.get(column)!.level, -1);
      this.#rows[other]!.delete(column);
      for (const c of this.#rows[other]!.keys()) this.#changed.add(c);
    }
    for (const [c, cell] of right) {
      this.#count(row, c, cell.level, -1);
      this.#columns[c]!.delete(row);
      this.#changed.add(c);
    }
    this.#left.delete(column);
    this.#columns[column]!.clear();
    return step;
  }
}
