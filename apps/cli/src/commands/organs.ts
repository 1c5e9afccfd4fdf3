import { readdir, readFile, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import {
  inputError,
  organsFileSchema,
  parseJson,
  spacingOf,
  type VesselsFile,
  vesselsFileSchema,
} from "@viscera/core";
import { checkAnatomy } from "@viscera/organ";
import { readScan, type ScanFile } from "@viscera/scan/node";
import { type Command, Option } from "commander";
import { bringVessels, CENTRELINE_UNITS, givenCentrelines } from "../steps/bring-vessels.js";
import { importLabels } from "../steps/import-labels.js";
import { makeOrgans } from "../steps/make-organs.js";
import { makeVessels, printVessels, vesselChoice, vesselSummaries } from "../steps/make-vessels.js";
import { countOf } from "../terminal/console.js";
import { type CommandContext, decimalNumber } from "../terminal/context.js";
import { OutputFolder } from "./output-folder.js";
import { bind, withCommonOptions, withExamples } from "./verb.js";

const NO_VESSELS: { vessels: VesselsFile[]; warnings: string[] } = { vessels: [], warnings: [] };

interface OrgansOptions {
  out: string;
  scan?: string;
  labelNames?: string;
  errorMm?: string;
  quadratic?: boolean;
  vessels?: string | true;
  centrelines?: string[];
  centrelinesUnit: string;
  force?: boolean;
}

export function addOrgans(program: Command, signal: AbortSignal): void {
  const command = program
    .command("organs <labels>")
    .description("surfaces (GLB, STL) and measures of every structure of a label image")
    .requiredOption("--out <folder>", "folder for the models and tables")
    .option("--scan <file>", "the scan, for intensity measures")
    .option("--label-names <file>", "table of ids and names")
    .option(
      "--error-mm <mm>",
      "largest distance by which decimation may move a surface (0 keeps every triangle)",
    )
    .option("--quadratic", "also Moran's I and Geary's C, whose cost grows with the square of the voxels")
    .option(
      "--vessels [names]",
      "also centrelines (JSON, VTP) of these structures, separated by commas; alone: of all known vessels",
    )
    .option(
      "--centrelines <name=file...>",
      "take these centrelines (.vtp of VMTK, SimVascular) for a vessel's, e.g. aorta=aorta.vtp",
    )
    .addOption(
      new Option("--centrelines-unit <unit>", "their unit of length (SimVascular: often cm)")
        .choices(Object.keys(CENTRELINE_UNITS))
        .default("mm"),
    )
    .option("--force", "replace models that are there");
  withExamples(withCommonOptions(command), [
    "viscera organs seg.nii.gz --scan ct.nii.gz --label-names names.tsv --out organs",
    "viscera organs seg.nii.gz --label-names names.tsv --vessels aorta,iliac_artery_left --out organs",
  ]);
  bind<OrgansOptions>(command, signal, async (context, [path = ""], options) => {
    const errorMm =
      options.errorMm === undefined ? undefined : decimalNumber(options.errorMm, "--error-mm", 0, 100);
    const choice = options.vessels === undefined ? null : vesselChoice(options.vessels);
    const given = givenCentrelines(options.centrelines ?? []);
    const folder = await OutputFolder.open(options.out, options.force === true);
    const scan = options.scan ? await readGrey(options.scan, context) : null;
    const { labels, warnings } = await importLabels(path, options.labelNames, scan?.volume ?? null, context);
    for (const warning of [...(scan?.warnings ?? []), ...warnings]) context.console.warning(warning);
    const started = performance.now();
    const before = await modelsIn(options.out);
    const followed = await vesselsIn(options.out);
    const { organs, tubes } = await folder.fill(async (write) => {
      // First, since a name that the labels lack is told before the long work.
      const writeVessel = (name: string, content: string) => write(`vessels/${name}`, content);
      const found = choice ? await makeVessels(labels, choice, context, writeVessel) : NO_VESSELS;
      const brought = await bringVessels(
        labels,
        given,
        CENTRELINE_UNITS[options.centrelinesUnit]!,
        writeVessel,
      );
      const own = found.vessels.filter(({ name }) => !given.some((one) => one.name === name));
      const tubes = {
        vessels: [...own, ...brought.vessels],
        warnings: [...found.warnings, ...brought.warnings],
      };
      const made = await makeOrgans(
        labels,
        scan?.volume ?? null,
        new Map(),
        context,
        { ...(errorMm === undefined ? {} : { errorMm }), quadratic: options.quadratic === true },
        write,
      );
      return { ...made, tubes };
    });
    // Models that organs.json no longer tells of would pass for this scan's.
    for (const name of before)
      if (!organs.some((organ) => organ.name === name))
        for (const ending of ["glb", "stl"])
          await rm(join(options.out, `${name}.${ending}`), { force: true });
    for (const name of followed)
      if (!tubes.vessels.some((vessel) => vessel.name === name))
        for (const ending of ["json", "vtp"])
          await rm(join(options.out, "vessels", `${name}.${ending}`), { force: true });
    if (tubes.vessels.length === 0) await rmdir(join(options.out, "vessels")).catch(() => {});
    context.console.step(
      "Organs",
      `${countOf(organs.length, "structure")}, voxels of ${spacingOf(labels.affine)
        .map((mm) => +mm.toFixed(2))
        .join(" x ")} mm`,
      (performance.now() - started) / 1000,
    );
    context.console.table(
      ["Structure", "Volume (mL)", "Area (mm2)", "Pieces", "Edge"],
      organs.map((organ) => [
        organ.name,
        organ.volumeMl.toFixed(1),
        organ.areaMm2.toFixed(0),
        String(organ.pieces),
        organ.touchesBorder ? "cut" : "",
      ]),
    );
    if (tubes.vessels.length > 0) {
      context.console.text("");
      printVessels(tubes.vessels, context);
    }
    for (const warning of tubes.warnings) context.console.warning(warning);
    const findings = checkAnatomy(organs);
    for (const { message } of findings) context.console.warning(message);
    context.console.result({
      out: options.out,
      organs,
      findings,
      ...(choice || given.length > 0 ? { vessels: vesselSummaries(tubes.vessels) } : {}),
    });
  });
}

async function readGrey(path: string, context: CommandContext): Promise<ScanFile> {
  const scan = await readScan(path, context.job("Scan"));
  if (!scan.colour) return scan;
  throw inputError(
    "colour",
    "The scan is a colour image, which has no intensities to measure.",
    "Leave out --scan.",
  );
}

/** Names of the structures that an earlier call left models of. */
async function modelsIn(folder: string): Promise<string[]> {
  const text = await readFile(join(folder, "organs.json"), "utf8").catch(() => null);
  if (text === null) return [];
  try {
    return parseJson(text, organsFileSchema, "organs.json").organs.map((organ) => organ.name);
  } catch {
    return [];
  }
}

/** Names of the vessels that an earlier call left centrelines of. */
async function vesselsIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for (const file of await readdir(join(folder, "vessels")).catch(() => [])) {
    if (!file.endsWith(".json")) continue;
    const text = await readFile(join(folder, "vessels", file), "utf8").catch(() => "");
    try {
      const { name } = parseJson(text, vesselsFileSchema, file);
      if (file === `${name}.json`) names.push(name);
    } catch {
      // Somebody else's file.
    }
  }
  return names;
}
