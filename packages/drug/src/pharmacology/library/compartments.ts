/** Linear models of one to three compartments: intravenous or oral, by clearances or by rate constants. */

const SITES = ["central", "peripheral1", "peripheral2"] as const;
const SOURCE =
  "source: Gabrielsson & Weiner, Pharmacokinetic and Pharmacodynamic Data Analysis, 5th ed., 2016";
const COUNT = ["One compartment", "Two compartments", "Three compartments"];
const ORAL = `parameter ka = 1 [1/h] > 0        # absorption rate constant
parameter F1 = 1 fixed            # bioavailability
parameter tlag = 0 [h] fixed      # lag before absorption`;
const DEPOT = `d/dt(depot) = -ka * depot [mg]
F(depot) = F1
lag(depot) = tlag`;

const CLEARANCES = [
  `parameter CL = 5 [L/h] > 0        # clearance
parameter V = 50 [L] > 0          # central volume`,
  `parameter Q = 10 [L/h] > 0        # intercompartmental clearance
parameter V2 = 100 [L] > 0        # peripheral volume`,
  `parameter Q2 = 2 [L/h] > 0        # clearance to the second peripheral compartment
parameter V3 = 200 [L] > 0        # its volume`,
];
const CLEARANCE_CONSTANTS = ["k10 = CL / V", "k12 = Q / V\nk21 = Q / V2", "k13 = Q2 / V\nk31 = Q2 / V3"];
const RATE_CONSTANTS = [
  `parameter V = 50 [L] > 0          # central volume
parameter k10 = 0.1 [1/h] > 0     # elimination rate constant`,
  `parameter k12 = 0.2 [1/h] > 0     # from central to peripheral
parameter k21 = 0.1 [1/h] > 0     # and back`,
  `parameter k13 = 0.04 [1/h] > 0    # from central to the second peripheral compartment
parameter k31 = 0.01 [1/h] > 0    # and back`,
];
const CENTRAL_TERMS = [
  "- k10 * central",
  "- k12 * central + k21 * peripheral1",
  "- k13 * central + k31 * peripheral2",
];
const PERIPHERAL_EQUATIONS = [
  "d/dt(peripheral1) = k12 * central - k21 * peripheral1 [mg]",
  "d/dt(peripheral2) = k13 * central - k31 * peripheral2 [mg]",
];

/** The text of a linear model; doses go to `depot` (oral) or `central`. */
export function linearModelText(compartments: 1 | 2 | 3, oral: boolean, micro: boolean): string {
  const parts = <T>(list: readonly T[]) => list.slice(0, compartments);
  const how = `${oral ? "first-order absorption" : "intravenous"}, ${micro ? "rate constants" : "clearances"}`;
  const lines = [
    `title: ${COUNT[compartments - 1]}, ${how}`,
    SOURCE,
    "time: h",
    ...(oral ? [ORAL] : []),
    ...parts(micro ? RATE_CONSTANTS : CLEARANCES),
    ...(micro ? [] : parts(CLEARANCE_CONSTANTS)),
    ...(oral ? [DEPOT] : []),
    `d/dt(${SITES[0]}) = ${oral ? "ka * depot " : ""}${parts(CENTRAL_TERMS).join(" ")} [mg]`,
    ...PERIPHERAL_EQUATIONS.slice(0, compartments - 1),
    "output Cp = central / V [mg/L]",
  ];
  return `${lines.join("\n")}\n`;
}
