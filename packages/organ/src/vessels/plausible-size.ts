import { inputError } from "@viscera/core";

/** Radii (mm) that no vessel of a body has: thinner than an image shows, wider than the widest aneurysm. */
const THINNEST_MM = 0.04;
const WIDEST_MM = 120;
/** The great vessels, of which more is known (mm, with the widest aneurysms and the smallest children). */
const GREAT = /^(aorta|inferior_vena_cava|superior_vena_cava|pulmonary_artery)/;
const GREAT_MM: readonly [number, number] = [1.8, 120];

/** Throws `input.units` for a vessel whose widest radius (mm) shows that its lengths are not in millimetres. */
export function checkVesselSize(name: string, radiusMm: number): void {
  const [least, most] = GREAT.test(name) ? GREAT_MM : [THINNEST_MM, WIDEST_MM];
  if (radiusMm >= least && radiusMm <= most) return;
  const unit = [
    { name: "metres", factor: 1000 },
    { name: "centimetres", factor: 10 },
    { name: "micrometres", factor: 0.001 },
  ].find(
    ({ factor }) => radiusMm * factor >= Math.max(least, 0.2) && radiusMm * factor <= Math.min(most, 40),
  );
  throw inputError(
    "units",
    `${name} is ${+radiusMm.toPrecision(2)} mm in radius, which no vessel of a body is` +
      `${unit ? `: its lengths seem to be in ${unit.name}` : ""}.`,
    unit
      ? `Multiply the voxel spacing by ${unit.factor}, so that it is in millimetres.`
      : "Check the voxel spacing in the file's header.",
  );
}
