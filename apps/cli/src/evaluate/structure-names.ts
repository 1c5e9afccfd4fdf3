import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type JobOptions, usageError } from "@viscera/core";
import { readLabelNames } from "@viscera/scan";
import { readLabels } from "@viscera/scan/node";
import { readText } from "../steps/read-text.js";

/** Names of the labels by id; ids that it lacks are called `structure_<id>`. */
export class StructureNames {
  readonly #byId: ReadonlyMap<number, string>;

  constructor(names: Iterable<readonly [number, string]>) {
    this.#byId = new Map(names);
  }

  get ids(): number[] {
    return [...this.#byId.keys()];
  }

  nameOf(id: number): string {
    return this.#byId.get(id) ?? `structure_${id}`;
  }

  /** The label that a user names by its name or its number. Throws `usage`. */
  idOf(text: string, option: string): number {
    for (const [id, name] of this.#byId) if (name === text) return id;
    const id = Number(/^(?:structure_)?(\d+)$/.exec(text)?.[1] ?? Number.NaN);
    if (Number.isInteger(id) && id > 0) return id;
    const known = [...this.#byId.values()];
    throw usageError(
      `${option} names the structure "${text}", which the labels do not have.`,
      known.length > 0
        ? `They have ${known.slice(0, 8).join(", ")}${known.length > 8 ? ` and ${known.length - 8} more` : ""}; numbers do, too.`
        : "The labels have no names: give their numbers, or a table with --label-names.",
    );
  }
}

/**
 * Names from a given table, else from labels.json or dataset.json (nnU-Net) beside the truth or above its folder, else
 * from the truth's first file itself.
 */
export async function findNames(
  given: string | undefined,
  truthFile: string,
  job: JobOptions,
): Promise<StructureNames> {
  const folder = dirname(truthFile);
  const candidates = [folder, dirname(folder)].flatMap((at) =>
    ["labels.json", "dataset.json"].map((name) => join(at, name)),
  );
  const table = given ?? candidates.find(existsSync);
  if (table !== undefined) {
    const labels = readLabelNames(await readText(table, "the label names"), basename(table));
    return new StructureNames(labels.flatMap(({ id, name }) => (name ? [[id, name] as const] : [])));
  }
  try {
    const { names } = await readLabels(truthFile, { ...job, mayBeEmpty: true });
    return new StructureNames(names.flatMap(({ id, name }) => (name ? [[id, name] as const] : [])));
  } catch {
    // A broken first case is told about when its turn comes.
    return new StructureNames([]);
  }
}
