import {
  affineOf,
  type Grid,
  type JobOptions,
  type LabelMap,
  throwIfCancelled,
  type Vec3,
  type Volume,
} from "@viscera/core";
import { completeLabels } from "@viscera/organ";
import { addAbdomen, addKidneyMedulla, addLiverVessels } from "./abdomen.js";
import { Anatomy } from "./anatomy.js";
import type { Body } from "./body.js";
import { addSmallBowel } from "./bowel.js";
import { IntensityMaker } from "./intensities.js";
import { addLungVessels, lobeFinder } from "./lungs.js";
import { addMuscles } from "./muscles.js";
import { type PhantomParameters, phantomParameters } from "./parameters.js";
import { drawPerson, type PhantomPatient } from "./population.js";
import { type Canvas, calibrate, canvasOf, diaphragmMap, draw, fillBody } from "./rasterise.js";
import type { Shape, Tube } from "./shapes.js";
import { addSkeleton } from "./skeleton.js";
import { addBreasts } from "./surface.js";
import { addThorax } from "./thorax.js";
import { removeCrumbs } from "./tidy.js";
import { TISSUES } from "./tissues.js";
import { addTumour } from "./tumour.js";

/** A vessel's true centre line, from the heart outwards (veins: in either direction). */
export interface VesselTruth {
  /** The label's name; branches of one label carry a suffix. */
  name: string;
  /** World RAS, mm. */
  points: [number, number, number][];
  radiiMm: number[];
}

export interface PhantomTruth {
  /** Volume of every label in the image by its voxels, mL. */
  organVolumesMl: Record<string, number>;
  /** Volume each organ was shaped to have in the whole patient, mL; organs without a target are absent. */
  targetVolumesMl: Record<string, number>;
  vessels: VesselTruth[];
  /** As used: size and spacing filled in; what was drawn for the patient is in `Phantom.patient`. */
  parameters: PhantomParameters;
}

export interface Phantom {
  /** Int16: HU for a CT, arbitrary units for an MR. */
  scan: Volume;
  /** Uint8, ids of TotalSegmentator v2 where it has the class, from 200 on for others. */
  labels: LabelMap;
  patient: PhantomPatient;
  truth: PhantomTruth;
}

/** Lowest and highest level of each field of view in the reference frame, mm. */
const FIELDS = { torso: [-215, 374], abdomen: [-215, 185], chest: [60, 376] } as const;
/** Spacing of the coarse drawing in which organ volumes are set, mm. */
const PILOT_MM = 6;

function chooseGrid(parameters: PhantomParameters, body: Body): Grid {
  const { size, field, couch, modality } = parameters;
  const [low, high] = FIELDS[field];
  const [sx, sy, sz] = body.scale;
  let width = 0;
  let front = 0;
  let back = 0;
  for (let w: number = low; w <= high; w += 10) {
    const skin = body.skin(w);
    width = Math.max(width, skin.a * sx);
    front = Math.max(front, (skin.centre + skin.b) * sy);
    back = Math.min(back, (skin.centre - skin.b) * sy);
  }
  front += body.sex === "female" && field !== "abdomen" ? 12 : 0;
  back -= couch && modality === "CT" ? 45 : 0;
  const spacing =
    parameters.spacingMm ??
    ((plane: number): Vec3 => [plane, plane, ((high - low) * sz) / size[2]])(
      Math.ceil(20 * Math.max((2 * width + 24) / size[0], (front - back + 24) / size[1])) / 20,
    );
  const centre = [0, (front + back) / 2, ((low + high) / 2) * sz];
  const origin = centre.map((c, axis) => c - ((size[axis]! - 1) / 2) * spacing[axis]!) as unknown as Vec3;
  return { size, affine: affineOf(spacing, origin) };
}

/** The coarse canvas that holds the whole torso. */
function pilotCanvas(body: Body): Canvas {
  const [sx, sy, sz] = body.scale;
  const low: Vec3 = [-215 * sx, -150 * sy, -225 * sz];
  const extent = [430 * sx, 330 * sy, 605 * sz];
  const size = extent.map((length) => Math.ceil(length / PILOT_MM)) as unknown as Vec3;
  return canvasOf({ size, affine: affineOf([PILOT_MM, PILOT_MM, PILOT_MM], low) });
}

/** Narrows a vessel half way along by a percentage of its diameter, over about 1.5 diameters each side. */
function narrow(tube: Tube, percent: number): void {
  const along = [0];
  for (let i = 1; i < tube.radii.length; i++)
    along.push(
      along[i - 1]! +
        Math.hypot(
          tube.points[3 * i]! - tube.points[3 * i - 3]!,
          tube.points[3 * i + 1]! - tube.points[3 * i - 2]!,
          tube.points[3 * i + 2]! - tube.points[3 * i - 1]!,
        ),
    );
  const middle = Math.round(tube.radii.length / 2);
  const width = Math.max(5, 2 * tube.radii[middle]!);
  for (let i = 0; i < tube.radii.length; i++) {
    const depth = Math.exp(-(((along[i]! - along[middle]!) / width) ** 2));
    tube.radii[i] = tube.radii[i]! * (1 - (percent / 100) * depth);
  }
}

/** Lets timers and other work of the thread run. */
const breathe = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

/**
 * Makes a synthetic patient: an image, its true labels, and the physiology that belongs to them. The result
 * depends on the parameters alone. Throws `usage` on wrong parameters, `cancelled` when the signal fires.
 */
export async function createPhantom(
  given: Partial<PhantomParameters> = {},
  options: JobOptions = {},
): Promise<Phantom> {
  const parameters = phantomParameters(given);
  const { signal, onProgress } = options;
  const person = drawPerson(parameters);
  const anatomy = new Anatomy(person, parameters.seed);
  const { body } = anatomy;

  addSkeleton(anatomy);
  addThorax(anatomy);
  addAbdomen(anatomy);
  addMuscles(anatomy);
  addSmallBowel(anatomy);
  const { stenosis, tumour } = parameters;
  const narrowed = stenosis && anatomy.vessels.find((vessel) => vessel.name === stenosis.artery);
  if (stenosis && narrowed) narrow(narrowed, stenosis.percent);
  const lobe = lobeFinder(anatomy);
  const pilot = pilotCanvas(body);
  onProgress?.({ stage: "shaping organs", done: 0, total: 1 });
  calibrate(pilot, body, anatomy.shapes);
  // Solids take room from each other; details are drawn into what is there, also into what fills the body.
  const solids = anatomy.shapes.filter((shape) => shape.recolour[0] !== 0);
  const details = anatomy.shapes.filter((shape) => shape.recolour[0] === 0);
  const laidOut = anatomy.shapes.length;
  addKidneyMedulla(anatomy);
  addLiverVessels(anatomy);
  addLungVessels(anatomy);
  addBreasts(anatomy);
  if (tumour) {
    fillBody(pilot, body, lobe, 0, pilot.size[2], diaphragmMap(pilot, body), anatomy.bumps);
    addTumour(anatomy, pilot, tumour.organ, tumour.volumeMl);
  }
  details.push(...anatomy.shapes.slice(laidOut));

  const grid = chooseGrid(parameters, body);
  const canvas = canvasOf(grid);
  const [nx, ny, nz] = grid.size;
  const total = solids.length + details.length + 2 * nz;
  let done = 0;
  const step = async (stage: string, amount: number) => {
    done += amount;
    throwIfCancelled(signal);
    onProgress?.({ stage, done, total });
    await breathe();
  };
  const drawAll = async (shapes: readonly Shape[]) => {
    for (let i = 0; i < shapes.length; i++) {
      draw(canvas, body, shapes[i]!);
      if (i % 24 === 23) await step("drawing organs", 24);
    }
    await step("drawing organs", shapes.length % 24);
  };
  await drawAll(solids);
  const diaphragm = diaphragmMap(canvas, body);
  const slab = Math.max(1, Math.ceil(4e6 / (nx * ny)));
  for (let k = 0; k < nz; k += slab) {
    const end = Math.min(nz, k + slab);
    fillBody(canvas, body, lobe, k, end, diaphragm, anatomy.bumps);
    await step("filling the body", end - k);
  }
  await drawAll(details);
  removeCrumbs(canvas);

  const scan = new Int16Array(nx * ny * nz);
  const write = new IntensityMaker(canvas, body, parameters, person.patient.ageYears).writer(scan);
  for (let k = 0; k < nz; k += slab) {
    const end = Math.min(nz, k + slab);
    write(k, end);
    await step("making the image", end - k);
  }

  const labelOf = new Uint8Array(256);
  for (const { id, labelId } of TISSUES.values()) labelOf[id] = labelId;
  const counts = new Float64Array(256);
  const data = canvas.tissue;
  for (let i = 0; i < data.length; i++) {
    const id = labelOf[data[i]!]!;
    data[i] = id;
    counts[id]!++;
  }
  const present = [...TISSUES.values()].filter(({ id, labelId }) => id === labelId && counts[id]! > 0);
  const labels = completeLabels(present, "phantom");
  const voxelMl = (canvas.spacing[0] * canvas.spacing[1] * canvas.spacing[2]) / 1000;
  return {
    scan: {
      ...grid,
      data: scan,
      modality: parameters.modality === "CT" ? "CT" : "MR",
      unit: parameters.modality === "CT" ? "HU" : null,
    },
    labels: { ...grid, data, labels },
    patient: person.patient,
    truth: {
      organVolumesMl: Object.fromEntries(labels.map(({ id, name }) => [name, counts[id]! * voxelMl])),
      targetVolumesMl: person.targetsMl,
      vessels: anatomy.vessels.map((vessel) => ({
        name: vessel.name,
        points: Array.from(
          vessel.radii,
          (_, i) => [...vessel.points.subarray(3 * i, 3 * i + 3)] as [number, number, number],
        ),
        radiiMm: [...vessel.radii],
      })),
      parameters: { ...parameters, spacingMm: canvas.spacing as Vec3 },
    },
  };
}
