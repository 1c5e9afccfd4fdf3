import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  type Affine,
  affineOf,
  IDENTITY,
  type LabelMap,
  type VesselsFile,
  VisceraError,
} from "@viscera/core";
import { assertClose } from "@viscera/core/testing";
import { closePool } from "@viscera/kernels";
import { smoothSurface } from "./signed-distance.js";
import { LABEL, nearestAxis, randomTree, type Tube, tubeAlong, voxelised } from "./synthetic-tubes.js";
import { distance, type Point } from "./vector.js";
import { vesselsOf } from "./vessels-of.js";

after(closePool);

const follow = (map: LabelMap) => vesselsOf(map, LABEL, { threads: 1 });
const straight = (radiusMm: number, from = 10, to = 50): Tube =>
  tubeAlong(
    (t) => [from + (to - from) * t, 14.3, 13.8],
    () => radiusMm,
  );

/** Errors of the radius at regular points, in mm. */
function radiusErrors({ trees }: VesselsFile, tubes: readonly Tube[]): number[] {
  return trees.flatMap((tree) =>
    tree.segments.flatMap((segment) =>
      segment.pointsMm.flatMap((p, i) =>
        segment.regular[i] ? [segment.radiusMm[i]! - nearestAxis(tubes, p as Point).radiusMm] : [],
      ),
    ),
  );
}

test("the distance field of a slanting tube: a quarter of a voxel for nine voxels in ten, half a voxel for all", async () => {
  for (const radius of [2.6, 5, 8]) {
    const curve = (t: number): Point => [
      20.3 + 48 * (t - 0.5),
      20 + 51.2 * (t - 0.5),
      20.7 + 38.4 * (t - 0.5),
    ];
    const tube = tubeAlong(curve, () => radius);
    const map = voxelised([tube], [41, 41, 41], IDENTITY);
    const { distance: field } = await smoothSurface(map.data as Uint8Array, map.size, map.affine, 3);
    const errors: number[] = [];
    for (let k = 12; k < 30; k++)
      for (let j = 12; j < 30; j++)
        for (let i = 12; i < 30; i++) {
          const truth = radius - nearestAxis([tube], [i, j, k]).offMm;
          if (truth > -2) errors.push(field.at([i, j, k]) - truth);
        }
    assert.ok(errors.length > 500);
    assertClose(
      errors.reduce((a, b) => a + b, 0) / errors.length,
      0,
      { absolute: 0.1 },
      `bias at radius ${radius}`,
    );
    const sizes = errors.map(Math.abs).sort((a, b) => a - b);
    assert.ok(sizes[Math.floor(0.9 * sizes.length)]! < 0.25 && sizes.at(-1)! < 0.5, `radius ${radius}`);
  }
});

test("straight tubes of two to sixteen voxels across: radius, length, course", async () => {
  for (const radius of [1, 1.5, 2, 3, 5, 8]) {
    const tube = straight(radius, 14, 56);
    const file = await follow(voxelised([tube], [70, 28, 28], IDENTITY));
    assert.equal(file.trees.length, 1);
    const [tree] = file.trees;
    assert.equal(tree!.segments.length, 1);
    assert.deepEqual(tree!.nodes.map(({ kind }) => kind).sort(), ["end", "root"]);
    assertClose(tree!.lengthMm, 42 + 2 * radius, { absolute: 1.6 }, `length at radius ${radius}`);
    for (const error of radiusErrors(file, [tube]))
      assert.ok(Math.abs(error) < 0.25, `radius ${radius}: ${error}`);
    const { pointsMm, regular, inscribedRadiusMm, radiusMm, curvaturePerMm } = tree!.segments[0]!;
    pointsMm.forEach((p, i) => {
      if (!regular[i]) return;
      assert.ok(nearestAxis([tube], p as Point).offMm < 0.25, `off the axis at radius ${radius}`);
      assert.ok(inscribedRadiusMm[i]! <= radiusMm[i]! && inscribedRadiusMm[i]! > radiusMm[i]! - 0.5);
      assert.ok(curvaturePerMm[i]! < 0.03);
    });
    assert.equal(tree!.segments[0]!.flags.includes("thin"), radius < 2);
    assert.deepEqual(tree!.segments[0]!.stenoses, []);
  }
});

test("a half circle: radius, curvature, length", async () => {
  const arc = tubeAlong(
    (t) => [34 + 22 * Math.cos(Math.PI * t), 8 + 22 * Math.sin(Math.PI * t), 10.4],
    () => 4,
  );
  const { trees } = await follow(voxelised([arc], [68, 40, 22], IDENTITY));
  const segment = trees[0]!.segments[0]!;
  assertClose(segment.lengthMm, 22 * Math.PI + 8, { absolute: 2.5 });
  assertClose(segment.meanRadiusMm, 4, { absolute: 0.1 });
  const middle = segment.curvaturePerMm.slice(15, -15);
  assertClose(middle.reduce((a, b) => a + b, 0) / middle.length, 1 / 22, { relative: 0.05 });
});

test("an elliptic vessel's radius is that of its area, its inscribed radius the short half axis", async () => {
  const [a, b] = [7, 3.5];
  const data = new Uint8Array(24 * 20 * 40);
  for (let k = 0; k < 40; k++)
    for (let j = 0; j < 20; j++)
      for (let i = 0; i < 24; i++)
        if (((i - 11.7) / a) ** 2 + ((j - 9.6) / b) ** 2 < 1) data[i + 24 * (j + 20 * k)] = 1;
  const file = await follow({ data, size: [24, 20, 40], affine: IDENTITY, labels: [LABEL] });
  const { nodes, segments, bifurcations } = file.trees[0]!;
  assert.equal(segments.length, 1);
  assert.deepEqual(bifurcations, []);
  assert.deepEqual(
    nodes.map(({ cut }) => cut),
    [true, true],
  );
  assertClose(segments[0]!.meanRadiusMm, Math.sqrt(a * b), { absolute: 0.25 });
  assertClose(Math.min(...segments[0]!.inscribedRadiusMm), b, { absolute: 0.3 });
  assertClose(segments[0]!.lengthMm, 40, { absolute: 1 });
  assert.match(file.warnings.join(), /cut by the image border at 2 ends/);
});

test("stenoses: severity within six percent of diameter, place within a voxel; a taper alone is none", async () => {
  for (const [percent, radius] of [
    [30, 5],
    [50, 5],
    [70, 6],
  ] as const) {
    const narrowed = (t: number) =>
      (radius - 1.5 * t) * (1 - (percent / 100) * Math.exp(-0.5 * ((t - 0.4) / 0.05) ** 2));
    const tube = tubeAlong((t) => [6 + 88 * t, 14.3, 13.7], narrowed, 200);
    const { trees } = await follow(voxelised([tube], [100, 28, 28], IDENTITY));
    const { stenoses, pointsMm, taper } = trees[0]!.segments[0]!;
    assert.equal(stenoses.length, 1);
    assertClose(stenoses[0]!.percentDiameter, percent, { absolute: 6 }, `${percent} %`);
    assertClose(stenoses[0]!.percentArea, 100 * (1 - (1 - percent / 100) ** 2), { absolute: 7 });
    assertClose(stenoses[0]!.positionMm[0], 6 + 88 * 0.4, { absolute: 1 });
    const isForward = pointsMm[0]![0] < 50;
    assertClose(taper.slope, ((isForward ? -1 : 1) * 1.5) / 88, { absolute: 0.005 });
  }
  const bulge = tubeAlong(
    (t) => [6 + 88 * t, 19.3, 19.7],
    (t) => 4 + 8 * Math.exp(-0.5 * ((t - 0.5) / 0.08) ** 2),
    200,
  );
  const aneurysm = (await follow(voxelised([bulge], [100, 40, 40], IDENTITY))).trees[0]!.segments[0]!;
  assert.deepEqual(aneurysm.stenoses, [], "beside an aneurysm the vessel is not narrow");
  assert.deepEqual(aneurysm.flags, ["leak"]);
  const cone = tubeAlong(
    (t) => [6 + 88 * t, 14.3, 13.7],
    (t) => 6 - 3 * t,
    200,
  );
  const { trees } = await follow(voxelised([cone], [100, 28, 28], IDENTITY));
  assert.deepEqual(trees[0]!.segments[0]!.stenoses, []);
});

test("random trees, turned, noisy, on voxels of 0.3 to 1 mm: the topology always, the radius to a quarter voxel", async () => {
  const worst: number[] = [];
  for (let seed = 0; seed < 24; seed++) {
    const truth = randomTree(seed);
    const file = await follow(
      voxelised(truth.tubes, truth.size, truth.affine, { noiseMm: truth.noiseMm, seed }),
    );
    assert.equal(file.trees.length, 1, `seed ${seed}`);
    const [tree] = file.trees;
    assert.equal(tree!.loops, 0, `seed ${seed}`);
    assert.equal(tree!.bifurcations.length, truth.branches, `seed ${seed}`);
    assert.equal(tree!.segments.length, 2 * truth.branches + 1, `seed ${seed}`);
    // From the root outwards every other node is entered once.
    const entered = tree!.segments.map(({ to }) => to).sort((a, b) => a - b);
    assert.equal(new Set(entered).size, tree!.nodes.length - 1);
    assert.ok(!entered.includes(tree!.root));
    // Nothing is walked twice: the lines are as long as the axes with their round ends.
    const axes = truth.tubes.reduce((sum, { points }) => sum + distance(points[0]!, points[1]!), 0);
    const caps = truth.tubes[0]!.radiiMm[0]! + (truth.ends - 1) * truth.tubes.at(-1)!.radiiMm[1]!;
    assertClose(tree!.lengthMm, axes + caps, { relative: 0.07 }, `seed ${seed}`);
    const errors = radiusErrors(file, truth.tubes).map((error) => Math.abs(error) / file.voxelMm!);
    assert.ok(errors.length > 20);
    worst.push(Math.max(...errors));
  }
  assert.ok(Math.max(...worst) < 0.25, `worst radius ${Math.max(...worst)} voxels`);
});

test("a bifurcation's place and angles", async () => {
  for (const half of [30, 40, 50]) {
    const turn = (half * Math.PI) / 180;
    const fork: Point = [36.3, 18.2, 30];
    const limb = (side: number): Tube => ({
      points: [fork, [fork[0] + side * 32 * Math.sin(turn), fork[1], fork[2] + 32 * Math.cos(turn)]],
      radiiMm: [3.6, 3.6],
    });
    const trunk: Tube = { points: [[36.3, 18.2, -9], fork], radiiMm: [4.5, 4.5] };
    const { trees } = await follow(voxelised([trunk, limb(1), limb(-1)], [74, 36, 66], IDENTITY));
    const [fork1] = trees[0]!.bifurcations;
    assert.equal(trees[0]!.bifurcations.length, 1);
    const place = trees[0]!.nodes[fork1!.node]!.positionMm;
    assert.ok(Math.hypot(...place.map((x, a) => x - fork[a]!)) < 1.5, `${half}: at ${place}`);
    assert.equal(fork1!.children.length, 2);
    for (const angle of fork1!.turnDeg) assertClose(angle, half, { absolute: 4 });
    assertClose(fork1!.betweenDeg!, 2 * half, { absolute: 6 });
    assert.equal(trees[0]!.nodes[trees[0]!.root]!.cut, true);
  }
});

test("side branches that stick out of a wide trunk: found, measured, set on its axis", async () => {
  for (const [trunkMm, branchMm, degrees] of [
    [4.6, 1.6, 90],
    [6.2, 2.2, 60],
    [8.3, 2.4, 90],
    [8.3, 3.6, 115],
    [9.7, 2.5, 75],
  ] as const) {
    const angle = (degrees * Math.PI) / 180;
    const far = (trunkMm + Math.max(7, 6 * branchMm)) / Math.sin(angle);
    const fork: Point = [22.3, 21.8, 36];
    const trunk: Tube = {
      points: [
        [22.3, 21.8, -12],
        [22.3, 21.8, 90],
      ],
      radiiMm: [trunkMm, trunkMm],
    };
    const tip: Point = [22.3 + far * Math.sin(angle), 23.3, 36 + far * Math.cos(angle)];
    const branch: Tube = { points: [fork, tip], radiiMm: [branchMm, branchMm] };
    const { trees } = await follow(voxelised([trunk, branch], [66, 44, 74], IDENTITY));
    const name = `${trunkMm} and ${branchMm} mm at ${degrees} degrees`;
    assert.equal(trees[0]!.bifurcations.length, 1, name);
    const place = trees[0]!.nodes[trees[0]!.bifurcations[0]!.node]!.positionMm as Point;
    assert.ok(distance(place, fork) < 2.5, `${name}: ${place}`);
    const radii = trees[0]!.segments.map(({ meanRadiusMm }) => meanRadiusMm).sort((a, b) => a - b);
    assertClose(radii[0]!, branchMm, { absolute: 0.3 }, name);
    assertClose(radii[2]!, trunkMm, { absolute: 0.25 }, name);
  }
});

test("a torus is one ring without ends; a ring with a vessel to it has one branch point", async () => {
  const ring = tubeAlong(
    (t) => [26 + 15 * Math.cos(2 * Math.PI * t), 26.3 + 15 * Math.sin(2 * Math.PI * t), 9.6],
    () => 4,
    80,
  );
  const alone = await follow(voxelised([ring], [72, 52, 20], IDENTITY));
  assert.equal(alone.trees[0]!.loops, 1);
  assert.equal(alone.trees[0]!.segments.length, 1);
  assertClose(alone.trees[0]!.lengthMm, 30 * Math.PI, { relative: 0.03 });
  assertClose(alone.trees[0]!.meanRadiusMm, 4, { absolute: 0.1 });
  assert.match(alone.warnings.join(), /ring/);
  const stalk = tubeAlong(
    (t) => [41 + 26 * t, 26.3, 9.6],
    () => 3,
  );
  const { trees } = await follow(voxelised([ring, stalk], [72, 52, 20], IDENTITY));
  assert.equal(trees[0]!.loops, 1);
  assert.equal(trees[0]!.bifurcations.length, 1);
  assert.equal(trees[0]!.segments.length, 2);
});

test("a circle of Willis two and a half voxels thin: one ring, five arteries", async () => {
  const ring = tubeAlong(
    (t) => [40 + 14 * Math.cos(2 * Math.PI * t), 40 + 14 * Math.sin(2 * Math.PI * t), 20],
    () => 1.2,
  );
  const ways: [Point, Point][] = [
    [
      [54, 40, 20],
      [76, 44, 20],
    ],
    [
      [26, 40, 20],
      [4, 36, 20],
    ],
    [
      [40, 26, 20],
      [38, 5, 22],
    ],
    [
      [40, 54, 20],
      [44, 75, 18],
    ],
    [
      [49.9, 49.9, 20],
      [70, 70, 24],
    ],
  ];
  const arteries = ways.map((points) => ({ points, radiiMm: [1.5, 1.5] }));
  const file = await follow(voxelised([ring, ...arteries], [80, 80, 40], IDENTITY));
  const [tree] = file.trees;
  assert.equal(tree!.loops, 1);
  assert.equal(tree!.bifurcations.length, 5);
  assert.equal(tree!.nodes.filter(({ kind }) => kind === "end" || kind === "root").length, 5);
  assert.match(file.warnings.join(), /two voxels thin/);
});

test("vessels that do not touch have a tree each; crumbs are left out and counted", async () => {
  const near: Tube = {
    points: [
      [8, 8, 8],
      [50, 8, 8],
    ],
    radiiMm: [3, 3],
  };
  const far: Tube = {
    points: [
      [8, 17.5, 8],
      [50, 17.5, 8],
    ],
    radiiMm: [4, 4],
  };
  const map = voxelised([near, far], [60, 30, 16], IDENTITY);
  map.data[2 + 60 * (27 + 30 * 3)] = 1;
  const file = await follow(map);
  assert.equal(file.trees.length, 2);
  assert.deepEqual(
    file.trees.map((tree) => Math.round(tree.meanRadiusMm)),
    [4, 3],
  );
  assert.match(file.warnings.join(), /2 pieces.*one tiny piece/);
});

test("a leak is followed and flagged", async () => {
  const tube: Tube = {
    points: [
      [6, 20, 20],
      [50, 20, 20],
      [54, 20, 20],
    ],
    radiiMm: [3, 3, 3],
  };
  const blob: Tube = {
    points: [
      [66, 20, 20],
      [68, 20, 20],
    ],
    radiiMm: [14, 14],
  };
  const file = await follow(voxelised([tube, blob], [90, 40, 40], IDENTITY));
  assert.ok(file.trees[0]!.segments.some(({ flags }) => flags.includes("leak")));
  assert.match(file.warnings.join(), /leak/);
});

test("metres, empty and tiny structures are refused with a sentence", async () => {
  const map = voxelised([straight(4)], [60, 28, 28], IDENTITY);
  const refused = async (change: Partial<LabelMap>, code: string, message: RegExp, name = "vessel") => {
    await assert.rejects(
      vesselsOf({ ...map, ...change }, { ...LABEL, name }, {}),
      (error: unknown) => error instanceof VisceraError && error.code === code && message.test(error.message),
    );
  };
  const metres: Affine = affineOf([0.001, 0.001, 0.001]);
  await refused({ affine: metres }, "input.units", /seem to be in metres/);
  await refused({ affine: affineOf([0.1, 0.1, 0.1]) }, "input.units", /centimetres/, "aorta");
  await refused({ data: new Uint8Array(map.data.length) }, "input.no-vessel", /no voxel/);
  const few = new Uint8Array(map.data.length);
  few.fill(1, 5000, 5006);
  await refused({ data: few }, "input.no-vessel", /only 6 voxels/);
  const ball = voxelised(
    [
      {
        points: [
          [30, 14, 14],
          [30.1, 14, 14],
        ],
        radiiMm: [9, 9],
      },
    ],
    [60, 28, 28],
    IDENTITY,
  );
  await refused({ data: ball.data }, "input.no-vessel", /as wide as it is long/);
  await refused({ data: map.data.map(() => 1) }, "input.no-vessel", /fills almost the whole image/);
  await refused(
    { data: new Uint8Array(60 * 28).fill(1, 60, 600), size: [60, 28, 1] },
    "input.no-vessel",
    /too flat/,
  );
  const stop = new AbortController();
  stop.abort();
  await assert.rejects(vesselsOf(map, LABEL, { signal: stop.signal }), { code: "cancelled" });
});

test("the same bytes for any number of threads", async () => {
  const truth = randomTree(3);
  const map = voxelised(truth.tubes, truth.size, truth.affine, { noiseMm: truth.noiseMm });
  const [one, two] = await Promise.all([1, 2].map((threads) => vesselsOf(map, LABEL, { threads })));
  assert.equal(JSON.stringify(one), JSON.stringify(two));
});
