import { CASE_PATHS, orientationOf, type ScanInfo, spacingOf, type Volume } from "@viscera/core";
import type { Workspace } from "../case/workspace.js";

export function scanInfo(volume: Volume): ScanInfo {
  return {
    modality: volume.modality,
    unit: volume.unit,
    size: [...volume.size],
    spacingMm: spacingOf(volume.affine),
    orientation: orientationOf(volume.affine),
  };
}

export function describeGrid(volume: Pick<Volume, "size" | "affine"> & { modality?: string | null }): string {
  const spacing = spacingOf(volume.affine).map((mm) => +mm.toFixed(2));
  return `${volume.modality ? `${volume.modality}, ` : ""}${volume.size.join(" x ")} voxels of ${spacing.join(" x ")} mm`;
}

/** Where an image of a case comes from. */
export interface Origin {
  /** Role of each input -> SHA-256. */
  inputs: Record<string, string>;
  warnings: readonly string[];
  /** Of what was drawn at random. */
  seed?: number | null;
}

/** Writes the scan into the case. */
export async function saveScan(
  work: Workspace,
  volume: Volume,
  { inputs, warnings, seed = null }: Origin,
): Promise<void> {
  work.keep({ scan: volume });
  await work.step("scan", "Scan", async () => {
    await work.folder.writeVolume(CASE_PATHS.scan, volume);
    await work.folder.finish("scan", warnings, work.provenance(CASE_PATHS.scan, inputs, seed));
    return describeGrid(volume);
  });
}
