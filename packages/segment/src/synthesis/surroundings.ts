/** What lies beside a body in a scanner. */
import type { Contrast } from "./contrast.js";
import type { Draws } from "./draws.js";
import type { Canvas, Tissues } from "./paint.js";
import type { SynthesisSpec } from "./spec.js";
import { UNLISTED } from "./table.js";

/** A couch below (curved or flat) and rods or limbs along the body, wherever there is air. */
export function paintSurroundings(
  { regions, mean, sd }: Canvas,
  { labels, tissueAt, size, table }: Tissues,
  spec: SynthesisSpec,
  contrast: Contrast,
  draws: Draws,
): void {
  const air = table.tissues.map((tissue) => tissue.air);
  const [nx, ny, nz] = size;
  const add = (ct: readonly [number, number], texture: number) => {
    sd.push(contrast.texture([0, texture]));
    return mean.push(contrast.thingMean(ct)) - 1;
  };
  const couch = {
    present: draws.chance(0.7),
    y: draws.uniform(-0.2, 0.6) * ny,
    tilt: draws.normal(0, 0.05),
    lean: draws.normal(0, 0.05),
    curve: draws.chance(0.5) ? draws.uniform(0, 0.8) / nx : 0,
    x: draws.uniform(0, nx),
    thick: draws.uniform(1, 4),
    gap: draws.uniform(4, 12),
    shell: add([-800, 250], 10),
    core: add([-980, -500], 10),
    double: draws.chance(0.5),
  };
  const rods = Array.from({ length: draws.integer(4) }, () => {
    const radiusMm = Math.exp(draws.uniform(Math.log(3), Math.log(60)));
    return {
      x: draws.uniform(0, nx),
      y: draws.uniform(0, ny),
      leanX: draws.normal(0, 0.2),
      leanY: draws.normal(0, 0.2),
      radius: radiusMm / spec.spacingMm[0],
      core: draws.chance(0.6) ? draws.uniform(0.2, 0.9) : 0,
      outer: add([-120, 80], 15),
      inner: add([-100, 900], 30),
    };
  });
  for (let z = 0, i = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++, i++) {
        const tissue = tissueAt[labels[i]!]!;
        if (tissue === UNLISTED || !air[tissue]) continue;
        if (couch.present) {
          const below = couch.y + couch.tilt * x + couch.lean * z + couch.curve * (x - couch.x) ** 2 - y;
          if (below >= 0 && below < couch.thick) regions[i] = couch.shell;
          else if (couch.double && below >= 0 && below < couch.thick + couch.gap)
            regions[i] = below > couch.gap ? couch.shell : couch.core;
        }
        for (let r = 0; r < rods.length; r++) {
          const rod = rods[r]!;
          const dx = (x - rod.x - rod.leanX * z) / rod.radius;
          const dy = (y - rod.y - rod.leanY * z) / rod.radius;
          const square = dx * dx + dy * dy;
          if (square < 1) regions[i] = square < rod.core * rod.core ? rod.inner : rod.outer;
        }
      }
    }
  }
}
