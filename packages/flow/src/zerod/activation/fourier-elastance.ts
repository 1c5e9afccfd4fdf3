/**
 * The normalised elastance of a ventricle over a beat as a Fourier series of 25 modes: Tran et al., Comput. Fluids 142
 * (2017) 128, doi:10.1016/j.compfluid.2016.05.015; the series of the closed-loop heart of SimVascular.
 */

/** Cosine and sine coefficients of each mode. */
const MODES: readonly (readonly [number, number])[] = [
  [0.283748803, 0],
  [0.031830626, -0.374299825],
  [-0.2094724, -0.01812777],
  [0.020520047, 0.073971113],
  [0.008316883, -0.047249597],
  [-0.04167766, 0.003212163],
  [0.000867323, 0.019441411],
  [-0.001675379, -0.005565534],
  [-0.011252277, 0.003401432],
  [-0.000414677, 0.008376795],
  [0.000253749, -0.00007188],
  [-0.002584966, 0.001566861],
  [0.000584752, 0.003143555],
  [0.000028502, -0.000024787],
  [0.000022961, -0.000007476],
  [0.000018735, -0.000001281],
  [0.000015573, 0.000001781],
  [0.000013133, 0.000003494],
  [0.000011199, 0.000004507],
  [0.000009634, 0.000005117],
  [0.000008343, 0.000005481],
  [0.000007265, 0.000005687],
  [0.000006354, 0.000005789],
  [0.000005575, 0.000005821],
  [0.000004903, 0.000005805],
];

/** The series at a phase of the beat, 0 to 1. Higher modes by turning the first one. */
export function elastanceSeries(phase: number): number {
  const angle = 2 * Math.PI * phase;
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  let [c, s] = [1, 0];
  let sum = 0;
  for (const [a, b] of MODES) {
    sum += a * c - b * s;
    const next = c * cosine - s * sine;
    s = s * cosine + c * sine;
    c = next;
  }
  return sum;
}
