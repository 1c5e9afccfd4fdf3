/**
 * Surfaces as a still picture, for print and for browsers without WebGL: orthographic projection, depth
 * buffer, light from the viewer's upper left, twofold supersampling.
 */
import type { Mesh, Vec3 } from "@viscera/core";
import type { Picture } from "./png.js";

export interface View {
  title: string;
  /** World direction to the right of the picture and to its top. */
  right: Vec3;
  up: Vec3;
}

export const VIEWS = {
  anterior: { title: "From the front", right: [-1, 0, 0], up: [0, 0, 1] },
  left: { title: "From the patient's left", right: [0, -1, 0], up: [0, 0, 1] },
  posterior: { title: "From behind", right: [1, 0, 0], up: [0, 0, 1] },
} as const satisfies Record<string, View>;

export interface Part {
  mesh: Mesh;
  /** `#rrggbb` */
  color: string;
  /** Red, green and blue of each vertex instead, 0 to 255. */
  colors?: Uint8Array;
  /** Drawn behind every part that is not, wherever it lies. */
  behind?: boolean;
}

const SAMPLES = 2;
/** Farther than any body is deep. */
const FAR_MM = 1e5;

/** Draws on a transparent background; the longer side of the picture has `pixels` pixels. */
export function drawMeshes(parts: readonly Part[], view: View, pixels: number): Picture {
  const [rx, ry, rz] = view.right;
  const [ux, uy, uz] = view.up;
  // Towards the viewer: right x up.
  const [tx, ty, tz] = [ry * uz - rz * uy, rz * ux - rx * uz, rx * uy - ry * ux];
  let left = Number.POSITIVE_INFINITY;
  let right = Number.NEGATIVE_INFINITY;
  let bottom = Number.POSITIVE_INFINITY;
  let top = Number.NEGATIVE_INFINITY;
  const projected = parts.map(({ mesh: { positions } }) => {
    const out = new Float32Array(positions.length);
    for (let i = 0; i < positions.length; i += 3) {
      const x = positions[i]!;
      const y = positions[i + 1]!;
      const z = positions[i + 2]!;
      const across = rx * x + ry * y + rz * z;
      const height = ux * x + uy * y + uz * z;
      out[i] = across;
      out[i + 1] = height;
      out[i + 2] = tx * x + ty * y + tz * z;
      left = Math.min(left, across);
      right = Math.max(right, across);
      bottom = Math.min(bottom, height);
      top = Math.max(top, height);
    }
    return out;
  });
  const scale = (pixels * SAMPLES - 4) / Math.max(right - left, top - bottom, 1e-6);
  const width = Math.max(1, Math.ceil(((right - left) * scale + 4) / SAMPLES)) * SAMPLES;
  const height = Math.max(1, Math.ceil(((top - bottom) * scale + 4) / SAMPLES)) * SAMPLES;
  const canvas: Canvas = {
    width,
    height,
    depth: new Float32Array(width * height).fill(Number.NEGATIVE_INFINITY),
    shade: new Uint8Array(width * height * 3),
  };
  parts.forEach(({ mesh: { indices }, color, colors, behind = false }, n) => {
    const base = [1, 3, 5].map((c) => Number.parseInt(color.slice(c, c + 2), 16)) as [number, number, number];
    const points = projected[n]!;
    const normals = vertexNormals(points, indices);
    const lights = new Float32Array(points.length / 3);
    for (let v = 0; v < lights.length; v++) {
      const facing = -0.35 * normals[3 * v]! + 0.45 * normals[3 * v + 1]! + 0.82 * normals[3 * v + 2]!;
      lights[v] = 0.38 + 0.66 * Math.max(0, facing);
    }
    for (let i = 0; i < points.length; i += 3) {
      if (behind) points[i + 2]! -= FAR_MM;
      points[i] = (points[i]! - left) * scale + 2;
      points[i + 1] = (top - points[i + 1]!) * scale + 2;
    }
    for (let t = 0; t < indices.length; t += 3)
      fillTriangle(points, lights, indices[t]!, indices[t + 1]!, indices[t + 2]!, base, canvas, colors);
  });
  return averaged(canvas);
}

/** Unit normals at vertices, area-weighted. */
function vertexNormals(p: Float32Array, indices: Uint32Array): Float32Array {
  const normals = new Float32Array(p.length);
  for (let t = 0; t < indices.length; t += 3) {
    const a = indices[t]! * 3;
    const b = indices[t + 1]! * 3;
    const c = indices[t + 2]! * 3;
    const ex = p[b]! - p[a]!;
    const ey = p[b + 1]! - p[a + 1]!;
    const ez = p[b + 2]! - p[a + 2]!;
    const fx = p[c]! - p[a]!;
    const fy = p[c + 1]! - p[a + 1]!;
    const fz = p[c + 2]! - p[a + 2]!;
    const nx = ey * fz - ez * fy;
    const ny = ez * fx - ex * fz;
    const nz = ex * fy - ey * fx;
    for (let k = 0; k < 3; k++) {
      const v = k === 0 ? a : k === 1 ? b : c;
      normals[v]! += nx;
      normals[v + 1]! += ny;
      normals[v + 2]! += nz;
    }
  }
  for (let v = 0; v < normals.length; v += 3) {
    const length = Math.hypot(normals[v]!, normals[v + 1]!, normals[v + 2]!) || 1;
    normals[v]! /= length;
    normals[v + 1]! /= length;
    normals[v + 2]! /= length;
  }
  return normals;
}

/** Samples of the picture: depth towards the viewer and colour. */
interface Canvas {
  width: number;
  height: number;
  depth: Float32Array;
  shade: Uint8Array;
}

function fillTriangle(
  points: Float32Array,
  lights: Float32Array,
  a: number,
  b: number,
  c: number,
  [red, green, blue]: readonly [number, number, number],
  { width, height, depth, shade }: Canvas,
  colors: Uint8Array | undefined,
): void {
  const ax = points[3 * a]!;
  const ay = points[3 * a + 1]!;
  const bx = points[3 * b]!;
  const by = points[3 * b + 1]!;
  const cx = points[3 * c]!;
  const cy = points[3 * c + 1]!;
  const area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay);
  // The picture's y grows downwards, so surfaces facing the viewer wind the other way round.
  if (area >= 0) return;
  const x0 = Math.max(0, Math.floor(Math.min(ax, bx, cx)));
  const x1 = Math.min(width - 1, Math.ceil(Math.max(ax, bx, cx)));
  const y1 = Math.min(height - 1, Math.ceil(Math.max(ay, by, cy)));
  for (let y = Math.max(0, Math.floor(Math.min(ay, by, cy))); y <= y1; y++)
    for (let x = x0; x <= x1; x++) {
      const px = x + 0.5;
      const py = y + 0.5;
      const wa = ((bx - px) * (cy - py) - (cx - px) * (by - py)) / area;
      const wb = ((cx - px) * (ay - py) - (ax - px) * (cy - py)) / area;
      const wc = 1 - wa - wb;
      if (wa < 0 || wb < 0 || wc < 0) continue;
      const z = wa * points[3 * a + 2]! + wb * points[3 * b + 2]! + wc * points[3 * c + 2]!;
      const at = y * width + x;
      if (z <= depth[at]!) continue;
      depth[at] = z;
      const light = wa * lights[a]! + wb * lights[b]! + wc * lights[c]!;
      if (colors) {
        for (let k = 0; k < 3; k++) {
          const mixed = wa * colors[3 * a + k]! + wb * colors[3 * b + k]! + wc * colors[3 * c + k]!;
          shade[3 * at + k] = Math.min(255, mixed * light);
        }
        continue;
      }
      shade[3 * at] = Math.min(255, red * light);
      shade[3 * at + 1] = Math.min(255, green * light);
      shade[3 * at + 2] = Math.min(255, blue * light);
    }
}

/** Means over blocks of samples; coverage becomes opacity. Colours keep 6 bits, which compress well. */
function averaged({ width, height, depth, shade }: Canvas): Picture {
  const w = width / SAMPLES;
  const h = height / SAMPLES;
  const rgba = new Uint8ClampedArray(w * h * 4);
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++) {
      const out = 4 * (y * w + x);
      const sums = [0, 0, 0];
      let covered = 0;
      for (let s = 0; s < SAMPLES * SAMPLES; s++) {
        const at = (y * SAMPLES + Math.floor(s / SAMPLES)) * width + x * SAMPLES + (s % SAMPLES);
        if (depth[at] === Number.NEGATIVE_INFINITY) continue;
        covered++;
        for (let k = 0; k < 3; k++) sums[k]! += shade[3 * at + k]!;
      }
      if (covered === 0) continue;
      for (let k = 0; k < 3; k++) rgba[out + k] = Math.round(sums[k]! / covered / 4) * 4;
      rgba[out + 3] = (255 * covered) / (SAMPLES * SAMPLES);
    }
  return { width: w, height: h, rgba };
}
