/** Order, gaps, tilt, uneven spacing, and what is refused as no volume. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { applyToPoint, type Vec3, type Volume } from "@viscera/core";
import { assertClose, testWithShared } from "@viscera/core/testing";
import { parseDicom } from "./elements.js";
import { type DicomSource, listDicomSeries, type ReadDicomOptions, readDicom } from "./index.js";
import { ctSlice, type Elements, writeDicom } from "./testing/synthetic.js";

const DICOM = "data/dicom";

function folder(path: string): DicomSource[] {
  return readdirSync(path).map((name) => ({ name, read: () => readFile(join(path, name)) }));
}

function files(...slices: Elements[]): DicomSource[] {
  return slices.map((elements, i) => ({ name: `${i}.dcm`, read: async () => writeDicom(elements) }));
}

function read(slices: Elements[], options: ReadDicomOptions = {}) {
  return readDicom(files(...slices), options);
}

/** A slice at an LPS position whose values are 200 + 2 x + 3 y + 5 z (RAS mm), in steps of 0.01. */
function rampSlice(index: number, position: Vec3, orientation = "1\\0\\0\\0\\1\\0"): Elements {
  const [rx, ry, rz, cx, cy, cz] = orientation.split("\\").map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const [columns, rows, sx, sy] = [12, 10, 0.75, 0.5];
  const pixels: number[] = [];
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) {
      const x = position[0] + rx * sx * c + cx * sy * r;
      const y = position[1] + ry * sx * c + cy * sy * r;
      const z = position[2] + rz * sx * c + cz * sy * r;
      pixels.push(Math.round(100 * ramp([-x, -y, z])));
    }
  return ctSlice(index, 0, {
    "00200032": ["DS", position.map((value) => value.toFixed(6)).join("\\")],
    "00200037": ["DS", orientation],
    "00280010": ["US", rows],
    "00280011": ["US", columns],
    "00281052": ["DS", "0"],
    "00281053": ["DS", "0.01"],
    "7FE00010": ["OW", pixels],
  });
}

const ramp = ([x, y, z]: Vec3) => 200 + 2 * x + 3 * y + 5 * z;

/** Every voxel that is not "outside" holds the ramp's value at its place; returns how many were. */
function checkRamp({ size, affine, data }: Volume, outside: number): number {
  let inside = 0;
  let at = 0;
  for (let k = 0; k < size[2]; k++)
    for (let j = 0; j < size[1]; j++)
      for (let i = 0; i < size[0]; i++, at++) {
        if (data[at] === outside) continue;
        inside++;
        // Up to half a pixel beyond an image's edge the edge's value is taken.
        const around = [at - 1, at + 1, at - size[0], at + size[0]];
        const border = i === 0 || j === 0 || i === size[0] - 1 || j === size[1] - 1;
        const edge = border || around.some((neighbour) => data[neighbour] === outside);
        if (!edge)
          assertClose(data[at]!, ramp(applyToPoint(affine, [i, j, k])), { absolute: 0.02 }, `${i},${j},${k}`);
      }
  return inside;
}

test("slices are put in order by position, whatever their numbers, names and order", async () => {
  const { volume, warnings } = await read([ctSlice(0, 6), ctSlice(1, 2), ctSlice(2, 4)]);
  assert.deepEqual(volume.size, [4, 3, 3]);
  assert.deepEqual(
    [...volume.data].filter((_, i) => i % 12 === 0),
    [-900, -800, -1000],
  );
  // LPS to RAS: x and y change sign; columns are 0.75 mm apart, rows 0.5 mm.
  assert.deepEqual(
    volume.affine.map((value) => value + 0),
    [-0.75, 0, 0, 10, 0, -0.5, 0, 20, 0, 0, 2, 2, 0, 0, 0, 1],
  );
  assert.equal(volume.data[1 + 4 * 2], -1000 + 100 + 10 + 2);
  assert.deepEqual(warnings, []);
});

test("positions rounded by the scanner count as even", async () => {
  // 0.625 mm in tenths of a millimetre.
  const z = [0, 0.6, 1.3, 1.9, 2.5, 3.1, 3.8];
  const { volume, warnings } = await read(z.map((value, i) => ctSlice(i, value)));
  assert.equal(volume.size[2], 7);
  assertClose(volume.affine[10]!, 3.8 / 6, { absolute: 1e-9 });
  assert.deepEqual(warnings, []);
});

test("uneven slices are interpolated onto even ones, with a warning", async () => {
  const z = [0, 2, 4, 6, 7, 10, 12];
  const { volume, warnings } = await read(z.map((value, i) => rampSlice(i, [1, 2, value])));
  assert.equal(volume.size[2], 7);
  assert.equal(volume.affine[10], 2);
  assert.equal(checkRamp(volume, Number.NaN), volume.data.length);
  assert.match(warnings.join(), /unevenly spaced \(1 mm to 3 mm\).*2 mm/);
});

test("a missing slice is refused with its place, and interpolated when allowed", async () => {
  const slices = [0, 2, 4, 8, 10].map((value, i) => rampSlice(i, [0, 0, value]));
  await assert.rejects(read(slices), (error: Error & { code?: string; hint?: string }) => {
    assert.equal(error.code, "input.dicom-gap");
    assert.match(error.message, /between z = 4 mm and z = 8 mm .* about 1 slice\b/);
    assert.match(error.hint!, /--allow-gaps/);
    return true;
  });
  const { volume, warnings } = await read(slices, { allowGaps: true });
  assert.equal(volume.size[2], 6);
  assert.equal(checkRamp(volume, Number.NaN), volume.data.length);
  assert.match(warnings.join(), /between z = 4 mm and z = 8 mm/);
  // 1.9 median steps is a gap, less is uneven spacing.
  const almost = [0, 2, 4, 7.78, 9.78].map((value, i) => rampSlice(i, [0, 0, value]));
  assert.match((await read(almost)).warnings.join(), /unevenly/);
  const gap = [0, 2, 4, 7.8, 9.8].map((value, i) => rampSlice(i, [0, 0, value]));
  await assert.rejects(read(gap), { code: "input.dicom-gap" });
});

test("gantry tilt is resampled upright: every voxel has the value of its place", async () => {
  const [cos, sin] = [Math.cos((18.5 * Math.PI) / 180), Math.sin((18.5 * Math.PI) / 180)];
  // About the patient's left-right axis, as gantries tilt, and about the back-front axis.
  for (const orientation of [`1\\0\\0\\0\\${cos}\\${-sin}`, `${cos}\\0\\${sin}\\0\\1\\0`])
    for (const direction of [1, -1]) {
      const slices = [0, 1, 2, 3, 4].map((i) => rampSlice(i, [3, 1, 4 * i * direction], orientation));
      const { volume, warnings } = await read(slices);
      assert.match(warnings.join(), /tilted by 18\.5 degrees/);
      assert.equal(volume.size[2], 5);
      const column = (c: number): Vec3 => [volume.affine[c]!, volume.affine[4 + c]!, volume.affine[8 + c]!];
      for (const [a, b] of [
        [0, 1],
        [0, 2],
        [1, 2],
      ] as const) {
        const [p, q] = [column(a), column(b)];
        assertClose(p[0] * q[0] + p[1] * q[1] + p[2] * q[2], 0, { absolute: 1e-9 });
      }
      assert.ok(checkRamp(volume, -1000) >= 5 * 11 * 9, "no slice was cropped");
    }
});

test("a slight shear stays in the affine", async () => {
  const { volume, warnings } = await read([0, 1, 2].map((i) => rampSlice(i, [0.01 * i, 0, 2 * i])));
  assert.deepEqual(warnings, []);
  assertClose(volume.affine[2]!, -0.01, { absolute: 1e-9 });
  assert.equal(checkRamp(volume, Number.NaN), volume.data.length);
});

test("sagittal slices keep their orientation", async () => {
  const slices = [0, 1, 2].map((i) => rampSlice(i, [2 * i, 5, 6], "0\\1\\0\\0\\0\\-1"));
  const { volume } = await read(slices);
  assert.equal(checkRamp(volume, Number.NaN), volume.data.length);
});

test("the same image in two files counts once", async () => {
  const { volume, warnings } = await read([ctSlice(0, 0), ctSlice(1, 2), ctSlice(0, 0)]);
  assert.equal(volume.size[2], 2);
  assert.match(warnings.join(), /1 file\(s\) hold images that other files hold too/);
});

test("a time series is divided into its volumes, which are picked by --series", async () => {
  const slices = [1, 2, 3].flatMap((time) =>
    [0, 2].map((z, i) => ctSlice(10 * time + i, z, { "00200100": ["IS", `${time}`] })),
  );
  await assert.rejects(read(slices), (error: Error & { hint?: string }) => {
    assert.match(error.message, /3 volumes of the same place \(temporal position 1/);
    assert.match(
      error.hint!,
      /1\.2\.3\.5#2 \(CT, temporal position 2, 2 image\(s\), 4x3x2 of 0\.75x0\.5x2 mm LPS\)/,
    );
    return true;
  });
  const { volume, seriesUid } = await read(slices, { series: "1.2.3.5#2" });
  assert.equal(volume.data[0], -1000 + 2000);
  assert.equal(seriesUid, "1.2.3.5");
  assert.deepEqual(
    (await listDicomSeries(files(...slices))).map(({ uid, part }) => [uid, part]),
    [1, 2, 3].map((n) => [`1.2.3.5#${n}`, `temporal position ${n}`]),
  );
});

test("several series: the error lists them, --series picks, an unknown one is named", async () => {
  const other = (i: number, z: number) =>
    ctSlice(i + 50, z, { "0020000E": ["UI", "1.2.3.6"], "00080060": ["CS", "MR"] });
  const slices = [ctSlice(0, 0), ctSlice(1, 2), other(0, 0), other(1, 3)];
  await assert.rejects(read(slices), (error: Error & { code?: string; hint?: string }) => {
    assert.equal(error.code, "input.dicom-series");
    assert.match(
      error.hint!,
      /1\.2\.3\.5 \(CT, 2 image\(s\), 4x3x2 of 0\.75x0\.5x2 mm LPS\)\n.*1\.2\.3\.6 \(MR/,
    );
    return true;
  });
  const { volume } = await read(slices, { series: "1.2.3.6" });
  assert.deepEqual([volume.modality, volume.unit, volume.affine[10]], ["MR", null, 3]);
  await assert.rejects(read(slices, { series: "9" }), /no series 9/);
  const [first] = await listDicomSeries(files(...slices));
  assert.deepEqual(first, {
    uid: "1.2.3.5",
    part: null,
    modality: "CT",
    images: 2,
    size: [4, 3, 2],
    spacing: [0.75, 0.5, 2],
    orientation: "LPS",
    colour: false,
    problem: null,
  });
});

test("a localizer in another direction is left out; other images in another direction are refused", async () => {
  const turned = (type: string) =>
    ctSlice(9, 0, { "00080008": ["CS", type], "00200037": ["DS", "0\\1\\0\\0\\0\\-1"] });
  const stack = [ctSlice(0, 0), ctSlice(1, 2)];
  const { volume, warnings } = await read([...stack, turned("ORIGINAL\\PRIMARY\\LOCALIZER")]);
  assert.equal(volume.size[2], 2);
  assert.match(warnings.join(), /1 image\(s\) beside the volume were left out \(localizer\)/);
  const {
    "00200032": _p,
    "00200037": _o,
    ...page
  } = ctSlice(8, 0, {
    "00080016": ["UI", "1.2.840.10008.5.1.4.1.1.7"],
  });
  assert.match((await read([...stack, page])).warnings.join(), /secondary capture/);
  await assert.rejects(read([...stack, turned("ORIGINAL\\PRIMARY\\AXIAL")]), {
    code: "input.dicom-orientation",
  });
});

testWithShared(
  "each failing series of dicom2nifti is refused in one sentence",
  [`${DICOM}/dicom2nifti/failing`] as const,
  async ([path]) => {
    const expected: Record<string, [string, RegExp]> = {
      sliceincrement: ["input.dicom-gap", /between z = 28\.11 mm and z = 38\.11 mm .* about 1 slice\b/],
      sliceorientation: ["input.dicom-orientation", /2 different directions/],
      notavolume: ["input.dicom-not-a-volume", /All 4 images of the series lie at the same place/],
    };
    for (const [name, [code, message]] of Object.entries(expected))
      await assert.rejects(
        readDicom(folder(join(path, name, "001"))),
        (error: Error & { code?: string; hint?: string }) => {
          assert.equal(error.code, code);
          assert.match(error.message, message);
          assert.ok(error.hint);
          return true;
        },
      );
    const gap = await readDicom(folder(join(path, "sliceincrement", "001")), { allowGaps: true });
    assert.deepEqual(gap.volume.size, [512, 512, 5]);
    assert.match(gap.warnings.join(), /gap was filled/);
  },
);

/** Stored values of a native 16-bit file, by its own bytes. */
async function storedOf(
  path: string,
): Promise<{ position: number[]; orientation: number[]; values: Int16Array }> {
  const file = parseDicom(await readFile(path), path);
  const { offset } = file.pixelData!;
  return {
    position: file.dataset.numbers("ImagePositionPatient"),
    orientation: file.dataset.numbers("ImageOrientationPatient"),
    values: new Int16Array(file.bytes.slice(offset, offset + 2 * 512 * 512).buffer),
  };
}

testWithShared(
  "a real tilted and uneven CT: original pixels are found at their places",
  [`${DICOM}/ct-series-dcm_qa_ct/GE`] as const,
  async ([path]) => {
    const sources = folder(path).filter(({ name }) => name.endsWith(".dcm"));
    const { volume, warnings } = await readDicom(sources);
    assert.match(warnings.join(), /18\.5 degrees/);
    assert.match(warnings.join(), /unevenly spaced/);
    assert.deepEqual([volume.unit, volume.size[0], volume.size[2]], ["HU", 512, 14]);
    // The first twelve slices lie a step apart: each is a plane of the volume, moved within it.
    const spacing = 0.4882812;
    for (const [k, name] of ["03.dcm", "08.dcm", "14.dcm"].map(
      (name) => [Number(name.slice(0, 2)) - 3, name] as const,
    )) {
      const { position, orientation, values } = await storedOf(join(path, name));
      for (const [c, r] of [
        [100, 100],
        [256, 256],
        [300, 400],
        [17, 480],
      ] as const) {
        const world = [0, 1, 2].map(
          (axis) => position[axis]! + spacing * (c * orientation[axis]! + r * orientation[3 + axis]!),
        ) as [number, number, number];
        const [x, y, z] = inverseOf(volume, [-world[0], -world[1], world[2]]);
        assertClose(x, c, { absolute: 1e-3 });
        assertClose(z, k, { absolute: 2e-3 });
        // Within the plane the volume is bilinear in the rows of the original.
        const part = y - Math.floor(y);
        const at = (j: number) => volume.data[Math.round(x) + 512 * (j + volume.size[1] * k)]!;
        const between = at(Math.floor(y)) * (1 - part) + at(Math.floor(y) + 1) * part;
        const around = [-1, 0, 1].map((d) => values[c + 512 * (r + d)]!);
        assert.ok(
          between >= Math.min(...around) - 1 && between <= Math.max(...around) + 1,
          `${name} ${c},${r}: ${between} is not among ${around}`,
        );
      }
    }
    const first = await storedOf(join(path, "03.dcm"));
    const [x, y] = inverseOf(volume, [-first.position[0]!, -first.position[1]!, first.position[2]!]).map(
      Math.round,
    );
    assert.equal(
      volume.data[x! + 256 + 512 * (y! + 256)],
      first.values[256 + 512 * 256],
      "the first slice is untouched",
    );
  },
);

function inverseOf({ affine }: Volume, [x, y, z]: Vec3): Vec3 {
  // The grid's axes are at right angles: the inverse is the projection onto each.
  const d = [x - affine[3]!, y - affine[7]!, z - affine[11]!];
  const along = (c: number) => {
    const axis = [affine[c]!, affine[4 + c]!, affine[8 + c]!];
    const length = axis.reduce((sum, a) => sum + a * a, 0);
    return axis.reduce((sum, a, i) => sum + a * d[i]!, 0) / length;
  };
  return [along(0), along(1), along(2)];
}

test("a dose grid lies by its frame offsets", async () => {
  const dose = ctSlice(0, 0, {
    "00080060": ["CS", "RTDOSE"],
    "00280008": ["IS", "3"],
    "30040002": ["CS", "GY"],
    "3004000C": ["DS", "0\\2.5\\5"],
    "3004000E": ["DS", "0.5"],
    "7FE00010": ["OW", Array.from({ length: 36 }, (_, i) => i)],
  });
  const { "00281052": _i, "00281053": _s, ...bare } = dose;
  const { volume } = await read([bare]);
  assert.deepEqual([volume.size[2], volume.affine[10], volume.unit, volume.data[35]], [3, 2.5, "Gy", 17.5]);
});

test("stray positions do not blow the volume up", async () => {
  const far = (z: number, x = -10) => ctSlice(z, z, { "00200032": ["DS", `${x}\\-20\\${z}`] });
  await assert.rejects(read([far(0), far(1), far(1e7)], { allowGaps: true }), {
    code: "input.dicom-not-a-volume",
  });
  await assert.rejects(read([far(0), far(1, 1e6), far(2)]), { code: "input.dicom-not-a-volume" });
});

test("the order of files changes nothing", async () => {
  const times = [1, 0.5, 0.25].flatMap((time) =>
    [0, 2].map((z, i) => ctSlice(100 * time + i, z, { "00180081": ["DS", `${time}`] })),
  );
  const turned = [3, 4].map((i) =>
    ctSlice(90 + i, 0, { "00200032": ["DS", `${i}\\0\\0`], "00200037": ["DS", "0\\1\\0\\0\\0\\-1"] }),
  );
  const slices = [...times, ...turned];
  const forwards = await listDicomSeries(files(...slices));
  assert.deepEqual(await listDicomSeries(files(...slices.reverse())), forwards);
  assert.deepEqual(
    forwards.map(({ part }) => part),
    ["geometry 1, echo time 0.25", "geometry 1, echo time 0.5", "geometry 1, echo time 1", "geometry 2"],
  );
});
