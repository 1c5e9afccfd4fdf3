import { inputError, type Mesh } from "@viscera/core";
import { mergeVertices } from "./watertight.js";

const HEADER_BYTES = 80;
const TRIANGLE_BYTES = 50;

/** A binary STL file in mm; its header says `SPACE=RAS`, as 3D Slicer writes and reads it. */
export function encodeStl({ positions, indices }: Mesh, name: string): Uint8Array {
  const triangles = indices.length / 3;
  const out = new Uint8Array(HEADER_BYTES + 4 + TRIANGLE_BYTES * triangles);
  const view = new DataView(out.buffer);
  const plainName = name.replace(/[^\x20-\x7e]/g, "_");
  out.set(new TextEncoder().encode(`Viscera SPACE=RAS UNIT=mm ${plainName}`.slice(0, HEADER_BYTES)));
  view.setUint32(HEADER_BYTES, triangles, true);
  for (let t = 0; t < triangles; t++) {
    const at = HEADER_BYTES + 4 + TRIANGLE_BYTES * t;
    const [a, b, c] = [0, 1, 2].map((k) => {
      const v = 3 * indices[3 * t + k]!;
      return [positions[v]!, positions[v + 1]!, positions[v + 2]!];
    }) as [number[], number[], number[]];
    const u = b.map((value, k) => value - a[k]!);
    const w = c.map((value, k) => value - a[k]!);
    const n = [u[1]! * w[2]! - u[2]! * w[1]!, u[2]! * w[0]! - u[0]! * w[2]!, u[0]! * w[1]! - u[1]! * w[0]!];
    const length = Math.hypot(...n) || 1;
    [...n.map((value) => value / length), ...a, ...b, ...c].forEach((value, k) =>
      view.setFloat32(at + 4 * k, value, true),
    );
  }
  return out;
}

/** The mesh of a binary STL file; corners at equal positions become one vertex. */
export function decodeStl(file: Uint8Array): Mesh {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const triangles = file.length < HEADER_BYTES + 4 ? -1 : view.getUint32(HEADER_BYTES, true);
  if (triangles < 0 || file.length < HEADER_BYTES + 4 + TRIANGLE_BYTES * triangles)
    throw inputError(
      "stl",
      "The file is not a complete binary STL surface.",
      "Write it again as binary STL.",
    );
  const positions = Float32Array.from({ length: 9 * triangles }, (_, i) => {
    const at = HEADER_BYTES + 4 + TRIANGLE_BYTES * Math.floor(i / 9) + 12;
    return view.getFloat32(at + 4 * (i % 9), true);
  });
  return mergeVertices({ positions, indices: Uint32Array.from({ length: 3 * triangles }, (_, i) => i) });
}
