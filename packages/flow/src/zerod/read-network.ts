/** The JSON document of svZeroDSolver as a network. Order and rules are the original's (see the room's README). */
import { BLOCK_TYPES, HEART } from "./blocks/index.js";
import { ConfigEntry, zerodError } from "./config.js";
import { type Network, type NetworkBlock, namedNumbers } from "./network.js";
import { type BlockReading, readActivation, readBlock } from "./read-block.js";
import { readSimulationParameters } from "./simulation-parameters.js";

const HEART_TYPE = "ClosedLoopHeartAndPulmonary";
/** Kinds that a coupling may feed, and those that may feed one. */
const COUPLED_INLETS = new Set([
  ...["RESISTANCE", "RCR", "ClosedLoopRCR", "CORONARY", "ClosedLoopCoronaryLeft", "ClosedLoopCoronaryRight"],
  "BloodVessel",
]);
const COUPLED_OUTLETS = new Set(["ClosedLoopRCR", HEART_TYPE, "BloodVessel"]);

/**
 * Reads a parsed document. Throws `input.zerod`: unknown or missing blocks and parameters, periods that differ,
 * parts that are not connected.
 */
export function readNetwork(document: unknown): Network {
  const config = new ConfigEntry(document, "document");
  if (!config.has("simulation_parameters") || !config.has("boundary_conditions")) {
    const missing = config.has("simulation_parameters") ? "boundary_conditions" : "simulation_parameters";
    throw zerodError(
      `The document has no "${missing}", so it is no model of svZeroDSolver.`,
      "See https://simvascular.github.io/documentation/rom_simulation.html for the format.",
    );
  }
  const warnings: string[] = [];
  const parameters = readSimulationParameters(
    config.entry("simulation_parameters", "simulation_parameters"),
    (message) => warnings.push(message),
  );
  const reader = new NetworkReader(config, parameters.period);
  reader.read();
  if (parameters.steadyStart && reader.blocks.some(({ name }) => name === HEART)) {
    warnings.push(
      "A steady start is looked for although a heart that beats has none; set steady_initial to false and give initial conditions.",
    );
  }
  const initial = config.has("initial_condition")
    ? config.entry("initial_condition", "initial_condition")
    : null;
  const rates = config.has("initial_condition_d")
    ? config.entry("initial_condition_d", "initial_condition_d")
    : null;
  return {
    blocks: reader.blocks,
    connections: reader.connections,
    periodS: reader.finalPeriod(),
    parameters,
    initial: namedNumbers(initial),
    initialRates: namedNumbers(rates),
    warnings,
  };
}

class NetworkReader {
  readonly blocks: NetworkBlock[] = [];
  readonly connections: [string, string][] = [];
  readonly #config: ConfigEntry;
  readonly #given: number | null;
  readonly #names = new Set<string>();
  readonly #vesselNames = new Map<number, string>();
  /** Boundary conditions that lead back to the heart. */
  readonly #returning: string[] = [];
  #period: number | null = null;

  constructor(config: ConfigEntry, givenPeriod: number | null) {
    this.#config = config;
    this.#given = givenPeriod;
  }

  read(): void {
    this.#readVessels();
    const boundaryTypes = new Map(
      this.#boundaries().map((entry) => [entry.text("bc_name"), entry.text("bc_type")]),
    );
    this.#readCouplings(boundaryTypes);
    this.#readBoundaries();
    this.#readJunctions();
    this.#readClosedLoop();
    this.#readValves();
    this.#readChambers();
    this.#checkConnections();
  }

  /** The beat's length: of waveforms or the heart, else the given one, else 1. */
  finalPeriod(): number {
    if (this.#period === null) return this.#given ?? 1;
    if (this.#given !== null && this.#given !== this.#period) this.#differs("cardiac_period", this.#given);
    return this.#period;
  }

  #differs(what: string, period: number): never {
    throw zerodError(
      `The beat is ${period} long by ${what} and ${this.#period} by what comes before it.`,
      "Give every waveform, the heart and cardiac_period the same period.",
    );
  }

  #takePeriod(what: string, period: number): void {
    if (this.#period !== null && this.#period > 0 && period !== this.#period) this.#differs(what, period);
    this.#period = period;
  }

  #add(reading: BlockReading): NetworkBlock {
    const block = readBlock(reading);
    if (this.#names.has(block.name)) {
      throw zerodError(`Two blocks are called "${block.name}".`, "Give every block a name of its own.");
    }
    this.#names.add(block.name);
    for (const waveform of block.waveforms.values()) {
      if (waveform.period !== null) this.#takePeriod(`the ${reading.label}`, waveform.period);
    }
    this.blocks.push(block);
    return block;
  }

  #vesselOf(id: unknown, label: string): string {
    const name = typeof id === "number" ? this.#vesselNames.get(id) : undefined;
    if (name === undefined)
      throw zerodError(`The ${label} names the vessel ${String(id)}, which does not exist.`);
    return name;
  }

  #readVessels(): void {
    for (const entry of this.#config.entries("vessels", "vessel", "vessel_name")) {
      const name = entry.text("vessel_name");
      const id = entry.number("vessel_id");
      if (this.#vesselNames.has(id))
        throw zerodError(`Two vessels have the vessel_id ${id}.`, "Number them anew.");
      this.#vesselNames.set(id, name);
      const ends = entry.has("boundary_conditions")
        ? entry.entry("boundary_conditions", `boundary_conditions of the ${entry.label}`)
        : null;
      const inlet = ends?.has("inlet") ? ends.text("inlet") : null;
      const outlet = ends?.has("outlet") ? ends.text("outlet") : null;
      this.#add({
        name,
        type: entry.text("zero_d_element_type"),
        values: entry.value("zero_d_element_values"),
        label: entry.label,
        // A vessel with both ends at boundaries counts by its outlet, as in the original.
        end: outlet !== null ? "outlet" : inlet !== null ? "inlet" : null,
      });
      if (inlet !== null) this.connections.push([inlet, name]);
      if (outlet !== null) this.connections.push([name, outlet]);
    }
  }

  #boundaries(): ConfigEntry[] {
    return this.#config.entries("boundary_conditions", "boundary condition", "bc_name");
  }

  #readCouplings(boundaryTypes: ReadonlyMap<string, string>): void {
    for (const entry of this.#config.entries("external_solver_coupling_blocks", "coupling", "name")) {
      const name = entry.text("name");
      this.#add({
        name,
        type: entry.text("type"),
        values: entry.value("values"),
        label: entry.label,
        periodic: entry.flagOr("periodic", true),
      });
      const connected = entry.text("connected_block");
      const location = entry.text("location");
      const vessel = [...this.#vesselNames.values()].includes(connected);
      const type =
        connected === HEART_TYPE
          ? HEART_TYPE
          : (boundaryTypes.get(connected) ?? (vessel ? "BloodVessel" : null));
      if (type === null) {
        throw zerodError(`The ${entry.label} is connected to "${connected}", which does not exist.`);
      }
      if (location !== "inlet" && location !== "outlet") {
        throw zerodError(`"location" of the ${entry.label} is "${location}".`, 'Give "inlet" or "outlet".');
      }
      if (!(location === "inlet" ? COUPLED_INLETS : COUPLED_OUTLETS).has(type)) {
        throw zerodError(`The ${entry.label} cannot be the ${location} of a ${type}.`);
      }
      if (location === "inlet") this.connections.push([name, connected]);
      // The heart names what follows it itself.
      else if (type !== HEART_TYPE) this.connections.push([connected, name]);
    }
  }

  #readBoundaries(): void {
    for (const entry of this.#boundaries()) {
      const name = entry.text("bc_name");
      const values = entry.value("bc_values");
      const { type } = this.#add({ name, type: entry.text("bc_type"), values, label: entry.label });
      const returns =
        type.type === "ClosedLoopRCR"
          ? new ConfigEntry(values, entry.label).flagOr("closed_loop_outlet", false)
          : type.group === "closed-loop";
      if (returns) this.#returning.push(name);
    }
  }

  #readJunctions(): void {
    for (const entry of this.#config.entries("junctions", "junction", "junction_name")) {
      const name = entry.text("junction_name");
      this.#add({
        name,
        type: entry.text("junction_type"),
        values: entry.has("junction_values") ? entry.value("junction_values") : null,
        label: entry.label,
      });
      if (entry.has("inlet_vessels") && entry.has("outlet_vessels")) {
        for (const id of entry.list("inlet_vessels")) {
          this.connections.push([this.#vesselOf(id, entry.label), name]);
        }
        for (const id of entry.list("outlet_vessels")) {
          this.connections.push([name, this.#vesselOf(id, entry.label)]);
        }
      } else if (entry.has("inlet_blocks") && entry.has("outlet_blocks")) {
        for (const block of entry.texts("inlet_blocks")) this.connections.push([block, name]);
        for (const block of entry.texts("outlet_blocks")) this.connections.push([name, block]);
      }
    }
  }

  #readClosedLoop(): void {
    for (const entry of this.#config.entries("closed_loop_blocks", "closed-loop block", "name")) {
      const type = entry.text("closed_loop_type");
      if (type !== HEART_TYPE) {
        throw zerodError(
          `The ${entry.label} is of the unknown kind "${type}".`,
          `Only ${HEART_TYPE} exists.`,
        );
      }
      if (this.#names.has(HEART))
        throw zerodError(`There is more than one ${HEART_TYPE}.`, "Keep one of them.");
      this.#takePeriod("the heart", entry.number("cardiac_cycle_period"));
      this.#add({ name: HEART, type, values: entry.value("parameters"), label: entry.label });
      const [inlet, outlet] = ["J_heart_inlet", "J_heart_outlet"];
      this.connections.push([inlet, HEART]);
      this.#add({
        name: inlet,
        type: "NORMAL_JUNCTION",
        values: null,
        label: "junction at the heart's inlet",
      });
      for (const block of this.#returning) this.connections.push([block, inlet]);
      this.connections.push([HEART, outlet]);
      this.#add({
        name: outlet,
        type: "NORMAL_JUNCTION",
        values: null,
        label: "junction at the heart's outlet",
      });
      for (const block of entry.texts("outlet_blocks")) this.connections.push([outlet, block]);
    }
  }

  #readValves(): void {
    for (const entry of this.#config.entries("valves", "valve", "name")) {
      const name = entry.text("name");
      const values = entry.entry("params", entry.label);
      this.#add({ name, type: entry.text("type"), values: entry.value("params"), label: entry.label });
      this.connections.push([values.text("upstream_block"), name], [name, values.text("downstream_block")]);
    }
  }

  #readChambers(): void {
    const period = this.#period ?? (this.#given !== null && this.#given > 0 ? this.#given : null);
    for (const entry of this.#config.entries("chambers", "chamber", "name")) {
      const type = entry.text("type");
      if (period !== null) this.#period = period;
      const activation = BLOCK_TYPES.get(type)?.activated ? readActivation(entry, period ?? 1) : null;
      this.#add({
        name: entry.text("name"),
        type,
        values: entry.value("values"),
        label: entry.label,
        ...(activation ? { activation } : {}),
      });
    }
  }

  #checkConnections(): void {
    const inlets = new Map<string, number>();
    const outlets = new Map<string, number>();
    for (const [before, behind] of this.connections) {
      for (const name of [before, behind]) {
        if (!this.#names.has(name)) {
          const other = name === before ? behind : before;
          throw zerodError(
            `"${other}" is connected to "${name}", which does not exist.`,
            "Check the spelling.",
          );
        }
      }
      outlets.set(before, (outlets.get(before) ?? 0) + 1);
      inlets.set(behind, (inlets.get(behind) ?? 0) + 1);
    }
    for (const { name, type } of this.blocks) {
      const [ins, outs] = [inlets.get(name) ?? 0, outlets.get(name) ?? 0];
      if (!type.ports.fits(ins, outs)) {
        throw zerodError(
          `"${name}" has ${count(ins, "inlet")} and ${count(outs, "outlet")}; a ${type.type} connects to ${type.ports.described}.`,
          ins + outs === 0 ? "Connect it, or leave it out." : "Check what names it.",
        );
      }
    }
  }
}

const count = (n: number, what: string) => `${n === 0 ? "no" : n} ${what}${n === 1 ? "" : "s"}`;
