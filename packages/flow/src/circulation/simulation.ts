import type {
  Quantity,
  Run,
  SeriesColumn,
  Simulation,
  SimulationCase,
  SimulationContext,
  Table,
} from "@viscera/core";
import { STRUCTURES_OF_TISSUE, VENOUS_STRUCTURES } from "@viscera/organ";
import { type Bed, PORTAL_BEDS } from "./beds.js";
import { type CirculationConfig, circulationConfigSchema } from "./config.js";
import { LAID_OUT } from "./loop-document.js";
import type { Beat } from "./loop-run.js";
import { patientLoop } from "./patient-loop.js";
import type { CirculationTargets } from "./targets.js";
import { AORTIC_FLOW, meanOverBeat, type TunedLoop } from "./tune.js";

/** Pressure and flow in the whole body over one beat, tuned to the patient. */
export const flowSimulation: Simulation<CirculationConfig> = {
  id: "flow",
  title: "Blood flow",
  version: "0.1.0",
  configSchema: circulationConfigSchema,
  async run(subject: SimulationCase, config: CirculationConfig, context: SimulationContext): Promise<Run> {
    const { patient, organs } = subject;
    const { body, targets, beds, loop } = await patientLoop(patient, organs, config, context);
    return {
      summary: {
        schema: 1,
        simulation: "flow",
        title: `Circulation at ${targets.heartRateBpm} beats per minute`,
        version: flowSimulation.version,
        config: "config.json",
        values: quantities(loop, beds, targets),
        plots: [
          {
            title: "Pressure of the left heart and the aorta",
            columns: ["aortaPressure", "leftVentriclePressure", "leftAtriumPressure"],
            yScale: "linear",
          },
          {
            title: "Pressure of the right heart and the lungs",
            columns: ["pulmonaryArteryPressure", "rightVentriclePressure", "rightAtriumPressure"],
            yScale: "linear",
          },
          {
            title: "Volume of the chambers",
            columns: ["leftVentricleVolume", "rightVentricleVolume", "leftAtriumVolume", "rightAtriumVolume"],
            yScale: "linear",
          },
          {
            title: "Flow into the organs",
            columns: beds.map(({ tissue }) => `${tissue}Flow`),
            yScale: "linear",
          },
        ],
        tables: [bedTable(loop.beat, beds), targetTable(loop, targets), parameterTable(loop)],
        warnings: [
          ...body.warnings,
          ...targets.warnings,
          ...shapeWarning(loop, targets),
          "Pressures of lungs, right heart and veins are laid out for a healthy adult; only mean pressure, pulse pressure and cardiac output were fitted to the patient.",
          "Flow into the heart muscle does not feel the muscle's contraction, and no reflex acts.",
        ],
      },
      config,
      series: columns(loop.beat, beds),
      fields: [],
    };
  },
};

/** Pressures that differ from the patient's although mean and pulse agree. */
const NOTICEABLE_MMHG = 2;

function shapeWarning({ measures }: TunedLoop, targets: CirculationTargets): string[] {
  const { systolicMmHg, diastolicMmHg } = measures;
  if (Math.abs(diastolicMmHg - targets.diastolicMmHg) < NOTICEABLE_MMHG) return [];
  const reached = `${systolicMmHg.toFixed(0)}/${diastolicMmHg.toFixed(0)}`;
  return [
    `The pressure comes out as ${reached} mmHg instead of ${targets.systolicMmHg}/${targets.diastolicMmHg}: pulse and mean (diastolic + pulse / 3) agree, but the shape of the curve puts the mean elsewhere between them.`,
  ];
}

interface CourseSpec {
  name: string;
  label: string;
  unknown: string;
  unit: string;
  structures?: readonly string[];
}

function columns(beat: Beat, beds: readonly Bed[]): SeriesColumn[] {
  const pressure = (
    name: string,
    label: string,
    unknown: string,
    structures: readonly string[],
  ): CourseSpec => ({
    name: `${name}Pressure`,
    label: `${label}, pressure`,
    unknown: `pressure:${unknown}`,
    unit: "mm[Hg]",
    structures,
  });
  const chambers = [
    ["leftVentricle", "Left ventricle", "LV", "heart_ventricle_left", "mitral:LV"],
    ["rightVentricle", "Right ventricle", "RV", "heart_ventricle_right", "tricuspid:RV"],
    ["leftAtrium", "Left atrium", "LA", "heart_atrium_left", "lung_veins:LA"],
    ["rightAtrium", "Right atrium", "RA", "heart_atrium_right", "vena_cava:RA"],
  ] as const;
  const specs: CourseSpec[] = [
    pressure("aorta", "Aorta", "aortic_valve:aorta", ["aorta"]),
    pressure("pulmonaryArtery", "Pulmonary arteries", "pulmonary_valve:pulmonary_arteries", [
      "pulmonary_artery",
    ]),
    pressure("portalVein", "Portal vein", "portal_vein:liver_sinusoids", ["portal_vein_and_splenic_vein"]),
    pressure("veins", "Veins", "venous_return:veins", VENOUS_STRUCTURES),
    ...chambers.map(([name, label, , structure, node]) => pressure(name, label, node, [structure])),
    ...chambers.map(([name, label, block, structure]) => ({
      name: `${name}Volume`,
      label: `${label}, volume`,
      unknown: `Vc:${block}`,
      unit: "mL",
      structures: [structure],
    })),
    {
      name: "aortaFlow",
      label: "Aorta, flow",
      unknown: AORTIC_FLOW,
      unit: "mL/s",
      structures: ["aorta"],
    },
    { name: "mitralFlow", label: "Mitral valve, flow", unknown: "flow:mitral:LV", unit: "mL/s" },
    {
      name: "lungFlow",
      label: "Lungs, flow",
      unknown: "flow:pulmonary_arteries:lungs",
      unit: "mL/s",
      structures: STRUCTURES_OF_TISSUE.lung,
    },
    ...beds.map(({ tissue }) => ({
      name: `${tissue}Flow`,
      label: `${bedLabel(tissue)}, arterial flow`,
      unknown: `flow:arteries:${tissue}`,
      unit: "mL/s",
      structures: STRUCTURES_OF_TISSUE[tissue],
    })),
  ];
  return [
    { name: "time", unit: "s", label: "Time", values: beat.times },
    ...specs.map(({ name, unit, label, unknown, structures = [] }) => ({
      name,
      unit,
      label,
      values: beat.course(unknown),
      structures,
    })),
  ];
}

function bedLabel(tissue: string): string {
  return tissue === "rest" ? "Other tissue" : tissue[0]!.toUpperCase() + tissue.slice(1);
}

/** Arterial flow, and with the portal vein's for the liver, mL/min. */
function flowOf(beat: Beat, tissue: Bed["tissue"]): number {
  const into = (name: string) => 60 * meanOverBeat(beat.course(`flow:arteries:${name}`));
  return into(tissue) + (tissue === "liver" ? PORTAL_BEDS.reduce((sum, bed) => sum + into(bed), 0) : 0);
}

function quantities(
  { beat, measures }: TunedLoop,
  beds: readonly Bed[],
  targets: CirculationTargets,
): Quantity[] {
  const volume = beat.course("Vc:LV");
  const [filled, emptied] = [Math.max(...volume), Math.min(...volume)];
  const mean = (unknown: string) => meanOverBeat(beat.course(unknown));
  const rows: [name: string, label: string, value: number, unit: string][] = [
    ["cardiacOutput", "Cardiac output", measures.cardiacOutputLPerMin, "L/min"],
    ["meanPressure", "Mean arterial pressure", measures.meanMmHg, "mm[Hg]"],
    ["systolicPressure", "Systolic pressure", measures.systolicMmHg, "mm[Hg]"],
    ["diastolicPressure", "Diastolic pressure", measures.diastolicMmHg, "mm[Hg]"],
    ["pulsePressure", "Pulse pressure", measures.systolicMmHg - measures.diastolicMmHg, "mm[Hg]"],
    ["heartRate", "Heart rate", targets.heartRateBpm, "/min"],
    ["strokeVolume", "Stroke volume", (1000 * measures.cardiacOutputLPerMin) / targets.heartRateBpm, "mL"],
    ["leftVentricleFilled", "Left ventricle at the end of filling", filled, "mL"],
    ["ejectionFraction", "Ejection fraction of the left ventricle", (100 * (filled - emptied)) / filled, "%"],
    [
      "pulmonaryPressure",
      "Mean pulmonary artery pressure",
      mean("pressure:pulmonary_valve:pulmonary_arteries"),
      "mm[Hg]",
    ],
    ["rightAtrialPressure", "Mean right atrial pressure", mean("pressure:vena_cava:RA"), "mm[Hg]"],
    ...beds.map(({ tissue }): [string, string, number, string] => [
      `${tissue}BloodFlow`,
      `Blood flow, ${bedLabel(tissue).toLowerCase()}`,
      flowOf(beat, tissue),
      "mL/min",
    ]),
  ];
  return rows.map(([name, label, value, unit]) => ({ name, label, value, unit, low: null, high: null }));
}

const round = (value: number, digits: number) => Number(value.toPrecision(digits));

function bedTable(beat: Beat, beds: readonly Bed[]): Table {
  return {
    title: "Organs in the circulation",
    columns: ["Organ", "Volume (mL)", "Volume from", "Detail", "Blood flow (mL/min)", "Per 100 mL (mL/min)"],
    rows: beds.map(({ tissue, volumeMl, from, note }) => {
      const flow = flowOf(beat, tissue);
      return [
        tissue === "liver" ? "Liver (artery and portal vein)" : bedLabel(tissue),
        round(volumeMl, 4),
        from === "image" ? "this image" : "reference table",
        note,
        round(flow, 3),
        round((100 * flow) / volumeMl, 3),
      ];
    }),
  };
}

function targetTable({ measures }: TunedLoop, targets: CirculationTargets): Table {
  const pulse = measures.systolicMmHg - measures.diastolicMmHg;
  const { sources } = targets;
  return {
    title: "What the circulation was fitted to",
    columns: ["Quantity", "Wanted", "Reached", "Unit", "From"],
    rows: [
      [
        "Heart rate",
        round(targets.heartRateBpm, 4),
        round(targets.heartRateBpm, 4),
        "1/min",
        sources.heartRate,
      ],
      [
        "Mean pressure",
        round(targets.meanMmHg, 4),
        round(measures.meanMmHg, 4),
        "mmHg",
        `${sources.pressure}: diastolic + pulse / 3`,
      ],
      ["Pulse pressure", round(targets.pulseMmHg, 4), round(pulse, 4), "mmHg", sources.pressure],
      [
        "Cardiac output",
        round(targets.cardiacOutputLPerMin, 4),
        round(measures.cardiacOutputLPerMin, 4),
        "L/min",
        sources.cardiacOutput,
      ],
    ],
  };
}

function parameterTable({ parameters }: TunedLoop): Table {
  const laidOut = "laid out for a healthy adult";
  const reference = "Regazzoni et al. 2022, doi:10.1016/j.jcp.2022.111083, by size";
  return {
    title: "Parameters of the circulation",
    columns: ["Parameter", "Value", "Unit", "Source"],
    rows: [
      [
        "Resistance of all organs",
        round(parameters.resistance, 4),
        "mmHg s/mL",
        "fitted to the mean pressure",
      ],
      [
        "Capacitance of the arteries",
        round(parameters.arterialCapacitance, 4),
        "mL/mmHg",
        "fitted to the pulse pressure",
      ],
      [
        "Impedance of the aorta",
        round(100 * parameters.aortaShare, 3),
        "% of the resistance",
        "fitted to the diastolic pressure, within 2 to 10 % (Westerhof et al. 2009: 5 to 7 %)",
      ],
      ["Blood volume in the loop", null, "", "fitted to the cardiac output"],
      [
        "Pressure drop across the lungs",
        LAID_OUT.lungs,
        "mmHg",
        `${laidOut}: Kovacs et al. 2009, doi:10.1183/09031936.00145608`,
      ],
      ["Left ventricle at the end of filling", LAID_OUT.leftFilling, "mmHg", laidOut],
      ["Portal vein above the veins", LAID_OUT.portal, "mmHg", laidOut],
      ["Atria, veins, valves, times of contraction", null, "", reference],
      [
        "Perfusion per volume of every organ",
        null,
        "",
        "ICRP 89 (organ masses and shares of the cardiac output)",
      ],
    ],
  };
}
