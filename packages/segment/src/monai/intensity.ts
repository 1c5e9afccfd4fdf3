/** MONAI's intensity transforms (monai/transforms/intensity). */
import type { PreparationStep } from "./plan.js";

type IntensityStep = Extract<PreparationStep, { kind: "scaleRange" | "scale" | "normalise" }>;

/** Changes `data` in place. */
export function adjustIntensity(
  { data, channels }: { data: Float32Array; channels: number },
  step: IntensityStep,
): void {
  if (step.kind === "scaleRange") {
    const { low, high, to, clip } = step;
    for (let i = 0; i < data.length; i++) {
      let value = (data[i]! - low) / (high - low);
      if (to) value = value * (to[1] - to[0]) + to[0];
      data[i] = clip && to ? Math.min(to[1], Math.max(to[0], value)) : value;
    }
    return;
  }
  const parts = step.byChannel ? channels : 1;
  const length = data.length / parts;
  for (let p = 0; p < parts; p++) {
    const part = data.subarray(p * length, (p + 1) * length);
    if (step.kind === "scale") scale(part, step.to);
    else
      normalise(
        part,
        step.nonzero,
        step.subtract?.[p] ?? step.subtract?.[0],
        step.divide?.[p] ?? step.divide?.[0],
      );
  }
}

function scale(part: Float32Array, [to0, to1]: readonly [number, number]): void {
  let min = Infinity;
  let max = -Infinity;
  for (const value of part) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const range = max - min;
  for (let i = 0; i < part.length; i++) {
    part[i] = range === 0 ? part[i]! * to0 : ((part[i]! - min) / range) * (to1 - to0) + to0;
  }
}

function normalise(
  part: Float32Array,
  nonzero: boolean,
  subtract: number | undefined,
  divide: number | undefined,
): void {
  let count = 0;
  let sum = 0;
  for (const value of part) {
    if (nonzero && value === 0) continue;
    count++;
    sum += value;
  }
  if (count === 0) return;
  const mean = sum / count;
  let squares = 0;
  for (const value of part) if (!nonzero || value !== 0) squares += (value - mean) ** 2;
  const minus = subtract ?? mean;
  const by = divide ?? Math.sqrt(squares / count);
  for (let i = 0; i < part.length; i++) {
    if (!nonzero || part[i] !== 0) part[i] = (part[i]! - minus) / (by === 0 ? 1 : by);
  }
}
