import {
  type Quantity,
  type Run,
  type SeriesColumn,
  type Simulation,
  type SimulationCase,
  type SimulationContext,
  type Table,
  usageError,
} from "@viscera/core";
import { type Body, bodyOf, TISSUES, type Tissue } from "@viscera/organ";
import { z } from "zod";
import { type Compound, compoundSchema, MIDAZOLAM_SOURCES } from "./compound.js";
import { doseEvents, doseSchema } from "./dosing.js";
import { type CurveMeasures, curveMeasures } from "./measures.js";
import { glomerularFiltrationLPerH, type PbpkModel, pbpkModel, STATES, stateIndex } from "./pbpk.js";
import { propagate } from "./propagate.js";
import { STRUCTURES_OF_TISSUE, VENOUS_STRUCTURES } from "./tissue-structures.js";

export const drugConfigSchema = z.strictObject({
  compound: compoundSchema.prefault({}),
  /** Default: 2 mg into a vein over 2 minutes, as midazolam's label asks for. */
  doses: z
    .array(doseSchema)
    .min(1)
    .default([{ route: "infusion", doseMg: 2, startH: 0, durationH: 1 / 30, count: 1 }]),
  durationH: z
    .number()
    .positive()
    .max(24 * 365)
    .default(24),
  stepMin: z.number().positive().default(1),
});
export type DrugConfig = z.infer<typeof drugConfigSchema>;

const MOST_STEPS = 200_000;

/** Plasma and tissue concentrations of a drug in this patient. */
export const drugSimulation: Simulation<DrugConfig> = {
  id: "drug",
  title: "Drug concentration",
  version: "0.1.0",
  configSchema: drugConfigSchema,
  async run(subject: SimulationCase, config: DrugConfig, context: SimulationContext): Promise<Run> {
    const steps = Math.ceil((config.durationH * 60) / config.stepMin - 1e-9);
    if (steps > MOST_STEPS) {
      throw usageError(
        `The drug simulation would write ${steps} time steps.`,
        `Choose a longer "stepMin" or a shorter "durationH" (at most ${MOST_STEPS} steps).`,
      );
    }
    const body = bodyOf(subject.patient, subject.organs);
    const model = pbpkModel(body, config.compound, glomerularFiltrationLPerH(body, subject.patient));
    const timesH = Float64Array.from({ length: steps + 1 }, (_, i) =>
      Math.min((i * config.stepMin) / 60, config.durationH),
    );
    const events = doseEvents(config.doses);
    const amounts = propagate(
      model.matrix,
      STATES.length,
      events,
      (event) => stateIndex(event.into),
      timesH,
      context,
    );
    const columns = concentrations(config.compound, model, timesH, amounts);
    const plasma = columns.find((column) => column.name === "plasma")!;
    const exposure = amounts[amounts.length - 1]![stateIndex("exposure")]!;
    const area = exposure / (model.volumeL.venous * config.compound.bloodToPlasma);
    const measures = curveMeasures(timesH, plasma.values, area, events[events.length - 1]!.timeH);
    const doseMg = config.doses.reduce((sum, dose) => sum + dose.doseMg * dose.count, 0);
    return {
      summary: {
        schema: 1,
        simulation: "drug",
        title: `${config.compound.name}: ${describeDoses(config)}`,
        version: drugSimulation.version,
        config: "config.json",
        values: quantities(config, measures, doseMg),
        plots: [
          { title: "Plasma concentration", columns: ["plasma"], yScale: "log" },
          {
            title: "Concentration in the organs",
            columns: ["liver", "kidney", "brain", "heart", "lung", "muscle", "fat"],
            yScale: "log",
          },
        ],
        tables: [volumeTable(body, model), ...sourceTable(config.compound)],
        warnings: warningsFor(config, body, measures),
      },
      config,
      series: columns,
      fields: [],
    };
  },
};

function concentrations(
  compound: Compound,
  model: PbpkModel,
  timesH: Float64Array,
  amounts: Float64Array[],
): SeriesColumn[] {
  const column = (
    name: string,
    label: string,
    state: number,
    factor: number,
    structures: readonly string[],
  ): SeriesColumn => ({
    name,
    unit: "mg/L",
    label,
    structures,
    values: Float64Array.from(amounts, (amount) => Math.max(0, amount[state]! * factor)),
  });
  const plasma = 1 / (model.volumeL.venous * compound.bloodToPlasma);
  return [
    { name: "time", unit: "h", label: "Time", values: timesH },
    column("plasma", "Venous plasma", stateIndex("venous"), plasma, VENOUS_STRUCTURES),
    ...TISSUES.map((tissue) =>
      column(
        tissue,
        tissueLabel(tissue),
        stateIndex(tissue),
        1 / model.volumeL[tissue],
        STRUCTURES_OF_TISSUE[tissue],
      ),
    ),
  ];
}

function tissueLabel(tissue: Tissue): string {
  return tissue === "rest" ? "Other tissue" : tissue[0]!.toUpperCase() + tissue.slice(1);
}

function quantities(config: DrugConfig, measures: CurveMeasures, doseMg: number): Quantity[] {
  const quantity = (name: string, label: string, value: number | null, unit: string): Quantity[] =>
    value === null ? [] : [{ name, label, value, unit, low: null, high: null }];
  const single = config.doses.length === 1 && config.doses[0]!.count === 1;
  const intravenous = single && config.doses[0]!.route !== "oral";
  const clearance = single && measures.areaInfinity !== null ? doseMg / measures.areaInfinity : null;
  return [
    ...quantity("cmax", "Peak plasma concentration (Cmax)", measures.peak, "mg/L"),
    ...quantity("halfLife", "Terminal half-life", measures.halfLifeH, "h"),
    ...quantity("auc", `Area under the curve, 0 to ${config.durationH} h (AUC)`, measures.area, "mg.h/L"),
    ...quantity(
      "aucInfinity",
      "Area under the curve, extrapolated",
      single ? measures.areaInfinity : null,
      "mg.h/L",
    ),
    ...quantity("tmax", "Time of the peak (Tmax)", measures.peakTimeH, "h"),
    ...quantity(
      "clearance",
      intravenous ? "Plasma clearance" : "Apparent plasma clearance (CL/F)",
      clearance,
      "L/h",
    ),
  ];
}

function describeDoses(config: DrugConfig): string {
  return config.doses
    .map((dose) => {
      const over =
        dose.durationH === undefined
          ? ""
          : ` over ${dose.durationH < 1 ? `${+(dose.durationH * 60).toFixed(1)} min` : `${+dose.durationH.toFixed(2)} h`}`;
      const way = { bolus: "intravenous bolus", infusion: "intravenously", oral: "by mouth" }[dose.route];
      const repeats = dose.count > 1 ? `, ${dose.count} times every ${dose.everyH} h` : "";
      return `${dose.doseMg} mg ${way}${over}${repeats}`;
    })
    .join("; ");
}

function volumeTable(body: Body, model: PbpkModel): Table {
  const round = (value: number, digits: number) => Number(value.toPrecision(digits));
  return {
    title: "Organs in the model",
    columns: ["Organ", "Volume (mL)", "Volume from", "Detail", "Blood flow (L/min)", "Partition coefficient"],
    rows: TISSUES.map((tissue) => {
      const { volumeMl, from, note } = body.tissues[tissue];
      const flow = tissue === "liver" ? model.liverFlowLPerH / 60 : body.flowLPerMin[tissue];
      return [
        tissueLabel(tissue),
        round(volumeMl, 4),
        from === "image" ? "this image" : "reference table",
        note,
        round(flow, 3),
        round(model.partition[tissue], 3),
      ];
    }),
  };
}

/** Sources are listed for every default of midazolam that was left as it is. */
function sourceTable(compound: Compound): Table[] {
  const standard = compoundSchema.parse({});
  if (compound.name !== standard.name) return [];
  const rows: Table["rows"] = (Object.keys(MIDAZOLAM_SOURCES) as (keyof typeof MIDAZOLAM_SOURCES)[]).map(
    (key) => [
      key,
      compound[key],
      compound[key] === standard[key] ? MIDAZOLAM_SOURCES[key] : "given in the configuration",
    ],
  );
  rows.push([
    "partition coefficients",
    null,
    "Berezhkovskiy 2004, doi:10.1002/jps.20073, on Poulin & Theil 2002",
  ]);
  return [{ title: "Parameters of the drug", columns: ["Parameter", "Value", "Source"], rows }];
}

function warningsFor(config: DrugConfig, body: Body, measures: CurveMeasures): string[] {
  const warnings = [...body.warnings];
  if (measures.halfLifeH !== null && measures.halfLifeH > config.durationH / 3) {
    warnings.push(
      "The simulated time is short against the half-life, so half-life and extrapolated area are uncertain: raise durationH.",
    );
  }
  const late = config.doses.filter(
    (dose) => dose.startH + (dose.count - 1) * (dose.everyH ?? 0) >= config.durationH,
  );
  if (late.length > 0) warnings.push("Some doses fall after the end of the simulation and are not given.");
  warnings.push("The model is linear: saturable metabolism, interactions and active transport are left out.");
  return warnings;
}
