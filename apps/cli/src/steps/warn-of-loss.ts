import type { Grid } from "@viscera/core";
import { tiffLoss } from "@viscera/scan";
import type { CommandContext } from "../terminal/context.js";

/** Tells what an image loses by the format that a path ends in. */
export function warnOfLoss(path: string, image: Grid, context: CommandContext): void {
  const loss = /\.tiff?$/i.test(path) ? tiffLoss(image) : null;
  if (loss) context.console.warning(loss);
}
