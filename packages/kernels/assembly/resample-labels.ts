/**
 * Samples a label image on another grid, output rows begin .. end - 1; the plain version, equal to the last bit, is
 * src/resample-labels.reference.ts. Where all voxels around a sample have one label there is nothing to vote on.
 */
import { clampTo, isInside, nearestIndex, Row } from "./shared/grid";

/** Shares this close count as equal. */
const TIE: f64 = 1e-9;
/** No label has this number. */
const NONE: u64 = u64.MAX_VALUE;

/** Bytes of scratch memory for votes of up to `labels` labels in one output voxel. */
export function scratchBytes(labels: i32): i32 {
  return 64 + labels * 16;
}

// @ts-ignore: decorator
@inline
function at<T>(labels: usize, x: i32, y: i32, z: i32, nx: i32, ny: i32): u32 {
  const voxel = <usize>x + <usize>nx * (<usize>y + <usize>ny * <usize>z);
  return load<T>(labels + voxel * sizeof<T>());
}

/** Adds to a label's share (16 bytes a label: share, label); gives the number of labels. */
function add(votes: usize, count: i32, label: u32, share: f64): i32 {
  const end = votes + (<usize>count << 4);
  for (let vote = votes; vote < end; vote += 16)
    if (load<u32>(vote, 8) == label) {
      store<f64>(vote, load<f64>(vote) + share);
      return count;
    }
  store<f64>(end, share);
  store<u32>(end, label, 8);
  return count + 1;
}

/** The label with the largest share; among equals `preferred`, else the lowest id. */
function winner(votes: usize, count: i32, preferred: u32): u32 {
  const end = votes + (<usize>count << 4);
  let most: f64 = 0;
  for (let vote = votes; vote < end; vote += 16) most = max(most, load<f64>(vote));
  let best = u32.MAX_VALUE;
  for (let vote = votes; vote < end; vote += 16) {
    if (load<f64>(vote) < most - TIE) continue;
    const label = load<u32>(vote, 8);
    if (label == preferred) return label;
    best = min(best, label);
  }
  return best;
}

/** The indicators of the labels around a sample, linearly interpolated. */
// @ts-ignore: decorator
@inline
function vote<T>(
  votes: usize,
  count: i32,
  labels: usize,
  px: f64,
  py: f64,
  pz: f64,
  nx: i32,
  ny: i32,
  nz: i32,
  share: f64,
): i32 {
  if (!(isInside(px, nx) && isInside(py, ny) && isInside(pz, nz))) return add(votes, count, 0, share);
  const x = clampTo(px, nx);
  const y = clampTo(py, ny);
  const z = clampTo(pz, nz);
  const x0 = <i32>x;
  const y0 = <i32>y;
  const z0 = <i32>z;
  for (let corner = 0; corner < 8; corner++) {
    const a = corner & 1;
    const b = (corner >> 1) & 1;
    const c = corner >> 2;
    const tx = x - <f64>x0;
    const ty = y - <f64>y0;
    const tz = z - <f64>z0;
    const weight = share * (a ? tx : 1 - tx) * (b ? ty : 1 - ty) * (c ? tz : 1 - tz);
    if (weight > 0) count = add(votes, count, at<T>(labels, x0 + a, y0 + b, z0 + c, nx, ny), weight);
  }
  return count;
}

/** True when all voxels within h of a position lie in the image and have `label`. */
// @ts-ignore: decorator
@inline
function isUniform<T>(
  labels: usize,
  label: u32,
  x: f64,
  y: f64,
  z: f64,
  hx: f64,
  hy: f64,
  hz: f64,
  nx: i32,
  ny: i32,
  nz: i32,
): bool {
  if (!(isInside(x - hx, nx) && isInside(y - hy, ny) && isInside(z - hz, nz))) return false;
  if (!(isInside(x + hx, nx) && isInside(y + hy, ny) && isInside(z + hz, nz))) return false;
  const x1 = <i32>ceil(clampTo(x + hx, nx));
  const y1 = <i32>ceil(clampTo(y + hy, ny));
  const z1 = <i32>ceil(clampTo(z + hz, nz));
  const x0 = <i32>clampTo(x - hx, nx);
  const y0 = <i32>clampTo(y - hy, ny);
  for (let c = <i32>clampTo(z - hz, nz); c <= z1; c++)
    for (let b = y0; b <= y1; b++)
      for (let a = x0; a <= x1; a++) if (at<T>(labels, a, b, c, nx, ny) != label) return false;
  return true;
}

/** The label of the (up to) 8 voxels around a position inside the image, NONE where they differ. */
// @ts-ignore: decorator
@inline
function common<T>(labels: usize, px: f64, py: f64, pz: f64, nx: i32, ny: i32, nz: i32): u64 {
  const x0 = <i32>clampTo(px, nx);
  const y0 = <i32>clampTo(py, ny);
  const z0 = <i32>clampTo(pz, nz);
  const dx = x0 + 1 < nx ? sizeof<T>() : 0;
  const dy = y0 + 1 < ny ? <usize>nx * sizeof<T>() : 0;
  const dz = z0 + 1 < nz ? <usize>nx * <usize>ny * sizeof<T>() : 0;
  const p = labels + (<usize>x0 + <usize>nx * (<usize>y0 + <usize>ny * <usize>z0)) * sizeof<T>();
  const q = p + dz;
  const label = load<T>(p);
  const others =
    (label ^ load<T>(p + dx)) |
    (label ^ load<T>(p + dy)) |
    (label ^ load<T>(p + dy + dx)) |
    (label ^ load<T>(q)) |
    (label ^ load<T>(q + dx)) |
    (label ^ load<T>(q + dy)) |
    (label ^ load<T>(q + dy + dx));
  return others ? NONE : label;
}

// @ts-ignore: decorator
@inline
function smooth<T>(
  begin: i32,
  end: i32,
  scratch: usize,
  labels: usize,
  output: usize,
  nx: i32,
  ny: i32,
  nz: i32,
  onx: i32,
  ony: i32,
  matrix: usize,
  samplesX: i32,
  samplesY: i32,
  samplesZ: i32,
): void {
  const row = changetype<Row>(scratch);
  const votes = scratch + 64;
  const m0 = load<f64>(matrix);
  const m1 = load<f64>(matrix, 8);
  const m2 = load<f64>(matrix, 16);
  const m3 = load<f64>(matrix, 24);
  const m4 = load<f64>(matrix, 32);
  const m5 = load<f64>(matrix, 40);
  const m6 = load<f64>(matrix, 48);
  const m7 = load<f64>(matrix, 56);
  const m8 = load<f64>(matrix, 64);
  const m9 = load<f64>(matrix, 72);
  const m10 = load<f64>(matrix, 80);
  const m11 = load<f64>(matrix, 88);
  // How far sample points lie from the output voxel's centre, along the input's axes.
  const fx = 0.5 - 0.5 / <f64>samplesX;
  const fy = 0.5 - 0.5 / <f64>samplesY;
  const fz = 0.5 - 0.5 / <f64>samplesZ;
  const hx = abs(m0) * fx + abs(m1) * fy + abs(m2) * fz;
  const hy = abs(m4) * fx + abs(m5) * fy + abs(m6) * fz;
  const hz = abs(m8) * fx + abs(m9) * fy + abs(m10) * fz;
  const share = 1 / <f64>(samplesX * samplesY * samplesZ);
  const onePoint = samplesX * samplesY * samplesZ == 1;
  for (let r = begin; r < end; r++) {
    row.move(matrix, r, onx, ony, nx, ny, nz);
    const k0 = r / ony;
    const j0 = r - k0 * ony;
    for (let i0 = 0; i0 < onx; i0++) {
      const to = output + (<usize>r * <usize>onx + <usize>i0) * sizeof<T>();
      const px = row.x(i0);
      const py = row.y(i0);
      const pz = row.z(i0);
      const inside = i0 >= row.start && i0 < row.stop;
      if (inside && onePoint) {
        const label = common<T>(labels, px, py, pz, nx, ny, nz);
        if (label != NONE) {
          store<T>(to, <T>label);
          continue;
        }
      }
      const nearest = inside
        ? at<T>(labels, nearestIndex(px, nx), nearestIndex(py, ny), nearestIndex(pz, nz), nx, ny)
        : 0;
      if (inside && !onePoint && isUniform<T>(labels, nearest, px, py, pz, hx, hy, hz, nx, ny, nz)) {
        store<T>(to, <T>nearest);
        continue;
      }
      let count = 0;
      for (let c = 0; c < samplesZ; c++) {
        const k = <f64>k0 + ((<f64>c + 0.5) / <f64>samplesZ - 0.5);
        for (let b = 0; b < samplesY; b++) {
          const j = <f64>j0 + ((<f64>b + 0.5) / <f64>samplesY - 0.5);
          for (let a = 0; a < samplesX; a++) {
            const i = <f64>i0 + ((<f64>a + 0.5) / <f64>samplesX - 0.5);
            const x = m0 * i + (m1 * j + (m2 * k + m3));
            const y = m4 * i + (m5 * j + (m6 * k + m7));
            const z = m8 * i + (m9 * j + (m10 * k + m11));
            count = vote<T>(votes, count, labels, x, y, z, nx, ny, nz, share);
          }
        }
      }
      store<T>(to, <T>winner(votes, count, nearest));
    }
  }
}

export function smooth1(begin: i32, end: i32, scratch: usize, labels: usize, output: usize, nx: i32, ny: i32, nz: i32, onx: i32, ony: i32, matrix: usize, samplesX: i32, samplesY: i32, samplesZ: i32): void {
  smooth<u8>(begin, end, scratch, labels, output, nx, ny, nz, onx, ony, matrix, samplesX, samplesY, samplesZ);
}

export function smooth2(begin: i32, end: i32, scratch: usize, labels: usize, output: usize, nx: i32, ny: i32, nz: i32, onx: i32, ony: i32, matrix: usize, samplesX: i32, samplesY: i32, samplesZ: i32): void {
  smooth<u16>(begin, end, scratch, labels, output, nx, ny, nz, onx, ony, matrix, samplesX, samplesY, samplesZ);
}

export function smooth4(begin: i32, end: i32, scratch: usize, labels: usize, output: usize, nx: i32, ny: i32, nz: i32, onx: i32, ony: i32, matrix: usize, samplesX: i32, samplesY: i32, samplesZ: i32): void {
  smooth<u32>(begin, end, scratch, labels, output, nx, ny, nz, onx, ony, matrix, samplesX, samplesY, samplesZ);
}
