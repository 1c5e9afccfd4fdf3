/** Drugs whose binding to their target shapes their kinetics. */

const SHARED = `parameter ka = 0.02 [1/h] > 0     # absorption from a subcutaneous depot
parameter F1 = 0.7 fixed          # bioavailability from there
parameter V = 3 [L] > 0           # central volume
parameter kel = 0.004 [1/h] > 0   # elimination of free drug
parameter kpt = 0.01 [1/h] > 0    # to the tissue
parameter ktp = 0.02 [1/h] > 0    # and back
parameter ksyn = 0.1 [nmol/L/h] > 0 # synthesis of the target
parameter kdeg = 0.05 [1/h] > 0   # degradation of free target
parameter kint = 0.03 [1/h] > 0   # internalisation of the complex`;

export const TMDD = `title: Target-mediated drug disposition, full model
source: Mager & Jusko 2001, doi:10.1023/A:1014414520282
# Doses in nmol: compartment 1 intravenous, 4 subcutaneous.
time: h
${SHARED}
parameter kon = 1 [L/nmol/h] > 0  # binding
parameter koff = 0.2 [1/h] > 0    # and release
C = central / V
binding = kon * C * target - koff * complex
d/dt(central) = ka * depot - (kel + kpt) * central + ktp * tissue - binding * V [nmol]
d/dt(target) = ksyn - kdeg * target - binding [nmol/L]
d/dt(complex) = binding - kint * complex [nmol/L]
d/dt(depot) = -ka * depot [nmol]
d/dt(tissue) = kpt * central - ktp * tissue [nmol]
F(depot) = F1
target(0) = ksyn / kdeg
output C [nmol/L]
output freeTarget = target [nmol/L]
output occupancy = complex / (target + complex)
`;

export const TMDD_QSS = `title: Target-mediated drug disposition, quasi-steady-state approximation
source: Gibiansky, Gibiansky, Kakkar & Ma 2008, doi:10.1007/s10928-008-9102-8
# Doses in nmol: compartment 1 intravenous, 3 subcutaneous. central holds free and bound drug.
time: h
${SHARED}
parameter Kss = 0.23 [nmol/L] > 0 # (koff + kint) / kon
total = central / V
excess = total - targetTotal - Kss
# The other root of the same equation where the target is in excess: no difference of nearly equal numbers.
root = sqrt(excess^2 + 4 * Kss * total)
C = if(excess > 0, (excess + root) / 2, 2 * Kss * total / (root - excess))
d/dt(central) = ka * depot - kint * (central - C * V) - (kel + kpt) * C * V + ktp * tissue [nmol]
d/dt(targetTotal) = ksyn - kdeg * targetTotal - (kint - kdeg) * (total - C) [nmol/L]
d/dt(depot) = -ka * depot [nmol]
d/dt(tissue) = kpt * C * V - ktp * tissue [nmol]
F(depot) = F1
targetTotal(0) = ksyn / kdeg
output C [nmol/L]
output freeTarget = targetTotal - (total - C) [nmol/L]
output occupancy = (total - C) / targetTotal
`;
