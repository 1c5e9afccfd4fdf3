/** What a network makes of an image's windows, without its labels. */
import { type JobOptions, type Size3, throwIfCancelled, type Volume } from "@viscera/core";
import { floatTensor } from "@viscera/nets";
import { cutBox, type NetworkImage } from "../image.js";
import type { NetworkModel } from "../model.js";
import { windowStarts } from "../windows.js";
import type { SeenScan } from "./familiarity.js";
import { imageFacts } from "./image-facts.js";

/** First voxels of a scan's windows, as sliding windows take them; at most `most` of them, spread evenly. */
export function spreadStarts(size: Size3, patch: Size3, overlap: number, most: number): Size3[] {
  const padded = size.map((n, axis) => Math.max(n, patch[axis]!));
  const margin = size.map((n, axis) => Math.floor((padded[axis]! - n) / 2));
  const axes = padded.map((n, axis) => windowStarts(n, patch[axis]!, overlap));
  const all: Size3[] = [];
  for (const z of axes[2]!) {
    for (const y of axes[1]!) {
      for (const x of axes[0]!) all.push([x - margin[0]!, y - margin[1]!, z - margin[2]!]);
    }
  }
  const count = Math.min(most, all.length);
  // The middle of each of so many equal parts: one window alone is the middle one.
  return Array.from({ length: count }, (_, i) => all[Math.floor(((i + 0.5) * all.length) / count)]!);
}

/**
 * A prepared image on the grid `affine` as the network sees it, by at most `most` of its windows; without windows where the model
 * has no patch or gives no features.
 */
export async function seeScan(
  image: NetworkImage,
  { affine }: Pick<Volume, "affine">,
  model: NetworkModel,
  most: number,
  { signal }: JobOptions = {},
): Promise<SeenScan> {
  const { patch, overlap } = model.description.input;
  const facts = imageFacts(image, { affine });
  const { output } = model;
  if (patch === null || output.kind !== "scores" || output.features === undefined) {
    return { facts, windows: [] };
  }
  const [px, py, pz] = patch;
  const windows: Float32Array[] = [];
  for (const start of spreadStarts(image.size, patch, overlap, most)) {
    throwIfCancelled(signal);
    const input = floatTensor(cutBox(image, start, patch), [1, image.channels, pz, py, px]);
    const results = await model.session.run(
      { [model.input]: input },
      { outputs: [output.features], ...(signal ? { signal } : {}) },
    );
    windows.push((results[output.features]!.data as Float32Array).slice());
  }
  return { facts, windows };
}
