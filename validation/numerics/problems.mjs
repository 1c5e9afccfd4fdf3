/**
 * Initial value problems that solvers are compared on. Robertson, HIRES, Oregonator and van der Pol with their
 * reference solutions are those of the Test Set for IVP Solvers (Mazzia & Magherini, University of Bari,
 * https://archimede.uniba.it/~testset); the Brusselator with diffusion is that of Hairer & Wanner, Solving Ordinary
 * Differential Equations II, IV.10.
 */
import { parseFormula } from "@viscera/numerics";

/** A system from formulas by state, and where it starts and ends. */
function problem(name, { states, parameters = {}, definitions = {}, ...rest }) {
  const formulas = (list) => new Map(Object.entries(list).map(([id, text]) => [id, parseFormula(text)]));
  return {
    name,
    system: {
      states: Object.keys(states),
      parameters: Object.keys(parameters),
      time: "t",
      equations: [...formulas(states).values()],
      definitions: formulas(definitions),
    },
    parameters: Object.values(parameters),
    ...rest,
  };
}

export const robertson = problem("Robertson", {
  states: {
    y1: "-0.04*y1 + 1e4*y2*y3",
    y2: "0.04*y1 - 1e4*y2*y3 - 3e7*y2^2",
    y3: "3e7*y2^2",
  },
  start: [1, 0, 0],
  until: 1e11,
  reference: [0.2083340149701255e-7, 0.8333360770334713e-13, 0.999999979166505],
  /** Absolute tolerance of each state, as a share of the relative one. */
  absolute: [1e-6, 1e-12, 1e-2],
});

export const hires = problem("HIRES", {
  states: {
    y1: "-1.71*y1 + 0.43*y2 + 8.32*y3 + 0.0007",
    y2: "1.71*y1 - 8.75*y2",
    y3: "-10.03*y3 + 0.43*y4 + 0.035*y5",
    y4: "8.32*y2 + 1.71*y3 - 1.12*y4",
    y5: "-1.745*y5 + 0.43*(y6 + y7)",
    y6: "-280*y6*y8 + 0.69*y4 + 1.71*y5 - 0.43*y6 + 0.69*y7",
    y7: "280*y6*y8 - 1.81*y7",
    y8: "-280*y6*y8 + 1.81*y7",
  },
  start: [1, 0, 0, 0, 0, 0, 0, 0.0057],
  until: 321.8122,
  reference: [
    0.7371312573325668e-3, 0.1442485726316185e-3, 0.5888729740967575e-4, 0.1175651343283149e-2,
    0.2386356198831331e-2, 0.6238968252742796e-2, 0.2849998395185769e-2, 0.2850001604814231e-2,
  ],
  absolute: new Array(8).fill(1e-4),
});

export const oregonator = problem("Oregonator", {
  states: {
    y1: "77.27*(y2 + y1*(1 - 8.375e-6*y1 - y2))",
    y2: "(y3 - (1 + y1)*y2)/77.27",
    y3: "0.161*(y1 - y3)",
  },
  start: [1, 2, 3],
  until: 360,
  reference: [0.1000814870318523e1, 0.1228178521549917e4, 0.1320554942846706e3],
  absolute: new Array(3).fill(1e-6),
});

export const vanDerPol = problem("van der Pol", {
  states: { y1: "y2", y2: "((1 - y1^2)*y2 - y1)/1e-6" },
  start: [2, 0],
  until: 2,
  reference: [0.1706167732170483e1, -0.8928097010247975],
  absolute: [1, 1],
});

/** u and v of `cells` cells side by side; fixed values at the ends. The reference has to be computed. */
export function brusselator(cells) {
  const alpha = (cells + 1) ** 2 / 50;
  const states = {};
  const start = [];
  for (let i = 0; i < cells; i++) {
    const [u, v] = [`u${i}`, `v${i}`];
    const beside = (name, end) => [
      i === 0 ? end : `${name}${i - 1}`,
      i === cells - 1 ? end : `${name}${i + 1}`,
    ];
    const [ul, ur] = beside("u", 1);
    const [vl, vr] = beside("v", 3);
    states[u] = `1 + ${u}^2*${v} - 4*${u} + ${alpha}*(${ul} - 2*${u} + ${ur})`;
    states[v] = `3*${u} - ${u}^2*${v} + ${alpha}*(${vl} - 2*${v} + ${vr})`;
    start.push(1 + Math.sin((2 * Math.PI * (i + 1)) / (cells + 1)), 3);
  }
  return problem(`Brusselator, n = ${2 * cells}`, {
    states,
    start,
    until: 10,
    absolute: new Array(2 * cells).fill(1),
    band: 2,
  });
}

const DOSES = { number: 28, every: 12, amount: 100 };

/** Two compartments, oral doses, elimination that saturates; amounts in mg, hours. */
export const twoCompartments = problem("PK two compartments", {
  states: {
    depot: "-ka*depot",
    central: "ka*depot - (vmax/(km + central/v) + q)/v*central + q/v2*peripheral",
    peripheral: "q/v*central - q/v2*peripheral",
  },
  parameters: { ka: 1.2, vmax: 30, km: 4, v: 40, q: 8, v2: 90 },
  start: [0, 0, 0],
  until: DOSES.number * DOSES.every,
  doses: { ...DOSES, state: 0 },
  output: 1,
});

const ORGANS = {
  lung: [0.5, 0.36, 1, 1.2, 4000],
  heart: [0.33, 0.14, 0.04, 1.5, 900],
  brain: [1.45, 0.04, 0.12, 2, 12],
  muscle: [29, 0.03, 0.17, 1.1, 400],
  fat: [14.5, 0.02, 0.05, 12, 60],
  skin: [3.3, 0.06, 0.05, 2.5, 40],
  rest: [10.5, 0.05, 0.135, 1.6, 90],
  kidney: [0.31, 0.13, 0.19, 3, 600],
  liver: [1.8, 0.16, 0.065, 4, 2500],
  gut: [1.2, 0.04, 0.14, 2.2, 500],
  spleen: [0.15, 0.28, 0.03, 1.4, 80],
  pancreas: [0.14, 0.18, 0.01, 1.8, 60],
};

/**
 * 12 organs of a vascular and a tissue part each (volume L, vascular share, share of the cardiac output, partition
 * coefficient, permeability L/h), arterial and venous blood, four parts of the gut's content; 30 states.
 */
function wholeBody() {
  const [arterial, venous, output] = [1.75, 3.5, 390];
  const blood = (organ) => `${organ}_b/${ORGANS[organ][0] * ORGANS[organ][1]}/bw`;
  const tissue = (organ) => `${organ}_t/${ORGANS[organ][0] * (1 - ORGANS[organ][1])}/bw`;
  const exchange = (organ) =>
    `${ORGANS[organ][4]}*fu*(${blood(organ)} - ${tissue(organ)}/${ORGANS[organ][3]})`;
  const flow = (organ) => `${output * ORGANS[organ][2]}*cs`;
  const into = { lung: `${output}*cs*cv` };
  const portal = ["gut", "spleen", "pancreas"];
  for (const organ of Object.keys(ORGANS)) {
    if (organ !== "lung") into[organ] = `${flow(organ)}*ca`;
  }
  into.liver += portal.map((organ) => ` + ${flow(organ)}*${blood(organ)}`).join("");
  const liverFlow = ["liver", ...portal].reduce((sum, organ) => sum + output * ORGANS[organ][2], 0);
  const out = Object.fromEntries(
    Object.keys(ORGANS).map((organ) => {
      const through = organ === "lung" ? `${output}*cs` : organ === "liver" ? `${liverFlow}*cs` : flow(organ);
      return [organ, `${through}*${blood(organ)}`];
    }),
  );
  const states = {};
  const definitions = {
    ca: `arterial/${arterial}/bw`,
    cv: `venous/${venous}/bw`,
    cul: `fu*${tissue("liver")}/4`,
  };
  for (const organ of Object.keys(ORGANS)) {
    definitions[`ex_${organ}`] = exchange(organ);
    states[`${organ}_b`] = `${into[organ]} - ${out[organ]} - ex_${organ}`;
    states[`${organ}_t`] = `ex_${organ}`;
  }
  states.kidney_b += ` - clr*${blood("kidney")}`;
  states.liver_t += " - vmax*cul/(km + cul)";
  states.gut_b += " + k1*duodenum + k2*ileum";
  const venousReturn = Object.keys(ORGANS).filter((organ) => organ !== "lung" && !portal.includes(organ));
  states.arterial = `${output}*cs*(${blood("lung")} - ca)`;
  states.venous = `${venousReturn.map((organ) => out[organ]).join(" + ")} - ${output}*cs*cv`;
  states.stomach = "-ks*stomach";
  states.duodenum = "ks*stomach - (k1 + kt)*duodenum";
  states.ileum = "kt*duodenum - (k2 + kt)*ileum";
  states.colon = "kt*ileum - 0.05*colon";
  const names = Object.keys(states);
  return problem("PBPK, 30 states", {
    states,
    definitions,
    parameters: { vmax: 120, km: 2.5, clr: 3, fu: 0.2, ks: 2.5, k1: 1.8, k2: 0.6, kt: 0.5, bw: 1, cs: 1 },
    start: names.map(() => 0),
    until: DOSES.number * DOSES.every,
    doses: { ...DOSES, state: names.indexOf("stomach") },
    output: names.indexOf("venous"),
  });
}

export const pbpk = wholeBody();

/** Digits that agree with a reference in the worst component. */
export function correctDigits(state, reference) {
  return -Math.log10(
    reference.reduce((worst, want, i) => Math.max(worst, Math.abs(state[i] - want) / Math.abs(want)), 0),
  );
}
