/** For tests only: small data sets on disk, in the forms that are read. */
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Affine, affineOf, type Size3, voxelCount } from "@viscera/core";
import { writeVolume } from "@viscera/scan/node";

export const temporaryFolder = () => mkdtemp(join(tmpdir(), "viscera-training-"));

export async function writeJson(path: string, value: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, typeof value === "string" ? value : JSON.stringify(value));
}

/** A cube of each value side by side in a label image of background. */
export function cubes(size: Size3, values: readonly number[]): Uint8Array {
  const out = new Uint8Array(voxelCount(size));
  const [nx, ny, nz] = size;
  for (let k = 1; k < nz - 1; k++)
    for (let j = 1; j < ny - 1; j++)
      for (let i = 0; i < nx; i++) {
        const value = values[Math.floor((i * values.length) / nx)];
        if (value !== undefined && i % Math.floor(nx / values.length) !== 0)
          out[i + nx * (j + ny * k)] = value;
      }
  return out;
}

export async function writeImage(
  path: string,
  size: Size3,
  value: (index: number) => number,
  affine: Affine = affineOf([1, 1, 1]),
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const data = Float32Array.from({ length: voxelCount(size) }, (_, i) => value(i));
  await writeVolume(path, { size, affine, data, modality: null, unit: null });
}

/** Labels, stored as int16 as other tools do. */
export async function writeLabels(
  path: string,
  size: Size3,
  values: readonly number[],
  affine: Affine = affineOf([1, 1, 1]),
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const data = Int16Array.from(cubes(size, values));
  await writeVolume(path, { size, affine, data, modality: null, unit: null });
}

export const SIZE: Size3 = [12, 10, 8];

/** Cases `a`, `b`, `c`: images/<id>.nii.gz brighter within the structures 1 and 2, labels/<id>.nii.gz. */
export async function writeCases(
  folder: string,
  {
    ids = ["a", "b", "c"],
    size = SIZE,
    images = "images",
    labels = "labels",
    suffix = "",
    values = [1, 2] as readonly number[],
    affine = affineOf([1, 1, 1]) as Affine,
  } = {},
): Promise<void> {
  const map = cubes(size, values);
  for (const [n, id] of ids.entries()) {
    const value = (i: number) => 100 * map[i]! + ((i * 7919 + n) % 13);
    await writeImage(join(folder, images, `${id}${suffix}.nii.gz`), size, value, affine);
    await writeLabels(join(folder, labels, `${id}.nii.gz`), size, values, affine);
  }
}
