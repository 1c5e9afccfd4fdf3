/** Absorption through transit compartments and elimination that saturates. */

export const TRANSIT = `title: One compartment, absorption through transit compartments
source: Savic, Jonker, Kerbusch & Karlsson 2007, doi:10.1007/s10928-007-9066-0
# The number of compartments need not be whole. The last dose alone is followed: it has to have reached the
# absorption site before the next one. The dose itself goes nowhere (F = 0); its share Fa comes in by the equation.
time: h
parameter CL = 5 [L/h] > 0        # clearance
parameter V = 50 [L] > 0          # volume
parameter ka = 1 [1/h] > 0        # absorption rate constant
parameter MTT = 1 [h] > 0         # mean transit time
parameter n = 4 > 0               # number of transit compartments
parameter Fa = 1 fixed            # bioavailability
ktr = (n + 1) / MTT
passed = ktr * max(tad.depot, 1e-12)
entering = if(dose.depot > 0, Fa * dose.depot * ktr * exp(n * ln(passed) - passed) / factorial(n), 0)
d/dt(depot) = entering - ka * depot [mg]
d/dt(central) = ka * depot - CL / V * central [mg]
F(depot) = 0
output Cp = central / V [mg/L]
`;

const SATURABLE_SOURCE =
  "source: Wagner 1973, Properties of the Michaelis-Menten equation, J Pharmacokinet Biopharm 1:103";
const SATURABLE = `parameter Vmax = 10 [mg/h] > 0    # greatest rate of elimination
parameter Km = 2 [mg/L] > 0       # concentration at half of it
parameter V = 50 [L] > 0          # central volume`;

export const MICHAELIS_MENTEN = `title: One compartment, intravenous, Michaelis-Menten elimination
${SATURABLE_SOURCE}
time: h
${SATURABLE}
Cp = central / V
d/dt(central) = -Vmax * Cp / (Km + Cp) [mg]
output Cp [mg/L]
`;

export const MICHAELIS_MENTEN_ORAL = `title: One compartment, first-order absorption, Michaelis-Menten elimination
${SATURABLE_SOURCE}
time: h
parameter ka = 1 [1/h] > 0        # absorption rate constant
${SATURABLE}
Cp = central / V
d/dt(depot) = -ka * depot [mg]
d/dt(central) = ka * depot - Vmax * Cp / (Km + Cp) [mg]
output Cp [mg/L]
`;

export const MICHAELIS_MENTEN_2 = `title: Two compartments, intravenous, Michaelis-Menten elimination
${SATURABLE_SOURCE}
time: h
${SATURABLE}
parameter Q = 10 [L/h] > 0        # intercompartmental clearance
parameter V2 = 100 [L] > 0        # peripheral volume
Cp = central / V
d/dt(central) = -Vmax * Cp / (Km + Cp) - Q * Cp + Q / V2 * peripheral1 [mg]
d/dt(peripheral1) = Q * Cp - Q / V2 * peripheral1 [mg]
output Cp [mg/L]
`;
