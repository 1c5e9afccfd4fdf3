import { inputError, type VesselsFile, type VesselTree } from "@viscera/core";
import { assembleTree, type LooseNode, type LooseSegment } from "./assemble-tree.js";
import { type Network, networkOf, type Station } from "./merge-lines.js";
import { checkVesselSize } from "./plausible-size.js";
import { arcLengths, curvatures, pointAlong } from "./polyline.js";
import { type PolyLines, readVtp } from "./read-vtp.js";
import { findStenoses, fitTaper } from "./taper.js";
import type { Point } from "./vector.js";

export interface ImportOptions {
  /** Millimetres in the file's unit of length (SimVascular: often 10, for centimetres). Default 1. */
  unitMm?: number;
  /** Axes of the file's positions: `LPS` is turned to RAS. Default `RAS`, which leaves them alone. */
  frame?: "RAS" | "LPS";
  snomed?: string | null;
}

/** Names under which centreline tools write the radius and the area of the cross-section. */
const RADIUS = ["MaximumInscribedSphereRadius", "Radius", "radius"];
const AREA = ["CenterlineSectionArea", "Area", "area"];

/**
 * Centrelines that another tool wrote (.vtp of VMTK, SimVascular, Slicer) as vessel trees. Areas are those of the file,
 * else of circles. Throws `input.vtp`, `input.xml`, `input.units`.
 */
export async function importCentrelines(
  bytes: Uint8Array,
  name: string,
  fileName: string,
  options: ImportOptions = {},
): Promise<VesselsFile> {
  const lines = await readVtp(bytes, fileName);
  const network = networkOf(lines, stationsOf(lines, fileName, options));
  const trees = connectedParts(network).map(treeOf);
  if (trees.length === 0) throw inputError("vtp", `${fileName} holds no line of two points or more.`);
  checkVesselSize(
    name,
    Math.max(...trees.flatMap((tree) => tree.segments.map((segment) => segment.meanRadiusMm))),
  );
  trees.sort((a, b) => b.lengthMm - a.lengthMm);
  return {
    schema: 1,
    name,
    snomed: options.snomed ?? null,
    source: `import:${fileName}`,
    voxelMm: null,
    trees,
    warnings: [],
  };
}

function stationsOf(
  lines: PolyLines,
  fileName: string,
  { unitMm = 1, frame = "RAS" }: ImportOptions,
): Station[] {
  const named = (names: readonly string[]) =>
    names
      .map((name) => lines.pointData.get(name))
      .find((array) => array?.values.length === lines.points.length);
  const [radius, area] = [named(RADIUS), named(AREA)];
  if (!radius && !area) {
    throw inputError(
      "vtp",
      `${fileName} has no radii: an array named ${RADIUS[0]} is needed.`,
      "Write the centrelines with their radii.",
    );
  }
  const flip = frame === "LPS" ? -1 : 1;
  return lines.points.map((p, i) => {
    const areaMm2 = area && area.values[i]! > 0 ? area.values[i]! * unitMm ** 2 : null;
    const radiusMm = radius ? radius.values[i]! * unitMm : Math.sqrt((areaMm2 ?? 0) / Math.PI);
    if (!(radiusMm > 0))
      throw inputError(
        "vtp",
        `${fileName} has a radius of ${radiusMm} at point ${i}.`,
        "Every point needs its radius.",
      );
    return { position: [flip * unitMm * p[0], flip * unitMm * p[1], unitMm * p[2]], radiusMm, areaMm2 };
  });
}

function connectedParts(network: Network): Network[] {
  const part = network.nodes.map((_, n) => n);
  for (let changed = true; changed; ) {
    changed = false;
    for (const { from, to } of network.segments) {
      const least = Math.min(part[from]!, part[to]!);
      if (part[from] !== least || part[to] !== least) changed = true;
      part[from] = least;
      part[to] = least;
    }
  }
  const wanted = [...new Set(network.segments.map(({ from }) => part[from]!))];
  return wanted.map((number) => {
    const members = part.flatMap((p, n) => (p === number ? [n] : []));
    const renumbered = new Map(members.map((n, i) => [n, i]));
    return {
      nodes: members.map((n) => network.nodes[n]!),
      segments: network.segments
        .filter(({ from }) => part[from] === number)
        .map((segment) => ({
          ...segment,
          from: renumbered.get(segment.from)!,
          to: renumbered.get(segment.to)!,
        })),
      root: network.root === null ? null : (renumbered.get(network.root) ?? null),
    };
  });
}

function treeOf({ nodes, segments, root }: Network): VesselTree {
  const degree = nodes.map((_, n) =>
    segments.reduce((sum, s) => sum + (s.from === n ? 1 : 0) + (s.to === n ? 1 : 0), 0),
  );
  const loose: LooseNode[] = nodes.map(({ position, radiusMm }) => ({
    positionMm: position,
    radiusMm,
    cut: false,
  }));
  const measured = segments.map(({ from, to, stations }): LooseSegment => {
    // Near a cap the largest sphere is smaller than the vessel, and VMTK's lines go on to the cap.
    const zone = (n: number) => (degree[n]! >= 3 ? 1.5 : 1) * nodes[n]!.radiusMm;
    return { from, to, ...measuresOf(stations, zone(from), zone(to)) };
  });
  return assembleTree(loose, measured, root ?? undefined);
}

function measuresOf(
  stations: readonly Station[],
  before: number,
  after: number,
): Omit<LooseSegment, "from" | "to"> {
  const given = stations.map(({ position }) => position);
  const arcGiven = arcLengths(given);
  const lengthMm = arcGiven.at(-1)!;
  const radii = stations.map(({ radiusMm }) => radiusMm).sort((a, b) => a - b);
  const usual = radii[radii.length >> 1]!;
  const count = Math.max(3, Math.min(5000, Math.round(lengthMm / (usual / 6)) + 1));
  const at = Array.from({ length: count }, (_, i) => (lengthMm * i) / (count - 1));
  const pointsMm = at.map((mm) => pointAlong(given, arcGiven, mm));
  /** A value along the line, by way of a polyline of which it is a coordinate. */
  const along = (value: (station: Station) => number) => {
    const line = stations.map((station, i): Point => [arcGiven[i]!, value(station), 0]);
    let i = 0;
    return at.map((mm) => {
      while (i < line.length - 2 && arcGiven[i + 1]! < mm) i++;
      const [a, b] = [line[i]!, line[i + 1]!];
      const t = b[0] > a[0] ? Math.min(1, Math.max(0, (mm - a[0]) / (b[0] - a[0]))) : 0;
      return a[1] + t * (b[1] - a[1]);
    });
  };
  const inscribed = along(({ radiusMm }) => radiusMm);
  const areaMm2 = along(({ radiusMm, areaMm2: area }) => area ?? Math.PI * radiusMm ** 2);
  const radiusMm = areaMm2.map((area) => Math.sqrt(area / Math.PI));
  const arc = arcLengths(pointsMm);
  const regular = at.map((mm) => mm >= before && lengthMm - mm >= after);
  const own = regular.some(Boolean) ? radiusMm.filter((_, i) => regular[i]) : radiusMm;
  const taper = fitTaper(arc, radiusMm, regular);
  return {
    lengthMm,
    pointsMm,
    radiusMm,
    inscribedRadiusMm: inscribed.map((r, i) => Math.min(r, radiusMm[i]!)),
    areaMm2,
    curvaturePerMm: curvatures(pointsMm, 9),
    regular,
    meanRadiusMm: own.reduce((sum, r) => sum + r, 0) / own.length,
    taper,
    stenoses: findStenoses(pointsMm, arc, radiusMm, regular, taper),
    flags: [],
  };
}
