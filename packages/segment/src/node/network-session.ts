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

interface Opened {
  /** [d0, d1, d2] */
  extents: readonly number[];
  members: Promise<Session[]>;
}

/**
 * A network of one or several weights as one session, `input` to `scores`: scores are averaged over the members.
 * Graphs are made for windows of one size; those of another size open when the first such window comes and take
 * the place of the ones before.
 */
export class NetworkSession implements Session {
  readonly inputNames = ["input"];
  readonly outputNames = ["scores"];
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
      openSession(inferenceModel(this.network, weights, { patch: extents }), this.#options);
    this.#opened = { extents, members: Promise.all(this.#members.map(open)) };
    return this.#opened.members;
  }

  async run(
    feeds: Readonly<Record<string, Tensor>>,
    options: RunOptions = {},
  ): Promise<Record<string, Tensor>> {
    const sessions = await this.#sessions(feeds["input"]?.dims.slice(2) ?? []);
    let sum: Float32Array | undefined;
    let dims: readonly number[] = [];
    for (const session of sessions) {
      const { scores } = await session.run(feeds, options);
      const data = scores!.data as Float32Array;
      dims = scores!.dims;
      if (!sum) sum = data;
      else for (let i = 0; i < data.length; i++) sum[i]! += data[i]!;
    }
    if (sessions.length > 1) for (let i = 0; i < sum!.length; i++) sum![i]! /= sessions.length;
    return { scores: floatTensor(sum!, dims) };
  }

  async dispose(): Promise<void> {
    const opened = this.#opened;
    this.#opened = null;
    // Sessions that did not open have been reported to who asked for them.
    for (const session of (await opened?.members.catch(() => [])) ?? []) await session.dispose();
  }
}
