import { basename } from "node:path";
import {
  type CaseFile,
  inputError,
  type LabelMap,
  parseJson,
  patientSchema,
  type Simulation,
  usageError,
  type Volume,
} from "@viscera/core";
import { completeLabels } from "@viscera/organ";
import { looksLikeCt } from "@viscera/scan";
import { readScan, type ScanFile } from "@viscera/scan/node";
import { segmentVolume } from "@viscera/segment";
import type { Command } from "commander";
import { CaseFolder } from "../case/case-folder.js";
import { caseKey } from "../case/key.js";
import { Workspace } from "../case/workspace.js";
import { simulationList, simulationOf } from "../simulations.js";
import { importLabels } from "../steps/import-labels.js";
import { saveOrgans } from "../steps/make-organs.js";
import { saveVessels, vesselChoice } from "../steps/make-vessels.js";
import { readPatient } from "../steps/read-patient.js";
import { readText } from "../steps/read-text.js";
import { type LabelQuality, saveLabels } from "../steps/save-labels.js";
import { saveReport } from "../steps/save-report.js";
import { saveScan, scanInfo } from "../steps/save-scan.js";
import { saveSimulation } from "../steps/save-simulation.js";
import { countOf } from "../terminal/console.js";
import type { CommandContext } from "../terminal/context.js";
import { VERSION } from "../version.js";
import { chooseModel, type ModelOptions, withModelOptions } from "./choose-model.js";
import { printCase } from "./print-case.js";
import { bind, withCommonOptions, withExamples } from "./verb.js";

interface RunOptions extends ModelOptions {
  out: string;
  labels?: string;
  labelNames?: string;
  patient?: string;
  simulate?: string;
  config?: string[];
  modality?: string;
  uncertainty?: boolean;
  vessels?: string | true;
  series?: string;
  allowGaps?: boolean;
  force?: boolean;
}

export function addRun(program: Command, signal: AbortSignal): void {
  const command = program
    .command("run <scan>")
    .description("the whole way for a real scan: labels, organ models, simulations, report")
    .requiredOption("--out <case>", "folder for the case")
    .option("--labels <file>", "labels of this scan: a label image, or a folder of one mask per structure")
    .option(
      "--label-names <file>",
      "table of ids and names for the labels (TSV, CSV, JSON, Slicer, ITK-SNAP)",
    )
    .option(
      "--patient <file>",
      "JSON with what is known of the patient (ageYears, sex, heightCm, weightKg, ...)",
    )
    .option(
      "--vessels [names]",
      "also centrelines of these structures, separated by commas; alone: of all known vessels",
    )
    .option("--simulate <ids>", "simulations to run, separated by commas (drug)")
    .option("--config <id=file...>", "configuration of a simulation, e.g. drug=doses.json")
    .option("--modality <code>", "what the scan is (CT, MR, PT) where the file does not say")
    .option(
      "--uncertainty",
      "also keep how unsure the network is of each voxel (uncertainty.nii.gz, percent)",
    )
    .option("--series <uid>", "which series of a DICOM folder")
    .option("--allow-gaps", "accept missing slices and interpolate over them")
    .option("--force", "replace an existing case (once the new one is complete)");
  withExamples(withCommonOptions(withModelOptions(command)), [
    "viscera run ct.nii.gz --labels seg.nii.gz --label-names names.tsv --simulate drug --out case",
    "viscera run dicom-folder --model hippocampus-mr --out case",
  ]);
  bind<RunOptions>(command, signal, run);
}

async function run(context: CommandContext, [scanPath = ""]: string[], options: RunOptions): Promise<void> {
  if (options.labels && options.model) {
    throw usageError("Labels and a model were both given.", "Give either --labels or --model.");
  }
  if (options.labels && options.uncertainty) {
    throw usageError("--uncertainty is a network's, and labels were given.", "Leave it out.");
  }
  if (options.labels && (options.task || options.folds)) {
    throw usageError("--task and --folds choose a network, and labels were given.", "Leave them out.");
  }
  if (options.labelNames && !options.labels) throw usageError("--label-names needs --labels.");
  const simulations = simulationList(options.simulate);
  const configs = await readConfigs(options.config ?? [], simulations);
  const given = await readPatient(options.patient);
  const vessels = options.vessels === undefined ? null : vesselChoice(options.vessels);

  const scan = await readScan(scanPath, {
    ...context.job("Scan"),
    ...(options.series === undefined ? {} : { series: options.series }),
    allowGaps: options.allowGaps === true,
  });
  if (scan.colour) {
    throw inputError(
      "colour",
      "The scan is a colour image; organs are found in scalar images.",
      "`viscera convert` can still change its format.",
    );
  }
  scan.volume = knownModality(scan, options.modality);
  for (const warning of scan.warnings) context.console.warning(warning);
  const source = await labelSource(scan, options, context);
  const patient = patientSchema.parse({ ...scan.patient, ...given });
  const inputs: Record<string, string> = { scan: scan.sha256, ...source.inputs };

  const steps = [
    "scan",
    "labels",
    "organs",
    ...(vessels ? ["vessels"] : []),
    ...simulations.map((id) => `simulate:${id}`),
    "report",
  ];
  const initial: CaseFile = {
    schema: 1,
    kind: "scan",
    patient,
    scan: scanInfo(scan.volume),
    key: caseKey({
      verb: "run",
      version: VERSION,
      inputs,
      patient,
      simulations,
      configs: Object.fromEntries(configs),
      seed: context.seed,
      series: options.series ?? null,
      gaps: options.allowGaps === true,
      modality: scan.volume.modality,
      ...(options.uncertainty ? { uncertainty: true } : {}),
      ...(vessels ? { vessels } : {}),
    }),
    finished: [],
    warnings: [],
    provenance: [],
  };
  const folder = await CaseFolder.create(options.out, initial, steps, options.force ? "replace" : "refuse");
  const work = new Workspace(
    folder,
    context,
    `run${simulations.length > 0 ? ` --simulate ${simulations.join(",")}` : ""}`,
  );
  await saveScan(work, scan.volume, { inputs: { scan: scan.sha256 }, warnings: scan.warnings });
  await work.step("labels", "Labels", async () => {
    const made = await source.make();
    for (const warning of made.warnings) context.console.warning(warning);
    await saveLabels(work, made.labels, { inputs, warnings: made.warnings }, made.quality);
    return `${countOf(made.labels.labels.length, "structure")}, ${made.origin}`;
  });
  await saveOrgans(work, inputs);
  if (vessels) await saveVessels(work, vessels, inputs);
  for (const id of simulations) {
    await saveSimulation(
      work,
      simulationOf(id) as Simulation,
      configs.get(id) ?? {},
      `the configuration of ${id}`,
    );
  }
  await saveReport(work);
  await folder.settle();
  await printCase(work);
}

/** The volume with its modality: as the file says, as the user says, or, for Hounsfield units, by its values. */
function knownModality(scan: ScanFile, given: string | undefined): Volume {
  const { volume } = scan;
  if (given !== undefined) {
    const modality = given.toUpperCase();
    if (!/^[A-Z]{2,16}$/.test(modality))
      throw usageError(`--modality takes a DICOM code such as CT or MR, not "${given}".`);
    return { ...volume, modality, unit: modality === "CT" ? "HU" : volume.unit };
  }
  if (volume.modality !== null || !looksLikeCt(volume)) return volume;
  scan.warnings.push(
    "The file does not say what kind of image it is: its values look like Hounsfield units, so it is taken for a CT.",
  );
  return { ...volume, modality: "CT", unit: "HU" };
}

interface LabelSource {
  /** SHA-256 of what decides the labels. */
  inputs: Record<string, string>;
  make(): Promise<{ labels: LabelMap; quality: LabelQuality | null; warnings: string[]; origin: string }>;
}

async function labelSource(
  scan: ScanFile,
  options: RunOptions,
  context: CommandContext,
): Promise<LabelSource> {
  if (options.labels) return importedLabels(scan, options.labels, options.labelNames, context);
  const { model } = await chooseModel(scan.volume, options, context, "labels with --labels or ");
  for (const warning of model.warnings) context.console.warning(warning);
  const { name, version, sha256 } = model.description;
  return {
    inputs: { model: sha256 },
    make: async () => {
      const { labels, warnings, ...quality } = await segmentVolume(scan.volume, model, {
        ...context.job("Labels"),
        ...(options.uncertainty ? { uncertainty: true } : {}),
      });
      const table = completeLabels(labels.labels, `model:${name}@${version}`);
      return {
        labels: { ...labels, labels: table },
        quality,
        warnings: [...model.warnings, ...warnings],
        origin: `by ${name} ${version}`,
      };
    },
  };
}

async function importedLabels(
  scan: ScanFile,
  path: string,
  namesPath: string | undefined,
  context: CommandContext,
): Promise<LabelSource> {
  const { labels, warnings, inputs } = await importLabels(path, namesPath, scan.volume, context);
  return { inputs, make: async () => ({ labels, quality: null, warnings, origin: "imported" }) };
}

async function readConfigs(
  pairs: readonly string[],
  simulations: readonly string[],
): Promise<Map<string, unknown>> {
  const configs = new Map<string, unknown>();
  for (const pair of pairs) {
    const [id = "", ...rest] = pair.split("=");
    if (rest.length === 0 || !simulations.includes(id)) {
      throw usageError(
        `--config ${pair} names no simulation of this run.`,
        "Write it as --config drug=doses.json together with --simulate drug.",
      );
    }
    configs.set(id, await readConfig(rest.join("="), simulationOf(id)));
  }
  return configs;
}

/** A simulation's configuration file, checked. */
export async function readConfig(path: string, simulation: Simulation): Promise<unknown> {
  return parseJson(await readText(path, "--config"), simulation.configSchema, basename(path));
}
