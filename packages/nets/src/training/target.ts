/** The truth as losses take it, made in the graph from what a batch holds. */
import type { Tape, Variable } from "../autodiff/index.js";
import type { Value } from "../onnx/graph-builder.js";

/** Class id of voxels that count for nothing. */
export const IGNORED = 255;

/** Truth of a batch. Every value is float32; nothing in it has a gradient. */
export interface Target {
  /** 1 inside a class or region, else 0, [N, C, ...]; all 0 where a voxel does not count. */
  masks: Variable;
  /** 1 where a voxel counts, else 0, [N, 1, ...]; null: everywhere. */
  valid: Variable | null;
  /** 1 where a class was annotated in that case, else 0, [N, C, 1, ...]; null: every class. */
  known: Variable | null;
  /** Signed distance to each class's surface, negative inside, [N, C, ...]; only the boundary loss needs it. */
  distances: Variable | null;
}

export interface TargetOptions {
  /** Class id of voxels that count for nothing; default 255, null for none. */
  ignore?: number | null;
  /** Annotated classes (0 and 1), [N, C]. */
  known?: Variable | null;
  distances?: Variable | null;
}

/** Truth from class ids [N, ...] that exclude each other; an id that is no class belongs to none. */
export function classTarget(tape: Tape, ids: Variable, classes: number, options: TargetOptions = {}): Target {
  const { graph } = tape;
  const { voxels, valid, space } = readIds(tape, ids, options);
  const numbers = graph.reshape(graph.floats(Array.from({ length: classes }, (_, id) => id)), [
    1,
    classes,
    ...space.map(() => 1),
  ]);
  const oneHot = graph.cast(graph.node("Equal", [voxels, numbers]), "float32");
  const ignoredClass = valid !== null && (options.ignore ?? IGNORED) < classes;
  return target(
    tape,
    ignoredClass ? graph.mul(oneHot, valid) : oneHot,
    valid,
    [ids.dims[0]!, classes, ...space],
    options,
  );
}

/** Truth from class ids [N, ...] where each channel is a region, the union of some classes. */
export function regionTarget(
  tape: Tape,
  ids: Variable,
  regions: readonly (readonly number[])[],
  options: TargetOptions = {},
): Target {
  const { graph } = tape;
  const { voxels, valid, space } = readIds(tape, ids, options);
  const masks = regions.map((region) =>
    [...new Set(region)]
      .map((id) => graph.cast(graph.node("Equal", [voxels, graph.scalar(id)]), "float32"))
      .reduce((sum, mask) => graph.add(sum, mask)),
  );
  const all = graph.concat(masks);
  return target(
    tape,
    valid === null ? all : graph.mul(all, valid),
    valid,
    [ids.dims[0]!, regions.length, ...space],
    options,
  );
}

function readIds(tape: Tape, ids: Variable, { ignore = IGNORED }: TargetOptions) {
  const { graph } = tape;
  const [count, ...space] = ids.dims;
  const voxels = graph.cast(graph.reshape(ids.value, [count!, 1, ...space]), "float32");
  const valid =
    ignore === null
      ? null
      : graph.cast(graph.node("Not", [graph.node("Equal", [voxels, graph.scalar(ignore)])]), "float32");
  return { voxels, valid, space };
}

function target(
  tape: Tape,
  masks: Value,
  valid: Value | null,
  dims: readonly number[],
  { known = null, distances = null }: TargetOptions,
): Target {
  const { graph } = tape;
  const [count, classes, ...space] = dims as [number, number, ...number[]];
  const knownDims = [count, classes, ...space.map(() => 1)];
  return {
    masks: tape.wrap(masks, dims),
    valid: valid && tape.wrap(valid, [count, 1, ...space]),
    known: known && tape.wrap(graph.reshape(graph.cast(known.value, "float32"), knownDims), knownDims),
    distances,
  };
}

/**
 * The values of x [N, ...] at the voxel centres of a coarser grid, as `torch.nn.functional.interpolate` does in
 * the mode "nearest-exact", by which nnU-Net makes the truth of its lower outputs. `leading` axes stay.
 */
export function sampleNearest(tape: Tape, x: Variable, size: readonly number[], leading = 1): Variable {
  const { graph } = tape;
  let { value } = x;
  size.forEach((n, i) => {
    const from = x.dims[leading + i]!;
    if (n === from) return;
    const indices = Array.from({ length: n }, (_, k) => Math.floor(((k + 0.5) * from) / n));
    value = graph.node("Gather", [value, graph.ints(indices)], { axis: { int: leading + i } });
  });
  return tape.wrap(value, [...x.dims.slice(0, leading), ...size]);
}
