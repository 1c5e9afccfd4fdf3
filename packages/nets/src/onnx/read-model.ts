/** Reads what a caller must know of an ONNX model without running it. */
import { inputError } from "@viscera/core";
import { ELEMENT_CODES, type ElementType } from "../tensor.js";
import type { Dimension } from "./graph-builder.js";
import { protoBytes, protoFields, protoInt, protoInts, protoText } from "./protobuf.js";

export interface OnnxValueInfo {
  name: string;
  /** null for a type that is not a tensor or not known here. */
  type: ElementType | null;
  /** null when the model does not say; a string (perhaps empty) is an extent known at run time only. */
  dims: Dimension[] | null;
}

export interface OnnxInitialiser {
  name: string;
  type: ElementType | null;
  dims: number[];
}

export interface OnnxModelInfo {
  irVersion: number;
  /** Version of the standard operator set. */
  opset: number;
  /** Without initialisers. */
  inputs: OnnxValueInfo[];
  outputs: OnnxValueInfo[];
  initialisers: OnnxInitialiser[];
  /** Number of nodes of each operator type. */
  operators: Map<string, number>;
  /** True when weights lie in files beside the model. */
  externalData: boolean;
}

const TYPES = new Map(Object.entries(ELEMENT_CODES).map(([type, code]) => [code, type as ElementType]));

/**
 * Inputs, outputs, operator set and initialisers of a model. Throws `input.onnx` when the bytes are not an
 * ONNX model. `where` names the file in the message.
 */
export function readOnnxModel(bytes: Uint8Array, where = "The model"): OnnxModelInfo {
  const info: OnnxModelInfo = {
    irVersion: 0,
    opset: 0,
    inputs: [],
    outputs: [],
    initialisers: [],
    operators: new Map(),
    externalData: false,
  };
  let graphs = 0;
  try {
    for (const { field, value } of protoFields(bytes)) {
      if (field === 1) info.irVersion = protoInt(value);
      else if (field === 7) {
        graphs++;
        readGraph(protoBytes(value), info);
      } else if (field === 8) {
        const opset = readOpset(protoBytes(value));
        if (opset.domain === "" || opset.domain === "ai.onnx") info.opset = opset.version;
      }
    }
  } catch (error) {
    throw notOnnx(where, error);
  }
  if (graphs !== 1 || info.irVersion < 1 || info.opset < 1 || info.outputs.length === 0) throw notOnnx(where);
  const stored = new Set(info.initialisers.map(({ name }) => name));
  info.inputs = info.inputs.filter(({ name }) => !stored.has(name));
  return info;
}

function notOnnx(where: string, cause?: unknown): Error {
  return inputError(
    "onnx",
    `${where} is not a complete ONNX model.`,
    "Give a .onnx file as its exporter wrote it; a part of a download does not do.",
    cause,
  );
}

function readOpset(bytes: Uint8Array): { domain: string; version: number } {
  let domain = "";
  let version = 0;
  for (const { field, value } of protoFields(bytes)) {
    if (field === 1) domain = protoText(value);
    else if (field === 2) version = protoInt(value);
  }
  return { domain, version };
}

function readGraph(bytes: Uint8Array, info: OnnxModelInfo): void {
  for (const { field, value } of protoFields(bytes)) {
    if (field === 1) {
      for (const part of protoFields(protoBytes(value))) {
        if (part.field !== 4) continue;
        const operator = protoText(part.value);
        info.operators.set(operator, (info.operators.get(operator) ?? 0) + 1);
      }
    } else if (field === 5) readInitialiser(protoBytes(value), info);
    else if (field === 11) info.inputs.push(readValueInfo(protoBytes(value)));
    else if (field === 12) info.outputs.push(readValueInfo(protoBytes(value)));
  }
}

function readInitialiser(bytes: Uint8Array, info: OnnxModelInfo): void {
  const initialiser: OnnxInitialiser = { name: "", type: null, dims: [] };
  for (const { field, value } of protoFields(bytes)) {
    if (field === 1) initialiser.dims.push(...protoInts(value));
    else if (field === 2) initialiser.type = TYPES.get(protoInt(value)) ?? null;
    else if (field === 8) initialiser.name = protoText(value);
    else if (field === 14 && protoInt(value) === 1) info.externalData = true;
  }
  info.initialisers.push(initialiser);
}

function readValueInfo(bytes: Uint8Array): OnnxValueInfo {
  const out: OnnxValueInfo = { name: "", type: null, dims: null };
  for (const { field, value } of protoFields(bytes)) {
    if (field === 1) out.name = protoText(value);
    else if (field === 2) {
      for (const kind of protoFields(protoBytes(value))) {
        // 1 is a tensor; sequences, maps and the rest stay without type.
        if (kind.field === 1) readTensorType(protoBytes(kind.value), out);
      }
    }
  }
  return out;
}

function readTensorType(bytes: Uint8Array, out: OnnxValueInfo): void {
  for (const { field, value } of protoFields(bytes)) {
    if (field === 1) out.type = TYPES.get(protoInt(value)) ?? null;
    else if (field === 2) {
      out.dims = [];
      for (const dim of protoFields(protoBytes(value))) {
        if (dim.field !== 1) continue;
        let extent: Dimension = "";
        for (const part of protoFields(protoBytes(dim.value))) {
          if (part.field === 1) extent = protoInt(part.value);
          else if (part.field === 2) extent = protoText(part.value);
        }
        out.dims.push(extent);
      }
    }
  }
}
