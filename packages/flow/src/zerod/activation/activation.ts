/** How strongly a chamber's muscle pulls, 0 to 1, as a function of time. */
export type Activation = (time: number) => number;

export interface ActivationType {
  /** `type` of an `activation_function` in a file. */
  type: string;
  /** Every parameter is a number that has to be given. */
  parameters: readonly string[];
  /** Throws `input.zerod` for values that give no activation. */
  create(value: (name: string) => number, periodS: number): Activation;
}
