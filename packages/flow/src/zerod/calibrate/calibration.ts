/** Documents of svZeroDCalibrator: a network, observed courses `y` and `dy` of its unknowns, and what to find. */
import { ConfigEntry, zerodError } from "../config.js";
import { type Course, type FitGroup, outletGroup, vesselCRLGroup, vesselGroup } from "./fit-group.js";

export interface CalibrationOptions {
  gradientTolerance: number;
  incrementTolerance: number;
  iterations: number;
  initialDamping: number;
  stenosis: boolean;
  zeroCapacitance: boolean;
}

export interface Calibration {
  options: CalibrationOptions;
  times: number;
  vessels: { entry: ConfigEntry; name: string; group: FitGroup }[];
  /** Junctions of several outlets; the others have no parameters. */
  junctions: { entry: ConfigEntry; name: string; outlets: FitGroup[] }[];
  /** Sum of squares of the equations without parameters. */
  fixedCost: number;
}

const VESSELS = { BloodVessel: vesselGroup, BloodVesselCRL: vesselCRLGroup } as const;

/** Throws `input.zerod`. */
export function readCalibration(document: unknown): Calibration {
  const config = new ConfigEntry(document, "document");
  const settings = config.has("calibration_parameters")
    ? config.entry("calibration_parameters", "calibration_parameters")
    : new ConfigEntry({}, "calibration_parameters");
  for (const key of ["vessels", "y", "dy"]) {
    if (!config.has(key)) {
      throw zerodError(
        `The document has no "${key}", so it is nothing to calibrate.`,
        "A calibration needs vessels, junctions and the observed courses y and dy.",
      );
    }
  }
  const options: CalibrationOptions = {
    gradientTolerance: settings.numberOr("tolerance_gradient", 1e-5),
    incrementTolerance: settings.numberOr("tolerance_increment", 1e-10),
    iterations: settings.wholeNumber("maximum_iterations", 1, 100),
    initialDamping: settings.numberOr("initial_damping_factor", 1),
    stenosis: settings.flagOr("calibrate_stenosis_coefficient", true),
    zeroCapacitance: settings.flagOr("set_capacitance_to_zero", false),
  };
  return new CalibrationReader(config, options).read();
}

interface Part {
  entry: ConfigEntry;
  name: string;
  inlets: string[];
  outlets: string[];
}

class CalibrationReader {
  readonly #config: ConfigEntry;
  readonly #options: CalibrationOptions;
  readonly #y: ConfigEntry;
  readonly #dy: ConfigEntry;
  readonly #courses = new Map<string, Course>();
  #times = -1;

  constructor(config: ConfigEntry, options: CalibrationOptions) {
    this.#config = config;
    this.#options = options;
    this.#y = config.entry("y", "observations y");
    this.#dy = config.entry("dy", "observations dy");
  }

  read(): Calibration {
    const vessels: Part[] = [];
    const names = new Map<number, Part>();
    for (const entry of this.#config.entries("vessels", "vessel", "vessel_name")) {
      const part = {
        entry,
        name: entry.text("vessel_name"),
        inlets: [] as string[],
        outlets: [] as string[],
      };
      vessels.push(part);
      names.set(entry.number("vessel_id"), part);
      if (!entry.has("boundary_conditions")) continue;
      const ends = entry.entry("boundary_conditions", `boundary_conditions of the ${entry.label}`);
      if (ends.has("inlet")) part.inlets.push(`${ends.text("inlet")}:${part.name}`);
      if (ends.has("outlet")) part.outlets.push(`${part.name}:${ends.text("outlet")}`);
    }
    const junctions: Part[] = [];
    for (const entry of this.#config.entries("junctions", "junction", "junction_name")) {
      const part = {
        entry,
        name: entry.text("junction_name"),
        inlets: [] as string[],
        outlets: [] as string[],
      };
      junctions.push(part);
      const vesselOf = (id: unknown): Part => {
        const vessel = names.get(id as number);
        if (!vessel)
          throw zerodError(`The ${entry.label} names the vessel ${String(id)}, which does not exist.`);
        return vessel;
      };
      for (const id of entry.list("inlet_vessels")) {
        const node = `${vesselOf(id).name}:${part.name}`;
        vesselOf(id).outlets.push(node);
        part.inlets.push(node);
      }
      for (const id of entry.list("outlet_vessels")) {
        const node = `${part.name}:${vesselOf(id).name}`;
        vesselOf(id).inlets.push(node);
        part.outlets.push(node);
      }
    }
    const calibration: Calibration = {
      options: this.#options,
      times: 0,
      vessels: vessels.map((part) => ({ ...part, group: this.#vessel(part) })),
      junctions: [],
      fixedCost: 0,
    };
    for (const part of junctions) this.#junction(part, calibration);
    calibration.times = Math.max(0, this.#times);
    if (calibration.times === 0) throw zerodError("The observations are empty.");
    return calibration;
  }

  #course(variable: string): Course {
    const known = this.#courses.get(variable);
    if (known) return known;
    for (const [entry, kind] of [
      [this.#y, "y"],
      [this.#dy, "dy"],
    ] as const) {
      if (!entry.has(variable)) {
        throw zerodError(
          `There is no observation ${kind} of "${variable}".`,
          "Every unknown needs y and dy.",
        );
      }
    }
    const course = {
      y: Float64Array.from(this.#y.numbers(variable)),
      dy: Float64Array.from(this.#dy.numbers(variable)),
    };
    if (this.#times < 0) this.#times = course.y.length;
    if (course.y.length !== this.#times || course.dy.length !== this.#times) {
      throw zerodError(
        `"${variable}" has ${course.y.length} values y and ${course.dy.length} dy; others have ${this.#times}.`,
        "Give every observation at the same times.",
      );
    }
    this.#courses.set(variable, course);
    return course;
  }

  #flow = (node: string) => this.#course(`flow:${node}`);
  #pressure = (node: string) => this.#course(`pressure:${node}`);

  #vessel({ entry, name, inlets, outlets }: Part): FitGroup {
    const type = entry.text("zero_d_element_type");
    if (!Object.hasOwn(VESSELS, type)) {
      throw zerodError(
        `The ${entry.label} is a ${type}; only BloodVessel and BloodVesselCRL can be calibrated.`,
      );
    }
    if (inlets.length !== 1 || outlets.length !== 1) {
      throw zerodError(
        `"${name}" has ${inlets.length} inlets and ${outlets.length} outlets; a vessel connects to one of each.`,
        "Name it in a junction, or give it a boundary condition.",
      );
    }
    const values = entry.entry("zero_d_element_values", entry.label);
    const alpha = ["R_poiseuille", "C", "L", "stenosis_coefficient"].map((key) => values.numberOr(key, 0));
    const ports = {
      pressureIn: this.#pressure(inlets[0]!),
      flowIn: this.#flow(inlets[0]!),
      pressureOut: this.#pressure(outlets[0]!),
      flowOut: this.#flow(outlets[0]!),
    };
    const { stenosis } = this.#options;
    const make = VESSELS[type as keyof typeof VESSELS];
    return make(ports, Float64Array.from(alpha.slice(0, stenosis ? 4 : 3)), stenosis);
  }

  #junction({ entry, name, inlets, outlets }: Part, calibration: Calibration): void {
    if (outlets.length < 2) {
      // Pressure and flow go through unchanged.
      for (const kind of [this.#pressure, this.#flow]) {
        const [before, behind] = [kind(inlets[0]!).y, kind(outlets[0]!).y];
        for (const [t, value] of before.entries()) calibration.fixedCost += (value - behind[t]!) ** 2;
      }
      return;
    }
    if (inlets.length !== 1) {
      throw zerodError(`The ${entry.label} has ${inlets.length} inlets; a junction to calibrate has one.`);
    }
    const { stenosis } = this.#options;
    const given = entry.has("junction_type") && entry.text("junction_type") === "BloodVesselJunction";
    const values = given ? entry.entry("junction_values", entry.label) : null;
    const start = (key: string, i: number): number => {
      if (values === null) return 0;
      const list = values.numbers(key);
      if (list.length === outlets.length) return list[i]!;
      throw zerodError(
        `"${key}" of the ${entry.label} has ${list.length} values for ${outlets.length} outlets.`,
      );
    };
    const keys = ["R_poiseuille", "L", ...(stenosis ? ["stenosis_coefficient"] : [])];
    const groups = outlets.map((node, i) => {
      const ports = {
        pressureIn: this.#pressure(inlets[0]!),
        pressureOut: this.#pressure(node),
        flowOut: this.#flow(node),
      };
      return outletGroup(
        ports,
        Float64Array.from(keys, (key) => start(key, i)),
        stenosis,
      );
    });
    const flowIn = this.#flow(inlets[0]!).y;
    const flowsOut = outlets.map((node) => this.#flow(node).y);
    for (const [t, value] of flowIn.entries()) {
      calibration.fixedCost += flowsOut.reduce((rest, flow) => rest - flow[t]!, value) ** 2;
    }
    calibration.junctions.push({ entry, name, outlets: groups });
  }
}
