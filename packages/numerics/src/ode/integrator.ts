/** What every solver of initial value problems offers to whatever drives it (outputs, events, doses, delays). */
export interface Integrator {
  /** Time reached. */
  readonly time: number;
  /** Time at which the last step began. */
  readonly previousTime: number;
  /** State at `time`; a copy. */
  state(): Float64Array;
  /** State at a time within the last step, by its dense output; a copy. */
  at(time: number): Float64Array;
  /**
   * One accepted step, ending at `limit` at the latest; a solver may do several where nothing before `until` has to
   * be looked at. Throws `failed.step-size`, `failed.not-finite`.
   */
  step(limit: number, until?: number): void;
  /**
   * Goes on from another state or time, with other parameters where given. The step size is kept unless the
   * change is so large that the solver should feel its way again.
   */
  reset(change: { time?: number; state?: ArrayLike<number>; parameters?: ArrayLike<number> }): void;
  readonly statistics: IntegratorStatistics;
}

export interface IntegratorStatistics {
  accepted: number;
  rejected: number;
  /** Steps whose linear equations needed pivoting. */
  pivoted: number;
}

export interface Tolerances {
  /** Default 1e-6. */
  relative?: number;
  /** One for all states or one each; default 1e-9. */
  absolute?: number | ArrayLike<number>;
}

export interface IntegratorOptions extends Tolerances {
  /** First step; chosen by the size of the rates where left out. */
  initialStep?: number;
  /** No step is longer. */
  largestStep?: number;
}
