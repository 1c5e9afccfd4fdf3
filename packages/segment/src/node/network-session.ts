import type { Size3 } from "@viscera/core";
import {
  type Device,
  floatTensor,
  inferenceModel,
  type Network,
  type RunOptions,
  type Session,
  type SessionOptions,
  type Tensor,
  type Weights,
} from "@viscera/nets";
import { openSession } from "@viscera/nets/node";
import { softmaxVoxels } from "../quality/index.js";

interface Opened {
  /** [d0, d1, d2] */
  extents: readonly number[];
  members: Promise<Session[]>;
}

/**
 * A network of one or several weights as one session. From `input` come `scores`, the mean over the members, and where
 * they are asked for `probabilities`, the mean of the members' softmax, and `features` of the first member.
 * Graphs are made for windows of one size; those of another size open when the first such window comes and take
 * the place of the ones before.
 */
export class NetworkSession implements Session {
  readonly inputNames = ["input"];
  readonly outputNames = ["scores", "probabilities", "features"];
  readonly network: Network;
  readonly device: Device;
  readonly #members: readonly Weights[];
  readonly #options: SessionOptions;
  #opened: Opened | null = null;

  private constructor(network: Network, members: readonly Weights[], options: SessionOptions) {
    this.network = network;
    this.device = options.device ?? "cpu";
    this.#members = members;
    this.#options = options;
  }

  /**
   * `patch` ([x, y, z]) is the size of the windows to come, where it is known. Throws `input.shape` where the
   * network cannot take it, `input.onnx`.
   */
  static async open(
    network: Network,
    members: readonly Weights[],
    patch: Size3 | null,
    options: SessionOptions,
  ): Promise<NetworkSession> {
    const session = new NetworkSession(network, members, options);
    if (patch) await session.#sessions([...patch].reverse());
    return session;
  }

  async #sessions(extents: readonly number[]): Promise<Session[]> {
    if (this.#opened?.extents.join() === extents.join()) return this.#opened.members;
    await this.dispose();
    const open = async (weights: Weights) =>
      openSession(inferenceModel(this.network, weights, { patch: extents, features: true }), this.#options);
    this.#opened = { extents, members: Promise.all(this.#members.map(open)) };
    return this.#opened.members;
  }

  async run(
    feeds: Readonly<Record<string, Tensor>>,
    { outputs = ["scores"], ...options }: RunOptions = {},
  ): Promise<Record<string, Tensor>> {
    const sessions = await this.#sessions(feeds["input"]?.dims.slice(2) ?? []);
    if (outputs.every((name) => name === "features")) return sessions[0]!.run(feeds, { ...options, outputs });
    const scores = new Sum();
    const probabilities = new Sum();
    const results: Record<string, Tensor> = {};
    for (const [member, session] of sessions.entries()) {
      const wantsFeatures = member === 0 && outputs.includes("features");
      const found = await session.run(feeds, {
        ...options,
        outputs: wantsFeatures ? ["scores", "features"] : ["scores"],
      });
      if (wantsFeatures) results["features"] = found["features"]!;
      const { data, dims } = found["scores"]! as { data: Float32Array; dims: readonly number[] };
      if (outputs.includes("probabilities")) {
        const shares = new Float32Array(data.length);
        softmaxVoxels(data, this.network.classes, shares);
        probabilities.add(shares, dims);
      }
      scores.add(data, dims);
    }
    results["scores"] = scores.mean();
    if (outputs.includes("probabilities")) results["probabilities"] = probabilities.mean();
    return results;
  }

  async dispose(): Promise<void> {
    const opened = this.#opened;
    this.#opened = null;
    // Sessions that did not open have been reported to who asked for them.
    for (const session of (await opened?.members.catch(() => [])) ?? []) await session.dispose();
  }
}

class Sum {
  #sum: Float32Array | null = null;
  #dims: readonly number[] = [];
  #count = 0;

  /** Takes the first tensor's array over. */
  add(data: Float32Array, dims: readonly number[]): void {
    this.#count++;
    this.#dims = dims;
    if (!this.#sum) this.#sum = data;
    else for (let i = 0; i < data.length; i++) this.#sum[i]! += data[i]!;
  }

  mean(): Tensor {
    const sum = this.#sum!;
    if (this.#count > 1) for (let i = 0; i < sum.length; i++) sum[i]! /= this.#count;
    return floatTensor(sum, this.#dims);
  }
}
