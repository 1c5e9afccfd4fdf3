/** `simulation_parameters` of a file: how long, how finely, to what tolerance, and what to write. */
import { type ConfigEntry, zerodError } from "./config.js";

export interface SimulationParameters {
  /** Driven by a solver outside; here it runs by itself for one external step. */
  coupled: boolean;
  cycles: number;
  pointsPerCycle: number;
  /** Duration of a coupled run. */
  externalStep: number;
  /** Length of a beat, null where the file gives none. */
  period: number | null;
  /** Runs on until means at the ends change by less than this share from beat to beat; null where not asked. */
  cycleError: number | null;
  absoluteTolerance: number;
  iterations: number;
  steadyStart: boolean;
  rhoInfinity: number;
  output: {
    byVariable: boolean;
    interval: number;
    meanOnly: boolean;
    derivative: boolean;
    allCycles: boolean;
  };
}

const KNOWN = new Set([
  ...["coupled_simulation", "number_of_cardiac_cycles", "number_of_time_pts_per_cardiac_cycle"],
  ...["number_of_time_pts", "external_step_size", "use_cycle_to_cycle_error"],
  ...["sim_cycle_to_cycle_percent_error", "absolute_tolerance", "maximum_nonlinear_iterations"],
  ...["steady_initial", "rho_infty", "output_variable_based", "output_interval", "output_mean_only"],
  ...["output_derivative", "output_all_cycles", "cardiac_period"],
]);

export function readSimulationParameters(
  entry: ConfigEntry,
  warn: (message: string) => void,
): SimulationParameters {
  const unknown = entry.keys.filter((key) => !KNOWN.has(key));
  if (unknown.length > 0) {
    warn(`simulation_parameters holds keys that mean nothing here: ${unknown.join(", ")}.`);
  }
  const coupled = entry.flagOr("coupled_simulation", false);
  const usesError = !coupled && entry.flagOr("use_cycle_to_cycle_error", false);
  const cycles = coupled ? 1 : entry.wholeNumber("number_of_cardiac_cycles", 1);
  if (usesError && cycles < 2) {
    throw zerodError(
      "use_cycle_to_cycle_error needs two beats at least.",
      "Set number_of_cardiac_cycles to 2 or more.",
    );
  }
  const period = entry.numberOr("cardiac_period", -1);
  const rhoInfinity = entry.numberOr("rho_infty", 0.5);
  if (!(rhoInfinity >= 0 && rhoInfinity <= 1)) {
    throw zerodError(`rho_infty is ${rhoInfinity}; it has to lie between 0 and 1.`);
  }
  const absoluteTolerance = entry.numberOr("absolute_tolerance", 1e-8);
  if (!(absoluteTolerance > 0)) {
    throw zerodError(`absolute_tolerance is ${absoluteTolerance}; it has to be greater than 0.`);
  }
  const externalStep = entry.numberOr("external_step_size", 0.1);
  if (!(externalStep > 0))
    throw zerodError(`external_step_size is ${externalStep}; it has to be greater than 0.`);
  return {
    coupled,
    cycles,
    pointsPerCycle: entry.wholeNumber(
      coupled ? "number_of_time_pts" : "number_of_time_pts_per_cardiac_cycle",
      2,
    ),
    externalStep,
    period: period < 0 ? null : period,
    cycleError: usesError ? entry.numberOr("sim_cycle_to_cycle_percent_error", 1) / 100 : null,
    absoluteTolerance,
    iterations: entry.wholeNumber("maximum_nonlinear_iterations", 1, 30),
    steadyStart: entry.flagOr("steady_initial", true),
    rhoInfinity,
    output: {
      byVariable: entry.flagOr("output_variable_based", false),
      interval: entry.wholeNumber("output_interval", 1, 1),
      meanOnly: entry.flagOr("output_mean_only", false),
      derivative: entry.flagOr("output_derivative", false),
      allCycles: entry.flagOr("output_all_cycles", false),
    },
  };
}
