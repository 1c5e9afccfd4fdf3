/** A case being worked on: its folder, and its images in memory once something has needed them. */
import {
  CASE_PATHS,
  inputError,
  type LabelMap,
  type LabelsFile,
  labelsFileSchema,
  type Mesh,
  type OrganRecord,
  organsFileSchema,
  type ProvenanceEntry,
  parseJson,
  throwIfCancelled,
  type Volume,
} from "@viscera/core";
import { decodeGlb } from "@viscera/organ";
import { readLabels, readScan } from "@viscera/scan/node";
import type { CommandContext } from "../terminal/context.js";
import { VERSION } from "../version.js";
import type { CaseFolder } from "./case-folder.js";

export class Workspace {
  readonly folder: CaseFolder;
  readonly context: CommandContext;
  /** The verb and its options, for provenance. */
  readonly command: string;
  #scan: Promise<Volume> | null = null;
  #labels: Promise<LabelMap> | null = null;
  #confidence: Map<number, number> | null = null;
  #organs: OrganRecord[] | null = null;
  #meshes = new Map<string, Mesh>();

  constructor(folder: CaseFolder, context: CommandContext, command: string) {
    this.folder = folder;
    this.context = context;
    this.command = command;
  }

  scan(): Promise<Volume> {
    this.#scan ??= readScan(this.folder.at(CASE_PATHS.scan), this.context.job("Scan")).then(({ volume }) => ({
      ...volume,
      modality: this.folder.file.scan?.modality ?? volume.modality,
      unit: this.folder.file.scan?.unit ?? volume.unit,
    }));
    return this.#scan;
  }

  labels(): Promise<LabelMap> {
    this.#labels ??= this.#readLabels();
    return this.#labels;
  }

  /** The network's confidence by id; empty for labels that are not a network's. */
  async confidence(): Promise<Map<number, number>> {
    this.#confidence ??= new Map(
      Object.entries((await this.#labelTable()).confidence ?? {}).map(([id, value]) => [Number(id), value]),
    );
    return this.#confidence;
  }

  async #labelTable(): Promise<LabelsFile> {
    const path = CASE_PATHS.labelTable;
    return parseJson(await this.folder.readText(path), labelsFileSchema, path);
  }

  async #readLabels(): Promise<LabelMap> {
    const table = await this.#labelTable();
    const { size, affine, data } = await readLabels(
      this.folder.at(CASE_PATHS.labels),
      this.context.job("Labels"),
    );
    return { size, affine, data, labels: table.labels };
  }

  async organs(): Promise<OrganRecord[]> {
    this.#organs ??= parseJson(
      await this.folder.readText(CASE_PATHS.organs),
      organsFileSchema,
      CASE_PATHS.organs,
    ).organs;
    return this.#organs;
  }

  async mesh(organ: OrganRecord): Promise<Mesh> {
    let mesh = this.#meshes.get(organ.name);
    if (!mesh) {
      const path = CASE_PATHS.organFile(organ.name, "glb");
      const bytes = await this.folder.readBytes(path);
      try {
        mesh = decodeGlb(bytes);
      } catch (error) {
        throw inputError(
          "damaged",
          `${path} of the case at "${this.folder.path}" is no complete surface.`,
          "Make the case again with the command that made it and --force.",
          error,
        );
      }
      this.#meshes.set(organ.name, mesh);
    }
    return mesh;
  }

  /** What an earlier step of this process made, so that later ones need not read it back. */
  keep(made: {
    scan?: Volume;
    labels?: LabelMap;
    confidence?: Map<number, number>;
    organs?: OrganRecord[];
    meshes?: Map<string, Mesh>;
  }): void {
    if (made.scan) this.#scan = Promise.resolve(made.scan);
    if (made.labels) this.#labels = Promise.resolve(made.labels);
    if (made.confidence) this.#confidence = made.confidence;
    if (made.organs) this.#organs = made.organs;
    if (made.meshes) this.#meshes = made.meshes;
  }

  provenance(file: string, inputs: Record<string, string>, seed: number | null = null): ProvenanceEntry {
    return { file, command: this.command, version: VERSION, inputs, seed, date: new Date().toISOString() };
  }

  /**
   * Runs a step and prints its outcome, or says that it was finished before. `work` returns the outcome for
   * people.
   */
  async step(id: string, title: string, work: () => Promise<string>): Promise<void> {
    throwIfCancelled(this.context.signal);
    if (this.folder.has(id)) {
      this.context.console.step(title, "done before, kept", 0);
      return;
    }
    const started = performance.now();
    const outcome = await work();
    this.context.console.step(title, outcome, (performance.now() - started) / 1000);
  }
}
