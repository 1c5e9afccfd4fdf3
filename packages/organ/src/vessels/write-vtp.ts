import type { VesselsFile } from "@viscera/core";

/**
 * Centrelines as VTK PolyData (.vtp, written out as text) for ParaView, VMTK and SimVascular: a line for each segment
 * from its start to its end, positions in RAS mm. Names of arrays are VMTK's where it has them.
 */
export function encodeVtp({ trees }: VesselsFile): string {
  const segments = trees.flatMap((tree, t) => tree.segments.map((segment, s) => ({ segment, t, s })));
  const flat = <T>(value: (segment: (typeof segments)[number]["segment"]) => readonly T[]) =>
    segments.flatMap(({ segment }) => value(segment));
  const points = flat((segment) => segment.pointsMm);
  let end = 0;
  const offsets = segments.map(({ segment }) => (end += segment.pointsMm.length));
  const array = (name: string, type: string, values: readonly (number | boolean)[], components = 1) =>
    `        <DataArray type="${type}" Name="${name}" NumberOfComponents="${components}" format="ascii">${values
      .map((value) => (type === "Float64" ? String(+Number(value).toPrecision(9)) : String(Number(value))))
      .join(" ")}</DataArray>\n`;
  const abscissas = flat(({ pointsMm, lengthMm }) =>
    pointsMm.map((_, i) => (lengthMm * i) / (pointsMm.length - 1)),
  );
  return [
    '<?xml version="1.0"?>\n<VTKFile type="PolyData" version="1.0" byte_order="LittleEndian" header_type="UInt64">\n',
    "  <!-- SPACE=RAS UNIT=mm -->\n  <PolyData>\n",
    `    <Piece NumberOfPoints="${points.length}" NumberOfVerts="0" NumberOfLines="${segments.length}" NumberOfStrips="0" NumberOfPolys="0">\n`,
    '      <PointData Scalars="Radius">\n',
    array(
      "Radius",
      "Float64",
      flat((segment) => segment.radiusMm),
    ),
    array(
      "MaximumInscribedSphereRadius",
      "Float64",
      flat((segment) => segment.inscribedRadiusMm),
    ),
    array(
      "CenterlineSectionArea",
      "Float64",
      flat((segment) => segment.areaMm2),
    ),
    array(
      "Curvature",
      "Float64",
      flat((segment) => segment.curvaturePerMm),
    ),
    array("Abscissas", "Float64", abscissas),
    array(
      "Regular",
      "Int32",
      flat((segment) => segment.regular),
    ),
    "      </PointData>\n      <CellData>\n",
    array(
      "TreeId",
      "Int32",
      segments.map(({ t }) => t),
    ),
    array(
      "GroupIds",
      "Int32",
      segments.map(({ s }) => s),
    ),
    "      </CellData>\n      <Points>\n",
    array("Points", "Float64", points.flat(), 3),
    "      </Points>\n      <Lines>\n",
    array("connectivity", "Int64", [...points.keys()]),
    array("offsets", "Int64", offsets),
    "      </Lines>\n    </Piece>\n  </PolyData>\n</VTKFile>\n",
  ].join("");
}
