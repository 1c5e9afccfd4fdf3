import type { Mesh } from "@viscera/core";

/** A binary little-endian PLY file in RAS mm. */
export function encodePly({ positions, indices }: Mesh, name: string): Uint8Array {
  const header = new TextEncoder().encode(
    [
      "ply",
      "format binary_little_endian 1.0",
      `comment ${name.replace(/[^\x20-\x7e]/g, "_")} SPACE=RAS UNIT=mm`,
      `element vertex ${positions.length / 3}`,
      "property float x",
      "property float y",
      "property float z",
      `element face ${indices.length / 3}`,
      "property list uchar int vertex_indices",
      "end_header\n",
    ].join("\n"),
  );
  const out = new Uint8Array(header.length + 4 * positions.length + (13 * indices.length) / 3);
  const view = new DataView(out.buffer);
  out.set(header);
  positions.forEach((value, i) => view.setFloat32(header.length + 4 * i, value, true));
  let at = header.length + 4 * positions.length;
  for (let i = 0; i < indices.length; i++) {
    if (i % 3 === 0) view.setUint8(at++, 3);
    view.setInt32(at, indices[i]!, true);
    at += 4;
  }
  return out;
}

/** A Wavefront OBJ file in RAS mm. */
export function encodeObj({ positions, indices }: Mesh, name: string): Uint8Array {
  const lines = ["# SPACE=RAS UNIT=mm", `o ${name.replace(/\s/g, "_")}`];
  for (let v = 0; v < positions.length; v += 3)
    lines.push(`v ${positions[v]} ${positions[v + 1]} ${positions[v + 2]}`);
  for (let t = 0; t < indices.length; t += 3)
    lines.push(`f ${indices[t]! + 1} ${indices[t + 1]! + 1} ${indices[t + 2]! + 1}`);
  return new TextEncoder().encode(`${lines.join("\n")}\n`);
}
