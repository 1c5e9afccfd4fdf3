import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { affineOf, type ModelFile, RandomStream, type Size3, type Volume } from "@viscera/core";
import { buildNetwork, initialWeights, writeSafetensors } from "@viscera/nets";
import { writeVolume } from "@viscera/scan/node";
import { fitFamiliarity, type NetworkModel, seeScan, spreadToWeights } from "@viscera/segment";
import { openModel } from "@viscera/segment/node";
import { scratch, viscera } from "./testing.js";

const SIZE: Size3 = [24, 20, 16];
const AFFINE = affineOf([2, 2, 2], [-24, -20, -16]);
const OPTIONS = {
  spatial_dims: 3,
  in_channels: 1,
  out_channels: 2,
  channels: [4, 8],
  strides: [2],
  num_res_units: 1,
};
const random = new RandomStream(9, "choose-model.test");

/** Scans of noise, or of smooth waves; each a little different. */
const KINDS = {
  noise: (n: number) => (i: number) => 100 + 20 * random.normal(n, i),
  waves: (n: number) => (i: number) => 100 + 30 * Math.sin((i % SIZE[0]) / 3 + random.uniform(n, 0)),
};

function scanOf(kind: keyof typeof KINDS, n: number, spacingMm = 2): Volume {
  const affine = AFFINE.map((value, i) => (i < 12 && i % 5 === 0 ? spacingMm : value));
  const data = Float32Array.from({ length: SIZE[0] * SIZE[1] * SIZE[2] }, (_, i) => KINDS[kind](n)(i));
  return { size: SIZE, affine, data, modality: "MR", unit: null };
}

const hash = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** A network of random weights that has "learnt" from one kind of scan. */
async function writeModel(folder: string, kind: keyof typeof KINDS): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const network = buildNetwork("UNet", OPTIONS);
  const weights = writeSafetensors(initialWeights(network, 3));
  const description: ModelFile = {
    schema: 1,
    name: kind,
    version: "1.0.0",
    architecture: { kind: "UNet", options: OPTIONS },
    weights: "weights.safetensors",
    input: {
      modality: ["MR"],
      orientation: "RAS",
      spacingMm: [2, 2, 2],
      patch: [16, 16, 16],
      normalisation: { kind: "zscore" },
      conform: null,
      overlap: 0.5,
      haloVoxels: null,
      mirrorAxes: [],
    },
    labels: [{ id: 1, name: "liver", snomed: null }],
    licence: "CC0-1.0",
    commercialUse: true,
    card: null,
    sha256: hash(weights),
  };
  const write = (file: ModelFile) => writeFileSync(`${folder}/viscera-model.json`, JSON.stringify(file));
  writeFileSync(`${folder}/weights.safetensors`, weights);
  write(description);
  const model = (await openModel(folder, { threads: 1 })) as NetworkModel;
  const scans = [];
  for (let n = 0; n < 8; n++) {
    const volume = scanOf(kind, n);
    const mean = Float64Array.from(volume.data).reduce((sum, value) => sum + value, 0) / volume.data.length;
    let squares = 0;
    for (const value of volume.data) squares += (value - mean) ** 2;
    const sd = Math.sqrt(squares / volume.data.length);
    const data = Float32Array.from(volume.data, (value) => (value - mean) / sd);
    scans.push(await seeScan({ size: SIZE, channels: 1, data }, volume, model, 8));
  }
  await model.dispose();
  const { reference, cases, windows } = fitFamiliarity(scans)!;
  const features = writeSafetensors(spreadToWeights(reference.spread));
  writeFileSync(`${folder}/features.safetensors`, features);
  const outOfDistribution = {
    features: "features.safetensors",
    sha256: hash(features),
    cases,
    windows,
    ...reference.limits,
  };
  write({ ...description, outOfDistribution });
}

describe("without --model", () => {
  const { at, remove } = scratch();
  before(async () => {
    for (const kind of ["noise", "waves"] as const) await writeModel(at("home", "models", kind), kind);
    await writeVolume(at("noise.nii.gz"), scanOf("noise", 40));
    await writeVolume(at("waves.nii.gz"), scanOf("waves", 40));
    await writeVolume(at("large.nii.gz"), scanOf("noise", 41, 8));
  });
  after(remove);
  const segment = (scan: string, ...more: string[]) =>
    viscera(["segment", at(scan), "--out", at(`labels-${scan}`), "--threads", "1", ...more], {
      env: { VISCERA_HOME: at("home") },
    });

  test("the network that knows such scans is taken, and it is said why", () => {
    for (const kind of ["noise", "waves"]) {
      const other = kind === "noise" ? "waves" : "noise";
      const { status, stdout, stderr } = segment(
        `${kind}.nii.gz`,
        "--json",
        "--uncertainty",
        at(`${kind}-u.nii.gz`),
      );
      assert.equal(status, 0, stderr);
      const result = JSON.parse(stdout);
      assert.equal(result.model, `${kind}@1.0.0`);
      assert.match(
        result.chosen,
        new RegExp(`^${kind} fits this .*: it looks like .*; ${other} knows no such scans`),
      );
      assert.equal(result.confidenceIs, "mean probability");
      assert.ok(result.familiarity.distance < result.familiarity.limit);
      assert.equal(result.uncertainty, at(`${kind}-u.nii.gz`));
    }
  });

  test("a scan that none knows is refused with the reasons", () => {
    const { status, stderr } = segment("large.nii.gz");
    assert.equal(status, 2);
    assert.match(
      stderr,
      /No stored model fits this .*\n.*--model.*noise learnt from scans of .* mm, and this one has/,
    );
  });

  test("a network asked for by name runs, and warns", () => {
    const { status, stdout, stderr } = segment("waves.nii.gz", "--model", "noise", "--force");
    assert.equal(status, 0, stderr);
    assert.match(stderr, /looks unlike those the model has learnt from/);
    assert.match(stdout, /Confidence is the network's own mean probability/);
  });
});
