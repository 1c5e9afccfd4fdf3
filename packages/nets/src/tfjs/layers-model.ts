/**
 * TensorFlow.js layers models: `model.json` (topology and weights manifest) and its binary shards.
 * Format: https://www.tensorflow.org/js/guide/save_load and tfjs-core's io/types.ts.
 */
import { inputError } from "@viscera/core";
import { elementCount } from "../tensor.js";
import { halfToFloat } from "../weights/half.js";

export interface TfjsWeight {
  dims: number[];
  data: Float32Array;
}

export interface TfjsLayer {
  className: string;
  name: string;
  config: Record<string, unknown>;
  /** Names of the layers whose outputs it takes. */
  inputs: string[];
}

/** Where a weight lies in the concatenated shards of its group. */
interface ManifestEntry {
  name: string;
  shape: number[];
  dtype: string;
  quantization?: { dtype: string; scale?: number; min?: number };
}

interface ManifestGroup {
  paths: string[];
  weights: ManifestEntry[];
}

export interface TfjsTopology {
  layers: TfjsLayer[];
  /** Names of the layers that give the model's outputs. */
  outputs: string[];
  manifest: ManifestGroup[];
}

/** A layers model with its weights as float32. */
export interface TfjsLayersModel extends TfjsTopology {
  weights: Map<string, TfjsWeight>;
}

function broken(where: string, what: string): Error {
  return inputError(
    "tfjs",
    `${where} is not a TensorFlow.js layers model: ${what}.`,
    "Give the folder with the model.json and .bin files that tensorflowjs_converter or model.save wrote.",
  );
}

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Topology and manifest of a parsed model.json. Throws `input.tfjs`. */
export function readTfjsTopology(json: unknown, where = "model.json"): TfjsTopology {
  if (!isObject(json)) throw broken(where, "it holds no object");
  if (json["format"] === "graph-model") throw broken(where, "it is a graph model, which has no layers");
  const topology = json["modelTopology"];
  if (!isObject(topology)) throw broken(where, "modelTopology is missing");
  const model = isObject(topology["model_config"]) ? topology["model_config"] : topology;
  const kind = model["class_name"];
  const config = model["config"];
  if (kind === "Sequential") {
    const list = Array.isArray(config) ? config : isObject(config) ? config["layers"] : undefined;
    return withManifest(sequentialLayers(list, where), json, where);
  }
  if (kind !== "Functional" && kind !== "Model") throw broken(where, `its class is ${String(kind)}`);
  if (!isObject(config) || !Array.isArray(config["layers"])) throw broken(where, "it lists no layers");
  const layers = config["layers"].map((layer) => functionalLayer(layer, where));
  const outputs = (Array.isArray(config["output_layers"]) ? config["output_layers"] : []).map((entry) =>
    String(Array.isArray(entry) ? entry[0] : entry),
  );
  if (outputs.length === 0) throw broken(where, "it names no output layer");
  return withManifest({ layers, outputs }, json, where);
}

function sequentialLayers(list: unknown, where: string): Omit<TfjsTopology, "manifest"> {
  if (!Array.isArray(list) || list.length === 0) throw broken(where, "it lists no layers");
  const layers: TfjsLayer[] = [];
  for (const entry of list) {
    const layer = functionalLayer(entry, where);
    const previous = layers.at(-1);
    if (!previous && layer.className !== "InputLayer") {
      layers.push({
        className: "InputLayer",
        name: "input",
        config: { batch_input_shape: layer.config["batch_input_shape"] },
        inputs: [],
      });
    }
    layers.push({ ...layer, inputs: layer.className === "InputLayer" ? [] : [layers.at(-1)!.name] });
  }
  return { layers, outputs: [layers.at(-1)!.name] };
}

function functionalLayer(entry: unknown, where: string): TfjsLayer {
  if (!isObject(entry) || !isObject(entry["config"])) throw broken(where, "a layer has no configuration");
  const name = String(entry["name"] ?? entry["config"]["name"]);
  const nodes = Array.isArray(entry["inbound_nodes"]) ? entry["inbound_nodes"] : [];
  if (nodes.length > 1) throw broken(where, `layer "${name}" is used more than once, which is not supported`);
  const inputs = (Array.isArray(nodes[0]) ? nodes[0] : []).map((link) =>
    String(Array.isArray(link) ? link[0] : link),
  );
  return { className: String(entry["class_name"]), name, config: entry["config"], inputs };
}

function withManifest(model: Omit<TfjsTopology, "manifest">, json: Json, where: string): TfjsTopology {
  const manifest = json["weightsManifest"];
  if (!Array.isArray(manifest)) throw broken(where, "weightsManifest is missing");
  for (const group of manifest) {
    const valid =
      isObject(group) &&
      Array.isArray(group["paths"]) &&
      group["paths"].every((path) => typeof path === "string") &&
      Array.isArray(group["weights"]) &&
      group["weights"].every(
        (weight) =>
          isObject(weight) &&
          typeof weight["name"] === "string" &&
          typeof weight["dtype"] === "string" &&
          Array.isArray(weight["shape"]) &&
          weight["shape"].every((n) => Number.isSafeInteger(n) && n >= 0),
      );
    if (!valid) throw broken(where, "weightsManifest has an entry of another form");
  }
  return { ...model, manifest: manifest as ManifestGroup[] };
}

/**
 * The whole model. `readShard` gives the bytes of a file named in the manifest. Throws `input.tfjs` when the
 * shards hold fewer or more bytes than the manifest says, or a number type is not known.
 */
export async function readTfjsLayersModel(
  json: unknown,
  readShard: (path: string) => Promise<Uint8Array>,
  where = "model.json",
): Promise<TfjsLayersModel> {
  const topology = readTfjsTopology(json, where);
  const weights = new Map<string, TfjsWeight>();
  for (const group of topology.manifest) {
    const shards: Uint8Array[] = [];
    for (const path of group.paths) shards.push(await readShard(path));
    const bytes = joined(shards);
    const needed = group.weights.reduce((sum, entry) => sum + storedBytes(entry, where), 0);
    if (bytes.length !== needed) {
      throw inputError(
        "tfjs",
        `The weights of ${where} (${group.paths.join(", ")}) have ${bytes.length} bytes where the model needs ${needed}.`,
        "Copy the .bin files again: they are cut off or belong to another model.",
      );
    }
    let offset = 0;
    for (const entry of group.weights) {
      const length = storedBytes(entry, where);
      weights.set(entry.name, {
        dims: entry.shape,
        data: decode(entry, bytes.slice(offset, offset + length)),
      });
      offset += length;
    }
  }
  return { ...topology, weights };
}

function joined(parts: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

const STORED_BYTES: Record<string, number> = {
  float32: 4,
  int32: 4,
  float16: 2,
  uint16: 2,
  uint8: 1,
  bool: 1,
};

function storedBytes(entry: ManifestEntry, where: string): number {
  const type = entry.quantization?.dtype ?? entry.dtype;
  const bytes = STORED_BYTES[type];
  if (bytes === undefined) throw broken(where, `weight "${entry.name}" has the unknown type ${type}`);
  return bytes * elementCount(entry.shape);
}

/** Stored numbers as float32; quantised ones are q · scale + min. Shards are little-endian. */
function decode(entry: ManifestEntry, bytes: Uint8Array): Float32Array {
  const type = entry.quantization?.dtype ?? entry.dtype;
  const count = elementCount(entry.shape);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { scale = 1, min = 0 } = entry.quantization ?? {};
  const out = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    if (type === "float32") out[i] = view.getFloat32(4 * i, true);
    else if (type === "float16") out[i] = halfToFloat(view.getUint16(2 * i, true));
    else if (type === "int32") out[i] = view.getInt32(4 * i, true);
    else out[i] = (type === "uint16" ? view.getUint16(2 * i, true) : bytes[i]!) * scale + min;
  }
  return out;
}
