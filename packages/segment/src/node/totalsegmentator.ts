/** A directory of TotalSegmentator's weights (DatasetNNN_... folders) as a model with tasks. */
import { basename, join } from "node:path";
import { inputError, type ModelFile } from "@viscera/core";
import type { SessionOptions } from "@viscera/nets";
import type { ForeignModel } from "../model.js";
import { segmentationOf } from "../segmentation-of.js";
import {
  segmentTask,
  TASK_NAMES,
  type TaskPart,
  type TotalTask,
  taskNamed,
} from "../totalsegmentator/index.js";
import { licenceWarnings } from "./licence.js";
import { nnUnetNetworks } from "./nnunet.js";
import { chooseTrained, combined, readTrained, type TrainedNnUnet, trainedFolders } from "./nnunet-folder.js";
import { foldersIn } from "./stored-folders.js";

/** Tasks taken unasked, the first whose networks are all there. */
const USUAL = [
  "total",
  "total_fast",
  "total_fastest",
  "total_v3",
  "total_v3_fast",
  "total_mr",
  "total_mr_fast",
];

const RESEARCH_ONLY =
  "TotalSegmentator's: free for non-commercial use on request to its authors, any other use needs their licence";

/** Folders of data sets that TotalSegmentator's tasks use, by number. */
export async function datasetFolders(folder: string): Promise<Map<number, string>> {
  const known = new Set(TASK_NAMES.flatMap((name) => taskNamed(name)!.parts.map(({ id }) => id)));
  const found = new Map<number, string>();
  for (const path of await foldersIn(folder)) {
    const id = Number(/^Dataset(\d{3})_/.exec(basename(path))?.[1] ?? Number.NaN);
    if (known.has(id) && (await trainedFolders(path)).length > 0) found.set(id, path);
  }
  return found;
}

/** Every network that a task runs, those of the rough look that it begins with first. */
function neededBy(task: TotalTask): { task: TotalTask; part: TaskPart }[] {
  const rough = task.crop ? neededBy(taskNamed(task.crop.task)!) : [];
  return [...rough, ...task.parts.map((part) => ({ task, part }))];
}

function missingOf(task: TotalTask, present: ReadonlyMap<number, string>): string[] {
  return neededBy(task)
    .filter(({ part }) => !present.has(part.id))
    .map(({ task: of, part }) => {
      const use = of === task ? "" : ` for the rough look by ${of.name}`;
      const some = of.names.slice(part.first - 1, part.first + 2).join(", ");
      return `Dataset${String(part.id).padStart(3, "0")}${use} (${some}${part.count > 3 ? ", …" : ""})`;
    });
}

/** Names of the tasks whose networks are all there. */
export async function tasksIn(folder: string): Promise<string[]> {
  const present = await datasetFolders(folder);
  return TASK_NAMES.filter((name) => missingOf(taskNamed(name)!, present).length === 0);
}

/** The task asked for, or a usual one. Throws `input.model` for one there is not, `input.missing` naming what lacks. */
async function chooseTask(folder: string, asked: string | null): Promise<TotalTask> {
  const present = await datasetFolders(folder);
  const complete = await tasksIn(folder);
  const list = complete.length > 0 ? `Complete are ${complete.join(", ")}.` : "No task is complete.";
  const name = asked ?? USUAL.find((usual) => complete.includes(usual)) ?? complete[0];
  if (name === undefined) {
    const parts = [...present.values()].map((path) => basename(path)).join(", ");
    throw inputError(
      "missing",
      `The networks in ${folder} (${parts}) make up no whole task of TotalSegmentator.`,
      "Copy the folders of the other parts there too.",
    );
  }
  const task = taskNamed(name);
  if (!task) throw inputError("model", `"${name}" is no task of TotalSegmentator known here.`, list);
  const missing = missingOf(task, present);
  if (missing.length > 0) {
    throw inputError(
      "missing",
      `The task ${task.name} needs ${missing.join("; ")}, which ${missing.length > 1 ? "are" : "is"} not in ${folder}.`,
      `Copy the missing folder${missing.length > 1 ? "s" : ""} there. ${list}`,
    );
  }
  return task;
}

/** The networks of a task, read and checked. */
async function readTask(folder: string, task: TotalTask): Promise<Map<number, TrainedNnUnet>> {
  const present = await datasetFolders(folder);
  const trained = new Map<number, TrainedNnUnet>();
  for (const { task: of, part } of neededBy(task)) {
    if (trained.has(part.id)) continue;
    const path = await chooseTrained(present.get(part.id)!, of.configuration);
    const read = await readTrained(path, of.folds);
    if (read.dataset.channels.length !== 1 || read.dataset.heads <= part.count) {
      throw inputError(
        "model",
        `The network in ${path} has ${read.dataset.channels.length} channels and ${read.dataset.heads - 1} structures; TotalSegmentator's task ${of.name} needs 1 and at least ${part.count}.`,
        "Take the weights that belong to TotalSegmentator version 2.",
      );
    }
    trained.set(part.id, read);
  }
  return trained;
}

export async function describeTotalSegmentator(folder: string, asked: string | null): Promise<ModelFile> {
  const task = await chooseTask(folder, asked);
  return descriptionOf(task, await readTask(folder, task), asked !== null);
}

function descriptionOf(
  task: TotalTask,
  trained: ReadonlyMap<number, TrainedNnUnet>,
  namesTask: boolean,
): ModelFile {
  const networks = [...trained.values()];
  const hash = combined(networks.map(({ sha256 }) => sha256));
  const last = networks.at(-1)!;
  const [d0, d1, d2] = last.plan.patch as [number, number, number];
  return {
    schema: 1,
    name: namesTask ? `totalsegmentator_${task.name}` : "totalsegmentator",
    version: hash.slice(0, 8),
    architecture: last.plan.architecture,
    weights: basename(last.folds[0]!.path),
    input: {
      modality: [task.modality],
      orientation: "RAS",
      spacingMm: task.spacingMm && [...task.spacingMm],
      patch: [d2, d1, d0],
      normalisation: { kind: "none" },
      conform: null,
      overlap: 1 - task.stepSize,
      haloVoxels: null,
      mirrorAxes: [],
    },
    labels: task.names.map((name, i) => ({ id: i + 1, name, snomed: null })),
    licence:
      task.name === "brain_aneurysm" ? "CC-BY-NC-4.0" : task.needsLicence ? RESEARCH_ONLY : "Apache-2.0",
    commercialUse: !task.needsLicence,
    card: null,
    sha256: hash,
  };
}

/** Opens a task of a weights directory; null takes `total` or the next best that is there. */
export async function openTotalSegmentator(
  folder: string,
  asked: string | null,
  options: SessionOptions,
): Promise<ForeignModel> {
  const task = await chooseTask(folder, asked);
  const trained = await readTask(folder, task);
  const description = descriptionOf(task, trained, true);
  const { name, licence, commercialUse } = description;
  return {
    description,
    channels: 1,
    classes: task.names.length + 1,
    warnings: licenceWarnings(name, licence, commercialUse),
    segment: async ([scan], choice) => {
      const networkOf = async (_: TotalTask, part: TaskPart) =>
        nnUnetNetworks(trained.get(part.id)!, options);
      return segmentationOf(scan!, description, await segmentTask(scan!, task, networkOf, choice));
    },
    // Networks are open while they run only: several at once would not fit.
    dispose: async () => {},
  };
}

/** Files of all networks in a directory that TotalSegmentator's tasks use, relative to it. */
export async function filesOfTotalSegmentator(folder: string): Promise<string[]> {
  const files: string[] = [];
  for (const dataset of (await datasetFolders(folder)).values())
    for (const path of await trainedFolders(dataset)) {
      const { folds } = await readTrained(path, null);
      const inside = join(basename(dataset), basename(path));
      for (const name of ["dataset.json", "plans.json"]) files.push(join(inside, name));
      for (const { fold, path: file } of folds) files.push(join(inside, `fold_${fold}`, basename(file)));
    }
  return files;
}
