/**
 * Parts of a network whose parameters enter no equation but their own: the normal equations of a calibration fall
 * apart into one small system for each.
 */

/** Observed courses of one quantity and its rate. */
export interface Course {
  y: Float64Array;
  dy: Float64Array;
}

export interface FitGroup {
  /** Names of the parameters in svZeroDSolver's order. */
  parameters: readonly string[];
  /** Current values. */
  alpha: Float64Array;
  /** Number of equations at each time. */
  equations: number;
  /**
   * Residuals at one time and their derivatives by the parameters, row by row (already 0 where not written).
   */
  linearise(time: number, alpha: Float64Array, residual: Float64Array, jacobian: Float64Array): void;
}

export interface GroupSums {
  /** J^T J, row-major, and J^T r. */
  normal: Float64Array;
  gradient: Float64Array;
  cost: number;
}

/** Sums over all times at the group's current values. */
export function sumGroup(group: FitGroup, times: number): GroupSums {
  const k = group.alpha.length;
  const m = group.equations;
  const residual = new Float64Array(m);
  const jacobian = new Float64Array(m * k);
  const normal = new Float64Array(k * k);
  const gradient = new Float64Array(k);
  let cost = 0;
  for (let t = 0; t < times; t++) {
    group.linearise(t, group.alpha, residual, jacobian);
    for (let e = 0; e < m; e++) {
      const r = residual[e]!;
      cost += r * r;
      for (let a = 0; a < k; a++) {
        const da = jacobian[e * k + a]!;
        gradient[a]! += da * r;
        for (let b = 0; b <= a; b++) normal[a * k + b]! += da * jacobian[e * k + b]!;
      }
    }
  }
  for (let a = 0; a < k; a++) for (let b = 0; b < a; b++) normal[b * k + a] = normal[a * k + b]!;
  return { normal, gradient, cost };
}

interface TwoPorts {
  pressureIn: Course;
  flowIn: Course;
  pressureOut: Course;
  flowOut: Course;
}

/** Parameters R, C, L and, where `stenosis` says so, the stenosis coefficient of a BloodVessel. */
export function vesselGroup(ports: TwoPorts, alpha: Float64Array, stenosis: boolean): FitGroup {
  const { pressureIn, flowIn, pressureOut, flowOut } = ports;
  const k = stenosis ? 4 : 3;
  return {
    parameters: ["R_poiseuille", "C", "L", "stenosis_coefficient"].slice(0, k),
    alpha,
    equations: 2,
    linearise(t, [R = 0, C = 0, L = 0, S = 0], residual, jacobian) {
      const [q, dq, dp] = [flowIn.y[t]!, flowIn.dy[t]!, pressureIn.dy[t]!];
      const size = Math.abs(q);
      residual[0] = pressureIn.y[t]! - (R + S * size) * q - pressureOut.y[t]! - L * flowOut.dy[t]!;
      residual[1] = q - flowOut.y[t]! - C * dp + C * (R + 2 * S * size) * dq;
      jacobian[0] = -q;
      jacobian[2] = -flowOut.dy[t]!;
      jacobian[k] = C * dq;
      jacobian[k + 1] = -dp + (R + 2 * S * size) * dq;
      if (stenosis) {
        jacobian[3] = -size * q;
        jacobian[k + 3] = 2 * C * size * dq;
      }
    },
  };
}

/** The same of a BloodVesselCRL. */
export function vesselCRLGroup(ports: TwoPorts, alpha: Float64Array, stenosis: boolean): FitGroup {
  const { pressureIn, flowIn, pressureOut, flowOut } = ports;
  const k = stenosis ? 4 : 3;
  return {
    parameters: ["R_poiseuille", "C", "L", "stenosis_coefficient"].slice(0, k),
    alpha,
    equations: 2,
    linearise(t, [R = 0, C = 0, L = 0, S = 0], residual, jacobian) {
      const [q, dq, dp] = [flowOut.y[t]!, flowOut.dy[t]!, pressureIn.dy[t]!];
      const size = Math.abs(q);
      residual[0] = pressureIn.y[t]! - (R + S * size) * q - pressureOut.y[t]! - L * dq;
      residual[1] = flowIn.y[t]! - q - C * dp;
      jacobian[0] = -q;
      jacobian[2] = -dq;
      jacobian[k + 1] = -dp;
      if (stenosis) jacobian[3] = -size * q;
    },
  };
}

/** Parameters R, L and, where `stenosis` says so, the stenosis coefficient of one outlet of a BloodVesselJunction. */
export function outletGroup(
  { pressureIn, pressureOut, flowOut }: Omit<TwoPorts, "flowIn">,
  alpha: Float64Array,
  stenosis: boolean,
): FitGroup {
  return {
    parameters: ["R_poiseuille", "L", "stenosis_coefficient"].slice(0, stenosis ? 3 : 2),
    alpha,
    equations: 1,
    linearise(t, [R = 0, L = 0, S = 0], residual, jacobian) {
      const [q, dq] = [flowOut.y[t]!, flowOut.dy[t]!];
      residual[0] = pressureIn.y[t]! - pressureOut.y[t]! - (R + S * Math.abs(q)) * q - L * dq;
      jacobian[0] = -q;
      jacobian[1] = -dq;
      if (stenosis) jacobian[2] = -Math.abs(q) * q;
    },
  };
}
