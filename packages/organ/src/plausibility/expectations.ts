/**
 * What anatomy leads one to expect of segmented structures. The limits are wide on purpose: they are to catch a
 * network that went wrong, not an enlarged spleen.
 */

/**
 * Organ masses of the reference adults, g (ICRP Publication 89, Ann. ICRP 32 (3-4), 2002, table 2.8; heart with
 * its blood), [male, female]. A side's organ is half of the pair's mass.
 */
export const REFERENCE_MASS_G: Readonly<Record<string, readonly [number, number]>> = {
  liver: [1800, 1400],
  spleen: [150, 130],
  kidney_left: [155, 137.5],
  kidney_right: [155, 137.5],
  pancreas: [140, 120],
  adrenal_gland_left: [7, 6.5],
  adrenal_gland_right: [7, 6.5],
  heart: [840, 620],
  brain: [1450, 1300],
  thyroid_gland: [20, 17],
};

/** An adult's organ lies between these multiples of the reference one's volume. */
export const VOLUME_FACTORS = { low: 0.3, high: 3 } as const;

/** Mean value in a CT, HU: from unenhanced to well enhanced tissue. */
export const CT_RANGE_HU: Readonly<Record<string, readonly [number, number]>> = {
  liver: [-20, 250],
  spleen: [0, 300],
  kidney_left: [-10, 350],
  kidney_right: [-10, 350],
  pancreas: [-60, 250],
  heart: [0, 450],
  aorta: [0, 700],
  brain: [0, 90],
  lung_left: [-980, -300],
  lung_right: [-980, -300],
  lung_upper_lobe_left: [-980, -300],
  lung_lower_lobe_left: [-980, -250],
  lung_upper_lobe_right: [-980, -300],
  lung_middle_lobe_right: [-980, -300],
  lung_lower_lobe_right: [-980, -250],
};

/** [the upper one, the lower one], by their centres along the body. */
export const ABOVE: readonly (readonly [string, string])[] = [
  ["brain", "heart"],
  ["brain", "liver"],
  ["heart", "kidney_left"],
  ["heart", "kidney_right"],
  ["heart", "urinary_bladder"],
  ["liver", "urinary_bladder"],
  ["spleen", "urinary_bladder"],
  ["kidney_left", "urinary_bladder"],
  ["kidney_right", "urinary_bladder"],
  ["thyroid_gland", "liver"],
];

/** From head to foot. */
export const VERTEBRAE_ORDER: readonly string[] = [
  ...Array.from({ length: 7 }, (_, i) => `vertebrae_C${i + 1}`),
  ...Array.from({ length: 12 }, (_, i) => `vertebrae_T${i + 1}`),
  ...Array.from({ length: 5 }, (_, i) => `vertebrae_L${i + 1}`),
  "vertebrae_S1",
];

/** Structures that are one piece in every body (the image's edge may cut one in two). */
export const ONE_PIECE: ReadonlySet<string> = new Set([
  "liver",
  "spleen",
  "kidney_left",
  "kidney_right",
  "pancreas",
  "gallbladder",
  "urinary_bladder",
  "stomach",
  "heart",
  "brain",
  "aorta",
  "trachea",
  "adrenal_gland_left",
  "adrenal_gland_right",
  ...VERTEBRAE_ORDER,
]);
/** Voxels outside the largest piece that pass as ragged edge. */
export const FRAGMENT_SHARE = 0.05;

/** Larger volume over smaller of a left and right pair. */
export const PAIR_RATIO = 3;
