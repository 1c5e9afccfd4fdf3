import { inputError, type Mesh } from "@viscera/core";
import { splitCreases } from "./creases.js";
import { vertexNormals } from "./mesh-measures.js";
import { mergeVertices } from "./watertight.js";

const GLB_MAGIC = 0x46546c67;
const JSON_CHUNK = 0x4e4f534a;
const BIN_CHUNK = 0x004e4942;
const FLOAT = 5126;
const UNSIGNED_INT = 5125;
const ARRAY_BUFFER = 34962;
const ELEMENT_ARRAY_BUFFER = 34963;
const MM_TO_M = 0.001;

/** RAS mm -> glTF metres, column-major: superior is +Y, anterior +Z (a glTF asset's front), the right -X. */
const RAS_MM_TO_GLTF = [-MM_TO_M, 0, 0, 0, 0, 0, MM_TO_M, 0, 0, MM_TO_M, 0, 0, 0, 0, 0, 1];

export interface GlbStyle {
  name: string;
  /** `#rrggbb`, sRGB. */
  color: string;
}

/** Bends sharper than this are shown as an edge. */
const CREASE_DEGREES = 60;

/**
 * A binary glTF 2.0 file (https://registry.khronos.org/glTF/specs/2.0). Vertices are stored as they are, in
 * RAS mm; the root node's matrix turns them into metres with Y up. Vertices on sharp edges are stored once for
 * each side, with the normal of that side.
 */
export function encodeGlb(surface: Mesh, { name, color }: GlbStyle): Uint8Array {
  const mesh = splitCreases(surface, CREASE_DEGREES);
  const { positions, indices } = mesh;
  const vertices = positions.length / 3;
  const min = [Infinity, Infinity, Infinity];
  const max = [-Infinity, -Infinity, -Infinity];
  positions.forEach((value, i) => {
    min[i % 3] = Math.min(min[i % 3]!, value);
    max[i % 3] = Math.max(max[i % 3]!, value);
  });
  const bytes = positions.byteLength;
  const document = {
    asset: { version: "2.0", generator: "Viscera" },
    scene: 0,
    scenes: [{ nodes: [0] }],
    nodes: [{ name, mesh: 0, matrix: RAS_MM_TO_GLTF }],
    meshes: [
      {
        name,
        primitives: [{ attributes: { POSITION: 0, NORMAL: 1 }, indices: 2, material: 0, mode: 4 }],
        extras: { units: "mm", space: "RAS" },
      },
    ],
    materials: [
      {
        name,
        pbrMetallicRoughness: {
          baseColorFactor: [...linearColor(color), 1],
          metallicFactor: 0,
          roughnessFactor: 0.6,
        },
      },
    ],
    accessors: [
      { bufferView: 0, componentType: FLOAT, count: vertices, type: "VEC3", min, max },
      { bufferView: 1, componentType: FLOAT, count: vertices, type: "VEC3" },
      { bufferView: 2, componentType: UNSIGNED_INT, count: indices.length, type: "SCALAR" },
    ],
    bufferViews: [
      { buffer: 0, byteOffset: 0, byteLength: bytes, target: ARRAY_BUFFER },
      { buffer: 0, byteOffset: bytes, byteLength: bytes, target: ARRAY_BUFFER },
      { buffer: 0, byteOffset: 2 * bytes, byteLength: indices.byteLength, target: ELEMENT_ARRAY_BUFFER },
    ],
    buffers: [{ byteLength: 2 * bytes + indices.byteLength }],
  };
  const json = new TextEncoder().encode(JSON.stringify(document));
  const jsonLength = Math.ceil(json.length / 4) * 4;
  const binaryLength = 2 * bytes + indices.byteLength;
  const out = new Uint8Array(12 + 8 + jsonLength + 8 + binaryLength);
  const view = new DataView(out.buffer);
  const words = [GLB_MAGIC, 2, out.length, jsonLength, JSON_CHUNK];
  words.forEach((word, i) => view.setUint32(4 * i, word, true));
  out.fill(0x20, 20, 20 + jsonLength);
  out.set(json, 20);
  const binary = 20 + jsonLength;
  view.setUint32(binary, binaryLength, true);
  view.setUint32(binary + 4, BIN_CHUNK, true);
  writeFloats(view, binary + 8, positions);
  writeFloats(view, binary + 8 + bytes, vertexNormals(mesh));
  indices.forEach((index, i) => view.setUint32(binary + 8 + 2 * bytes + 4 * i, index, true));
  return out;
}

/** The mesh of a file written by `encodeGlb`, in RAS mm; vertices that were split at edges are one again. */
export function decodeGlb(file: Uint8Array): Mesh {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const fail = () =>
    inputError("glb", "The file is not a complete GLB surface of this program.", "Build the surfaces again.");
  if (file.length < 20 || view.getUint32(0, true) !== GLB_MAGIC || view.getUint32(8, true) !== file.length)
    throw fail();
  const jsonLength = view.getUint32(12, true);
  if (28 + jsonLength > file.length) throw fail();
  let document: { accessors: { count: number }[]; bufferViews: { byteOffset: number; byteLength: number }[] };
  try {
    document = JSON.parse(new TextDecoder().decode(file.subarray(20, 20 + jsonLength)));
  } catch {
    throw fail();
  }
  const start = 28 + jsonLength;
  const place = (index: number): { at: number; count: number } => {
    const part = document.bufferViews?.[index];
    if (!part || start + part.byteOffset + part.byteLength > file.length) throw fail();
    return { at: start + part.byteOffset, count: part.byteLength / 4 };
  };
  const position = place(0);
  const index = place(2);
  return mergeVertices({
    positions: Float32Array.from({ length: position.count }, (_, i) =>
      view.getFloat32(position.at + 4 * i, true),
    ),
    indices: Uint32Array.from({ length: index.count }, (_, i) => view.getUint32(index.at + 4 * i, true)),
  });
}

function writeFloats(view: DataView, at: number, values: Float32Array): void {
  values.forEach((value, i) => view.setFloat32(at + 4 * i, value, true));
}

/** `#rrggbb` in sRGB -> linear red, green, blue. */
function linearColor(color: string): number[] {
  return [1, 3, 5].map((at) => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
}
