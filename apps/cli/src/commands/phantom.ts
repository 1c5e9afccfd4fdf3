import { CASE_PATHS, type CaseFile, usageError } from "@viscera/core";
import { displayName } from "@viscera/organ";
import { createPhantom, type Phantom, type PhantomParameters } from "@viscera/phantom";
import type { LoadedModel } from "@viscera/segment";
import { listModels, openModel } from "@viscera/segment/node";
import type { Command } from "commander";
import { CaseFolder, type IfThere } from "../case/case-folder.js";
import { caseKey } from "../case/key.js";
import { Workspace } from "../case/workspace.js";
import { simulationOf } from "../simulations.js";
import { compareLabels } from "../steps/compare-labels.js";
import { saveOrgans } from "../steps/make-organs.js";
import { savePhantom } from "../steps/save-phantom.js";
import { saveReport } from "../steps/save-report.js";
import { scanInfo } from "../steps/save-scan.js";
import { saveSimulation } from "../steps/save-simulation.js";
import { type CommandContext, decimalNumber, threeNumbers, wholeNumber } from "../terminal/context.js";
import { VERSION } from "../version.js";
import { printCase } from "./print-case.js";
import { bind, withCommonOptions, withExamples } from "./verb.js";

interface PhantomOptions {
  out: string;
  sex?: string;
  heightCm?: string;
  weightKg?: string;
  ageYears?: string;
  size?: string;
  spacingMm?: string;
  modality?: string;
  phase?: string;
  field?: string;
  tumourMl?: string;
  tumourOrgan?: string;
  stenosisPercent?: string;
  stenosisArtery?: string;
  force?: boolean;
}

export function addPhantom(program: Command, signal: AbortSignal): void {
  const command = program
    .command("phantom")
    .description("a synthetic patient: scan, true labels, true physiology")
    .requiredOption("--out <case>", "folder for the case")
    .option("--sex <sex>", "female or male (default: by seed)")
    .option("--height-cm <cm>", "body height (default: by seed)")
    .option("--weight-kg <kg>", "body weight (default: by seed)")
    .option("--age-years <years>", "age (default: by seed)")
    .option("--size <nx,ny,nz>", "voxels", "128,128,128")
    .option("--spacing-mm <sx,sy,sz>", "voxel spacing (default: the field of view fits)")
    .option("--modality <m>", "CT, MR-T1 or MR-T2", "CT")
    .option("--phase <phase>", "contrast phase of a CT: native or portal-venous")
    .option("--field <field>", "torso, chest or abdomen")
    .option("--tumour-ml <ml>", "volume of a tumour")
    .option("--tumour-organ <organ>", "where the tumour grows (default: liver)")
    .option("--stenosis-percent <percent>", "narrowing of an artery's diameter")
    .option("--stenosis-artery <artery>", "which artery is narrowed (default: aorta)")
    .option("--force", "replace an existing case (once the new one is complete)");
  withExamples(withCommonOptions(command), [
    "viscera phantom --seed 7 --sex female --tumour-ml 12 --out patient7",
  ]);
  bind<PhantomOptions>(command, signal, async (context, _args, options) => {
    const phantom = await createPhantom(phantomParameters(options, context), context.job("Phantom"));
    const ifThere = options.force === true ? "replace" : "refuse";
    const work = await savePhantomCase(context, phantom, options.out, ifThere, []);
    await printCase(work);
  });
}

export function addDemo(program: Command, signal: AbortSignal): void {
  const command = program
    .command("demo")
    .description("synthetic patient, organs, a simulation and the report; needs no input")
    .option("--out <case>", "folder for the case", "viscera-demo")
    .option("--force", "replace an existing case (once the new one is complete)");
  withExamples(withCommonOptions(command), ["viscera demo", "viscera demo --seed 12 --out patient12"]);
  bind<{ out: string; force?: boolean }>(command, signal, async (context, _args, { out, force }) => {
    const ifThere = force === true ? "replace" : "keep";
    const shipped = (await listModels()).find(({ name, shipped }) => shipped && name === DEMO_MODEL);
    const network = shipped?.description
      ? await openModel(shipped.folder, { threads: context.threads })
      : null;
    try {
      const phantom = await createPhantom({ seed: context.seed }, context.job("Phantom"));
      const work = await savePhantomCase(context, phantom, out, ifThere, ["drug"], network);
      context.console.text("");
      if (!network) {
        context.console.text(
          "The labels are the synthetic patient's true ones: no network was asked, none is shipped yet.",
        );
        return await printCase(work);
      }
      const dice = compareLabels(await work.labels(), phantom.labels);
      const { name, version } = network.description;
      context.console.text(
        `The labels are those of the network ${name} ${version}; the true ones are in ${CASE_PATHS.trueLabels}. Dice, 1 being equal:`,
      );
      context.console.table(
        ["structure", "Dice"],
        dice.map(({ name, dice }) => [displayName(name), dice.toFixed(2)]),
      );
      context.console.text("");
      await printCase(work, { facts: { model: `${name}@${version}`, dice } });
    } finally {
      await network?.dispose();
    }
  });
}

/** The shipped network that the demo asks. */
const DEMO_MODEL = "torso";

/** Makes a phantom's case; with simulations also its organs and report. Without a network its labels are the true ones. */
async function savePhantomCase(
  context: CommandContext,
  phantom: Phantom,
  out: string,
  ifThere: IfThere,
  simulations: readonly string[],
  network: LoadedModel | null = null,
): Promise<Workspace> {
  const whole = simulations.length > 0;
  const initial: CaseFile = {
    schema: 1,
    kind: "phantom",
    patient: phantom.patient,
    scan: scanInfo(phantom.scan),
    key: caseKey({
      verb: "phantom",
      version: VERSION,
      parameters: phantom.truth.parameters,
      simulations,
      ...(network ? { model: network.description.sha256 } : {}),
    }),
    finished: [],
    warnings: [],
    provenance: [],
  };
  const steps = [
    "scan",
    "labels",
    ...(whole ? ["organs", ...simulations.map((id) => `simulate:${id}`), "report"] : []),
  ];
  const folder = await CaseFolder.create(out, initial, steps, ifThere);
  const work = new Workspace(folder, context, whole ? "demo" : "phantom");
  await savePhantom(work, phantom, network);
  if (whole) {
    await saveOrgans(work, {});
    for (const id of simulations)
      await saveSimulation(work, simulationOf(id), {}, `the configuration of ${id}`);
    if (!folder.has("report")) await saveReport(work);
  }
  await folder.settle();
  return work;
}

function phantomParameters(options: PhantomOptions, context: CommandContext): Partial<PhantomParameters> {
  const number = (text: string | undefined, option: string, least: number, most: number) =>
    text === undefined ? null : decimalNumber(text, option, least, most);
  const choice = <T extends string>(
    text: string | undefined,
    option: string,
    allowed: readonly T[],
  ): T | undefined => {
    if (text === undefined || (allowed as readonly string[]).includes(text)) return text as T | undefined;
    throw usageError(`${option} is one of ${allowed.join(", ")}, not "${text}".`);
  };
  const modality = choice(options.modality, "--modality", ["CT", "MR-T1", "MR-T2"] as const);
  const phase = choice(options.phase, "--phase", ["native", "portal-venous"] as const);
  const field = choice(options.field, "--field", ["torso", "chest", "abdomen"] as const);
  const tumourMl = number(options.tumourMl, "--tumour-ml", 0.05, 1000);
  const percent = number(options.stenosisPercent, "--stenosis-percent", 1, 99);
  if (options.tumourOrgan !== undefined && tumourMl === null)
    throw usageError("--tumour-organ needs --tumour-ml.", "Say how large the tumour is.");
  if (options.stenosisArtery !== undefined && percent === null)
    throw usageError("--stenosis-artery needs --stenosis-percent.", "Say how narrow the artery is.");
  if (phase && modality !== undefined && modality !== "CT")
    throw usageError("--phase is for a CT only.", "Leave it out, or leave out --modality.");
  return {
    seed: context.seed,
    sex: choice(options.sex, "--sex", ["female", "male"] as const) ?? null,
    heightCm: number(options.heightCm, "--height-cm", 120, 220),
    weightKg: number(options.weightKg, "--weight-kg", 30, 250),
    ageYears: number(options.ageYears, "--age-years", 18, 100),
    ...(options.size
      ? { size: threeNumbers(options.size, "--size", (part) => wholeNumber(part, "--size", 16, 1024)) }
      : {}),
    ...(options.spacingMm
      ? {
          spacingMm: threeNumbers(options.spacingMm, "--spacing-mm", (part) =>
            decimalNumber(part, "--spacing-mm", 0.2, 20),
          ),
        }
      : {}),
    ...(modality ? { modality } : {}),
    ...(phase ? { phase } : {}),
    ...(field ? { field } : {}),
    ...(tumourMl === null ? {} : { tumour: { organ: options.tumourOrgan ?? "liver", volumeMl: tumourMl } }),
    ...(percent === null ? {} : { stenosis: { artery: options.stenosisArtery ?? "aorta", percent } }),
  };
}
