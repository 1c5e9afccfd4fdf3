import {
  CASE_PATHS,
  type Label,
  type LabelMap,
  throwIfCancelled,
  usageError,
  type VesselsFile,
  VisceraError,
} from "@viscera/core";
import { emptyLabels, encodeVtp, structureOf, vesselsOf } from "@viscera/organ";
import type { Workspace } from "../case/workspace.js";
import { countOf, listOf } from "../terminal/console.js";
import type { CommandContext } from "../terminal/context.js";

/** What `--vessels` was given: names, or true for all that are known to be vessels. */
export type VesselChoice = readonly string[] | true;

/** The value of `--vessels [names]`. */
export function vesselChoice(option: string | true): VesselChoice {
  if (option === true) return true;
  const names = option.split(",").map((name) => name.trim());
  if (names.includes("")) throw usageError("--vessels has an empty name between its commas.");
  return names;
}

/** The structures to follow. Throws `usage` for a name that the labels do not have, and where there is no vessel at all. */
function chosenLabels(labels: LabelMap, choice: VesselChoice): Label[] {
  const empty = new Set(emptyLabels(labels).map(({ id }) => id));
  const there = labels.labels.filter(({ id }) => !empty.has(id));
  const vessels = there.filter(({ name }) => structureOf(name)?.group === "vessels");
  const known =
    vessels.length > 0 ? `Vessels in the labels: ${listOf(vessels.map(({ name }) => name))}.` : "";
  if (choice === true) {
    if (vessels.length > 0) return vessels;
    throw usageError(
      "No structure of the labels is known to be a vessel.",
      `Name some: --vessels ${there[0]?.name ?? "aorta"}. In the labels: ${listOf(there.map(({ name }) => name))}.`,
    );
  }
  return [...new Set(choice)].map((wanted) => {
    const label =
      there.find(({ name }) => name === wanted) ??
      there.find(
        ({ name }) => name === structureOf(wanted)?.name || name.toLowerCase() === wanted.toLowerCase(),
      );
    if (label) return label;
    throw usageError(
      `The labels have no structure "${wanted}" to follow as a vessel.`,
      known || `In the labels: ${listOf(there.map(({ name }) => name))}.`,
    );
  });
}

/**
 * Centrelines of the chosen vessels, written by `write` as `<name>.json` and `<name>.vtp`. A vessel that was not named
 * and cannot be followed is left out with a warning; one that was named stops the work.
 */
export async function makeVessels(
  labels: LabelMap,
  choice: VesselChoice,
  context: CommandContext,
  write: (name: string, content: string) => Promise<void>,
): Promise<{ vessels: VesselsFile[]; warnings: string[] }> {
  const job = context.job("Vessels");
  const vessels: VesselsFile[] = [];
  const warnings: string[] = [];
  for (const label of chosenLabels(labels, choice)) {
    throwIfCancelled(job.signal);
    let file: VesselsFile;
    try {
      file = await vesselsOf(labels, label, job);
    } catch (error) {
      const isUnusable = error instanceof VisceraError && error.code.startsWith("input.");
      if (choice !== true || !isUnusable) throw error;
      warnings.push(`${error.message} It has no centreline.`);
      continue;
    }
    await write(`${label.name}.json`, vesselsText(file));
    await write(`${label.name}.vtp`, encodeVtp(file));
    vessels.push(file);
    warnings.push(...file.warnings);
  }
  return { vessels, warnings };
}

/** Seven digits are a hundredth of a micrometre in a body. */
export function vesselsText(file: VesselsFile): string {
  return `${JSON.stringify(file, (_, value) => (typeof value === "number" ? Number(value.toPrecision(7)) : value))}\n`;
}

/** The short table for people. */
export function printVessels(vessels: readonly VesselsFile[], context: CommandContext): void {
  context.console.table(
    [
      "Vessel",
      "Length (mm)",
      "Mean radius (mm)",
      "Segments",
      "Branch points",
      "Rings",
      "Stenoses",
      "Cut ends",
    ],
    vessels.map(({ name, trees }) => {
      const segments = trees.flatMap((tree) => tree.segments);
      const lengthMm = trees.reduce((sum, tree) => sum + tree.lengthMm, 0);
      const meanRadiusMm = trees.reduce((sum, tree) => sum + tree.meanRadiusMm * tree.lengthMm, 0) / lengthMm;
      const worst = Math.max(
        0,
        ...segments.flatMap((s) => s.stenoses.map((stenosis) => stenosis.percentDiameter)),
      );
      const stenoses = segments.reduce((sum, segment) => sum + segment.stenoses.length, 0);
      const count = (of: (tree: (typeof trees)[number]) => number) =>
        String(trees.reduce((sum, t) => sum + of(t), 0));
      return [
        name,
        lengthMm.toFixed(1),
        meanRadiusMm.toFixed(2),
        String(segments.length),
        count((tree) => tree.bifurcations.length),
        count((tree) => tree.loops),
        stenoses === 0 ? "0" : `${stenoses} (to ${worst.toFixed(0)} % of diameter)`,
        count((tree) => tree.nodes.filter((node) => node.cut).length),
      ];
    }),
  );
}

/** For `--json`: what the table says, and where the rest is. */
export function vesselSummaries(vessels: readonly VesselsFile[]) {
  return vessels.map(({ name, trees, warnings }) => ({
    name,
    file: CASE_PATHS.vesselFile(name, "json"),
    trees: trees.map(({ lengthMm, meanRadiusMm, loops, nodes, segments, bifurcations }) => ({
      lengthMm,
      meanRadiusMm,
      loops,
      segments: segments.length,
      branchPoints: bifurcations.length,
      cutEnds: nodes.filter((node) => node.cut).length,
      stenoses: segments.flatMap((segment) => segment.stenoses),
    })),
    warnings,
  }));
}

/** The vessels step of a case. */
export async function saveVessels(
  work: Workspace,
  choice: VesselChoice,
  inputs: Record<string, string>,
): Promise<void> {
  await work.step("vessels", "Vessels", async () => {
    const { vessels, warnings } = await makeVessels(
      await work.labels(),
      choice,
      work.context,
      (name, content) => work.folder.write(`vessels/${name}`, content),
    );
    for (const warning of warnings) work.context.console.warning(warning);
    await work.folder.finish("vessels", warnings, work.provenance("vessels", inputs));
    return `${countOf(vessels.length, "vessel")}, ${vessels.map(({ name }) => name).join(", ")}`;
  });
}
