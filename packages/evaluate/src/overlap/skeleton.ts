/**
 * Centre lines by thinning: Lee, Kashyap & Chu, "Building skeleton models via 3-D medial surface/axis thinning
 * algorithms", CVGIP: Graphical Models and Image Processing 56 (1994) 462-478, doi:10.1006/cgip.1994.1042. Borders are
 * taken off from the six sides in turn: first all voxels are found whose removal alone would change nothing, then
 * they are removed one by one where that still holds. Sides and voxels go in the order of scikit-image, but the last
 * voxel of a piece stays, while scikit-image may remove it.
 */
import { type BitMask, emptyLike, voxelsOf } from "../masks/bit-mask.js";
import { isOnePiece, keepsEuler, NEIGHBOURS } from "./neighbourhood.js";

/** Sides in the order they are thinned from. */
const SIDES = [
  [0, -1, 0],
  [0, 1, 0],
  [0, 0, 1],
  [0, 0, -1],
  [1, 0, 0],
  [-1, 0, 0],
] as const;

/** The mask's skeleton: lines one voxel thick with the mask's pieces, holes and cavities. */
export function skeletonOf(mask: BitMask): BitMask {
  const { size, rowWords } = mask;
  const [nx, ny, nz] = size;
  // z fastest here: the order in which voxels are looked at.
  const inside = new Uint8Array(nx * ny * nz);
  let left = new Int32Array(voxelsOf(mask));
  let count = 0;
  for (let x = 0; x < nx; x++)
    for (let y = 0; y < ny; y++)
      for (let z = 0; z < nz; z++) {
        if (((mask.words[rowWords * (y + ny * z) + (x >> 5)]! >>> (x & 31)) & 1) === 0) continue;
        const at = z + nz * (y + ny * x);
        inside[at] = 1;
        left[count++] = at;
      }
  const stride = ([dx, dy, dz]: readonly [number, number, number]) => dz + nz * (dy + ny * dx);
  const neighbours = Int32Array.from(NEIGHBOURS, stride);
  const codeAt = (at: number) => {
    let code = 0;
    for (let n = 0; n < 26; n++) code |= inside[at + neighbours[n]!]! << n;
    return code;
  };
  for (let changed = true; changed; ) {
    changed = false;
    for (const side of SIDES.map(stride)) {
      const removable: number[] = [];
      for (let i = 0; i < count; i++) {
        const at = left[i]!;
        if (inside[at + side] !== 0) continue;
        const code = codeAt(at);
        const isEnd = (code & (code - 1)) === 0;
        if (!isEnd && isOnePiece(code) && keepsEuler(code)) removable.push(at);
      }
      for (const at of removable) {
        if (!isOnePiece(codeAt(at))) continue;
        inside[at] = 0;
        changed = true;
      }
      left = left.subarray(0, count).filter((at) => inside[at] !== 0);
      count = left.length;
    }
  }
  const out = emptyLike(mask);
  for (const at of left) {
    const z = at % nz;
    const y = Math.floor(at / nz) % ny;
    const x = Math.floor(at / (nz * ny));
    out.words[rowWords * (y + ny * z) + (x >> 5)]! |= 1 << (x & 31);
  }
  return out;
}
