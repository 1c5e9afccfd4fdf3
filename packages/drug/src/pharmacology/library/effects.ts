/** Effects of a concentration: at once, by an effect compartment, by turnover of a response. */

const KINETICS = `parameter ka = 1 [1/h] > 0        # absorption rate constant
parameter CL = 5 [L/h] > 0        # clearance
parameter V = 50 [L] > 0          # volume`;
const EQUATIONS = `d/dt(depot) = -ka * depot [mg]
d/dt(central) = ka * depot - CL / V * central [mg]
output Cp = central / V [mg/L]`;
const DIRECT_SOURCE = "source: Holford & Sheiner 1981, doi:10.2165/00003088-198106060-00002";

export const EMAX = `title: One compartment, oral, direct Emax effect
${DIRECT_SOURCE}
time: h
${KINETICS}
parameter E0 = 10                 # effect without drug
parameter Emax = 50               # greatest change
parameter EC50 = 0.5 [mg/L] > 0   # concentration at half of it
${EQUATIONS}
output effect = E0 + Emax * Cp / (EC50 + Cp)
`;

export const SIGMOID_EMAX = `title: One compartment, oral, direct sigmoid Emax effect
${DIRECT_SOURCE}
time: h
${KINETICS}
parameter E0 = 10                 # effect without drug
parameter Emax = 50               # greatest change
parameter EC50 = 0.5 [mg/L] > 0   # concentration at half of it
parameter hill = 2 > 0            # steepness
${EQUATIONS}
ratio = (max(Cp, 0) / EC50)^hill
output effect = E0 + Emax * ratio / (1 + ratio)
`;

export const EFFECT_COMPARTMENT = `title: One compartment, oral, Emax effect of an effect compartment
source: Sheiner, Stanski, Vozeh, Miller & Ham 1979, doi:10.1002/cpt1979253358
time: h
${KINETICS}
parameter ke0 = 0.3 [1/h] > 0     # equilibration with the effect site
parameter E0 = 10                 # effect without drug
parameter Emax = 50               # greatest change
parameter EC50 = 0.5 [mg/L] > 0   # concentration at half of it
${EQUATIONS}
d/dt(Ce) = ke0 * (central / V - Ce) [mg/L]
output effectSite = Ce [mg/L]
output effect = E0 + Emax * Ce / (EC50 + Ce)
`;

const TURNOVER: readonly { what: string; inhibits: boolean; production: boolean }[] = [
  { what: "production inhibited", inhibits: true, production: true },
  { what: "loss inhibited", inhibits: true, production: false },
  { what: "production stimulated", inhibits: false, production: true },
  { what: "loss stimulated", inhibits: false, production: false },
];

/** The four basic indirect-response models. */
export function indirectResponseText(kind: 1 | 2 | 3 | 4): string {
  const { what, inhibits, production } = TURNOVER[kind - 1]!;
  const parameters = inhibits
    ? `parameter Imax = 0.9 > 0 < 1      # greatest inhibition, 0 to 1
parameter IC50 = 0.2 [mg/L] > 0   # concentration at half of it`
    : `parameter Emax = 3 > 0            # greatest stimulation
parameter EC50 = 0.2 [mg/L] > 0   # concentration at half of it`;
  const factor = inhibits ? "1 - Imax * Cp / (IC50 + Cp)" : "1 + Emax * Cp / (EC50 + Cp)";
  const [made, lost] = production ? ["kin * drug", "kout"] : ["kin", "kout * drug"];
  return `title: One compartment, oral, indirect response ${kind}: ${what}
source: Dayneka, Garzone & Jusko 1993, doi:10.1007/BF01061691
time: h
${KINETICS}
parameter kin = 10 [1/h] > 0      # production of the response
parameter kout = 0.1 [1/h] > 0    # its loss
${parameters}
${EQUATIONS}
drug = ${factor}
d/dt(response) = ${made} - ${lost} * response
response(0) = kin / kout
output effect = response
`;
}
