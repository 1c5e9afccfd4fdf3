/** Cases on the model's grid with the model's intensities, once and on disk. */
import { mkdir, readFile, rm, stat } from "node:fs/promises";
import {
  type JobOptions,
  RandomStream,
  spacingOf,
  throwIfCancelled,
  VisceraError,
  voxelCount,
} from "@viscera/core";
import { reorient, resampleLabelMap } from "@viscera/scan";
import { writeWhole, writingError } from "@viscera/scan/node";
import { normalised, respacedGrid, toModelGrid } from "../../../prepare.js";
import {
  type ClassVoxels,
  IGNORED_VOXEL,
  type PreparedCase,
  type TrainingCase,
  type TrainingDataset,
  type TrainingPlan,
} from "../../../training/data/index.js";
import { sha256 } from "../../files.js";
import { loadCase } from "./load-case.js";
import { type PreparedDataset, preparedPaths } from "./prepared.js";

/** Form of the files; a change of it makes earlier ones invalid. */
const FORM = 1;
/** Voxels listed of one class of a case at most. */
const LISTED_VOXELS = 10_000;

/** What is written beside a prepared case, last. */
interface CaseRecord {
  checksum: string;
  case: Omit<PreparedCase, "known" | "synthesis">;
  warnings: string[];
}

/**
 * Prepares every case into `folder`: volumes by the model's own preparation (`toModelGrid`, `normalised`), labels
 * resampled to the same grid, and voxels of every class for cutting patches around them. A case that lies there
 * already, from the same files and the same plan of its preparation, is taken as it is; so a run that was stopped
 * goes on, and one with another spacing starts anew. Throws what `loadCase` throws, `failed.disk-full`, `cancelled`.
 */
export async function preprocessDataset(
  dataset: TrainingDataset,
  plan: Pick<TrainingPlan, "input">,
  folder: string,
  options: JobOptions = {},
): Promise<PreparedDataset> {
  await mkdir(folder, { recursive: true }).catch((error) => {
    throw writingError(error, folder);
  });
  const cases: PreparedCase[] = [];
  const warnings: string[] = [];
  for (const [index, entry] of dataset.cases.entries()) {
    throwIfCancelled(options.signal);
    options.onProgress?.({ stage: "Preparing the cases", done: index, total: dataset.cases.length });
    const checksum = await checksumOf(dataset, entry, plan);
    const record =
      (await finishedRecord(folder, entry.id, checksum)) ??
      (await prepareCase(dataset, entry, plan, folder, checksum, options).catch((error) => {
        throw ofCase(error, entry);
      }));
    cases.push({ ...record.case, known: entry.known, synthesis: entry.synthesis });
    warnings.push(...record.warnings);
  }
  options.onProgress?.({ stage: "Preparing the cases", done: cases.length, total: cases.length });
  return { folder, dataset, cases, warnings };
}

/** The error with the case it is about, where it does not name a file of it. */
function ofCase(error: unknown, { id, images, labels }: TrainingCase): unknown {
  if (!(error instanceof VisceraError) || error.code === "cancelled") return error;
  if ([...images, labels].some((path) => error.message.includes(path))) return error;
  return new VisceraError(error.code, `Case ${id}: ${error.message}`, error.hint, { cause: error });
}

/** Over all that the prepared files of a case depend on. */
async function checksumOf(
  { labels, ignoreLabel }: TrainingDataset,
  entry: TrainingCase,
  { input }: Pick<TrainingPlan, "input">,
): Promise<string> {
  const files = await Promise.all(
    [...entry.images, entry.labels].map(async (path) => {
      const info = await stat(path).catch(() => null);
      return [info?.size ?? 0, info?.mtimeMs ?? 0];
    }),
  );
  const { orientation, spacingMm, normalisation, conform } = input;
  const tissues = entry.synthesis?.tissues.map(({ values, target }) => [target, values]) ?? null;
  const values = labels.map(({ id, values }) => [id, values]);
  const parts = [FORM, orientation, spacingMm, normalisation, conform, values, ignoreLabel, tissues, files];
  return sha256(new TextEncoder().encode(JSON.stringify(parts)));
}

async function finishedRecord(folder: string, id: string, checksum: string): Promise<CaseRecord | null> {
  const paths = preparedPaths(folder, id);
  try {
    const record = JSON.parse(await readFile(paths.record, "utf8")) as CaseRecord;
    if (record.checksum !== checksum) return null;
    const { size, channels, labelBytes, voxels } = record.case;
    const expected = {
      labels: voxelCount(size) * labelBytes,
      voxels: 4 * voxels.reduce((sum, { listed }) => sum + listed, 0),
      ...(channels > 0 && { image: 4 * voxelCount(size) * channels }),
    };
    for (const [kind, bytes] of Object.entries(expected)) {
      if ((await stat(paths[kind as keyof typeof expected])).size !== bytes) return null;
    }
    return record;
  } catch {
    return null;
  }
}

async function prepareCase(
  dataset: TrainingDataset,
  entry: TrainingCase,
  { input }: Pick<TrainingPlan, "input">,
  folder: string,
  checksum: string,
  options: JobOptions,
): Promise<CaseRecord> {
  const { images, labels, warnings } = await loadCase(dataset, entry, options);
  const job = {
    ...(options.signal && { signal: options.signal }),
    ...(options.threads && { threads: options.threads }),
  };
  const paths = preparedPaths(folder, entry.id);
  // An earlier record does not speak for files that are about to be replaced.
  await rm(paths.record, { force: true });
  const turned = reorient(labels, input.orientation);
  let grid = (input.spacingMm && respacedGrid(turned, input.spacingMm)) ?? turned;
  if (images.length > 0) {
    const channels: Float32Array[] = [];
    for (const image of images) {
      const placed = await toModelGrid(image, input, job);
      grid = placed;
      channels.push(normalised(placed.data, input));
    }
    await writeWhole(paths.image, joined(channels));
  }
  const { size, affine } = grid;
  const { data } = await resampleLabelMap(labels, { size, affine }, {}, job);
  await writeWhole(paths.labels, bytesOf(data));
  const { list, voxels } = listVoxels(data, targetOfValue(entry));
  await writeWhole(paths.voxels, bytesOf(list));
  if (entry.synthesis === null) warnings.push(...lostStructures(dataset, entry, labels.data, voxels));
  const record: CaseRecord = {
    checksum,
    case: {
      id: entry.id,
      size: [...size],
      affine: [...affine],
      spacingMm: spacingOf(affine),
      channels: images.length,
      labelBytes: data.BYTES_PER_ELEMENT as 1 | 2,
      voxels,
    },
    warnings,
  };
  await writeWhole(paths.record, new TextEncoder().encode(`${JSON.stringify(record, null, 1)}\n`));
  return record;
}

function joined(channels: readonly Float32Array[]): Uint8Array {
  if (channels.length === 1) return bytesOf(channels[0]!);
  const all = new Float32Array(channels.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const channel of channels) {
    all.set(channel, at);
    at += channel.length;
  }
  return bytesOf(all);
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Class that a stored label becomes. */
function targetOfValue({ synthesis }: TrainingCase): (value: number) => number {
  if (synthesis === null) return (value) => value;
  const targets = new Map(synthesis.tissues.flatMap(({ values, target }) => values.map((v) => [v, target])));
  return (value) => targets.get(value) ?? 0;
}

/** Voxels of every class but background and ignored ones, at most `LISTED_VOXELS` each, spread evenly. */
function listVoxels(
  data: Uint8Array | Uint16Array,
  target: (value: number) => number,
): { list: Uint32Array; voxels: ClassVoxels[] } {
  const lookup = Uint8Array.from({ length: data instanceof Uint8Array ? 256 : 65536 }, (_, v) => target(v));
  const counts = new Float64Array(256);
  for (let i = 0; i < data.length; i++) counts[lookup[data[i]!]!]!++;
  const voxels: ClassVoxels[] = [];
  let from = 0;
  for (let id = 1; id < IGNORED_VOXEL; id++) {
    const count = counts[id]!;
    if (count === 0) continue;
    const listed = Math.min(count, LISTED_VOXELS);
    voxels.push({ class: id, count, from, listed });
    from += listed;
  }
  const list = new Uint32Array(from);
  // The next one of a class is a random one of its next equal share, so that no pattern of the grid shows.
  const random = new RandomStream(0, "segment.listed-voxels");
  const states = new Map(voxels.map((entry) => [entry.class, { ...entry, seen: 0, taken: 0, next: 0 }]));
  const draw = (state: { class: number; count: number; listed: number; taken: number }) =>
    Math.floor(((state.taken + random.uniform(state.class, state.taken)) * state.count) / state.listed);
  for (const state of states.values()) state.next = draw(state);
  for (let i = 0; i < data.length; i++) {
    const state = states.get(lookup[data[i]!]!);
    if (!state) continue;
    if (state.seen === state.next && state.taken < state.listed) {
      list[state.from + state.taken++] = i;
      state.next = Math.max(state.seen + 1, draw(state));
    }
    state.seen++;
  }
  return { list, voxels };
}

/** Structures of a case that are too small for the model's voxels. */
function lostStructures(
  { labels }: TrainingDataset,
  { id }: TrainingCase,
  before: Uint8Array | Uint16Array,
  voxels: readonly ClassVoxels[],
): string[] {
  const left = new Set(voxels.map((entry) => entry.class));
  const lost = labels.filter((label) => !left.has(label.id) && before.includes(label.id));
  return lost.map(({ name }) => `The ${name} of ${id} is smaller than the model's voxels and was lost.`);
}
