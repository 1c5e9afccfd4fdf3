/** For tests only: NIfTI files of any version, byte order and type, written field by field from the standard. */

export interface SyntheticNifti {
  version?: 1 | 2;
  littleEndian?: boolean;
  /** dim[0] and what follows it. */
  dim: number[];
  datatype: number;
  /** Bytes a number, and how to write one. */
  width: number;
  values: readonly (number | bigint)[];
  pixdim?: number[];
  sformCode?: number;
  srow?: number[];
  qformCode?: number;
  /** b, c, d and the offsets. */
  quaternion?: number[];
  slope?: number;
  intercept?: number;
  units?: number;
  magic?: string;
  /** Extension blocks between header and voxels: code and content. */
  extensions?: { code: number; content: string }[];
}

const FLOATS = new Set([16, 64]);
const UNSIGNED = new Set([2, 128, 512, 768, 1280, 2304]);

/** The voxels' bytes. */
export function voxelBytes({ datatype, width, values, littleEndian = true }: SyntheticNifti): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * width));
  values.forEach((value, i) => {
    const at = i * width;
    if (FLOATS.has(datatype)) {
      if (width === 4) view.setFloat32(at, Number(value), littleEndian);
      else view.setFloat64(at, Number(value), littleEndian);
    } else if (width === 8) view.setBigInt64(at, BigInt(value), littleEndian);
    else if (width === 4) view.setInt32(at, Number(value), littleEndian);
    else if (width === 2) view.setInt16(at, Number(value), littleEndian);
    else if (UNSIGNED.has(datatype)) view.setUint8(at, Number(value));
    else view.setInt8(at, Number(value));
  });
  return new Uint8Array(view.buffer);
}

/** Header (with extensions) of a single file, or of a pair where `magic` is "ni1" or "ni2". */
export function headerBytes(spec: SyntheticNifti): Uint8Array {
  const { version = 1, littleEndian = true } = spec;
  const extensions = (spec.extensions ?? []).map(({ code, content }) => {
    const text = new TextEncoder().encode(content);
    const block = new Uint8Array(Math.ceil((text.length + 8) / 16) * 16);
    const view = new DataView(block.buffer);
    view.setInt32(0, block.length, littleEndian);
    view.setInt32(4, code, littleEndian);
    block.set(text, 8);
    return block;
  });
  const length = version === 1 ? 348 : 540;
  const total = length + 4 + extensions.reduce((sum, block) => sum + block.length, 0);
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  const magic = spec.magic ?? `n+${version}`;
  const pixdim = spec.pixdim ?? [1, 1, 1, 1];
  const srow = spec.srow ?? [];
  const quaternion = spec.quaternion ?? [];
  const voxelOffset = magic.startsWith("n+") ? total : 0;
  view.setInt32(0, length, littleEndian);
  if (version === 1) {
    const reals = (at: number, values: readonly number[]) =>
      values.forEach((v, i) => view.setFloat32(at + 4 * i, v, littleEndian));
    spec.dim.forEach((n, i) => view.setInt16(40 + 2 * i, n, littleEndian));
    view.setInt16(70, spec.datatype, littleEndian);
    view.setInt16(72, spec.width * 8, littleEndian);
    reals(76, pixdim);
    reals(108, [voxelOffset, spec.slope ?? 0, spec.intercept ?? 0]);
    bytes[123] = spec.units ?? 2;
    view.setInt16(252, spec.qformCode ?? 0, littleEndian);
    view.setInt16(254, spec.sformCode ?? 0, littleEndian);
    reals(256, quaternion);
    reals(280, srow);
    bytes.set(new TextEncoder().encode(magic), 344);
  } else {
    const reals = (at: number, values: readonly number[]) =>
      values.forEach((v, i) => view.setFloat64(at + 8 * i, v, littleEndian));
    bytes.set(new TextEncoder().encode(`${magic}\0\r\n\x1a\n`), 4);
    view.setInt16(12, spec.datatype, littleEndian);
    view.setInt16(14, spec.width * 8, littleEndian);
    spec.dim.forEach((n, i) => view.setBigInt64(16 + 8 * i, BigInt(n), littleEndian));
    reals(104, pixdim);
    view.setBigInt64(168, BigInt(voxelOffset), littleEndian);
    reals(176, [spec.slope ?? 0, spec.intercept ?? 0]);
    view.setInt32(344, spec.qformCode ?? 0, littleEndian);
    view.setInt32(348, spec.sformCode ?? 0, littleEndian);
    reals(352, quaternion);
    reals(400, srow);
    view.setInt32(500, spec.units ?? 2, littleEndian);
  }
  let at = length;
  bytes[at] = extensions.length > 0 ? 1 : 0;
  at += 4;
  for (const block of extensions) {
    bytes.set(block, at);
    at += block.length;
  }
  return bytes;
}

/** A whole .nii file. */
export function syntheticNifti(spec: SyntheticNifti): Uint8Array {
  return joined(headerBytes(spec), voxelBytes(spec));
}

export function joined(...parts: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
