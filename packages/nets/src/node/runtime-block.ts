import { channelBlock, type SessionOptions } from "@viscera/nets";
import { openSession } from "./session.js";

let asked: Promise<number | null> | undefined;

/** The option `block` of `inferenceModel` for sessions that `openSession` opens with these options. */
export async function runtimeBlock({ device = "cpu" }: SessionOptions = {}): Promise<number | null> {
  if (device !== "cpu") return null;
  asked ??= channelBlock((model) => openSession(model, { threads: 1 }));
  return asked;
}
