/** Half-precision numbers: IEEE 754 binary16 and bfloat16 as bit patterns. */

/** Value of an IEEE 754 half-precision bit pattern. */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);

/** Value of a bfloat16 bit pattern: the upper half of a float32. */
export function bfloat16ToFloat(bits: number): number {
  singleBits[0] = bits << 16;
  return single[0]!;
}

/**
 * Bit pattern of the half-precision number nearest to `value` (taken as float32), ties to even. What is too
 * large becomes infinite.
 */
export function floatToHalf(value: number): number {
  single[0] = value;
  const bits = singleBits[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // 65520 is half way between the largest half (65504) and the next power of two.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) {
    // The exponent is moved from bias 127 to 15; a carry of the fraction into it is right.
    const rebiased = magnitude - 0x38000000;
    return sign | ((rebiased + 0x0fff + ((rebiased >>> 13) & 1)) >>> 13);
  }
  // Below 2^-14: a count of 2^-24, rounded by hand as Math.round takes ties up.
  const count = Math.abs(single[0]!) * 2 ** 24;
  const whole = Math.floor(count);
  const rest = count - whole;
  const up = rest > 0.5 || (rest === 0.5 && whole % 2 === 1);
  return sign | (up ? whole + 1 : whole);
}
