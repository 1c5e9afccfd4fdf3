import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { readImage } from "../image/read-image.js";
import { bytesSource } from "../image/source.js";
import { joined } from "../testing/synthetic-nifti.js";

const text = (content: string) => new TextEncoder().encode(content);
const header = (...lines: string[]) => text(`NRRD0005\n# a comment\n${lines.join("\n")}\n\n`);
const PLACE = [
  "space: left-posterior-superior",
  "space directions: (1,0,0) (0,2,0) (0,0,3)",
  "space origin: (10,20,30)",
];
const BASE = ["type: short", "dimension: 3", "sizes: 2 1 2", "endian: little", ...PLACE];
const VALUES = [1, -2, 300, 4];
const RAW = new Uint8Array(Int16Array.from(VALUES).buffer);
const read = (bytes: Uint8Array, folder: Record<string, Uint8Array> = {}, name = "x.nrrd") =>
  readImage(bytesSource(name, bytes, folder));
const code = (expected: string) => ({ code: expected });

test("raw, gzip, text and hex hold the same numbers", async () => {
  const hex = Buffer.from(RAW).toString("hex");
  const bodies: [string, Uint8Array][] = [
    ["raw", RAW],
    ["gzip", gzipSync(RAW)],
    ["gz", gzipSync(RAW)],
    ["ascii", text("1 -2\n300\t4\n")],
    ["text", text("1 -2 300 4")],
    ["hex", text(`${hex.slice(0, 5)}\n${hex.slice(5)}\n`)],
  ];
  for (const [encoding, body] of bodies) {
    const { volume, warnings } = await read(joined(header(...BASE, `encoding: ${encoding}`), body));
    assert.deepEqual([...volume.data], VALUES, encoding);
    assert.equal(volume.data.constructor.name, "Int16Array");
    assert.deepEqual(warnings, [], encoding);
  }
});

test("big endian, and type names with their synonyms", async () => {
  const swapped = Uint8Array.from(RAW, (_, i) => RAW[i ^ 1]!);
  const { volume } = await read(
    joined(header(...BASE.map((l) => l.replace("little", "big")), "encoding: raw"), swapped),
  );
  assert.deepEqual([...volume.data], VALUES);
  for (const [type, array] of [
    ["signed short int", "Int16Array"],
    ["uint16_t", "Uint16Array"],
  ]) {
    const lines = BASE.map((l) => l.replace("type: short", `type: ${type}`));
    const { volume } = await read(joined(header(...lines, "encoding: raw"), RAW));
    assert.equal(volume.data.constructor.name, array);
  }
});

test("spaces: every anatomical one to RAS, others with a warning", async () => {
  for (const [space, signs] of [
    ["left-posterior-superior", [-1, -1, 1]],
    ["LPS", [-1, -1, 1]],
    ["right-anterior-superior", [1, 1, 1]],
    ["RAS", [1, 1, 1]],
    ["left-anterior-superior", [-1, 1, 1]],
    ["scanner-xyz", [-1, -1, 1]],
  ] as const) {
    const lines = BASE.map((l) => (l.startsWith("space:") ? `space: ${space}` : l));
    const { volume, warnings } = await read(joined(header(...lines, "encoding: raw"), RAW));
    assert.deepEqual(
      [0, 5, 10, 3, 7, 11].map((i) => volume.affine[i]),
      [1, 2, 3, 10, 20, 30].map((v, i) => v * signs[i % 3]!),
      space,
    );
    assert.equal(warnings.length, space === "scanner-xyz" ? 1 : 0);
  }
});

test("spacings and axis mins stand in for directions", async () => {
  const lines = [
    "type: short",
    "dimension: 3",
    "sizes: 2 1 2",
    "endian: little",
    "spacings: 1 2 3",
    "axis mins: 4 5 6",
  ];
  const { volume, warnings } = await read(joined(header(...lines, "encoding: raw"), RAW));
  assert.deepEqual(volume.affine, [-1, 0, 0, -4, 0, -2, 0, -5, 0, 0, 3, 6, 0, 0, 0, 1]);
  assert.match(warnings.join(), /no anatomical space/);
});

test("detached headers, skips, and voxels at the file's end", async () => {
  const nhdr = (...more: string[]) => header(...BASE, ...more);
  const folder = {
    "v.raw": RAW,
    "skip.raw": joined(text("line\nline\nabc"), RAW),
    "end.raw": joined(text("whatever"), RAW),
  };
  const cases = [
    nhdr("encoding: raw", "data file: v.raw"),
    nhdr("encoding: raw", "line skip: 2", "byte skip: 3", "datafile: skip.raw"),
    nhdr("encoding: raw", "byte skip: -1", "data file: end.raw"),
  ];
  for (const bytes of cases) assert.deepEqual([...(await read(bytes, folder, "x.nhdr")).volume.data], VALUES);
  await assert.rejects(read(nhdr("encoding: raw", "data file: gone.raw"), folder), code("input.not-found"));
  await assert.rejects(read(nhdr("encoding: raw", "data file: LIST"), folder), code("input.format"));
});

test("colour, several components, and a fourth dimension", async () => {
  const colour = (kind: string, n: number) =>
    joined(
      header(
        "type: unsigned char",
        "dimension: 4",
        `sizes: ${n} 2 1 1`,
        "space: RAS",
        "space directions: none (1,0,0) (0,1,0) (0,0,1)",
        `kinds: ${kind} domain domain domain`,
        "encoding: raw",
      ),
      Uint8Array.from({ length: 2 * n }, (_, i) => 10 * i),
    );
  const image = await read(colour("RGB-color", 3));
  assert.deepEqual(image.colour, { channels: 3, data: Uint8Array.of(0, 10, 20, 30, 40, 50) });
  assert.deepEqual(image.volume.size, [2, 1, 1]);
  await assert.rejects(read(colour("vector", 2)), code("input.4d"));
  await assert.rejects(read(colour("list", 2)), code("input.4d"));
  const time = header("type: short", "dimension: 4", "sizes: 1 1 1 4", "endian: little", "encoding: raw");
  await assert.rejects(read(joined(time, RAW)), code("input.4d"));
});

test("a layer axis of length 1 is no layer axis", async () => {
  const { volume } = await read(
    joined(
      header(
        "type: short",
        "dimension: 4",
        "sizes: 1 2 1 2",
        "endian: little",
        "space: RAS",
        "space directions: none (1,0,0) (0,1,0) (0,0,1)",
        "kinds: list domain domain domain",
        "encoding: raw",
      ),
      RAW,
    ),
  );
  assert.deepEqual([...volume.data], VALUES);
});

test("segments of one layer, and overlapping layers where the later segment wins", async () => {
  const terminology =
    "TerminologyEntry:Segmentation category and type - 3D Slicer General Anatomy list" +
    "~SCT^123037004^Anatomical Structure~SCT^64033007^Kidney~SCT^7771000^Left~Anatomic codes~^^~^^|";
  const one = await read(
    joined(
      header(
        ...BASE,
        "encoding: raw",
        "Segment1_Name:=left kidney",
        "Segment1_LabelValue:=4",
        "Segment1_Color:=1 0.5 0",
        `Segment1_Tags:=${terminology}`,
        "Segment0_Name:=body",
        "Segment0_LabelValue:=1",
      ),
      RAW,
    ),
  );
  assert.deepEqual(one.names, [
    { id: 1, name: "body" },
    { id: 4, name: "left kidney", color: "#ff8000", snomed: "64033007" },
  ]);

  const layered = (values: [number, number, number]) =>
    joined(
      header(
        "type: unsigned char",
        "dimension: 4",
        "sizes: 2 3 1 1",
        "space: RAS",
        "space directions: none (1,0,0) (0,1,0) (0,0,1)",
        "kinds: list domain domain domain",
        "encoding: raw",
        ...["a", "b", "c"].flatMap((name, i) => [
          `Segment${i}_Name:=${name}`,
          `Segment${i}_LabelValue:=${values[i]}`,
          `Segment${i}_Layer:=${i === 1 ? 1 : 0}`,
        ]),
      ),
      Uint8Array.of(values[0], values[1], values[2], values[1], 0, values[1]),
    );
  for (const [values, ids] of [
    [
      [1, 1, 2],
      [1, 2, 3],
    ],
    [
      [5, 6, 7],
      [5, 6, 7],
    ],
  ] as [[number, number, number], number[]][]) {
    const { volume, names, warnings } = await read(layered(values));
    assert.deepEqual(
      names.map((n) => n.id),
      ids,
    );
    assert.deepEqual([...volume.data], [ids[1], ids[2], ids[1]]);
    assert.match(warnings.join(), /2 voxels belong to several segments/);
  }
});
