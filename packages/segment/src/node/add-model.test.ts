import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { type ModelFile, VisceraError } from "@viscera/core";
import { testWithShared } from "@viscera/core/testing";
import { buildNetwork, crc32, initialWeights, writeSafetensors } from "@viscera/nets";
import { addModel, listModels, openModel } from "@viscera/segment/node";
import { writeCheckpoint } from "./torch-checkpoint.testing.js";

const OPTIONS = { spatial_dims: 3, in_channels: 1, out_channels: 2, channels: [4, 8], strides: [2] };
const encode = (text: string) => new TextEncoder().encode(text);
const hash = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

interface Entry {
  name: string;
  content: Uint8Array;
  /** Unix mode; default a plain file. */
  mode?: number;
  /** What the directory claims instead of the truth. */
  claimed?: number;
  stored?: boolean;
}

function zip(entries: readonly Entry[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const { name, content, mode = 0o100644, claimed = content.length, stored = false } of entries) {
    const packed = stored ? content : deflateRawSync(content);
    const file = encode(name);
    const fields = new DataView(new ArrayBuffer(26));
    fields.setUint16(0, 20, true);
    fields.setUint16(4, stored ? 0 : 8, true);
    fields.setUint32(10, crc32(content), true);
    fields.setUint32(14, packed.length, true);
    fields.setUint32(18, claimed, true);
    fields.setUint16(22, file.length, true);
    const local = new Uint8Array([0x50, 0x4b, 3, 4, ...new Uint8Array(fields.buffer), ...file]);
    const central = new DataView(new ArrayBuffer(46));
    central.setUint32(0, 0x02014b50, true);
    new Uint8Array(central.buffer).set(new Uint8Array(fields.buffer), 6);
    central.setUint32(38, mode * 65536, true);
    central.setUint32(42, offset, true);
    directory.push(new Uint8Array(central.buffer), file);
    parts.push(local, packed);
    offset += local.length + packed.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, entries.length, true);
  end.setUint16(10, entries.length, true);
  end.setUint32(12, size, true);
  end.setUint32(16, offset, true);
  return new Uint8Array(Buffer.concat([...parts, ...directory, new Uint8Array(end.buffer)]));
}

/** A model folder's files below `folder`. */
function model(folder = "small/", name = "small"): Entry[] {
  const weights = writeSafetensors(initialWeights(buildNetwork("UNet", OPTIONS), 1));
  const description: ModelFile = {
    schema: 1,
    name,
    version: "1.0.0",
    architecture: { kind: "UNet", options: OPTIONS },
    weights: "weights.safetensors",
    input: {
      modality: ["MR"],
      orientation: "RAS",
      spacingMm: [1, 1, 1],
      patch: [8, 8, 8],
      normalisation: { kind: "zscore" },
      conform: null,
      overlap: 0.5,
      haloVoxels: null,
      mirrorAxes: [],
    },
    labels: [{ id: 1, name: "liver", snomed: null }],
    licence: "CC BY-NC 4.0",
    commercialUse: false,
    card: null,
    sha256: hash(weights),
  };
  return [
    { name: `${folder}viscera-model.json`, content: encode(JSON.stringify(description)) },
    { name: `${folder}weights.safetensors`, content: weights, stored: true },
    { name: `${folder}LICENSE`, content: encode("for science") },
  ];
}

/** A store of its own, and a folder for files. */
async function withStore(body: (folder: string, store: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "viscera-add-"));
  const before = process.env["VISCERA_HOME"];
  process.env["VISCERA_HOME"] = join(folder, "home");
  try {
    await body(folder, join(folder, "home", "models"));
  } finally {
    if (before === undefined) delete process.env["VISCERA_HOME"];
    else process.env["VISCERA_HOME"] = before;
    await rm(folder, { recursive: true });
  }
}

const refused = (code: string, pattern: RegExp) => (error: unknown) =>
  error instanceof VisceraError && error.code === code && pattern.test(error.message);

test("an archive of a model is stored with its checksum and licence; a changed weight is noticed", async () => {
  await withStore(async (folder, store) => {
    const bytes = zip([{ name: "small/", content: new Uint8Array(0), stored: true }, ...model()]);
    await writeFile(join(folder, "small.zip"), bytes);
    const wrong = addModel(join(folder, "small.zip"), { sha256: "0".repeat(64) });
    await assert.rejects(wrong, refused("input.checksum", /not the one asked for/));
    const stored = await addModel(join(folder, "small.zip"), { sha256: hash(bytes) });
    assert.equal(stored.name, "small");
    assert.deepEqual((await readdir(store)).sort(), ["small"]);
    const record = JSON.parse(await readFile(join(stored.folder, "viscera-stored.json"), "utf8"));
    assert.equal(record.description.licence, "CC BY-NC 4.0");
    assert.equal(record.source, join(folder, "small.zip"));
    assert.deepEqual(record.files.map(({ path }: { path: string }) => path).sort(), [
      "LICENSE",
      "viscera-model.json",
      "weights.safetensors",
    ]);
    const [listed] = (await listModels()).filter(({ name }) => name === "small");
    assert.equal(listed!.description!.sha256, stored.description!.sha256);
    const opened = await openModel("small");
    assert.match(opened.warnings.join(), /not for commercial use/);
    await opened.dispose();
    // Weights and description both exchanged for others that go together.
    const other = writeSafetensors(initialWeights(buildNetwork("UNet", OPTIONS), 2));
    await writeFile(join(stored.folder, "weights.safetensors"), other);
    await writeFile(
      join(stored.folder, "viscera-model.json"),
      JSON.stringify({ ...stored.description, sha256: hash(other) }),
    );
    await assert.rejects(openModel("small"), refused("input.checksum", /not those that were added on 20/));
    await assert.rejects(addModel(join(folder, "small.zip")), refused("input.model", /already/));
  });
});

test("archives that reach out of their folder, link, lie or swell are refused, and nothing is left of them", async () => {
  await withStore(async (folder, store) => {
    const evil = (name: string, more: Partial<Entry> = {}): Entry => ({
      name,
      content: encode("x"),
      ...more,
    });
    const path = join(folder, "evil.zip");
    for (const [entries, code, why] of [
      [[evil("../escaped.txt")], "input.archive", /out of the folder/],
      [[evil("small/../../escaped.txt")], "input.archive", /out of the folder/],
      [[evil("/tmp/escaped.txt")], "input.archive", /out of the folder/],
      [[evil("..\\escaped.txt")], "input.archive", /out of the folder/],
      [[evil("C:escaped.txt")], "input.archive", /out of the folder/],
      [
        [evil("small/link", { content: encode("/etc/passwd"), mode: 0o120777 })],
        "input.archive",
        /is a link/,
      ],
      [[evil("small/weights.safetensors/below")], "input.zip", /another|is missing|where/],
      [[evil("bomb", { content: new Uint8Array(4e6), claimed: 4e9 })], "input.(zip|archive)", /claims|GB/],
      [[evil("short", { content: new Uint8Array(4e6), claimed: 1e5 })], "input.zip", /larger than it claims/],
      [[evil("m/data.pkl"), evil("m/data/0")], "input.model", /weights alone/],
    ] as const) {
      await writeFile(path, zip([...model(), ...entries]));
      await assert.rejects(
        addModel(path),
        (error) =>
          error instanceof VisceraError && new RegExp(code).test(error.code) && why.test(error.message),
        `${entries[0]!.name}`,
      );
      assert.deepEqual(await readdir(store), []);
      assert.ok(!existsSync(join(folder, "escaped.txt")) && !existsSync("/tmp/escaped.txt"));
    }
    await writeFile(path, zip([evil("readme.txt")]));
    await assert.rejects(addModel(path), refused("input.model", /holds no model/));
    await writeFile(path, zip(model()).subarray(0, 900));
    await assert.rejects(addModel(path), refused("input.zip", /cut off/));
    await writeFile(
      join(folder, "lone.pth"),
      writeCheckpoint(initialWeights(buildNetwork("UNet", OPTIONS), 1)),
    );
    await assert.rejects(addModel(join(folder, "lone.pth")), refused("input.model", /weights alone/));
  });
});

/** A server on this machine; `handle` sees each request. */
async function withServer(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  body: (address: string) => Promise<void>,
): Promise<void> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await body(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

test("a download that breaks goes on where it stopped; a changed file starts anew", async () => {
  await withStore(async (_folder, store) => {
    const bytes = zip(model());
    const ranges: (string | undefined)[] = [];
    let tag = '"one"';
    let connection: ServerResponse | null = null;
    // The connection breaks once the first bytes have come through.
    const cut = { onProgress: () => connection?.destroy() };
    const handle = (request: IncomingMessage, response: ServerResponse) => {
      ranges.push(request.headers.range);
      const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
      const start = request.headers["if-range"] === tag ? from : 0;
      response.setHeader("etag", tag);
      response.setHeader("content-length", bytes.length - start);
      if (start > 0)
        response.setHeader("content-range", `bytes ${start}-${bytes.length - 1}/${bytes.length}`);
      response.writeHead(start > 0 ? 206 : 200);
      if (ranges.length === 3) response.end(bytes.subarray(start));
      else response.write(bytes.subarray(start, start + 400));
      connection = response;
    };
    await withServer(handle, async (address) => {
      const url = `${address}/small.zip`;
      await assert.rejects(addModel(url, cut), refused("failed.download", /broke off/));
      tag = '"two"';
      await assert.rejects(addModel(url, cut), refused("failed.download", /broke off/));
      const seen: number[] = [];
      const stored = await addModel(url, {
        sha256: hash(bytes),
        onProgress: ({ stage, done }) => stage === "download" && seen.push(done),
      });
      assert.equal(stored.name, "small");
      assert.equal(seen.at(-1), bytes.length);
      assert.deepEqual(ranges, [undefined, "bytes=400-", "bytes=400-"]);
      const record = JSON.parse(await readFile(join(stored.folder, "viscera-stored.json"), "utf8"));
      assert.equal(record.source, url);
      assert.deepEqual(await readdir(join(store, ".downloads")), []);
      const weights = await readFile(join(stored.folder, "weights.safetensors"));
      assert.equal(hash(weights), stored.description!.sha256);
    });
  });
});

test("addresses that give no model are refused", async () => {
  await withStore(async () => {
    let requests = 0;
    const handle = (request: IncomingMessage, response: ServerResponse) => {
      requests++;
      const path = request.url!;
      if (path === "/loop") response.writeHead(302, { location: "/loop" }).end();
      else if (path === "/away") response.writeHead(302, { location: "file:///etc/passwd" }).end();
      else if (path === "/page") response.writeHead(200, { "content-type": "text/html" }).end("<html>");
      else if (path === "/huge") response.writeHead(200, { "content-length": 3e10 }).flushHeaders();
      else if (path === "/once") response.writeHead(301, { location: "/small.zip" }).end();
      else if (path === "/small.zip") response.end(zip(model()));
      else response.writeHead(404).end();
    };
    await withServer(handle, async (address) => {
      for (const [path, code, why] of [
        ["/none.zip", "input.download", /404/],
        ["/loop", "input.download", /again and again/],
        ["/away", "usage", /no web address/],
        ["/page", "input.download", /web page/],
        ["/huge", "input.download", /30 GB/],
      ] as const) {
        await assert.rejects(addModel(`${address}${path}`), refused(code, why), path);
      }
      const wrong = addModel(`${address}/small.zip`, { sha256: "1".repeat(64) });
      await assert.rejects(wrong, refused("input.checksum", /do not|not the one/));
      assert.equal((await addModel(`${address}/once`)).name, "small");
      const before = requests;
      await assert.rejects(addModel(`${address}/model.pth`), refused("input.model", /weights alone/));
      assert.equal(requests, before);
    });
    await assert.rejects(addModel("ftp://127.0.0.1/x.zip"), refused("usage", /no web address/));
    await assert.rejects(addModel("https://me:secret@127.0.0.1/x.zip"), (error: VisceraError) => {
      return error.code === "usage" && !/secret/.test(error.message);
    });
    const controller = new AbortController();
    controller.abort();
    const cancelled = addModel("http://127.0.0.1:9/x.zip", { signal: controller.signal });
    await assert.rejects(cancelled, refused("cancelled", /./));
    await assert.rejects(addModel("http://127.0.0.1:9/x.zip"), refused("failed.download", /broke off/));
  });
});

testWithShared(
  "an exported nnU-Net model is stored from its archive",
  ["cases/nets/nnunet/plain"],
  async ([root]) => {
    await withStore(async (folder) => {
      const trained = join(root, "Dataset901_GoldenCT", "nnUNetTrainer__nnUNetPlans__3d_fullres");
      const inArchive = "nnUNet_results/Dataset901_GoldenCT/nnUNetTrainer__nnUNetPlans__3d_fullres";
      const names = ["dataset.json", "plans.json", "fold_0/checkpoint_final.pth"];
      const entries = await Promise.all(
        names.map(async (name) => ({
          name: `${inArchive}/${name}`,
          content: await readFile(join(trained, name)),
        })),
      );
      await writeFile(join(folder, "export.zip"), zip(entries));
      const stored = await addModel(join(folder, "export.zip"), { name: "golden" });
      assert.ok(existsSync(join(stored.folder, "fold_0", "checkpoint_final.pth")));
      const model = await openModel("golden");
      assert.equal(model.channels, 1);
      await model.dispose();
    });
  },
);
