/** Sorts images into series, and a series that holds several volumes into its parts. */
import { inputError } from "@viscera/core";
import { nameOf } from "./attributes.js";
import { dot, type FrameInfo, type ImageFile, MARKS, type Mark, normalOf } from "./frames.js";
import { isColour } from "./pixels.js";

/** Images that are meant to form one volume. */
export interface Series {
  /** Series UID; with "#1", "#2", ... where a series holds several volumes. */
  id: string;
  uid: string;
  /** What tells this part from the others of its series ("echo 2"), null for a whole series. */
  part: string | null;
  frames: FrameInfo[];
  warnings: string[];
}

/** Name of a series without UID in messages and on the command line. */
export const UNNAMED = "none";

/** Same series by UID; then by image size, direction and pixel spacing; then by what tells volumes apart. */
export function sortIntoSeries(images: readonly ImageFile[]): Series[] {
  const byUid = new Map<string, ImageFile[]>();
  for (const image of images) {
    const uid = image.seriesUid || UNNAMED;
    const list = byUid.get(uid);
    if (list) list.push(image);
    else byUid.set(uid, [image]);
  }
  return [...byUid]
    .sort(([a], [b]) => compareNumbers(a.split("."), b.split(".")))
    .flatMap(([uid, members]) => partsOf(uid, members));
}

function partsOf(uid: string, images: readonly ImageFile[]): Series[] {
  const warnings: string[] = [];
  const unique = withoutDuplicates(images);
  const dropped = images.length - unique.length;
  if (dropped > 0)
    warnings.push(`${dropped} file(s) hold images that other files hold too; they were left out.`);
  let groups = byGeometry(unique.flatMap((image) => image.frames));
  const aside = groups.filter((group) => group.every((frame) => frame.image.aside));
  if (aside.length > 0 && aside.length < groups.length) {
    groups = groups.filter((group) => !aside.includes(group));
    const kinds = [...new Set(aside.flat().map((frame) => frame.image.aside))].sort().join(", ");
    warnings.push(`${aside.flat().length} image(s) beside the volume were left out (${kinds}).`);
  }
  const parts = groups.flatMap((frames, i) =>
    byMarks(frames).map(({ part, frames }) => ({
      part: [groups.length > 1 ? `geometry ${i + 1}` : "", part].filter(Boolean).join(", ") || null,
      frames,
    })),
  );
  return parts.map(({ part, frames }, i) => ({
    id: parts.length > 1 ? `${uid}#${i + 1}` : uid,
    uid,
    part,
    frames,
    warnings,
  }));
}

function withoutDuplicates(images: readonly ImageFile[]): ImageFile[] {
  const seen = new Set<string>();
  return images.filter(({ instanceUid }) => {
    if (instanceUid === null) return true;
    const known = seen.has(instanceUid);
    seen.add(instanceUid);
    return !known;
  });
}

function byGeometry(frames: readonly FrameInfo[]): FrameInfo[][] {
  const groups: FrameInfo[][] = [];
  for (const frame of frames) {
    const group = groups.find((members) => sameGeometry(members[0]!, frame));
    if (group) group.push(frame);
    else groups.push([frame]);
  }
  // Numbered by their own properties, not by the order of files: the largest first, then by direction.
  const key = ({ plane, image }: FrameInfo) =>
    [...(plane?.rowDirection ?? []), ...(plane?.columnDirection ?? []), image.format.rows].map(String);
  return groups.sort((a, b) => b.length - a.length || compareNumbers(key(a[0]!), key(b[0]!)));
}

/** Cosine of the largest angle (0.2 degrees) between directions that count as one. */
const PARALLEL = Math.cos((0.2 * Math.PI) / 180);

function sameGeometry(a: FrameInfo, b: FrameInfo): boolean {
  const [fa, fb] = [a.image.format, b.image.format];
  if (fa.rows !== fb.rows || fa.columns !== fb.columns || isColour(fa) !== isColour(fb)) return false;
  if ((a.plane === null) !== (b.plane === null)) return false;
  if (a.plane && b.plane) {
    if (dot(a.plane.rowDirection, b.plane.rowDirection) < PARALLEL) return false;
    if (dot(a.plane.columnDirection, b.plane.columnDirection) < PARALLEL) return false;
  }
  if ((a.pixelSpacing === null) !== (b.pixelSpacing === null)) return false;
  return !a.pixelSpacing || a.pixelSpacing.every((s, i) => Math.abs(s - b.pixelSpacing![i]!) < 1e-3 * s);
}

/** Number of frames at each place along the normal, in order; images without place count as one each. */
export function placesOf(frames: readonly FrameInfo[]): FrameInfo[][] {
  const first = frames[0]!.plane;
  if (!first) return frames.map((frame) => [frame]);
  const normal = normalOf(first);
  const placed = frames.map((frame) => ({ frame, z: dot(frame.plane!.position, normal) }));
  placed.sort((a, b) => a.z - b.z || a.frame.instanceNumber - b.frame.instanceNumber);
  const tolerance = 0.01 * Math.min(...(frames[0]!.pixelSpacing ?? [1, 1]));
  const places: FrameInfo[][] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const { frame, z } of placed) {
    if (z - last <= tolerance) places.at(-1)!.push(frame);
    else {
      places.push([frame]);
      last = z;
    }
  }
  return places;
}

/** Divides frames of which several lie at one place by the first mark (or two) that makes volumes of them. */
function byMarks(frames: FrameInfo[]): { part: string; frames: FrameInfo[] }[] {
  if (placesOf(frames).length === frames.length) return [{ part: "", frames }];
  const varying = MARKS.filter((mark) => new Set(frames.map((frame) => frame.marks[mark])).size > 1);
  const choices: Mark[][] = [
    ...varying.map((mark) => [mark]),
    ...varying.flatMap((a, i) => varying.slice(i + 1).map((b) => [a, b])),
  ];
  for (const marks of choices) {
    const groups = new Map<string, FrameInfo[]>();
    for (const frame of frames) {
      const key = marks.map((mark) => `${mark} ${frame.marks[mark] || "unset"}`).join(", ");
      const list = groups.get(key);
      if (list) list.push(frame);
      else groups.set(key, [frame]);
    }
    const volumes = [...groups.values()].every(
      (group) => group.length > 1 && placesOf(group).length === group.length,
    );
    if (volumes)
      return [...groups]
        .map(([part, frames]) => ({ part, frames }))
        .sort((a, b) => compareNumbers(a.part.split(/[ ,]+/), b.part.split(/[ ,]+/)));
  }
  return [{ part: "", frames }];
}

/** Order of two lists of words, numbers among them by value. */
function compareNumbers(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [p, q] = [a[i]!, b[i]!];
    const difference = Number(p) - Number(q);
    if (difference) return difference;
    if (Number.isNaN(difference) && p !== q) return p < q ? -1 : 1;
  }
  return a.length - b.length;
}

/**
 * The series asked for: by its id, or the only one there is.
 * @throws `input.dicom-series` listing what there is.
 */
export function pickSeries(
  all: readonly Series[],
  wanted: string | undefined,
  describe: (series: Series) => string,
): Series {
  const candidates =
    wanted === undefined ? all : all.filter(({ id, uid }) => id === wanted || uid === wanted);
  if (candidates.length === 1) return candidates[0]!;
  const shown = candidates.length > 0 ? candidates : all;
  const list = shown.map((series) => `\n  ${describe(series)}`).join("");
  const hint = `Pick one with --series:${list}`;
  if (candidates.length === 0)
    throw inputError("dicom-series", `There is no series ${wanted} among the files.`, hint);
  if (candidates.every(({ uid }) => uid === candidates[0]!.uid)) throw severalParts(candidates, hint);
  throw inputError("dicom-series", `The files hold ${candidates.length} series.`, hint);
}

function severalParts(parts: readonly Series[], hint: string): Error {
  const geometries = byGeometry(parts.map((part) => part.frames[0]!));
  if (geometries.length === 1)
    return inputError(
      "dicom-series",
      `The series holds ${parts.length} volumes of the same place (${parts[0]!.part}, ${parts[1]!.part}${parts.length > 2 ? ", ..." : ""}).`,
      hint,
    );
  const lost = parts.find((part) => !part.frames[0]!.plane);
  if (lost && parts.some((part) => part.frames[0]!.plane))
    return inputError(
      "dicom-missing-tag",
      `${lost.frames.length} image(s) of the series lack ${nameOf("ImagePositionPatient")} or ${nameOf("ImageOrientationPatient")}, so nothing says how they lie to the others.`,
      hint,
    );
  return inputError(
    "dicom-orientation",
    `The images of the series lie in ${geometries.length} different directions, sizes or pixel spacings, so they form no single volume.`,
    hint,
  );
}
