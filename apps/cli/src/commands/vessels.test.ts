import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { affineOf, caseFileSchema, type LabelMap, parseJson, vesselsFileSchema } from "@viscera/core";
import { importCentrelines } from "@viscera/organ";
import { writeVolume } from "@viscera/scan/node";
import { viscera as command } from "./testing.js";

const viscera = (...args: string[]) => command(args);

/** A straight aorta of radius 8 mm that the image cuts at its upper end, a ball as liver, three voxels of a renal artery. */
function body(spacingMm: number): LabelMap {
  const size = [32, 32, 48] as const;
  const data = new Uint8Array(32 * 32 * 48);
  for (let k = 0; k < 48; k++)
    for (let j = 0; j < 32; j++)
      for (let i = 0; i < 32; i++) {
        const v = i + 32 * (j + 32 * k);
        if (k > 6 && Math.hypot(i - 9.3, j - 9.7) < 4) data[v] = 1;
        else if (Math.hypot(i - 22, j - 22, k - 20) < 7) data[v] = 2;
      }
  data.fill(3, 31, 32);
  const label = (id: number, name: string) => ({ id, name, snomed: null, color: "#c8202f", source: "test" });
  return {
    data,
    size,
    affine: affineOf([spacingMm, spacingMm, spacingMm]),
    labels: [label(1, "aorta"), label(2, "liver"), label(3, "renal_artery_left")],
  };
}

describe("vessels on the command line", () => {
  let root = "";
  let labels: string[] = [];
  before(async () => {
    root = mkdtempSync(join(tmpdir(), "viscera vessels "));
    await writeVolume(join(root, "seg.nii.gz"), body(2));
    await writeVolume(join(root, "metres.nii.gz"), body(0.002));
    writeFileSync(join(root, "names.tsv"), "id\tname\n1\taorta\n2\tliver\n3\trenal_artery_left\n");
    labels = [join(root, "seg.nii.gz"), "--label-names", join(root, "names.tsv")];
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  test("organs --vessels follows what is known to be a vessel and says what it left out", async () => {
    const out = join(root, "organs");
    const { status, stdout, stderr } = viscera("organs", ...labels, "--vessels", "--out", out, "--json");
    assert.equal(status, 0, stderr);
    const { vessels } = JSON.parse(stdout);
    assert.equal(vessels.length, 1);
    assert.equal(vessels[0].file, "vessels/aorta.json");
    assert.equal(vessels[0].trees[0].cutEnds, 1);
    assert.deepEqual(readdirSync(join(out, "vessels")).sort(), ["aorta.json", "aorta.vtp"]);
    const file = parseJson(
      readFileSync(join(out, "vessels/aorta.json"), "utf8"),
      vesselsFileSchema,
      "aorta.json",
    );
    assert.ok(Math.abs(file.trees[0]!.meanRadiusMm - 8) < 0.5);
    assert.ok(Math.abs(file.trees[0]!.lengthMm - 82) < 3);
    assert.equal(file.snomed, "15825003");
    const vtp = await importCentrelines(readFileSync(join(out, "vessels/aorta.vtp")), "aorta", "aorta.vtp");
    assert.ok(Math.abs(vtp.trees[0]!.lengthMm - file.trees[0]!.lengthMm) < 0.01);
    const table = viscera("organs", ...labels, "--vessels", "aorta", "--out", out, "--force");
    assert.match(table.stdout, /aorta +8\d\.\d +[78]\.\d\d +1 +0 +0 +0 +1/);
    assert.match(table.stdout + table.stderr, /cut by the image border at 1 end/);
    assert.equal(viscera("organs", ...labels, "--out", out, "--force").status, 0);
    assert.ok(!existsSync(join(out, "vessels")), "centrelines of an earlier call would pass for this one's");
  });

  test("names that are not there, vessels too small and metres are told in a sentence, and nothing is written", () => {
    const refused = (status: number, message: RegExp, path: string, ...names: string[]) => {
      const out = join(root, "none");
      const result = viscera(
        "organs",
        join(root, path),
        ...labels.slice(1),
        "--vessels",
        ...names,
        "--out",
        out,
      );
      assert.equal(result.status, status, result.stderr);
      assert.match(result.stderr, message);
      assert.doesNotMatch(result.stderr, /\n\s+at /);
      assert.ok(!existsSync(out));
    };
    refused(2, /no structure "femoral".*\nVessels in the labels: aorta/, "seg.nii.gz", "femoral");
    refused(2, /empty name/, "seg.nii.gz", "aorta,");
    refused(3, /renal_artery_left is only one voxel/, "seg.nii.gz", "renal_artery_left");
    refused(3, /aorta.*seem to be in metres/, "metres.nii.gz", "aorta");
  });

  test("centrelines of another tool are brought, whatever their unit and axes", () => {
    const arrays = (scale: number, flip: number) => `<?xml version="1.0"?>
<VTKFile type="PolyData" byte_order="LittleEndian"><PolyData><Piece NumberOfPoints="3" NumberOfVerts="0" NumberOfLines="1">
<PointData><DataArray type="Float64" Name="MaximumInscribedSphereRadius" format="ascii">${[8, 8, 6].map((r) => r * scale).join(" ")}</DataArray></PointData>
<Points><DataArray type="Float64" NumberOfComponents="3" format="ascii">${[
      [18.6, 19.4, 94],
      [18.6, 19.4, 50],
      [18.6, 19.4, 16],
    ]
      .map(([x, y, z]) => [x! * flip * scale, y! * flip * scale, z! * scale].join(" "))
      .join(" ")}</DataArray></Points>
<Lines><DataArray type="Int64" Name="connectivity" format="ascii">0 1 2</DataArray><DataArray type="Int64" Name="offsets" format="ascii">3</DataArray></Lines>
</Piece></PolyData></VTKFile>`;
    writeFileSync(join(root, "cm.vtp"), arrays(0.1, -1));
    const out = join(root, "brought");
    const args = ["--centrelines", `aorta=${join(root, "cm.vtp")}`, "--out", out, "--json"];
    const { status, stdout, stderr } = viscera(
      "organs",
      ...labels,
      ...args,
      "--centrelines-unit",
      "cm",
      "--vessels",
      "aorta",
    );
    assert.equal(status, 0, stderr);
    const [vessel] = JSON.parse(stdout).vessels;
    assert.ok(Math.abs(vessel.trees[0].lengthMm - 78) < 1e-6);
    const file = parseJson(
      readFileSync(join(out, "vessels/aorta.json"), "utf8"),
      vesselsFileSchema,
      "aorta.json",
    );
    assert.deepEqual(file.trees[0]!.nodes[0]!.positionMm, [18.6, 19.4, 94]);
    assert.equal(file.source, "import:cm.vtp");
    const wrong = viscera("organs", ...labels, ...args, "--force");
    assert.equal(wrong.status, 3);
    assert.match(wrong.stdout + wrong.stderr, /aorta.*centimetres/);
    assert.equal(viscera("organs", ...labels, "--centrelines", "aorta", "--out", join(root, "no")).status, 2);
    const absent = viscera(
      "organs",
      ...labels,
      "--centrelines",
      "aorta=absent.vtp",
      "--out",
      join(root, "no"),
    );
    assert.equal(absent.status, 3);
  });

  test("run --vessels makes them a step of the case", async () => {
    const out = join(root, "case");
    const { status, stderr } = viscera(
      ...["run", labels[0]!, "--labels", ...labels, "--vessels", "aorta", "--out", out, "--json"],
    );
    assert.equal(status, 0, stderr);
    const file = parseJson(readFileSync(join(out, "case.json"), "utf8"), caseFileSchema, "case.json");
    assert.ok(file.finished.includes("vessels"));
    assert.ok(existsSync(join(out, "vessels/aorta.json")));
  });
});
