import {
  type Affine,
  type JobOptions,
  type LabelMap,
  type Size3,
  spacingOf,
  type Volume,
} from "@viscera/core";
import { checkAnatomy, measureOrgans } from "@viscera/organ";

/** Voxels that are measured, about: whole organs need no finer ones. */
const MOST_VOXELS = 4e6;

/** What anatomy does not lead one to expect of labels on a scan's grid, in sentences. Large images are thinned out. */
export async function checkLabels(labels: LabelMap, scan: Volume, options: JobOptions): Promise<string[]> {
  const steps = thinning(labels);
  const organs = await measureOrgans(thinned(labels, steps), thinned(scan, steps), options);
  return checkAnatomy(organs).map(({ message }) => message);
}

/** Every how manieth voxel of each axis: the finest axis is thinned out first. */
function thinning({ size, affine }: LabelMap): Size3 {
  const spacing = spacingOf(affine);
  const steps: [number, number, number] = [1, 1, 1];
  const voxels = () => size.reduce((product, n, axis) => product * Math.ceil(n / steps[axis]!), 1);
  while (voxels() > MOST_VOXELS) {
    const distances = spacing.map((mm, axis) => mm * steps[axis]!);
    steps[distances.indexOf(Math.min(...distances))]! += 1;
  }
  return steps;
}

function thinned<T extends LabelMap | Volume>(image: T, steps: Size3): T {
  if (steps.every((step) => step === 1)) return image;
  const [nx, ny] = image.size;
  const size = image.size.map((n, axis) => Math.ceil(n / steps[axis]!)) as unknown as Size3;
  const data = image.data.slice(0, size[0] * size[1] * size[2]);
  let at = 0;
  for (let k = 0; k < size[2]; k++) {
    for (let j = 0; j < size[1]; j++) {
      const row = nx * (j * steps[1] + ny * k * steps[2]);
      for (let i = 0; i < size[0]; i++) data[at++] = image.data[row + i * steps[0]]!;
    }
  }
  const affine: Affine = image.affine.map((value, i) =>
    i < 12 && i % 4 < 3 ? value * steps[i % 4]! : value,
  );
  return { ...image, size, affine, data };
}
