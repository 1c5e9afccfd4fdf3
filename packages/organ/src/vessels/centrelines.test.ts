import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { deflateSync, inflateSync } from "node:zlib";
import { type Affine, IDENTITY, type VesselsFile, VisceraError } from "@viscera/core";
import { assertClose, testWithShared } from "@viscera/core/testing";
import { closePool } from "@viscera/kernels";
import { importCentrelines } from "./import-centrelines.js";
import { readVtp } from "./read-vtp.js";
import { LABEL, randomTree, voxelised } from "./synthetic-tubes.js";
import { distance, type Point } from "./vector.js";
import { vesselsOf } from "./vessels-of.js";
import { encodeVtp } from "./write-vtp.js";

after(closePool);

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** How the numbers of a test file are stored. */
type Storage = (values: Float64Array | BigInt64Array) => { attributes: string; text: string };

/** Three lines from one branch point, which they share: (0,0,0) to (0,0,30), and on to two ends. */
function forkFile(storage: Storage, attributes = "", appended = () => ""): string {
  const points = [0, 0, 0, 0, 0, 15, 0, 0, 30, 10, 0, 45, 20, 0, 60, -10, 0, 45, -20, 0, 60];
  const array = (name: string, type: string, components: number, values: Float64Array | BigInt64Array) => {
    const stored = storage(values);
    return `<DataArray type="${type}" Name="${name}" NumberOfComponents="${components}" ${stored.attributes}>${stored.text}</DataArray>`;
  };
  const integers = (values: number[]) => BigInt64Array.from(values, BigInt);
  return `<?xml version="1.0"?>
<VTKFile type="PolyData" byte_order="LittleEndian" ${attributes}><PolyData><Piece NumberOfPoints="7" NumberOfLines="3" NumberOfVerts="0">
<PointData>${array("MaximumInscribedSphereRadius", "Float64", 1, Float64Array.of(4, 4, 4, 3, 3, 2.5, 2.5))}</PointData>
<Points>${array("Points", "Float64", 3, Float64Array.from(points))}</Points>
<Lines>${array("connectivity", "Int64", 1, integers([0, 1, 2, 2, 3, 4, 2, 5, 6]))}${array("offsets", "Int64", 1, integers([3, 6, 9]))}</Lines>
</Piece></PolyData>${appended()}</VTKFile>`;
}

const rawBytes = (values: Float64Array | BigInt64Array) =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength);
const header32 = (...numbers: number[]) => Buffer.from(Uint32Array.from(numbers).buffer);
const header64 = (...numbers: number[]) => Buffer.from(BigUint64Array.from(numbers, BigInt).buffer);

test("the same fork written in every way VTK has", async () => {
  const blocks = (bytes: Buffer): [Buffer, Buffer] => {
    const cut = 24;
    const parts = [bytes.subarray(0, cut), bytes.subarray(cut)]
      .filter((part) => part.length > 0)
      .map((p) => deflateSync(p));
    const last = bytes.length % cut;
    return [
      header32(
        parts.length,
        cut,
        parts.length > 1 ? bytes.length - cut : last,
        ...parts.map((p) => p.length),
      ),
      Buffer.concat(parts),
    ];
  };
  const stored: Buffer[] = [];
  const appendedAt = (bytes: Buffer) => {
    const offset = stored.reduce((sum, part) => sum + part.length, 0);
    stored.push(bytes);
    return { attributes: `format="appended" offset="${offset}"`, text: "" };
  };
  const take = (encoding: string, as: BufferEncoding) => () =>
    `<AppendedData encoding="${encoding}">_${Buffer.concat(stored.splice(0)).toString(as)}</AppendedData>`;
  const files: Record<string, string> = {
    ascii: forkFile((values) => ({ attributes: 'format="ascii"', text: [...values].join(" ") })),
    base64: forkFile(
      (values) => ({
        attributes: 'format="binary"',
        text: `\n  ${Buffer.concat([header64(values.byteLength), rawBytes(values)]).toString("base64")}\n`,
      }),
      'header_type="UInt64"',
    ),
    zlib: forkFile((values) => {
      const [head, data] = blocks(rawBytes(values));
      return { attributes: 'format="binary"', text: head.toString("base64") + data.toString("base64") };
    }, 'compressor="vtkZLibDataCompressor"'),
    raw: forkFile(
      (values) => appendedAt(Buffer.concat([header32(values.byteLength), rawBytes(values)])),
      'header_type="UInt32"',
      take("raw", "latin1"),
    ),
    appended64: forkFile(
      (values) =>
        appendedAt(
          Buffer.from(Buffer.concat([header32(values.byteLength), rawBytes(values)]).toString("base64")),
        ),
      "",
      take("base64", "latin1"),
    ),
  };
  const results = await Promise.all(
    Object.entries(files).map(([name, text]) =>
      importCentrelines(Buffer.from(text, "latin1"), "vessel", name),
    ),
  );
  for (const { source, trees } of results) {
    assert.equal(trees.length, 1, source);
    assert.deepEqual(trees, results[0]!.trees, source);
  }
  const [tree] = results[0]!.trees;
  assert.deepEqual(tree!.nodes[tree!.root]!.positionMm, [0, 0, 0]);
  assert.equal(tree!.bifurcations.length, 1);
  const angle = (180 / Math.PI) * Math.atan2(10, 15);
  for (const turn of tree!.bifurcations[0]!.turnDeg) assertClose(turn, angle, { absolute: 1e-6 });
  assertClose(tree!.segments[1]!.lengthMm, 2 * Math.hypot(10, 15), { relative: 1e-9 });
  const cm = await importCentrelines(bytesOf(files["ascii"]!), "vessel", "cm", { unitMm: 10, frame: "LPS" });
  assertClose(cm.trees[0]!.lengthMm, 10 * tree!.lengthMm, { relative: 1e-9 });
});

test("what is written is read back", async () => {
  const truth = randomTree(1);
  const map = voxelised(truth.tubes, truth.size, truth.affine);
  const made = await vesselsOf(map, LABEL, { threads: 1 });
  const again = await importCentrelines(bytesOf(encodeVtp(made)), "vessel", "made.vtp");
  const [a, b] = [made.trees[0]!, again.trees[0]!];
  assert.equal(b.segments.length, a.segments.length);
  assert.equal(b.bifurcations.length, a.bifurcations.length);
  assertClose(b.lengthMm, a.lengthMm, { relative: 1e-6 });
  assertClose(b.meanRadiusMm, a.meanRadiusMm, { relative: 0.05 });
});

test("files that are no centrelines are refused with a sentence", async () => {
  const good = forkFile((values) => ({ attributes: 'format="ascii"', text: [...values].join(" ") }));
  const refused = async (text: string, message: RegExp) =>
    assert.rejects(
      importCentrelines(bytesOf(text), "vessel", "x.vtp"),
      (error: unknown) =>
        error instanceof VisceraError &&
        error.exitCode === 3 &&
        message.test(`${error.message} ${error.hint}`),
    );
  await refused("solid x", /x\.vtp/);
  await refused(good.replace("MaximumInscribedSphereRadius", "Other"), /no radii/);
  await refused(good.replace(">0 1 2 2", ">0 1 2 9"), /points that do not exist/);
  await refused(good.replace(/<Lines>.*<\/Lines>/, ""), /no lines/);
  await refused(good.replace(">4 4 4", ">4 -4 4"), /radius of -4/);
  await refused(good.replace(">4 4 4", ">4 x 4"), /no number/);
  await refused(good.replace('byte_order="LittleEndian"', 'compressor="vtkLZ4DataCompressor"'), /LZ4/);
  await refused(good.replace('format="ascii"', 'format="binary"'), /x\.vtp/);
});

interface Sample {
  p: Point;
  radius: number;
  inscribed: number;
  curvature: number;
  regular: boolean;
}

const samplesOf = ({ trees }: VesselsFile): Sample[] =>
  trees[0]!.segments.flatMap((segment) =>
    segment.pointsMm.map((p, i) => ({
      p: p as Point,
      radius: segment.radiusMm[i]!,
      inscribed: segment.inscribedRadiusMm[i]!,
      curvature: segment.curvaturePerMm[i]!,
      regular: segment.regular[i]!,
    })),
  );

const share = (values: readonly number[], part: number) =>
  [...values].sort((a, b) => a - b)[Math.floor(part * (values.length - 1))]!;

testWithShared(
  "VMTK's aorta: the same tree from its level set, without a seed",
  [
    "data/vessels/vmtk-aorta/aorta-final-levelset.mha",
    "data/vessels/vmtk-aorta/aorta-centerline.vtp",
    "data/vessels/vmtk-aorta/aorta-centerline-branches.vtp",
    "data/vessels/vmtk-aorta/reference/test_vmtkcenterlinegeometry_test_default_parameters.vtp",
  ],
  async ([levelSet, lines, branches, geometry]) => {
    const file = readFileSync(levelSet);
    const raw = inflateSync(file.subarray(file.indexOf("LOCAL\n") + 6));
    const data = new Uint8Array(raw.length / 4);
    for (let v = 0; v < data.length; v++) data[v] = raw.readFloatLE(4 * v) < 0 ? 1 : 0;
    // Its offset is LPS and its first two axes point the other way, so that RAS has them positive, as in VMTK's files.
    const affine: Affine = [0.878906, 0, 0, 156.445, 0, 0.878906, 0, 24.6094, 0, 0, 1.50009, 0, 0, 0, 0, 1];
    const label = { ...LABEL, name: "aorta" };
    const ours = await vesselsOf({ data, size: [157, 393, 34], affine, labels: [label] }, label, {
      threads: 1,
    });
    const theirs = await importCentrelines(readFileSync(lines), "aorta", "aorta-centerline.vtp");
    const split = await importCentrelines(readFileSync(branches), "aorta", "aorta-centerline-branches.vtp");
    for (const { trees } of [ours, theirs, split]) {
      assert.equal(trees.length, 1);
      assert.equal(trees[0]!.segments.length, 3);
      assert.equal(trees[0]!.loops, 0);
    }
    assertClose(split.trees[0]!.lengthMm, theirs.trees[0]!.lengthMm, { relative: 1e-3 });
    const mine = samplesOf(ours);
    const pairs = samplesOf(theirs).map((sample) => ({
      sample,
      near: mine.reduce((a, b) => (distance(b.p, sample.p) < distance(a.p, sample.p) ? b : a)),
    }));
    const away = pairs.map(({ sample, near }) => distance(sample.p, near.p));
    assert.ok(share(away, 0.5) < 0.6, `median distance ${share(away, 0.5)} mm`);
    assert.ok(share(away, 1) < 2.6, `largest distance ${share(away, 1)} mm, at the branch point`);
    const regular = pairs.filter(({ near }) => near.regular);
    assert.ok(regular.length > 60);
    assert.ok(
      share(
        regular.map(({ sample, near }) => distance(sample.p, near.p)),
        0.95,
      ) < 0.8,
    );
    // Inscribed spheres against circles in the cuts, then against the cuts' area, which no inscribed sphere reaches.
    const inscribed = regular.map(({ sample, near }) => near.inscribed - sample.inscribed);
    assertClose(share(inscribed, 0.5), 0, { absolute: 0.1 });
    assert.ok(share(inscribed, 0.05) > -0.3 && share(inscribed, 0.95) < 0.2);
    const area = regular.map(({ sample, near }) => near.radius - sample.inscribed);
    assertClose(share(area, 0.5), 0.2, { absolute: 0.15 });
    const { pointData, points } = await readVtp(readFileSync(geometry), "geometry.vtp");
    const curvature = pointData.get("Curvature")!.values;
    const inner = points.flatMap((p, i) => {
      const near = mine.reduce((a, b) => (distance(b.p, p) < distance(a.p, p) ? b : a));
      return near.regular ? [{ ours: near.curvature, theirs: curvature[i]! }] : [];
    });
    assert.ok(inner.length > 150);
    // VMTK's curvature of an unsmoothed line is mostly noise (up to 18 per mm): ours is the smaller one nearly everywhere.
    assert.ok(
      share(
        inner.map((pair) => pair.ours),
        0.95,
      ) < 0.1,
    );
    assert.ok(
      share(
        inner.map((pair) => pair.ours),
        0.5,
      ) <=
        share(
          inner.map((pair) => pair.theirs),
          0.5,
        ),
    );
  },
);

test("a file from the identity grid is in voxels as millimetres", async () => {
  const map = voxelised(
    [
      {
        points: [
          [8, 9, 8],
          [40, 9, 8],
        ],
        radiiMm: [3, 3],
      },
    ],
    [50, 18, 16],
    IDENTITY,
  );
  const text = encodeVtp(await vesselsOf(map, LABEL, { threads: 1 }));
  assert.match(text, /NumberOfLines="1"/);
  const { points } = await readVtp(bytesOf(text), "x.vtp");
  assert.ok(points.every((p) => Math.abs(p[1] - 9) < 0.5 && Math.abs(p[2] - 8) < 0.5));
});
