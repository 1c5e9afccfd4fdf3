/** svZeroDCalibrator's task: parameters of vessels and junctions from observed pressures and flows. */
import type { JobOptions } from "@viscera/core";
import { type Calibration, readCalibration } from "./calibration.js";
import { sumGroup } from "./fit-group.js";
import { fitGroups } from "./levenberg-marquardt.js";

export interface CalibrationResult {
  /** The document with the parameters found, without the observations: input for the solver. */
  document: Record<string, unknown>;
  iterations: number;
  converged: boolean;
  /** Sum of squared residuals at the document's own parameters, and at those found. */
  costBefore: number;
  cost: number;
  vessels: number;
  parameters: number;
  times: number;
  warnings: string[];
}

/** Throws `input.zerod` for a document that is no calibration, `cancelled`. */
export async function calibrate(document: unknown, job: JobOptions = {}): Promise<CalibrationResult> {
  const calibration = readCalibration(document);
  const { options, vessels, junctions, times } = calibration;
  const groups = groupsOf(calibration);
  const outcome = await fitGroups(groups, times, { ...options, ...job });
  const warnings: string[] = [];
  if (!outcome.converged) {
    warnings.push(
      `The calibration stopped after ${outcome.iterations} iterations, before its tolerances were met.`,
    );
  }
  if (outcome.undetermined.length > 0) {
    const owner = new Map([
      ...vessels.map(({ name, group }) => [group, name] as const),
      ...junctions.flatMap(({ name, outlets }) => outlets.map((group) => [group, name] as const)),
    ]);
    const list = outcome.undetermined.map(
      ({ group, parameter }) => `${group.parameters[parameter]} of "${owner.get(group)}"`,
    );
    const more = list.length > 5 ? ` and ${list.length - 5} more` : "";
    warnings.push(
      `The observations do not determine ${list.slice(0, 5).join(", ")}${more}; kept as they were.`,
    );
  }
  const result = withParameters(document as Record<string, unknown>, calibration);
  return {
    document: result,
    iterations: outcome.iterations,
    converged: outcome.converged,
    costBefore: outcome.costBefore + calibration.fixedCost,
    cost: outcome.cost + calibration.fixedCost,
    vessels: vessels.length,
    parameters: groups.reduce((sum, { alpha }) => sum + alpha.length, 0),
    times,
    warnings,
  };
}

/** Sum of squared residuals of observations at the parameters of their document. */
export function calibrationCost(document: unknown): number {
  const calibration = readCalibration(document);
  return groupsOf(calibration).reduce(
    (sum, group) => sum + sumGroup(group, calibration.times).cost,
    calibration.fixedCost,
  );
}

function groupsOf({ vessels, junctions }: Calibration) {
  return [...vessels.map(({ group }) => group), ...junctions.flatMap(({ outlets }) => outlets)];
}

/** Capacitances and inductances below 0 are written as 0, as in the original. */
function withParameters(
  document: Record<string, unknown>,
  { options, vessels, junctions }: Calibration,
): Record<string, unknown> {
  const { y: _y, dy: _dy, calibration_parameters: _parameters, ...result } = document;
  const vesselValues = new Map(
    vessels.map(({ name, group: { alpha } }) => [
      name,
      {
        R_poiseuille: alpha[0]!,
        C: options.zeroCapacitance ? 0 : Math.max(alpha[1]!, 0),
        L: Math.max(alpha[2]!, 0),
        stenosis_coefficient: alpha[3] ?? 0,
      },
    ]),
  );
  const junctionValues = new Map(
    junctions.map(({ name, outlets }) => [
      name,
      {
        R_poiseuille: outlets.map(({ alpha }) => alpha[0]!),
        L: outlets.map(({ alpha }) => Math.max(alpha[1]!, 0)),
        stenosis_coefficient: outlets.map(({ alpha }) => alpha[2] ?? 0),
      },
    ]),
  );
  type Named = Record<string, unknown>;
  return {
    ...result,
    vessels: (result["vessels"] as Named[]).map((vessel) => ({
      ...vessel,
      zero_d_element_values: vesselValues.get(vessel["vessel_name"] as string),
    })),
    ...(result["junctions"] === undefined
      ? {}
      : {
          junctions: (result["junctions"] as Named[]).map((junction) => {
            const values = junctionValues.get(junction["junction_name"] as string);
            return values
              ? { ...junction, junction_type: "BloodVesselJunction", junction_values: values }
              : junction;
          }),
        }),
  };
}
