import type { Mesh } from "@viscera/core";

/** For each vertex the first one at the same position; positions are compared as float32. */
export function mergeEqualPositions(positions: Float32Array): Uint32Array {
  const vertices = positions.length / 3;
  // Adding 0 turns -0 into 0, so that both have the same bits.
  const bits = new Uint32Array(positions.map((value) => value + 0).buffer);
  const merged = new Uint32Array(vertices);
  const table = new Int32Array(tableSize(vertices)).fill(-1);
  const mask = table.length - 1;
  for (let v = 0; v < vertices; v++) {
    const p = 3 * v;
    let slot = hashWords(hashWords(bits[p]!, bits[p + 1]!), bits[p + 2]!) & mask;
    for (; table[slot]! >= 0; slot = (slot + 1) & mask) {
      const q = 3 * table[slot]!;
      if (bits[p] === bits[q] && bits[p + 1] === bits[q + 1] && bits[p + 2] === bits[q + 2]) break;
    }
    if (table[slot]! < 0) table[slot] = v;
    merged[v] = table[slot]!;
  }
  return merged;
}

/** The mesh with one vertex for each position, in the order of their first occurrence. */
export function mergeVertices({ positions, indices }: Mesh): Mesh {
  const merged = mergeEqualPositions(positions);
  const number = new Uint32Array(merged.length);
  const kept = new Float32Array(positions.length);
  let count = 0;
  for (let v = 0; v < merged.length; v++) {
    if (merged[v] === v) {
      kept.set(positions.subarray(3 * v, 3 * v + 3), 3 * count);
      number[v] = count++;
    } else number[v] = number[merged[v]!]!;
  }
  return { positions: kept.slice(0, 3 * count), indices: indices.map((v) => number[v]!) };
}

/** Power of two with room for `entries` at half load. */
export function tableSize(entries: number): number {
  return 2 ** Math.ceil(Math.log2(2 * entries + 2));
}

/** 32-bit hash of two words (rounds of MurmurHash3). */
export function hashWords(a: number, b: number): number {
  let h = Math.imul(a ^ Math.imul(b, 0xcc9e2d51), 0x1b873593);
  h ^= h >>> 15;
  h = Math.imul(h, 0x85ebca6b);
  return h ^ (h >>> 13);
}

/**
 * True when every directed edge of the triangles occurs once and its opposite once. `merged` maps vertices to
 * the ones they count as.
 */
export function isClosedManifold(triangles: Uint32Array, merged: Uint32Array): boolean {
  const edges = triangles.length;
  const table = new Int32Array(tableSize(edges)).fill(-1);
  const mask = table.length - 1;
  const from = (edge: number): number => merged[triangles[edge]!]!;
  const to = (edge: number): number => merged[triangles[edge % 3 === 2 ? edge - 2 : edge + 1]!]!;
  /** Slot of the directed edge a -> b, or the free slot where it would be. */
  const slotOf = (a: number, b: number): number => {
    let slot = hashWords(a, b) & mask;
    for (; table[slot]! >= 0; slot = (slot + 1) & mask)
      if (from(table[slot]!) === a && to(table[slot]!) === b) break;
    return slot;
  };
  for (let edge = 0; edge < edges; edge++) {
    const slot = slotOf(from(edge), to(edge));
    if (table[slot]! >= 0 || from(edge) === to(edge)) return false;
    table[slot] = edge;
  }
  for (let edge = 0; edge < edges; edge++) if (table[slotOf(to(edge), from(edge))]! < 0) return false;
  return true;
}

/**
 * True when, once vertices at equal positions are merged, every edge lies in exactly two triangles that run
 * along it in opposite directions.
 */
export function isWatertight({ positions, indices }: Mesh): boolean {
  return indices.length > 0 && isClosedManifold(indices, mergeEqualPositions(positions));
}
