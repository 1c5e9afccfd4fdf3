import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type JobOptions, usageError } from "@viscera/core";
import { readLabelNames } from "@viscera/scan";
import { readLabels } from "@viscera/scan/node";
import { readText } from "../steps/read-text.js";

/** Names of the labels by id; ids that it lacks are called `structure_<id>`. */
export class StructureNames {
  readonly #byId: ReadonlyMap<number, string>;
  readonly #regions: ReadonlyMap<number, { name: string; labels: readonly number[] }>;

  constructor(
    names: Iterable<readonly [number, string]>,
    regions: ReadonlyMap<number, { name: string; labels: readonly number[] }> = new Map(),
  ) {
    this.#byId = new Map(names);
    this.#regions = regions;
  }

  /**
   * The same with regions: "whole=1+2" or "whole=core+edema" makes a structure of labels. Throws `usage` for what is
   * no region.
   */
  withRegions(texts: readonly string[]): StructureNames {
    const regions = new Map<number, { name: string; labels: readonly number[] }>();
    for (const text of texts) {
      const [name = "", list = "", ...rest] = text.split("=").map((part) => part.trim());
      if (name === "" || list === "" || rest.length > 0)
        throw usageError(
          `--region takes name=labels, not "${text}".`,
          "For example --region whole_tumour=1+2+3.",
        );
      if ([...this.#byId.values(), ...[...regions.values()].map((one) => one.name)].includes(name))
        throw usageError(`--region names "${name}", which is the name of another structure.`);
      const labels = list.split("+").map((label) => this.idOf(label.trim(), "--region"));
      regions.set(-1 - regions.size, { name, labels: [...new Set(labels)] });
    }
    return new StructureNames(this.#byId, regions);
  }

  /** Labels of the regions, by the ids that stand for them. */
  get regions(): Record<number, readonly number[]> {
    return Object.fromEntries([...this.#regions].map(([id, { labels }]) => [id, labels]));
  }

  /** "5" for a label, "1+2+3" for a region. */
  labelsOf(id: number): string {
    return this.#regions.get(id)?.labels.join("+") ?? String(id);
  }

  nameOf(id: number): string {
    return this.#regions.get(id)?.name ?? this.#byId.get(id) ?? `structure_${id}`;
  }

  /** The label that a user names by its name or its number. Throws `usage`. */
  idOf(text: string, option: string): number {
    for (const [id, name] of this.#byId) if (name === text) return id;
    for (const [id, { name }] of this.#regions) if (name === text) return id;
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
