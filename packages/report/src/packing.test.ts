import assert from "node:assert/strict";
import { test } from "node:test";
import { inflateSync } from "node:zlib";
import { type Mesh, RandomStream } from "@viscera/core";
import { fromBase64, inflate, toBase64 } from "./compression.js";
import { packImage, packLabels, unpackImage, unpackLabels } from "./image-packing.js";
import { clusterVertices, limitTriangles } from "./mesh-clustering.js";
import { packMesh, unpackMesh } from "./mesh-packing.js";
import { encodePng } from "./png.js";
import { sphere } from "./testing/small-case.js";

test("images and labels come back as they were, extremes included", async () => {
  const stream = new RandomStream(1, "report.packing");
  const image = Int16Array.from({ length: 70_001 }, (_, i) => stream.integer(65536, i) - 32768);
  image[0] = -32768;
  image[1] = 32767;
  assert.deepEqual(await unpackImage(await packImage(image)), image);
  const labels = Uint16Array.from({ length: 5003 }, (_, i) => (i % 7 === 0 ? 65535 : i >> 4));
  assert.deepEqual(await unpackLabels(await packLabels(labels)), labels);
  assert.equal((await unpackImage(await packImage(new Int16Array(0)))).length, 0);
});

test("base64 is the standard one, across chunk borders", () => {
  for (const length of [0, 1, 2, 3, 24_575, 24_576, 24_577, 50_000]) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 73) & 255);
    assert.equal(toBase64(bytes), Buffer.from(bytes).toString("base64"));
    assert.deepEqual(fromBase64(toBase64(bytes)), bytes);
  }
});

test("a broken stream is an error, not a hang", async () => {
  await assert.rejects(inflate(Uint8Array.of(1, 2, 3, 4)));
});

test("surfaces come back with the same triangles and positions within half a step", () => {
  const mesh = sphere([30, -200, 410], 55, 24);
  const packed = packMesh(mesh);
  const back = unpackMesh(packed);
  assert.equal(back.indices.length, mesh.indices.length);
  const step = 110 / 65535;
  for (let i = 0; i < mesh.indices.length; i++)
    for (let axis = 0; axis < 3; axis++) {
      const before = mesh.positions[mesh.indices[i]! * 3 + axis]!;
      const after = back.positions[back.indices[i]! * 3 + axis]!;
      assert.ok(Math.abs(before - after) <= step / 2 + 1e-4, `${before} ${after}`);
    }
  assert.ok(packed.bytes.length < mesh.positions.byteLength + mesh.indices.byteLength);
});

test("flat, tiny and unused parts of a surface do no harm", () => {
  const mesh: Mesh = {
    positions: Float32Array.of(9, 9, 9, 0, 0, 5, 1, 0, 5, 0, 1, 5),
    indices: Uint32Array.of(1, 2, 3),
  };
  const back = unpackMesh(packMesh(mesh));
  assert.deepEqual([...back.indices], [0, 1, 2]);
  assert.deepEqual([...back.positions], [0, 0, 5, 1, 0, 5, 0, 1, 5]);
  assert.equal(
    unpackMesh(packMesh({ positions: new Float32Array(0), indices: new Uint32Array(0) })).indices.length,
    0,
  );
});

test("clustering thins a surface and keeps its shape", () => {
  const mesh = sphere([0, 0, 0], 50, 60);
  const coarse = clusterVertices(mesh, 8);
  assert.ok(coarse.indices.length < mesh.indices.length / 4);
  for (let v = 0; v < coarse.positions.length; v += 3) {
    const radius = Math.hypot(coarse.positions[v]!, coarse.positions[v + 1]!, coarse.positions[v + 2]!);
    assert.ok(Math.abs(radius - 50) < 4, String(radius));
  }
  const limit = limitTriangles([mesh, mesh], mesh.indices.length / 3);
  assert.ok(limit.cellMm !== null);
  assert.ok(limit.meshes.reduce((sum, m) => sum + m.indices.length / 3, 0) <= mesh.indices.length / 3);
  assert.equal(limitTriangles([mesh], 1e9).cellMm, null);
});

test("PNG files hold the pixels they were given", async () => {
  const width = 13;
  const height = 7;
  for (const opaque of [true, false]) {
    const rgba = Uint8ClampedArray.from({ length: width * height * 4 }, (_, i) =>
      i % 4 === 3 && opaque ? 255 : (i * 37) & 255,
    );
    const file = Buffer.from(await encodePng({ width, height, rgba }));
    assert.equal(file.subarray(1, 4).toString(), "PNG");
    assert.equal(file.readUInt32BE(16), width);
    const channels = opaque ? 3 : 4;
    const data = inflateSync(file.subarray(file.indexOf("IDAT") + 4));
    for (let y = 0; y < height; y++) {
      const row = data.subarray(y * (1 + width * channels) + 1);
      assert.equal(data[y * (1 + width * channels)], 1);
      for (let x = 0; x < width; x++)
        for (let c = 0; c < channels; c++) {
          if (x > 0) row[x * channels + c] = row[x * channels + c]! + row[(x - 1) * channels + c]!;
          assert.equal(row[x * channels + c], rgba[4 * (y * width + x) + c]);
        }
    }
  }
});
