/** Columns are taken sixteen at a time: a cache line of floats. */
export const BLOCK: i32 = 16;

/** Copies part of a row: 64 bytes where the block is whole. */
// @ts-ignore: decorator
@inline
export function copyBlock(to: usize, from: usize, bytes: usize): void {
  if (bytes == 64) {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
    v128.store(to, v128.load(from, 32), 32);
    v128.store(to, v128.load(from, 48), 48);
  } else memory.copy(to, from, bytes);
}
