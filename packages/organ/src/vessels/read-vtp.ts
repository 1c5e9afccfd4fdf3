/** Centrelines of VMTK, SimVascular and others: the lines of a VTK PolyData file (.vtp) and what is known at their points. */
import { childOf, childrenOf, type XmlElement } from "@viscera/core";
import type { Point } from "./vector.js";
import { bad, openVtk, type VtkArray, type VtkFile, vtkArray } from "./vtk-arrays.js";

export interface PolyLines {
  points: Point[];
  /** Point numbers of each line. */
  lines: number[][];
  /** By name; one value (or `components`) a point. */
  pointData: Map<string, VtkArray>;
  /** One value a line. */
  lineData: Map<string, VtkArray>;
}

/** Throws `input.xml`, `input.vtp`. */
export async function readVtp(bytes: Uint8Array, name: string): Promise<PolyLines> {
  const file = openVtk(bytes, name);
  const poly = childOf(file.root, "PolyData");
  if (!poly) throw bad(name, "it holds no PolyData");
  const out: PolyLines = { points: [], lines: [], pointData: new Map(), lineData: new Map() };
  const pieces = childrenOf(poly, "Piece");
  if (pieces.length > 1)
    throw bad(name, "it is in several pieces", "Write it as one piece (in ParaView: merge blocks).");
  for (const piece of pieces) {
    const coordinates = childOf(childOf(piece, "Points") ?? piece, "DataArray");
    if (!coordinates) throw bad(name, "it has no points");
    const { values } = await vtkArray(file, coordinates);
    for (let i = 0; i + 2 < values.length; i += 3)
      out.points.push([values[i]!, values[i + 1]!, values[i + 2]!]);
    if (out.points.some((p) => !p.every(Number.isFinite)))
      throw bad(name, "a point's position is not a number");
    out.lines = await cellsOf(file, childOf(piece, "Lines"), out.points.length);
    const verts = Number(piece.attributes.get("NumberOfVerts") ?? 0);
    out.pointData = await dataOf(file, childOf(piece, "PointData"));
    for (const [title, { components, values: all }] of await dataOf(file, childOf(piece, "CellData")))
      out.lineData.set(title, { components, values: all.subarray(components * verts) });
  }
  if (out.lines.length === 0)
    throw bad(
      name,
      "it holds no lines",
      "Surfaces are no centrelines: give the file that a centreline tool wrote.",
    );
  return out;
}

async function cellsOf(file: VtkFile, element: XmlElement | undefined, points: number): Promise<number[][]> {
  const named = (name: string) =>
    element && childrenOf(element, "DataArray").find((array) => array.attributes.get("Name") === name);
  const [connectivity, offsets] = [named("connectivity"), named("offsets")];
  if (!connectivity || !offsets || Number.isNaN(points)) return [];
  const ends = (await vtkArray(file, offsets)).values;
  if (ends.length === 0) return [];
  const all = (await vtkArray(file, connectivity)).values;
  if (all.some((n) => !(n >= 0 && n < points)) || ends.at(-1)! > all.length)
    throw bad(file.name, "its lines name points that do not exist");
  return [...ends].map((end, i) => [...all.subarray(i === 0 ? 0 : ends[i - 1]!, end)]);
}

async function dataOf(file: VtkFile, element: XmlElement | undefined): Promise<Map<string, VtkArray>> {
  const out = new Map<string, VtkArray>();
  for (const array of element ? childrenOf(element, "DataArray") : []) {
    const name = array.attributes.get("Name");
    if (name !== undefined && array.attributes.get("type") !== "String")
      out.set(name, await vtkArray(file, array));
  }
  return out;
}
