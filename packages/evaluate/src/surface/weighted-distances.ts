import { pairwiseSum } from "../statistics/pairwise-sum.js";

/** Distances of surface elements with their areas, in order of distance, as the cumulative rules of the area need. */
export class WeightedDistances {
  /** Distances in ascending order; equal ones by ascending area. */
  readonly #distances: Float64Array;
  /** Area up to and with each element. */
  readonly #cumulative: Float64Array;
  readonly #total: number;
  readonly #moment: number;

  /** `distances` in mm, `areas` in mm^2. */
  constructor(distances: Float64Array, areas: Float64Array) {
    const { order, distance, area } = sortedPairs(distances, areas);
    this.#distances = distance;
    this.#cumulative = new Float64Array(order);
    let sum = 0;
    let moment = 0;
    for (let i = 0; i < order; i++) {
      sum += area[i]!;
      moment += area[i]! * distance[i]!;
      this.#cumulative[i] = sum;
    }
    this.#total = pairwiseSum(area);
    this.#moment = moment;
  }

  /** Total area in mm^2. */
  get area(): number {
    return this.#total;
  }

  /** Mean distance weighted by area; NaN without elements. */
  get mean(): number {
    return this.#moment / this.#total;
  }

  /** Area of the elements that lie at most `toleranceMm` away. */
  areaWithin(toleranceMm: number): number {
    let low = 0;
    let high = this.#distances.length;
    while (low < high) {
      const at = (low + high) >>> 1;
      if (this.#distances[at]! <= toleranceMm) low = at + 1;
      else high = at;
    }
    return low === 0 ? 0 : this.#cumulative[low - 1]!;
  }

  /** The first distance at which the share of the area reached is at least `percent`; Infinity without elements. */
  percentile(percent: number): number {
    const count = this.#distances.length;
    if (count === 0) return Number.POSITIVE_INFINITY;
    const share = percent / 100;
    let low = 0;
    let high = count;
    while (low < high) {
      const at = (low + high) >>> 1;
      if (this.#cumulative[at]! / this.#total < share) low = at + 1;
      else high = at;
    }
    return this.#distances[Math.min(low, count - 1)]!;
  }
}

/** Sorts by distance, then area. There are few different values of either, so their numbers are sorted. */
function sortedPairs(
  distances: Float64Array,
  areas: Float64Array,
): { order: number; distance: Float64Array; area: Float64Array } {
  const [distanceRank, distanceValues] = ranks(distances);
  const [areaRank, areaValues] = ranks(areas);
  const count = distances.length;
  const width = Math.max(1, areaValues.length);
  // Up to 2^53, which no image's points reach.
  const keys = new Float64Array(count);
  for (let i = 0; i < count; i++) keys[i] = distanceRank[i]! * width + areaRank[i]!;
  keys.sort();
  const distance = new Float64Array(count);
  const area = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const rank = Math.floor(keys[i]! / width);
    distance[i] = distanceValues[rank]!;
    area[i] = areaValues[keys[i]! - rank * width]!;
  }
  return { order: count, distance, area };
}

/** Number of each value among the different values in ascending order, and those values. */
function ranks(values: Float64Array): [Uint32Array, Float64Array] {
  const numbers = new Map<number, number>();
  const first = new Uint32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    let number = numbers.get(values[i]!);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(values[i]!, number);
    }
    first[i] = number;
  }
  const sorted = Float64Array.from(numbers.keys()).sort();
  const rank = new Uint32Array(numbers.size);
  for (let i = 0; i < sorted.length; i++) rank[numbers.get(sorted[i]!)!] = i;
  for (let i = 0; i < first.length; i++) first[i] = rank[first[i]!]!;
  return [first, sorted];
}
