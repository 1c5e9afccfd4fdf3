import {
  CASE_PATHS,
  type LabelMap,
  type Mesh,
  type OrganRecord,
  type OrgansFile,
  throwIfCancelled,
  type Volume,
} from "@viscera/core";
import {
  buildSurfaces,
  checkAnatomy,
  encodeGlb,
  encodeStl,
  measureOrgans,
  measuresCsv,
} from "@viscera/organ";
import type { Workspace } from "../case/workspace.js";
import { countOf, listOf } from "../terminal/console.js";
import type { CommandContext } from "../terminal/context.js";

export interface OrganOptions {
  /** Largest distance that decimation may move a surface; 0 keeps every triangle. */
  errorMm?: number;
  /** Also compute the measures whose cost grows with the square of the voxels. */
  quadratic?: boolean;
}

export interface OrganModels {
  organs: OrganRecord[];
  meshes: Map<string, Mesh>;
}

/**
 * Surfaces and measures of every structure, written by `write` (path relative to the organs' folder) as soon
 * as each is made; organs.json comes last.
 */
export async function makeOrgans(
  labels: LabelMap,
  scan: Volume | null,
  confidence: Map<number, number>,
  context: CommandContext,
  options: OrganOptions,
  write: (name: string, content: Uint8Array | string) => Promise<void>,
): Promise<OrganModels> {
  const job = context.job("Organs");
  const surfaces = await buildSurfaces(labels, {
    ...job,
    ...(options.errorMm === undefined ? {} : { errorMm: options.errorMm }),
  });
  const organs = await measureOrgans(labels, scan, {
    ...job,
    confidence,
    quadratic: options.quadratic === true,
    surfaces: new Map(surfaces.map((surface) => [surface.id, surface])),
  });
  const colour = new Map(labels.labels.map((label) => [label.id, label.color]));
  const meshes = new Map<string, Mesh>();
  for (const [done, { id, name, mesh }] of surfaces.entries()) {
    throwIfCancelled(job.signal);
    job.onProgress?.({ stage: "writing surfaces", done, total: surfaces.length });
    await write(`${name}.glb`, encodeGlb(mesh, { name, color: colour.get(id) ?? "#cccccc" }));
    await write(`${name}.stl`, encodeStl(mesh, name));
    meshes.set(name, mesh);
  }
  await write("measures.csv", measuresCsv(organs));
  const file: OrgansFile = { schema: 1, organs };
  await write("organs.json", `${JSON.stringify(file, null, 2)}\n`);
  return { organs, meshes };
}

/** The organs step of a case. */
export async function saveOrgans(
  work: Workspace,
  inputs: Record<string, string>,
  options: OrganOptions = {},
): Promise<void> {
  await work.step("organs", "Organs", async () => {
    const scan = work.folder.has("scan") ? await work.scan() : null;
    const models = await makeOrgans(
      await work.labels(),
      scan,
      await work.confidence(),
      work.context,
      options,
      (name, content) => work.folder.write(`organs/${name}`, content),
    );
    work.keep(models);
    const cut = models.organs.filter((organ) => organ.touchesBorder);
    const warnings = [
      ...(cut.length > 0 ? [cutWarning(cut.map((organ) => organ.name))] : []),
      ...checkAnatomy(models.organs, work.folder.file.patient).map(({ message }) => message),
    ];
    await work.folder.finish("organs", warnings, work.provenance(CASE_PATHS.organs, inputs));
    return countOf(models.organs.length, "structure");
  });
}

function cutWarning(names: readonly string[]): string {
  const listed = listOf(names);
  return names.length === 1
    ? `${listed} reaches the edge of the image: its volume is a lower bound.`
    : `${names.length} structures reach the edge of the image, so their volumes are lower bounds: ${listed}.`;
}
