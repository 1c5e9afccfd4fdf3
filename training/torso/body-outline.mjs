/**
 * A body around label maps that have organs only: each axial slice's convex hull, widened. Within it, 0 becomes
 * `inside`; between it and its widened outline lies `fat`, outermost `skin`.
 */

/**
 * Changes `data` (x fastest, z along the body) in place. A slice's outline takes in what lies up to `reachVoxels`
 * above and below it.
 */
export function addBody({ data, size }, { fatVoxels, reachVoxels = 1, inside, fat, skin }) {
  const [nx, ny, nz] = size;
  const plane = nx * ny;
  const points = Array.from({ length: nz }, (_, z) =>
    borderPoints(data.subarray(z * plane, (z + 1) * plane), nx, ny),
  );
  for (let z = 0; z < nz; z++) {
    const slice = data.subarray(z * plane, (z + 1) * plane);
    const outline = convexHull(points.slice(Math.max(0, z - reachVoxels), z + reachVoxels + 1).flat());
    if (outline === null) continue;
    for (let y = 0, i = 0; y < ny; y++) {
      for (let x = 0; x < nx; x++, i++) {
        if (slice[i] !== 0) continue;
        const distance = distanceTo(outline, x, y);
        if (distance <= 0) slice[i] = inside;
        else if (distance <= fatVoxels) slice[i] = fat;
        else if (distance <= fatVoxels + 1) slice[i] = skin;
      }
    }
  }
}

/** Gives `fill` to what is 0 within the convex hull of some values, slice by slice from `fromSlice` on. */
export function convexFill({ data, size }, values, fill, fromSlice = 0) {
  const [nx, ny, nz] = size;
  for (let z = fromSlice; z < nz; z++) {
    const slice = data.subarray(z * nx * ny, (z + 1) * nx * ny);
    const hull = convexHull(
      borderPoints(slice, nx, ny, (value) => values.has(value)),
      12,
    );
    if (hull === null) continue;
    for (let y = 0, i = 0; y < ny; y++)
      for (let x = 0; x < nx; x++, i++) if (slice[i] === 0 && distanceTo(hull, x, y) <= 0) slice[i] = fill;
  }
}

/** First and last voxel of every row that counts. */
function borderPoints(slice, nx, ny, counts = (value) => value !== 0) {
  const points = [];
  for (let y = 0; y < ny; y++) {
    const row = slice.subarray(y * nx, (y + 1) * nx);
    const first = row.findIndex(counts);
    if (first >= 0) points.push([first, y], [row.findLastIndex(counts), y]);
  }
  return points;
}

/** Andrew's monotone chain, counter-clockwise; null where it covers less than `leastArea` pixels. */
function convexHull(points, leastArea = 200) {
  const sorted = points.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const turn = (o, a, b) => (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]);
  const chain = (list) => {
    const out = [];
    for (const p of list) {
      while (out.length >= 2 && turn(out.at(-2), out.at(-1), p) <= 0) out.pop();
      out.push(p);
    }
    return out.slice(0, -1);
  };
  const hull = [...chain(sorted), ...chain(sorted.toReversed())];
  const area = hull.reduce((sum, p, i) => sum + turn([0, 0], p, hull[(i + 1) % hull.length]), 0) / 2;
  return hull.length >= 3 && area > leastArea ? hull : null;
}

/** How far a point lies outside a convex polygon, by its edges' lines; not above 0 within. */
function distanceTo(hull, x, y) {
  let distance = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < hull.length; i++) {
    const [ax, ay] = hull[i];
    const [bx, by] = hull[(i + 1) % hull.length];
    const cross = (bx - ax) * (y - ay) - (by - ay) * (x - ax);
    distance = Math.max(distance, -cross / Math.hypot(bx - ax, by - ay));
  }
  return distance;
}
