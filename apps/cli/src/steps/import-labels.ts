import { basename } from "node:path";
import { type Grid, inputError, type LabelArray, type LabelMap, type Size3 } from "@viscera/core";
import { boundingBoxes } from "@viscera/kernels";
import { completeLabels } from "@viscera/organ";
import { labelsToGrid, readLabelNames } from "@viscera/scan";
import { readLabels, sha256File } from "@viscera/scan/node";
import { listOf } from "../terminal/console.js";
import type { CommandContext } from "../terminal/context.js";
import { readText } from "./read-text.js";

export interface ImportedLabels {
  labels: LabelMap;
  warnings: string[];
  /** SHA-256 of the files that decide the labels. */
  inputs: Record<string, string>;
}

/** Labels of a user's file or folder, with every structure named, on the grid given or on their own. */
export async function importLabels(
  path: string,
  namesPath: string | undefined,
  grid: Grid | null,
  context: CommandContext,
): Promise<ImportedLabels> {
  // The short table is looked at before the long image.
  const table = namesPath
    ? readLabelNames(await readText(namesPath, "--label-names"), basename(namesPath))
    : null;
  const read = await readLabels(path, context.job("Labels"));
  const { size, affine } = grid ?? read;
  const fitted = await labelsToGrid(read, { size, affine }, context.job("Labels"));
  const { data } = fitted.labels;
  const named = new Map((table ?? read.names).map((label) => [label.id, label]));
  const present = idsIn(data, size);
  const lost = data === read.data ? [] : idsIn(read.data, read.size).filter((id) => !present.includes(id));
  if (present.length === 0) {
    throw inputError(
      "empty-labels",
      `No labelled voxel of ${basename(path)} is left on the scan's grid.`,
      "Check that these are the labels of this scan.",
    );
  }
  const unnamed = present.filter((id) => !named.has(id));
  const raw = present.map((id) => named.get(id) ?? { id });
  return {
    labels: { size, affine, data, labels: completeLabels(raw, `import:${basename(path)}`) },
    warnings: [
      ...read.warnings,
      ...fitted.warnings,
      ...(lost.length > 0 ? [lostWarning(lost.map((id) => named.get(id)?.name ?? `label ${id}`))] : []),
      ...(unnamed.length > 0 ? [namelessWarning(unnamed, present.length)] : []),
    ],
    inputs: { labels: read.sha256, ...(namesPath ? { labelNames: await sha256File(namesPath) } : {}) },
  };
}

function idsIn(data: LabelArray, size: Size3): number[] {
  return [...boundingBoxes(data, size).keys()].sort((a, b) => a - b);
}

function lostWarning(names: readonly string[]): string {
  return `${names.length === 1 ? "A structure lies" : `${names.length} structures lie`} outside the scan or between its voxels: ${listOf(names)}.`;
}

function namelessWarning(ids: readonly number[], total: number): string {
  const subject =
    ids.length === total
      ? "The labels have no names"
      : ids.length === 1
        ? `The label ${ids[0]} has no name`
        : `${ids.length} of ${total} labels have no names`;
  return `${subject}: give a table with --label-names (ids alone are not assumed to be anybody's).`;
}
