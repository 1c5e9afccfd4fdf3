/**
 * How a volume lies in memory for ONNX Runtime's blocked convolutions: as one tall 2D image whose rows are the
 * volume's, slice under slice, with some rows of zeros after each slice; and its channels in blocks, the channels
 * of a block fastest ([channels / block, rows, columns, block], "NCHWc").
 *
 * The gain: a 3D convolution becomes a few 2D ones without a copy. A tap above or below reads a row further, a tap
 * in the next slice a row `pitch` further, which 2D convolutions can do by their dilation. On a Zen 3 processor
 * 3x3x3 convolutions of 32 channels ran at 93 GFLOP/s a core, as fast as products of large matrices (80), where
 * ONNX Runtime's own 3D convolution reached 61.
 */
import { GraphBuilder, type Value } from "../../onnx/graph-builder.js";
import type { Session } from "../../session/session.js";
import { floatTensor } from "../../tensor.js";

/** Operators of the blocked layout; part of ONNX Runtime's CPU provider on processors with wide vectors. */
export const BLOCKED = "com.microsoft.nchwc";

export interface Grid {
  depth: number;
  height: number;
  width: number;
  /** Rows from one slice to the next; those beyond the height separate. */
  pitch: number;
}

/** A volume with all its channels in the graph. */
export interface FlatImage extends Grid {
  value: Value;
  channels: number;
  /** Whether the separating rows are 0, as taps above and below must find them. */
  clean: boolean;
  /** The network's input is not in blocks. */
  blocked: boolean;
}

export function rowsOf({ depth, pitch }: Grid): number {
  return depth * pitch;
}

/** Channels with those of 0 that fill the last block. */
export function filled(channels: number, block: number): number {
  return Math.ceil(channels / block) * block;
}

/**
 * The block of the blocked layout of a runtime: 8 or 16 channels, or null where it has none (in WebAssembly, on
 * graphics cards, and on processors without wide vectors). The layout is the runtime's own, so it is asked: where
 * the second pixel of channel 0 comes after a reorder tells.
 */
export async function channelBlock(open: (model: Uint8Array) => Promise<Session>): Promise<number | null> {
  const graph = new GraphBuilder({ name: "probe" });
  const x = graph.input("x", "float32", [1, 16, 1, 2]);
  graph.output(graph.node("ReorderInput", [x], {}, BLOCKED), "y", "float32", [1, 16, 1, 2]);
  try {
    const session = await open(graph.build());
    const numbers = Float32Array.from({ length: 32 }, (_, i) => i);
    const { y } = await session.run({ x: floatTensor(numbers, [1, 16, 1, 2]) });
    await session.dispose();
    const block = (y!.data as Float32Array).indexOf(1);
    return block === 8 || block === 16 ? block : null;
  } catch {
    return null;
  }
}
