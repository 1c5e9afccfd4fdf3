/** Running means and variances of many values at once (Welford; merged as by Chan, Golub & LeVeque 1983). */
export class Moments {
  count = 0;
  readonly means: Float64Array;
  /** Sums of squared distances from the mean. */
  readonly squares: Float64Array;

  constructor(length: number) {
    this.means = new Float64Array(length);
    this.squares = new Float64Array(length);
  }

  add(values: ArrayLike<number>): void {
    this.count++;
    for (let i = 0; i < this.means.length; i++) {
      const distance = values[i]! - this.means[i]!;
      this.means[i]! += distance / this.count;
      this.squares[i]! += distance * (values[i]! - this.means[i]!);
    }
  }

  /** Takes in what was counted elsewhere. */
  merge(other: Pick<Moments, "count" | "means" | "squares">): void {
    const total = this.count + other.count;
    if (other.count === 0) return;
    for (let i = 0; i < this.means.length; i++) {
      const distance = other.means[i]! - this.means[i]!;
      this.means[i]! += (distance * other.count) / total;
      this.squares[i]! += other.squares[i]! + (distance * distance * this.count * other.count) / total;
    }
    this.count = total;
  }

  /** Standard deviation of the sample; 0 of fewer than two values. */
  deviation(index: number): number {
    return this.count > 1 ? Math.sqrt(this.squares[index]! / (this.count - 1)) : 0;
  }
}
