/**
 * Colours for a quantity, dark violet for little to light yellow for much. They lie on a spiral of constant chroma in
 * the OKLab space (Ottosson 2020, https://bottosson.github.io/posts/oklab/): lightness and hue change steadily, so equal
 * steps look equal, and lightness alone tells them apart for whoever sees few hues.
 */

const LIGHTNESS = [0.35, 0.93] as const;
const HUE_DEGREES = [305, 108] as const;
const CHROMA = 0.105;

/** For structures that a quantity says nothing about. */
export const NO_VALUE_COLOR = "#9aa1a9";

/** OKLab to linear sRGB, and that to 0..1 as screens take it. */
function srgbOf(lightness: number, a: number, b: number): [number, number, number] {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  return linear.map((v) => (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055)) as [
    number,
    number,
    number,
  ];
}

/** Place in OKLab of a share from 0 to 1. */
export function mapPlace(share: number): [lightness: number, a: number, b: number] {
  const t = Math.min(1, Math.max(0, share));
  const hue = ((HUE_DEGREES[0] + (HUE_DEGREES[1] - HUE_DEGREES[0]) * t) * Math.PI) / 180;
  const lightness = LIGHTNESS[0] + (LIGHTNESS[1] - LIGHTNESS[0]) * t;
  return [lightness, CHROMA * Math.cos(hue), CHROMA * Math.sin(hue)];
}

/** `#rrggbb` of a share from 0 to 1; outside of it the nearest end's. */
export function mapColor(share: number): string {
  const hex = srgbOf(...mapPlace(share)).map((v) =>
    Math.round(255 * Math.min(1, Math.max(0, v)))
      .toString(16)
      .padStart(2, "0"),
  );
  return `#${hex.join("")}`;
}
