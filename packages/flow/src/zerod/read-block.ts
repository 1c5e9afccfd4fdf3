/** One block of a file: its kind and parameters. */
import { ACTIVATIONS, type Activation } from "./activation/index.js";
import { BLOCK_TYPES, type BlockParameter } from "./blocks/index.js";
import { ConfigEntry, zerodError } from "./config.js";
import type { NetworkBlock, VesselEnd } from "./network.js";
import { Waveform } from "./waveform.js";

export interface BlockReading {
  name: string;
  type: string;
  /** Its parameters, null where the file gives none. */
  values: unknown;
  /** What to call it in messages. */
  label: string;
  periodic?: boolean;
  activation?: Activation;
  end?: VesselEnd;
}

/** Throws `input.zerod` for an unknown kind, and for missing, unknown or malformed parameters. */
export function readBlock(reading: BlockReading): NetworkBlock {
  const { name, label } = reading;
  const type = BLOCK_TYPES.get(reading.type);
  if (!type) {
    throw zerodError(
      `The ${label} is of the unknown kind "${reading.type}".`,
      `These exist: ${[...BLOCK_TYPES.keys()].join(", ")}.`,
    );
  }
  const values = new ConfigEntry(reading.values ?? {}, label);
  for (const key of values.keys) {
    if (!type.parameters.some((parameter) => parameter.name === key)) {
      const known = type.parameters.map((parameter) => parameter.name).join(", ");
      throw zerodError(
        `The ${label} has the unknown parameter "${key}".`,
        known === "" ? `A ${type.type} takes none.` : `A ${type.type} takes ${known}.`,
      );
    }
  }
  const block: NetworkBlock = {
    name,
    type,
    numbers: new Map(),
    lists: new Map(),
    waveforms: new Map(),
    activation: reading.activation ?? null,
    end: reading.end ?? null,
  };
  for (const parameter of type.parameters) readParameter(parameter, values, block, reading.periodic ?? true);
  return block;
}

function readParameter(
  { name, kind, optional }: BlockParameter,
  values: ConfigEntry,
  block: NetworkBlock,
  periodic: boolean,
): void {
  if (kind === "number") {
    const value = optional ? values.numberOr(name, 0) : values.number(name);
    (block.numbers as Map<string, number>).set(name, value);
  } else if (kind === "list") {
    (block.lists as Map<string, readonly number[]>).set(name, values.numbers(name));
  } else if (kind === "waveform") {
    (block.waveforms as Map<string, Waveform>).set(name, readWaveform(name, values, periodic));
  }
}

function readWaveform(name: string, values: ConfigEntry, periodic: boolean): Waveform {
  const times = values.numbers("t");
  const samples = values.numbers(name);
  if (samples.length === 0) throw zerodError(`"${name}" of the ${values.label} is empty.`);
  if (samples.length > 1) {
    if (times.length !== samples.length) {
      throw zerodError(
        `"t" of the ${values.label} has ${times.length} values, "${name}" has ${samples.length}.`,
        "Give one time for each value.",
      );
    }
    if (times.some((time, i) => i > 0 && time < times[i - 1]!) || !(times.at(-1)! > times[0]!)) {
      throw zerodError(`The times of the ${values.label} do not rise.`, "Sort them, each with its value.");
    }
  }
  return new Waveform(times, samples, periodic);
}

/** The activation of a chamber. Throws `input.zerod`. */
export function readActivation(chamber: ConfigEntry, periodS: number): Activation {
  const label = `activation_function of the ${chamber.label}`;
  const known = ACTIVATIONS.map(({ type }) => type).join(", ");
  if (!chamber.has("activation_function")) {
    throw zerodError(`The ${chamber.label} has no activation_function.`, `Give one of ${known}.`);
  }
  const entry = chamber.entry("activation_function", label);
  const type = ACTIVATIONS.find((candidate) => candidate.type === entry.text("type"));
  if (!type) {
    throw zerodError(`The ${label} is of the unknown kind "${entry.text("type")}".`, `Give one of ${known}.`);
  }
  const unknown = entry.keys.find((key) => key !== "type" && !type.parameters.includes(key));
  if (unknown) throw zerodError(`The ${label} has the unknown parameter "${unknown}".`);
  return type.create((name) => entry.number(name), periodS);
}
