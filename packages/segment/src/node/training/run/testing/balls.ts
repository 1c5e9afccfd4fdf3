/** For tests only: a data set of balls in noise, which a small network learns in seconds. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { affineOf, RandomStream, type Size3 } from "@viscera/core";
import { writeVolume } from "@viscera/scan/node";
import type { TrainModelOptions } from "../train-model.js";

export const BALL_SIZE: Size3 = [20, 18, 16];

export interface BallOptions {
  cases: number;
  /** Names of the bright and the dark ball. */
  names?: readonly [string, string];
  /** In every second case the dark ball is not contoured. */
  partial?: boolean;
}

/** Writes a data set as the Decathlon has it and gives the path of its dataset.json. */
export async function writeBalls(
  folder: string,
  { cases, names = ["bright", "dark"], partial = false }: BallOptions,
): Promise<string> {
  const training = [];
  for (const kind of ["imagesTr", "labelsTr"]) mkdirSync(join(folder, kind), { recursive: true });
  const affine = affineOf([2, 2, 2], [-20, -18, -16]);
  const random = new RandomStream(3, "test.balls");
  for (let n = 0; n < cases; n++) {
    const [nx, ny, nz] = BALL_SIZE;
    const scan = new Float32Array(nx * ny * nz);
    const labels = new Uint8Array(scan.length);
    const balls = [5.5, 14.5].map((x, ball) => {
      const shift = (axis: number) => 2 * (random.uniform(n, 10 * ball + axis) - 0.5);
      return { x: x + shift(0), y: ny / 2 + 2 * shift(1), z: nz / 2 + 2 * shift(2), r: 4.5 + shift(3) / 3 };
    });
    for (let z = 0, i = 0; z < nz; z++) {
      for (let y = 0; y < ny; y++) {
        for (let x = 0; x < nx; x++, i++) {
          scan[i] = 100 + 12 * random.normal(1000 + n, i);
          for (const [ball, at] of balls.entries()) {
            if (Math.hypot(x - at.x, y - at.y, z - at.z) > at.r) continue;
            scan[i]! += ball === 0 ? 80 : -60;
            if (!(partial && ball === 1 && n % 2 === 1)) labels[i] = ball + 1;
          }
        }
      }
    }
    const id = `ball_${String(n).padStart(2, "0")}.nii.gz`;
    await writeVolume(join(folder, "imagesTr", id), {
      size: BALL_SIZE,
      affine,
      data: scan,
      modality: "MR",
      unit: null,
    });
    await writeVolume(join(folder, "labelsTr", id), { size: BALL_SIZE, affine, data: labels, labels: [] });
    training.push({ image: `./imagesTr/${id}`, label: `./labelsTr/${id}` });
  }
  const path = join(folder, "dataset.json");
  writeFileSync(
    path,
    JSON.stringify({
      name: "Balls",
      licence: "CC0-1.0",
      modality: { "0": "MRI" },
      labels: { "0": "background", "1": names[0], "2": names[1] },
      ...(partial ? { partial: true } : {}),
      training,
    }),
  );
  return path;
}

/** A training that takes a few milliseconds a step. */
export function toyOptions(out: string, steps: number): TrainModelOptions {
  return {
    out,
    command: "viscera train balls",
    name: "balls",
    budget: { steps },
    plan: { baseFeatures: 6, batch: 1, patch: [16, 16, 16], augmentation: "none" },
    learningRate: 0.01,
    threads: 1,
  };
}
