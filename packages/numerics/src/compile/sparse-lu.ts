/**
 * LU factors of sparse matrices of one pattern: elimination order and fill are found once, by names of entries
 * only, so that factorising becomes a fixed list of operations (Duff, Erisman & Reid, Direct Methods for Sparse
 * Matrices, doi:10.1093/acprof:oso/9780198508380.001.0001). No pivoting by value: callers check the residual.
 */

export interface Position {
  row: number;
  column: number;
}

export interface SparseLuPlan {
  size: number;
  /** Entries of L and U together, fill included; the first `entries.length` given ones keep their places. */
  entries: Position[];
  /** Column eliminated at step k, and the row that serves as its pivot. */
  pivots: Position[];
  /** Place of the pivot's entry, of the entries below it and right of it, at each step. */
  steps: {
    pivot: number;
    /** For each row below: its number, the place of its multiplier, and [target, source] of every update. */
    rows: { row: number; multiplier: number; updates: [number, number][] }[];
    /** Entries right of the pivot in its row: unknown's column and place. */
    right: { column: number; place: number }[];
  }[];
}

/**
 * Plans the elimination of an n x n matrix with the given entries. Rows are matched to columns so that no
 * pivot is structurally zero; the order is Markowitz' (least product of row and column counts).
 * Returns null when the pattern is structurally singular.
 */
export function planSparseLu(size: number, given: readonly Position[]): SparseLuPlan | null {
  const rowOf = matchRows(size, given);
  if (rowOf === null) return null;
  const columnOf = new Int32Array(size);
  for (let column = 0; column < size; column++) columnOf[rowOf[column]!] = column;
  // Work with rows named by the column they are matched to, so that pivots lie on the diagonal.
  const entries: Position[] = [];
  const place = new Map<number, number>();
  const key = (row: number, column: number) => row * size + column;
  const add = (row: number, column: number): void => {
    const k = key(row, column);
    if (place.has(k)) return;
    place.set(k, entries.push({ row, column }) - 1);
  };
  for (const { row, column } of given) add(row, column);
  const inRow = Array.from({ length: size }, () => new Set<number>());
  const inColumn = Array.from({ length: size }, () => new Set<number>());
  for (const { row, column } of entries) {
    inRow[columnOf[row]!]!.add(column);
    inColumn[column]!.add(columnOf[row]!);
  }
  const order = eliminationOrder(size, inRow, inColumn);
  const position = new Int32Array(size);
  order.forEach((k, i) => {
    position[k] = i;
  });
  const steps: SparseLuPlan["steps"] = [];
  for (const k of order) {
    const pivotRow = rowOf[k]!;
    const columns = [...inRow[k]!].filter((column) => position[column]! > position[k]!);
    columns.sort((a, b) => position[a]! - position[b]!);
    const below = [...inColumn[k]!].filter((row) => position[row]! > position[k]!);
    below.sort((a, b) => position[a]! - position[b]!);
    for (const row of below) {
      for (const column of columns) {
        if (inRow[row]!.has(column)) continue;
        inRow[row]!.add(column);
        inColumn[column]!.add(row);
        add(rowOf[row]!, column);
      }
    }
    const at = (row: number, column: number) => place.get(key(row, column))!;
    steps.push({
      pivot: at(pivotRow, k),
      rows: below.map((row) => ({
        row: rowOf[row]!,
        multiplier: at(rowOf[row]!, k),
        updates: columns.map((column) => [at(rowOf[row]!, column), at(pivotRow, column)]),
      })),
      right: columns.map((column) => ({ column, place: at(pivotRow, column) })),
    });
  }
  return { size, entries, pivots: order.map((k) => ({ row: rowOf[k]!, column: k })), steps };
}

/** For each column a row with an entry in it, its own where there is one (augmenting paths); null if impossible. */
function matchRows(size: number, given: readonly Position[]): Int32Array | null {
  const rowsOf = Array.from({ length: size }, (): number[] => []);
  for (const { row, column } of given) rowsOf[column]!.push(row);
  const rowOf = new Int32Array(size).fill(-1);
  const columnOf = new Int32Array(size).fill(-1);
  for (let column = 0; column < size; column++) {
    if (rowsOf[column]!.includes(column)) {
      rowOf[column] = column;
      columnOf[column] = column;
    }
  }
  for (let start = 0; start < size; start++) {
    if (rowOf[start] !== -1) continue;
    // Breadth-first search of an alternating path to a free row.
    const cameFrom = new Map<number, number>();
    const queue = [start];
    let free = -1;
    for (let q = 0; q < queue.length && free < 0; q++) {
      for (const row of rowsOf[queue[q]!]!) {
        if (cameFrom.has(row)) continue;
        cameFrom.set(row, queue[q]!);
        if (columnOf[row] === -1) {
          free = row;
          break;
        }
        queue.push(columnOf[row]!);
      }
    }
    if (free < 0) return null;
    for (let row = free; ; ) {
      const column = cameFrom.get(row)!;
      const next = rowOf[column]!;
      rowOf[column] = row;
      columnOf[row] = column;
      if (column === start) break;
      row = next;
    }
  }
  return rowOf;
}

/** Markowitz' order on the diagonal of a pattern; the sets are not changed. */
function eliminationOrder(
  size: number,
  rows: readonly ReadonlySet<number>[],
  columns: readonly ReadonlySet<number>[],
): number[] {
  const inRow = rows.map((row) => new Set(row));
  const inColumn = columns.map((column) => new Set(column));
  const alive = new Set(Array.from({ length: size }, (_, k) => k));
  const order: number[] = [];
  while (alive.size > 0) {
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    for (const k of alive) {
      const cost = (inRow[k]!.size - 1) * (inColumn[k]!.size - 1);
      if (cost < least) {
        least = cost;
        best = k;
        if (cost === 0) break;
      }
    }
    alive.delete(best);
    order.push(best);
    for (const row of inColumn[best]!) {
      if (row === best) continue;
      inRow[row]!.delete(best);
      for (const column of inRow[best]!) {
        if (column === best) continue;
        inRow[row]!.add(column);
        inColumn[column]!.add(row);
      }
    }
    for (const column of inRow[best]!) inColumn[column]!.delete(best);
  }
  return order;
}
