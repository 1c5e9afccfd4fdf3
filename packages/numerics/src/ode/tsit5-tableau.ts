/**
 * Tsitouras' explicit pair of orders 5 and 4 with dense output of order 4: Computers & Mathematics with Applications
 * 62 (2011) 770, doi:10.1016/j.camwa.2011.06.002. The last stage is the first one of the next step.
 */

export const STAGES = 7;
export const ORDER = 5;

/** Row i: weights of the stages before it, times the step, in the argument of stage i; the last row is the end. */
export const A: readonly (readonly number[])[] = [
  [],
  [0.161],
  [-0.008480655492356989, 0.335480655492357],
  [2.8971530571054935, -6.359448489975075, 4.3622954328695815],
  [5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525],
  [5.86145544294642, -12.92096931784711, 8.159367898576159, -0.071584973281401, -0.028269050394068383],
  [0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081, 2.324710524099774],
];

/** Where in the step each stage's time lies. */
export const STAGE_TIMES: readonly number[] = [0, 0.161, 0.327, 0.9, 0.9800255409045097, 1, 1];

/** Weights of the stages in the difference between the two orders. */
export const ERROR: readonly number[] = [
  -0.001780011052225777,
  -0.0008164344596567469,
  0.007880878010261995,
  -0.1447110071732629,
  0.5823571654525552,
  -0.45808210592918697,
  1 / 66,
];

/** Weights of the stages, times the step, at share s of it. */
export function denseWeights(s: number): number[] {
  return [
    -1.0530884977290216 * s * (s - 1.329989018975141) * (s * s - 1.4364028541716352 * s + 0.7139816917074209),
    0.1017 * s * s * (s * s - 2.1966568338249752 * s + 1.294985250737463),
    2.490627285651253 * s * s * (s * s - 2.3853564547206165 * s + 1.5780346820809248),
    -16.548102889244902 * (s - 1.2171292729553325) * (s - 0.6162040603780009) * s * s,
    47.37952196281928 * (s - 1.2030712083723627) * (s - 0.6580472926535473) * s * s,
    -34.87065786149661 * (s - 1.2) * (s - 2 / 3) * s * s,
    2.5 * (s - 1) * (s - 0.6) * s * s,
  ];
}
