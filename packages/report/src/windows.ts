/** Grey windows: which values are black and white. */
export interface GreyWindow {
  title: string;
  /** Value shown as mid-grey. */
  level: number;
  /** Distance between black and white. */
  width: number;
}

const CT_WINDOWS: GreyWindow[] = [
  { title: "Soft tissue", level: 40, width: 400 },
  { title: "Lung", level: -600, width: 1500 },
  { title: "Bone", level: 400, width: 1800 },
];

export function isCt(scan: { modality: string | null; unit: string | null }): boolean {
  return scan.unit === "HU" || (scan.unit === null && scan.modality === "CT");
}

/** Values at fractions of the sorted, finite values (nearest rank). */
function percentiles(values: ArrayLike<number>, fractions: number[]): number[] {
  const step = Math.max(1, Math.floor(values.length / 400_000));
  const sample: number[] = [];
  for (let i = 0; i < values.length; i += step) if (Number.isFinite(values[i]!)) sample.push(values[i]!);
  if (sample.length === 0) return fractions.map(() => 0);
  const sorted = Float64Array.from(sample).sort();
  return fractions.map((f) => sorted[Math.round(f * (sorted.length - 1))]!);
}

/** CT presets for Hounsfield units; windows by percentiles of the foreground for anything else. */
export function windowsFor(
  scan: { modality: string | null; unit: string | null },
  image: { data: Int16Array; slope: number; intercept: number },
): GreyWindow[] {
  if (isCt(scan)) return CT_WINDOWS;
  const values = Float32Array.from(image.data, (value) => image.intercept + image.slope * value);
  const [lowest, highest] = percentiles(values, [0, 1]) as [number, number];
  const threshold = lowest + 0.02 * (highest - lowest);
  const foreground = values.filter((value) => value > threshold);
  const [p01, p10, p90, p99] = percentiles(foreground, [0.01, 0.1, 0.9, 0.99]) as [
    number,
    number,
    number,
    number,
  ];
  const between = (title: string, low: number, high: number): GreyWindow => {
    const width = high > low ? high - low : Math.max(1e-6, highest - lowest) || 1;
    return { title, level: low + width / 2, width };
  };
  return [
    between("Standard", Math.min(lowest, p01), p99),
    between("High contrast", p10, p90),
    between("Full range", lowest, highest),
  ];
}
