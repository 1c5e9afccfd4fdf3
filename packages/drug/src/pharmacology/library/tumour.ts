/** Tumours under treatment. */

export const SIMEONI = `title: Tumour growth inhibition with damaged cells in transit
source: Simeoni et al. 2004, doi:10.1158/0008-5472.CAN-03-2524
# The values are examples of a xenograft's order of size, not estimates of one.
time: d
parameter CL = 10 [L/d] > 0       # clearance
parameter V = 5 [L] > 0           # volume
parameter lambda0 = 0.3 [1/d] > 0 # exponential growth
parameter lambda1 = 0.8 [g/d] > 0 # linear growth
parameter psi = 20 fixed          # sharpness of the change from one to the other
parameter w0 = 0.05 [g] > 0       # weight of the tumour at the start
parameter k1 = 1 [1/d] > 0        # transit of damaged cells
parameter k2 = 0.1 [L/mg/d] > 0   # potency
C = central / V
weight = cycling + damaged1 + damaged2 + damaged3
growth = lambda0 * cycling / (1 + (lambda0 / lambda1 * weight)^psi)^(1 / psi)
d/dt(central) = -CL / V * central [mg]
d/dt(cycling) = growth - k2 * C * cycling [g]
d/dt(damaged1) = k2 * C * cycling - k1 * damaged1 [g]
d/dt(damaged2) = k1 * (damaged1 - damaged2) [g]
d/dt(damaged3) = k1 * (damaged2 - damaged3) [g]
cycling(0) = w0
output C [mg/L]
output weight [g]
`;

export const CLARET = `title: Tumour size with growth, drug effect and growing resistance
source: Claret et al. 2009, doi:10.1200/JCO.2008.21.0807
# exposure (a daily dose or an AUC) may be a column of the data that changes with time; the values are examples.
time: wk
parameter KL = 0.02 [1/wk] > 0    # growth
parameter KD = 0.06 [1/wk] > 0    # shrinkage per unit of exposure
parameter lambda = 0.05 [1/wk] > 0 # loss of the drug's effect
parameter size0 = 70 [mm] > 0     # sum of longest diameters at the start
parameter exposure = 1 fixed      # of the drug
d/dt(size) = KL * size - KD * exposure * exp(-lambda * t) * size [mm]
size(0) = size0
output tumourSize = size [mm]
`;
