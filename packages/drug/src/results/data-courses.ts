/** Smooth curves of every subject of a data set: the simulation at more times than the data observe. */
import { throwIfCancelled } from "@viscera/core";
import type { DataRecord, DataSet, DataSubject } from "../pharmacology/data-set.js";
import { DataSimulator } from "../pharmacology/data-simulator.js";
import type { ModelOutput, PharmacologyModel } from "../pharmacology/model.js";
import type { DataSetOptions } from "../pharmacology/simulate-data.js";

/** One subject from one beginning of its count of time to the next. */
export interface Course {
  id: string;
  /** For people: the subject, and which of its courses where it has several. */
  label: string;
  /** The subject's records of this course. */
  records: DataRecord[];
  /** Per output, at the common times; NaN outside of the course. */
  values: Float64Array[];
}

export interface DataCourses {
  times: Float64Array;
  outputs: readonly ModelOutput[];
  courses: Course[];
  /** What somebody should look at before using the result. */
  warnings: string[];
}

/** Equal intervals over the whole time. */
const INTERVALS = 240;
/** Times of doses and observations join them while there are no more than these. */
const MOST_OWN_TIMES = 240;
/** Marks records that the data do not hold. */
const NO_LINE = -1;

/** Throws what `simulateData` throws. */
export async function dataCourses(
  model: PharmacologyModel,
  data: DataSet,
  { parametersOf, ...options }: DataSetOptions = {},
): Promise<DataCourses> {
  const simulator = await DataSimulator.create(model, data, options);
  const parts = data.subjects.map(partsOf);
  const times = commonTimes(parts.flat());
  const courses: Course[] = [];
  for (const [done, subject] of data.subjects.entries()) {
    throwIfCancelled(options.signal);
    options.onProgress?.({ stage: `curve of ${subject.id}`, done, total: data.subjects.length });
    const own = parts[done]!;
    const records = own.flatMap((part) => filled(part, times, options.covariates ?? "next"));
    const rows = simulator
      .simulate({ id: subject.id, records }, parametersOf?.(subject))
      .filter(({ line }) => line === NO_LINE);
    let at = 0;
    for (const [k, part] of own.entries()) {
      const values = simulator.outputs.map(() => new Float64Array(times.length).fill(Number.NaN));
      for (const [i, time] of times.entries()) {
        if (!isWithin(part, time)) continue;
        const row = rows[at++]!;
        for (const [o, curve] of values.entries()) curve[i] = row.values[o]!;
      }
      const label = `Subject ${subject.id}${own.length > 1 ? `, part ${k + 1}` : ""}`;
      courses.push({ id: subject.id, label, records: part, values });
    }
  }
  return { times, outputs: simulator.outputs, courses, warnings: simulator.warnings };
}

/** A reset may begin a new count of time: what comes before and after are two courses. */
function partsOf({ records }: DataSubject): DataRecord[][] {
  const parts: DataRecord[][] = [];
  for (const [i, record] of records.entries()) {
    const before = records[i - 1];
    if (before === undefined || record.time < before.time) parts.push([]);
    parts.at(-1)!.push(record);
  }
  return parts;
}

const isWithin = (part: readonly DataRecord[], time: number) =>
  time >= part[0]!.time && time <= part.at(-1)!.time;

function commonTimes(parts: readonly DataRecord[][]): Float64Array {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  const own = new Set<number>();
  for (const part of parts) {
    first = Math.min(first, part[0]!.time);
    last = Math.max(last, part.at(-1)!.time);
    for (const { time, dose } of part) {
      if (own.size > MOST_OWN_TIMES) break;
      own.add(time);
      for (let k = 1; dose && k <= dose.additional && own.size <= MOST_OWN_TIMES; k++)
        own.add(time + k * dose.interval);
    }
  }
  const times = new Set<number>();
  for (let i = 0; i <= INTERVALS; i++) times.add(first + (i * (last - first)) / INTERVALS);
  if (own.size <= MOST_OWN_TIMES) for (const time of own) if (time <= last) times.add(time);
  return Float64Array.from(times).sort();
}

/**
 * The records with one more at each of the times, after what happens then. It repeats the covariates that hold there, so
 * that the solution stays that of the data alone.
 */
function filled(part: readonly DataRecord[], times: Float64Array, covariates: "next" | "last"): DataRecord[] {
  const all: DataRecord[] = [];
  let next = 0;
  for (const time of times) {
    if (!isWithin(part, time)) continue;
    while (next < part.length && part[next]!.time <= time) all.push(part[next++]!);
    const before = part[next - 1]!;
    const source = before.time === time || covariates === "last" ? before : (part[next] ?? before);
    all.push({
      line: NO_LINE,
      time,
      kind: "other",
      compartment: "",
      dose: null,
      observed: null,
      covariates: source.covariates,
    });
  }
  all.push(...part.slice(next));
  return all;
}
