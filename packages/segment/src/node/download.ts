/** A file from the web, whole or not at all; what came before a break is kept and gone on from. */
import { createHash } from "node:crypto";
import { mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import {
  failedError,
  inputError,
  type JobOptions,
  throwIfCancelled,
  usageError,
  VisceraError,
} from "@viscera/core";

const MOST_REDIRECTS = 5;
const LARGEST_BYTES = 20e9;
/** A connection that gives nothing for so long is dead. */
const PATIENCE_MS = 60_000;

/** Name under which a download is kept until it is used: the same address goes on where it stopped. */
export function downloadName(url: string): string {
  return createHash("sha256").update(url).digest("hex").slice(0, 32);
}

/**
 * Downloads to `path`. Throws `usage` for what is no web address, `input.download` when the server refuses,
 * `failed.download` when the connection breaks (calling again goes on), `cancelled`.
 */
export async function download(url: string, path: string, options: JobOptions = {}): Promise<void> {
  const part = `${path}.part`;
  const stalled = new AbortController();
  const signal = AbortSignal.any([stalled.signal, ...(options.signal ? [options.signal] : [])]);
  let timer: NodeJS.Timeout | undefined;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => stalled.abort(new Error("the server stopped sending")), PATIENCE_MS);
  };
  await mkdir(dirname(path), { recursive: true });
  try {
    alive();
    const answer = await request(url, part, signal);
    await receive(answer, part, (done, total) => {
      alive();
      options.onProgress?.({ stage: "download", done, total: total ?? 0 });
    });
  } catch (error) {
    throwIfCancelled(options.signal);
    if (error instanceof VisceraError) throw error;
    const cause = ((error as Error).cause ?? error) as Error;
    throw failedError(
      "download",
      `The download of ${url} broke off: ${cause.message || "no connection"}.`,
      "Check the connection and call it again: it goes on where it stopped.",
      error,
    );
  } finally {
    clearTimeout(timer);
  }
  await rename(part, path);
  await rm(`${part}.json`, { force: true });
}

interface Answer {
  body: ReadableStream<Uint8Array>;
  /** Bytes that are there already. */
  have: number;
  /** Of the whole file, null where the server does not say. */
  total: number | null;
}

/** Asks for the rest of what `part` holds, if the server still has the same file. */
async function request(url: string, part: string, signal: AbortSignal): Promise<Answer> {
  const have = (await stat(part).catch(() => null))?.size ?? 0;
  const validator = have > 0 ? await readValidator(part) : null;
  const headers: Record<string, string> = { "accept-encoding": "identity", "user-agent": "viscera" };
  if (validator) Object.assign(headers, { range: `bytes=${have}-`, "if-range": validator });
  let address = webAddress(url);
  for (let redirects = 0; ; redirects++) {
    const response = await fetch(address, { headers, redirect: "manual", signal });
    const location = response.headers.get("location");
    if (response.status >= 300 && response.status < 400 && location) {
      await response.body?.cancel();
      if (redirects === MOST_REDIRECTS) throw refusal(url, "it is redirected again and again");
      const next = webAddress(new URL(location, address).href);
      if (address.protocol === "https:" && next.protocol === "http:") {
        throw refusal(url, "it is redirected from a secure to an insecure address");
      }
      address = next;
      continue;
    }
    if (!response.ok || !response.body) {
      await response.body?.cancel();
      throw refusal(url, `the server answers ${response.status} ${response.statusText}`.trim());
    }
    const type = response.headers.get("content-type") ?? "";
    if (/^text\/html/i.test(type)) {
      await response.body.cancel();
      throw refusal(url, "it is a web page, not a file");
    }
    const goesOn = response.status === 206 && rangeStart(response) === have;
    if (!goesOn) await rm(part, { force: true });
    await keepValidator(part, response);
    const length = Number(response.headers.get("content-length") ?? Number.NaN);
    const start = goesOn ? have : 0;
    const total = Number.isFinite(length) ? start + length : null;
    if ((total ?? 0) > LARGEST_BYTES) {
      await response.body.cancel();
      throw refusal(url, `it is of ${(total! / 1e9).toFixed(0)} GB, larger than any model`);
    }
    return { body: response.body, have: start, total };
  }
}

function webAddress(url: string): URL {
  const address = URL.canParse(url) ? new URL(url) : null;
  if (!address || !/^https?:$/.test(address.protocol)) {
    throw usageError(`${url} is no web address.`, "Give one that begins with https:// or http://.");
  }
  if (address.username || address.password) {
    throw usageError(
      "The address holds a name or password.",
      "Download the file yourself and give its path.",
    );
  }
  return address;
}

function refusal(url: string, why: string): VisceraError {
  return inputError("download", `${url} cannot be downloaded: ${why}.`, "Check the address.");
}

function rangeStart(response: Response): number {
  return Number(/^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1] ?? Number.NaN);
}

/** What tells whether the server's file is still the same. */
async function keepValidator(part: string, response: Response): Promise<void> {
  const tag = response.headers.get("etag");
  const validator = tag && !tag.startsWith("W/") ? tag : response.headers.get("last-modified");
  if (validator) await writeFile(`${part}.json`, JSON.stringify({ validator }));
  else await rm(`${part}.json`, { force: true });
}

async function readValidator(part: string): Promise<string | null> {
  try {
    const { validator } = JSON.parse(await readFile(`${part}.json`, "utf8"));
    return typeof validator === "string" ? validator : null;
  } catch {
    return null;
  }
}

async function receive(
  { body, have, total }: Answer,
  part: string,
  onBytes: (done: number, total: number | null) => void,
): Promise<void> {
  const file = await open(part, have > 0 ? "a" : "w");
  let done = have;
  try {
    for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
      // Each part is on the disk before the next is asked for, so that a broken download keeps what came.
      await file.write(chunk);
      done += chunk.length;
      if (done > LARGEST_BYTES) throw new Error("it is larger than any model");
      onBytes(done, total);
    }
  } finally {
    await file.close();
  }
  if (total !== null && done !== total) throw new Error(`it ended after ${done} of ${total} bytes`);
}
