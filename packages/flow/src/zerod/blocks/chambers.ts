/** Chambers of a heart: svZeroDSolver's documentation. */
import { type BlockEquations, type BlockSetting, type BlockType, ONE_IN_ONE_OUT, required } from "./block.js";

/** Inputs that follow from the activation. */
function activated(setting: BlockSetting, names: readonly string[], from: (a: number) => number[]) {
  const activation = setting.activation();
  return {
    names,
    fill(time: number, values: Float64Array, offset: number) {
      values.set(from(activation(time)), offset);
    },
  };
}

/** Outflow through an inductance. */
const INDUCTOR = ["P_in - P_out - Impedance*dQ_out", "Q_in - Q_out - dVc"];

/**
 * Elastance and rest volume move between their values at rest and in contraction: Kerckhoffs et al., Ann. Biomed. Eng.
 * 35 (2007) 1, doi:10.1007/s10439-006-9212-7.
 */
export const chamberElastanceInductor: BlockType = {
  type: "ChamberElastanceInductor",
  group: "chamber",
  parameters: required("Impedance", "Emax", "Emin", "Vrd", "Vrs"),
  activated: true,
  ports: ONE_IN_ONE_OUT,
  internal: ["Vc"],
  equations(setting): BlockEquations {
    const [Emax, Emin] = [setting.number("Emax"), setting.number("Emin")];
    const [Vrd, Vrs] = [setting.number("Vrd"), setting.number("Vrs")];
    return {
      inputs: activated(setting, ["elastance", "Vrest"], (a) => [
        (Emax - Emin) * a + Emin,
        (1 - a) * (Vrd - Vrs) + Vrs,
      ]),
      residuals: ["P_in - elastance*(Vc - Vrest)", ...INDUCTOR],
    };
  },
};

/** Linear pressure in contraction, exponential at rest. */
export const chamberElastanceInductorExponential: BlockType = {
  type: "ChamberElastanceInductorExponential",
  group: "chamber",
  parameters: required("Impedance", "Emax", "Kxp", "Kxv", "Vaso"),
  activated: true,
  ports: ONE_IN_ONE_OUT,
  internal: ["Vc"],
  equations: (setting) => ({
    inputs: activated(setting, ["a"], (a) => [a]),
    residuals: ["P_in - a*Emax*(Vc - Vaso) - (1 - a)*Kxp*(exp(Kxv*(Vc - Vaso)) - 1)", ...INDUCTOR],
  }),
};

/** Elastance that activation adds to a passive one: Regazzoni et al., doi:10.1016/j.jcp.2022.111083. */
export const linearElastanceChamber: BlockType = {
  type: "LinearElastanceChamber",
  group: "chamber",
  listed: true,
  parameters: required("Emax", "Epass", "Vrest"),
  activated: true,
  ports: ONE_IN_ONE_OUT,
  internal: ["Vc"],
  equations(setting) {
    const [Emax, Epass] = [setting.number("Emax"), setting.number("Epass")];
    return {
      inputs: activated(setting, ["elastance"], (a) => [Epass + Emax * a]),
      residuals: ["P_in - elastance*(Vc - Vrest)", "P_in - P_out", "Q_in - Q_out - dVc"],
    };
  },
};

/**
 * A thick sphere of muscle with inertia, passive stress, viscosity and active stress: Caruel et al., Biomech. Model.
 * Mechanobiol. 13 (2014) 897, doi:10.1007/s10237-013-0544-6.
 */
export const chamberSphere: BlockType = {
  type: "ChamberSphere",
  group: "vessel",
  listed: true,
  parameters: required(
    ...[
      "rho",
      "thick0",
      "radius0",
      "W1",
      "W2",
      "eta",
      "sigma_max",
      "alpha_max",
      "alpha_min",
      "tsys",
      "tdias",
    ],
    "steepness",
  ),
  ports: ONE_IN_ONE_OUT,
  internal: ["radius", "velo", "stress", "tau", "volume"],
  equations(setting) {
    const value = (name: string) => setting.number(name);
    const [alphaMax, alphaMin] = [value("alpha_max"), value("alpha_min")];
    const [systole, diastole, steepness] = [value("tsys"), value("tdias"), value("steepness")];
    return {
      inputs: {
        // Rate of activation: its size, and its part above 0.
        names: ["act", "act_plus"],
        fill(time, values, offset) {
          const t = time % setting.periodS;
          const rise = 0.5 * (1 + Math.tanh((t - systole) / steepness));
          const fall = 0.5 * (1 - Math.tanh((t - diastole) / steepness));
          const rate = alphaMax * rise * fall + alphaMin * (1 - rise * fall);
          values[offset] = Math.abs(rate);
          values[offset + 1] = Math.max(rate, 0);
        },
      },
      definitions: {
        // Stretch of the sphere, and its 2nd and 4th powers.
        stretch: "1 + radius/radius0",
        stretch2: "stretch*stretch",
        stretch6: "stretch2*stretch2*stretch2",
      },
      residuals: [
        "rho*thick0*dvelo + (thick0/radius0)*stretch*stress - P_out*stretch2",
        "-stress + tau + 4*(1 - 1/stretch6)*(W1 + W2*stretch2)" +
          " + 2*eta*(stretch/radius0)*(1 + 2/(stretch6*stretch6))*dradius",
        "4*pi*radius0*radius0*stretch2*velo - dvolume",
        "dtau + act*tau - act_plus*sigma_max",
        "dradius - velo",
        "Q_in - Q_out - dvolume",
        "P_in - P_out",
      ],
    };
  },
};
