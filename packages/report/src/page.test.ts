import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { VisceraError } from "@viscera/core";
import { unpackImage, unpackLabels } from "./image-packing.js";
import { buildReport, type ReportInput } from "./index.js";
import { type Manifest, unpackMeshes } from "./manifest.js";
import { HOSTILE, hostileCase } from "./testing/hostile-case.js";
import { smallCase } from "./testing/small-case.js";

const block = (page: string, id: string) =>
  new RegExp(`<script[^>]* id="${id}">([^<]*)</script>`).exec(page)![1]!;

/** The page without its script, style and data. */
const prose = (page: string) =>
  page.replace(/<script[\s\S]*?<\/script>/g, "").replace(/<style[\s\S]*?<\/style>/g, "");

test("the same input gives the same bytes", async () => {
  assert.equal(await buildReport(smallCase()), await buildReport(smallCase()));
});

test("nothing on the page comes from anywhere else, and the policy forbids it", async () => {
  const page = await buildReport(smallCase());
  const text = prose(page);
  for (const [, value] of text.matchAll(/(?:src|href|action|data|poster|srcset)="([^"]*)"/g))
    assert.match(value!, /^(#|data:)/);
  const style = /<style>([\s\S]*?)<\/style>/.exec(page)![1]!;
  assert.ok(!/@import|url\((?!["']?data:)/.test(style));
  const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)![1]!.replaceAll("&#39;", "'");
  assert.match(policy, /default-src 'none'/);
  assert.ok(!policy.includes("unsafe"));
  const script = /<script>([\s\S]*?)<\/script>/.exec(page)![1]!;
  for (const [name, content] of [
    ["script-src", script],
    ["style-src", style],
  ] as const) {
    const hash = createHash("sha256").update(content).digest("base64");
    assert.ok(policy.includes(`${name} 'sha256-${hash}'`), `${name} names its own hash`);
  }
  assert.ok(!/ style="| on[a-z]+="/.test(text), "the policy would block these");
});

test("embedded image, labels and surfaces come back as they went in", async () => {
  const input = smallCase();
  const page = await buildReport(input);
  const manifest = JSON.parse(block(page, "manifest")) as Manifest;
  const image = await unpackImage(block(page, "image-data"));
  const labels = await unpackLabels(block(page, "label-data"));
  const [nx, ny, nz] = input.scan.size;
  assert.deepEqual(manifest.grid!.size, [nx, ny, nz]);
  // Stored left-posterior-superior: two axes are reversed for display.
  for (let k = 0; k < nz; k++)
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++) {
        const shown = nx - 1 - i + nx * (ny - 1 - j + ny * k);
        const stored = i + nx * (j + ny * k);
        assert.equal(image[shown], input.scan.data[stored]);
        const id = input.labels.data[stored]!;
        assert.equal(labels[shown], id === 0 ? 0 : id === 5 ? 1 : 2);
      }
  const meshes = await unpackMeshes(manifest.meshes, block(page, "mesh-data"));
  assert.deepEqual(
    meshes.map(({ structure, mesh }) => [structure, mesh.indices.length]),
    input.meshes.map(({ id, mesh }) => [id === 5 ? 1 : 2, mesh.indices.length]),
  );
  for (const { structure, mesh } of meshes) {
    const [cx, cy, cz, radius] = structure === 1 ? [25, 0, 0, 24] : [-32, -8, 5, 15];
    for (let v = 0; v < mesh.positions.length; v += 3) {
      const [x, y, z] = mesh.positions.subarray(v, v + 3) as unknown as [number, number, number];
      assert.ok(Math.abs(Math.hypot(x - cx!, y - cy!, z - cz!) - radius!) < 0.01);
    }
  }
  assert.deepEqual(manifest.charts[0]!.lines[0]!.values.slice(0, 2), [40, 37.10974]);
});

test("a reader finds patient, image, measures, results, warnings, provenance and the notice", async () => {
  const text = prose(await buildReport(smallCase()));
  for (const part of [
    "Research and education only.",
    "54\u00a0years",
    "female",
    "22.5\u00a0kg/m²",
    "120 × 96 × 120\u00a0mm",
    "Liver",
    "Digestive system",
    "reaches the edge of the image",
    "3 pieces",
    "Peak plasma concentration",
    "31.4 to 52.2",
    "133",
    "2.31",
    "The slices are thick.",
    "The lung volume comes from a table.",
    "0123456789ab",
    "2026-11-21 07:06 UTC",
  ])
    assert.ok(text.includes(part), part);
  assert.ok(!text.includes("Synthetic patient"));
  assert.ok(!text.includes("Jane"), "sources of labels may name a person");
});

test("every hostile text is harmless, in the page and in its data", async () => {
  const page = await buildReport(hostileCase());
  assert.ok(!page.includes(HOSTILE));
  assert.ok(!/<img(?![^>]* src="data:image\/png)/.test(prose(page)));
  const plain = await buildReport(smallCase());
  assert.equal(page.match(/<\/?script/g)!.length, plain.match(/<\/?script/g)!.length);
  const csv = /href="data:text\/csv;charset=utf-8;base64,([^"]*)"/.exec(page)![1]!;
  assert.match(Buffer.from(csv, "base64").toString(), /"'=HYPERLINK/);
});

test("structures cut by the image are told once, with names for people", async () => {
  const input = smallCase();
  input.caseFile.warnings.push({
    step: "organs",
    message: "1 structure reaches the edge of the image, so its volume is a lower bound: spleen.",
  });
  const text = prose(await buildReport(input));
  assert.equal(text.match(/lower bound/g), null);
  assert.match(text, /One structure reaches\s+the edge of the image, so part of it may be missing: Spleen\./);
});

test("paths of somebody's machine do not reach the page", async () => {
  const input = smallCase();
  const path = "/home/jane/Doe Jane/scan of Doe.nii.gz";
  input.caseFile.warnings.push({ step: "scan", message: `read from "${path}"` });
  input.caseFile.provenance[0]!.command = `run ${path} --labels C:\\Users\\Doe\\l.nii`;
  input.runs[0]!.config = { file: path, nested: [{ [path]: path }] };
  input.runs[0]!.summary.warnings.push(`see ${path}`);
  input.runs[0]!.summary.tables[0]!.rows.push([path, 1]);
  const page = await buildReport(input);
  const text = prose(page).replace(/data:[^"]*/g, "") + block(page, "manifest");
  assert.ok(!/\b(doe|jane|home)\b/i.test(text));
});

test("a page is made from whatever there is", async () => {
  const empty: ReportInput = {
    ...smallCase(),
    organs: [],
    scan: null,
    labels: null,
    meshes: [],
    runs: [],
  };
  empty.caseFile.patient.ageYears = null;
  empty.caseFile.patient.heightCm = null;
  empty.caseFile.scan = null;
  empty.caseFile.kind = "phantom";
  const text = prose(await buildReport(empty));
  assert.match(text, /No image is stored/);
  assert.match(text, /No surfaces are stored/);
  assert.match(text, /Synthetic patient/);
  assert.match(text, /unknown/);
  assert.ok(!/NaN|undefined|null/.test(text));
  for (const missing of ["scan", "labels"] as const) {
    const page = await buildReport({ ...smallCase(), [missing]: null });
    assert.ok(!/NaN|undefined/.test(prose(page)));
  }
});

test("labels on another grid than the scan are shown where they lie in the world", async () => {
  const input = smallCase();
  const { labels } = input;
  const [nx, ny, nz] = labels.size;
  // The same labels with the first axis stored the other way round.
  const data = labels.data.map((_, at) => labels.data[at - (at % nx) + (nx - 1 - (at % nx))]!) as Uint8Array;
  const affine = [...labels.affine];
  affine[3] = affine[3]! + affine[0]! * (nx - 1);
  affine[0] = -affine[0]!;
  const page = await buildReport({ ...input, labels: { ...labels, affine, data } });
  assert.equal(block(page, "label-data"), block(await buildReport(input), "label-data"));
  assert.equal(ny * nz > 0 && prose(page).includes("resampled onto the image"), true);
});

test("a cancelled job stops", async () => {
  const signal = AbortSignal.abort();
  await assert.rejects(
    buildReport(smallCase(), { signal }),
    (error) => error instanceof VisceraError && error.code === "cancelled",
  );
});
