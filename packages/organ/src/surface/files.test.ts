import assert from "node:assert/strict";
import { test } from "node:test";
import type { Mesh } from "@viscera/core";
import { assertClose } from "@viscera/core/testing";
import { splitCreases } from "./creases.js";
import { decodeGlb, encodeGlb } from "./glb.js";
import { meshAreaMm2, meshVolumeMm3, vertexNormals } from "./mesh-measures.js";
import { encodeObj, encodePly } from "./ply-obj.js";
import { decodeStl, encodeStl } from "./stl.js";
import { isWatertight } from "./watertight.js";

/** A right-angled tetrahedron of volume 1000 far from the origin. */
const MESH: Mesh = {
  positions: Float32Array.of(100, 200, 300, 110, 200, 300, 100, 220, 300, 100, 200, 330),
  indices: Uint32Array.of(0, 2, 1, 0, 1, 3, 0, 3, 2, 1, 2, 3),
};

test("volume, area, watertightness and normals of a tetrahedron", () => {
  assertClose(meshVolumeMm3(MESH), 1000, { relative: 1e-12 });
  const slanted = Math.hypot(20 * 30, 10 * 30, 10 * 20) / 2;
  assertClose(meshAreaMm2(MESH), (10 * 20 + 10 * 30 + 20 * 30) / 2 + slanted, { relative: 1e-6 });
  assert.ok(isWatertight(MESH));
  assert.ok(!isWatertight({ ...MESH, indices: MESH.indices.slice(3) }), "a hole");
  assert.ok(
    !isWatertight({ ...MESH, indices: Uint32Array.of(0, 1, 2, ...MESH.indices.slice(3)) }),
    "one turned",
  );
  assert.ok(!isWatertight({ ...MESH, indices: Uint32Array.of(...MESH.indices, ...MESH.indices) }), "twice");
  // Three right angles meet at the first vertex.
  const normals = vertexNormals(MESH);
  const expected = [-1, -1, -1].map((n) => n / Math.sqrt(3));
  expected.forEach((n, axis) => assertClose(normals[axis]!, n, { absolute: 1e-6 }));
});

test("a vertex stored twice, and -0 beside 0, are merged", () => {
  const positions = Float32Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, -0, 0, -0);
  assert.ok(isWatertight({ positions, indices: Uint32Array.of(0, 2, 1, 4, 1, 3, 4, 3, 2, 1, 2, 3) }));
});

test("GLB: a valid glTF 2.0 layout, metres and Y up by the root, and the mesh back bit by bit", () => {
  const file = encodeGlb(MESH, { name: "leber (größe)", color: "#ff8000" });
  const view = new DataView(file.buffer);
  assert.equal(view.getUint32(0, true), 0x46546c67);
  assert.equal(view.getUint32(4, true), 2);
  assert.equal(view.getUint32(8, true), file.length);
  const jsonLength = view.getUint32(12, true);
  assert.equal(jsonLength % 4, 0);
  const gltf = JSON.parse(new TextDecoder().decode(file.subarray(20, 20 + jsonLength)));
  assert.equal(gltf.asset.version, "2.0");
  assert.equal(gltf.nodes[0].name, "leber (größe)");
  assert.equal(gltf.accessors[0].count, 12, "each corner of the tetrahedron is a crease");
  assert.deepEqual(gltf.accessors[0].min, [100, 200, 300]);
  assert.deepEqual(gltf.accessors[0].max, [110, 220, 330]);
  assert.deepEqual(gltf.meshes[0].extras, { units: "mm", space: "RAS" });
  assert.equal(view.getUint32(20 + jsonLength, true), gltf.buffers[0].byteLength);
  for (const part of gltf.bufferViews) {
    assert.equal(part.byteOffset % 4, 0);
    assert.ok(part.byteOffset + part.byteLength <= gltf.buffers[0].byteLength);
  }
  const [red, green, blue] = gltf.materials[0].pbrMetallicRoughness.baseColorFactor;
  assertClose(red, 1, { absolute: 1e-9 });
  assertClose(green, 0.2158605, { absolute: 1e-6 });
  assert.equal(blue, 0);
  // Column-major: superior 1 m up, anterior towards the viewer, and a rotation, not a mirror.
  const m: number[] = gltf.nodes[0].matrix;
  const apply = (x: number, y: number, z: number): number[] =>
    [0, 1, 2].map((r) => m[r]! * x + m[4 + r]! * y + m[8 + r]! * z + m[12 + r]!);
  assert.deepEqual(apply(0, 0, 1000).map(Math.abs), [0, 1, 0]);
  assert.deepEqual(apply(0, 1000, 0), [0, 0, 1]);
  assert.deepEqual(apply(1000, 0, 0)[0], -1);
  assert.deepEqual(decodeGlb(file), MESH);
  assert.throws(() => decodeGlb(file.subarray(0, 200)), { code: "input.glb" });
});

test("creases split a box into its six sides, and nothing of a smooth bend", () => {
  const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((c) => [c & 1, (c >> 1) & 1, c >> 2]);
  const quads = [
    [0, 2, 3, 1],
    [4, 5, 7, 6],
    [0, 1, 5, 4],
    [2, 6, 7, 3],
    [0, 4, 6, 2],
    [1, 3, 7, 5],
  ];
  const box = {
    positions: Float32Array.from(corners.flat()),
    indices: Uint32Array.from(quads.flatMap(([a, b, c, d]) => [a!, b!, c!, a!, c!, d!])),
  };
  const split = splitCreases(box, 60);
  assert.equal(split.positions.length, 3 * 24);
  assert.ok(isWatertight(split));
  const normals = vertexNormals(split);
  for (let v = 0; v < normals.length; v += 3)
    assertClose(Math.max(...normals.subarray(v, v + 3).map(Math.abs)), 1, { absolute: 1e-6 });
  assert.deepEqual(splitCreases(box, 120), box);
});

test("STL: 84 bytes of header, SPACE=RAS, not the word of text files, and the mesh back", () => {
  const file = encodeStl(MESH, "solid_größe".repeat(20));
  const header = new TextDecoder().decode(file.subarray(0, 80));
  assert.ok(header.includes("SPACE=RAS") && !header.startsWith("solid"));
  assert.equal(file.length, 84 + 50 * 4);
  const back = decodeStl(file);
  assertClose(meshVolumeMm3(back), 1000, { relative: 1e-6 });
  assert.ok(isWatertight(back));
  const normal = [0, 4, 8].map((at) => new DataView(file.buffer).getFloat32(84 + at, true));
  assert.deepEqual(normal, [0, 0, -1]);
  assert.throws(() => decodeStl(file.subarray(0, 100)), { code: "input.stl" });
});

test("PLY and OBJ hold the same numbers", () => {
  const ply = encodePly(MESH, "liver");
  const header = new TextDecoder().decode(ply).split("end_header\n")[0]!;
  const body = new DataView(ply.buffer, header.length + "end_header\n".length);
  assert.ok(header.includes("element vertex 4\n") && header.includes("element face 4\n"));
  assert.equal(body.byteLength, 4 * 12 + 4 * 13);
  assert.equal(body.getFloat32(4 * 11, true), 330);
  assert.equal(body.getUint8(48), 3);
  assert.equal(body.getInt32(48 + 5, true), 2);
  const obj = new TextDecoder().decode(encodeObj(MESH, "liver lobe")).split("\n");
  assert.equal(obj[1], "o liver_lobe");
  assert.ok(obj.includes("v 100 200 330") && obj.includes("f 2 3 4"));
});
