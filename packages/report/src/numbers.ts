/** Numbers and units as a clinician writes them. */

const THIN_SPACE = "\u202f";
const SUPERSCRIPTS: Record<string, string> = {
  "-": "⁻",
  "0": "⁰",
  "1": "¹",
  "2": "²",
  "3": "³",
  "4": "⁴",
  "5": "⁵",
  "6": "⁶",
  "7": "⁷",
  "8": "⁸",
  "9": "⁹",
};

function superscript(text: string): string {
  return text.replace(/[-0-9]/g, (c) => SUPERSCRIPTS[c]!);
}

/** Thin spaces between thousands, from five digits on. */
function grouped(digits: string): string {
  const [whole, decimals] = digits.split(".");
  const plain = whole!.replace("-", "");
  const spaced = plain.length > 4 ? plain.replace(/\B(?=(\d{3})+$)/g, THIN_SPACE) : plain;
  const sign = digits.startsWith("-") ? "−" : "";
  return sign + spaced + (decimals === undefined ? "" : `.${decimals}`);
}

/**
 * Three significant digits, no decimals from 100 on; powers of ten where zeros would pile up. A number that
 * is not finite becomes an en dash.
 */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e7 || size < 1e-4) {
    const [mantissa, exponent] = value.toExponential(2).split("e");
    return `${mantissa!.replace("-", "−")} × 10${superscript(String(Number(exponent)))}`;
  }
  if (size >= 99.95) return grouped(value.toFixed(0));
  return grouped(value.toPrecision(3));
}

/** Like `formatNumber` for whole counts: no invented decimals. */
export function formatCount(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e7 ? grouped(String(value)) : formatNumber(value);
}

/** A number with a fixed number of decimals, with a real minus sign. */
export function formatFixed(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return "–";
  const text = value.toFixed(decimals);
  return grouped(Number(text) === 0 ? text.replace("-", "") : text);
}

/** A UCUM code as people write it: `ug/L` -> µg/L, `mm2` -> mm², `mg.h/L` -> mg·h/L, `1` -> nothing. */
export function formatUnit(ucum: string | null): string {
  if (ucum === null || ucum === "1" || ucum === "") return "";
  return ucum
    .replace(/\{([^}]*)\}/g, (_, note: string) => note.replace(/_/g, " "))
    .replace(/m\[Hg\]/g, "mHg")
    .replace(/cm\[H2O\]/g, "cmH₂O")
    .replace(/\bCel\b/g, "°C")
    .replace(/\bu(?=[a-zA-Z])/g, "µ")
    .replace(/(?<=[a-zA-Zµ])(-?\d+)/g, (digits) => superscript(digits))
    .replace(/\.(?!\d)/g, "·")
    .replace(/^a$/, "years");
}

/** Value and unit with a no-break space between. */
export function formatQuantity(value: number, unit: string | null): string {
  const shown = formatUnit(unit);
  return shown === "" ? formatNumber(value) : `${formatNumber(value)}\u00a0${shown}`;
}

/** Hours below a tenth as minutes, as people say them; everything else as it is. */
export function readable<Q extends { value: number; unit: string; low: number | null; high: number | null }>(
  quantity: Q,
): Q {
  const { value, unit, low, high } = quantity;
  if (unit !== "h" || value === 0 || Math.abs(value) >= 0.1) return quantity;
  return {
    ...quantity,
    value: 60 * value,
    unit: "min",
    low: low === null ? null : 60 * low,
    high: high === null ? null : 60 * high,
  };
}
