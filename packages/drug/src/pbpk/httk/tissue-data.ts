/**
 * Human tissues of httk 2.7.4 (tables tissue.data and physiology.data; licence in NOTICE.md): composition by Schmitt 2008
 * and others, volumes by ILSI-RSI 1994, blood flows by Davies & Morris 1993.
 */

export interface TissueComposition {
  /** Fractions of the tissue's volume. */
  cells: number;
  interstitium: number;
  /** Fractions of the cells' volume. */
  water: number;
  protein: number;
  lipid: number;
  /** Shares of the lipid. */
  neutralLipid: number;
  neutralPhospholipid: number;
  acidicPhospholipid: number;
  pH: number;
}

type Row = readonly [number, number, number, number, number, number, number, number, number];

const composition = ([a, b, c, d, e, f, g, h, i]: Row): TissueComposition => ({
  cells: a,
  interstitium: b,
  water: c,
  protein: d,
  lipid: e,
  neutralLipid: f,
  neutralPhospholipid: g,
  acidicPhospholipid: h,
  pH: i,
});

const ROWS: Record<string, Row> = {
  fat: [0.86, 0.14, 0.02002, 0.04601, 0.934, 0.9361, 0.05607, 0.007859, 7.1],
  bone: [0.9, 0.1, 0.26, 0.21, 0.02, 0.85, 0.11, 0.04, 7],
  brain: [0.995, 0.005, 0.8043, 0.08341, 0.1123, 0.3734, 0.4588, 0.1678, 7.1],
  gut: [0.9, 0.096, 0.78, 0.15, 0.07, 0.69, 0.26, 0.05, 7],
  heart: [0.75, 0.25, 0.6957, 0.1668, 0.1375, 0.8901, 0.07901, 0.0309, 7.1],
  kidney: [0.835, 0.165, 0.7661, 0.1698, 0.06407, 0.6375, 0.294, 0.06853, 7.22],
  liver: [0.77, 0.23, 0.7244, 0.1833, 0.09231, 0.7244, 0.2251, 0.05051, 7.23],
  lung: [0.8, 0.2, 0.8038, 0.183, 0.01316, 0.3, 0.56, 0.14, 6.6],
  muscle: [0.85, 0.15, 0.7991, 0.177, 0.02387, 0.5394, 0.3817, 0.07884, 6.81],
  placenta: [0.724, 0.276, 0.793, 0.1535, 0.0083, 0.6273, 0.2987, 0.0738, 7.32],
  redCells: [1, 0, 0.6643, 0.3307, 0.00501, 0.4, 0.5, 0.1, 7.2],
  skin: [0.4, 0.6, 0.427, 0.2898, 0.2831, 0.3599, 0.5019, 0.1382, 7],
  spleen: [0.745, 0.255, 0.7699, 0.1907, 0.03946, 0.5341, 0.393, 0.07287, 7],
  thyroid: [0.86, 0.14, 0.69, 0.16, 0.05, 0.92, 0.064, 0.014, 7.3],
};

/** Tissues outside these are taken as their mean, as httk does it. */
const rest = (index: number): number => {
  const tissues = Object.entries(ROWS).filter(([name]) => name !== "redCells");
  return tissues.reduce((sum, [, row]) => sum + row[index]!, 0) / tissues.length;
};

export const TISSUE_COMPOSITION: Readonly<Record<string, TissueComposition>> = {
  ...Object.fromEntries(Object.entries(ROWS).map(([name, row]) => [name, composition(row)])),
  rest: composition([rest(0), rest(1), rest(2), rest(3), rest(4), rest(5), rest(6), rest(7), rest(8)]),
};

/** Volumes in L/kg and blood flows in mL/min/kg^(3/4); the liver's flow is arterial and portal together. */
export const HTTK_TISSUES: Readonly<Record<string, { volumeLPerKg: number; flowMlPerMinPerKg34: number }>> = {
  fat: { volumeLPerKg: 0.2086, flowMlPerMinPerKg34: 10.74 },
  bone: { volumeLPerKg: 0.07231, flowMlPerMinPerKg34: 9.719 },
  brain: { volumeLPerKg: 0.01931, flowMlPerMinPerKg34: 28.93 },
  gut: { volumeLPerKg: 0.0158, flowMlPerMinPerKg34: 47.52 },
  heart: { volumeLPerKg: 0.004563, flowMlPerMinPerKg34: 9.917 },
  kidney: { volumeLPerKg: 0.00419, flowMlPerMinPerKg34: 51.24 },
  liver: { volumeLPerKg: 0.02448, flowMlPerMinPerKg34: 59.92 },
  lung: { volumeLPerKg: 0.007235, flowMlPerMinPerKg34: 5.785 },
  muscle: { volumeLPerKg: 0.3842, flowMlPerMinPerKg34: 30.99 },
  skin: { volumeLPerKg: 0.0332, flowMlPerMinPerKg34: 12.4 },
  spleen: { volumeLPerKg: 0.002467, flowMlPerMinPerKg34: 3.182 },
  rest: { volumeLPerKg: 0.05182, flowMlPerMinPerKg34: 4.19 },
};

/** The human of physiology.data. */
export const HTTK_HUMAN = {
  weightKg: 70,
  cardiacOutputMlPerMinPerKg34: 231.4,
  filtrationMlPerMinPerKg34: 5.165,
  plasmaMlPerKg: 42.86,
  haematocrit: 0.44,
  /** Effective neutral lipid volume fraction of plasma. */
  plasmaLipid: 0.0073,
  smallIntestineRadiusCm: 1.75,
  smallIntestineMeanResidenceMin: 199.2,
};
