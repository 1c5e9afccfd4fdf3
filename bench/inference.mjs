// Forward passes of U-Nets: ONNX Runtime with this project's graphs against PyTorch on the same machine, runs
// alternating, with as many threads each.
//   node bench/inference.mjs [rounds, default 7] [name of one case, or all] [threads, default 2]
// VISCERA_BENCH_PYTHON names the Python that has torch (default python3). PyTorch runs with an allocator that does not
// give memory back to the system after every layer, which makes it up to 1.7 times faster. Wall time is what a user
// waits; processor time (all threads) says more where other programs disturb the machine, best with one thread, for
// PyTorch's threads spin while they wait for each other.
import { execFileSync, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { buildNetwork, floatTensor, GraphBuilder, inferenceModel, initialWeights } from "@viscera/nets";
import { openSession, runtimeBlock } from "@viscera/nets/node";

const PYTHON = process.env.VISCERA_BENCH_PYTHON ?? "python3";
const ROUNDS = Number(process.argv[2] ?? 7);
const ONLY = process.argv[3] ?? "all";
const THREADS = Number(process.argv[4] ?? 2);

const PLAIN = {
  input_channels: 1,
  num_classes: 2,
  n_stages: 6,
  features_per_stage: [32, 64, 128, 256, 320, 320],
  conv_op: "torch.nn.modules.conv.Conv3d",
  kernel_sizes: 3,
  strides: [1, 2, 2, 2, 2, 2],
  n_conv_per_stage: 2,
  n_conv_per_stage_decoder: 2,
  conv_bias: true,
  norm_op: "torch.nn.modules.instancenorm.InstanceNorm3d",
  norm_op_kwargs: { eps: 1e-5, affine: true },
  nonlin: "torch.nn.LeakyReLU",
};
const UNET = {
  spatial_dims: 3,
  in_channels: 1,
  out_channels: 2,
  channels: [16, 32, 64, 128, 256],
  strides: [2, 2, 2, 2],
  num_res_units: 2,
};
const CASES = [
  ...[64, 96, 128].map((edge) => ({ kind: "UNet", options: UNET, edge })),
  ...[96, 128].map((edge) => ({ kind: "PlainConvUNet", options: PLAIN, edge })),
].map((each) => ({ ...each, name: `${each.kind}-${each.edge}` }));

// The same networks in PyTorch's own layers, for their time only: their weights are PyTorch's.
const TORCH = `
import sys, time, resource
import torch
from torch import nn

def norm_act(c, affine, act):
    return nn.Sequential(nn.InstanceNorm3d(c, affine=affine), act())

def conv(i, o, k=3, s=1):
    return nn.Conv3d(i, o, k, s, (k - 1) // 2)

class Residual(nn.Module):
    def __init__(self, i, o, s, units, last=True):
        super().__init__()
        layers = []
        for u in range(units):
            layers.append(conv(i if u == 0 else o, o, 3, s if u == 0 else 1))
            if last or u < units - 1:
                layers.append(norm_act(o, False, nn.PReLU))
        self.main = nn.Sequential(*layers)
        self.side = nn.Identity() if i == o and s == 1 else conv(i, o, 3 if s > 1 else 1, s)
    def forward(self, x):
        return self.main(x) + self.side(x)

class UNet(nn.Module):
    def __init__(self, channels=(16, 32, 64, 128, 256)):
        super().__init__()
        n = len(channels)
        self.down = nn.ModuleList([Residual(([1] + list(channels))[i], channels[i], 2 if i < n - 1 else 1, 2) for i in range(n)])
        self.up = nn.ModuleList()
        for i in range(n - 1):
            below = channels[i + 1] if i == n - 2 else channels[i]
            out = channels[i - 1] if i > 0 else 2
            self.up.append(nn.Sequential(
                nn.ConvTranspose3d(channels[i] + below, out, 3, 2, 1, 1),
                norm_act(out, False, nn.PReLU),
                Residual(out, out, 1, 1, i > 0)))
    def forward(self, x):
        skips = []
        for block in self.down:
            x = block(x)
            skips.append(x)
        for i in reversed(range(len(self.up))):
            x = self.up[i](torch.cat((skips[i], x), 1))
        return x

class PlainConvUNet(nn.Module):
    def __init__(self, f=(32, 64, 128, 256, 320, 320)):
        super().__init__()
        act = lambda: nn.LeakyReLU(0.01, inplace=True)
        two = lambda i, o, s: nn.Sequential(conv(i, o, 3, s), norm_act(o, True, act), conv(o, o), norm_act(o, True, act))
        self.down = nn.ModuleList([two(1 if i == 0 else f[i - 1], f[i], 1 if i == 0 else 2) for i in range(len(f))])
        self.enlarge = nn.ModuleList([nn.ConvTranspose3d(f[i + 1], f[i], 2, 2) for i in range(len(f) - 1)])
        self.up = nn.ModuleList([two(2 * f[i], f[i], 1) for i in range(len(f) - 1)])
        self.head = nn.Conv3d(f[0], 2, 1)
    def forward(self, x):
        skips = []
        for block in self.down:
            x = block(x)
            skips.append(x)
        for i in reversed(range(len(self.up))):
            x = self.up[i](torch.cat((self.enlarge[i](x), skips[i]), 1))
        return self.head(x)

torch.set_num_threads(${THREADS})
net = {"UNet": UNet, "PlainConvUNet": PlainConvUNet}[sys.argv[1]]().eval()
edge = int(sys.argv[2])
x = torch.randn(1, 1, edge, edge, edge)
def used():
    r = resource.getrusage(resource.RUSAGE_SELF)
    return r.ru_utime + r.ru_stime
print(torch.__version__, sum(p.numel() for p in net.parameters()), flush=True)
with torch.no_grad():
    for line in sys.stdin:
        wall, cpu = time.perf_counter(), used()
        net(x)
        print(1000 * (time.perf_counter() - wall), 1000 * (used() - cpu), flush=True)
`;

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const numbers = (length) =>
  Float32Array.from({ length }, (_, i) => Math.sin(i * 0.37) + Math.cos(i * 0.0131));

async function measured(run) {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await run();
  const wall = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return { wall, cpu: (user + system) / 1000 };
}

/** What the machine can do: GFLOP/s of a product of large matrices, by wall and by processor time. */
async function limit() {
  const edge = 1536;
  const graph = new GraphBuilder();
  const x = graph.input("x", "float32", [edge, edge]);
  const y = graph.matMul(x, graph.weights("w", numbers(edge * edge), [edge, edge]));
  graph.output(y, "y", "float32", [edge, edge]);
  const session = await openSession(graph.build(), { threads: THREADS });
  const input = floatTensor(numbers(edge * edge), [edge, edge]);
  const runs = [];
  for (let i = 0; i < 9; i++) runs.push(await measured(() => session.run({ x: input })));
  await session.dispose();
  const speed = (key) => (2 * edge ** 3) / Math.min(...runs.map((run) => run[key])) / 1e6;
  return { wall: speed("wall"), cpu: speed("cpu") };
}

/** Operations of the convolutions, two for a product and its sum. */
function operations(network, edge) {
  const edges = [edge];
  const dims = new Map(network.parameters.map(({ name, dims }) => [name, dims]));
  let total = 0;
  for (const { operation, inputs } of network.layers) {
    let n = edges[inputs[0]];
    if (operation.kind === "conv" || operation.kind === "convTranspose") {
      const products = 2 * dims.get(operation.weight).reduce((all, k) => all * k, 1);
      if (operation.kind === "conv") n /= operation.strides[0];
      total += products * n ** 3;
      if (operation.kind === "convTranspose") n *= operation.strides[0];
    }
    edges.push(n);
  }
  return total;
}

function hasTorch() {
  try {
    execFileSync(PYTHON, ["-c", "import torch"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const block = await runtimeBlock();
const machine = await limit();
console.log(
  `product of matrices: ${machine.wall.toFixed(0)} GFLOP/s, ${machine.cpu.toFixed(0)} for a second of one processor; block ${block}`,
);
const withTorch = hasTorch();
if (!withTorch) console.log(`${PYTHON} has no torch here: own times only.`);

for (const { kind, options, edge, name } of CASES) {
  if (ONLY !== "all" && ONLY !== name) continue;
  const network = buildNetwork(kind, options);
  const weights = initialWeights(network, 1);
  const input = floatTensor(numbers(edge ** 3), [1, 1, edge, edge, edge]);
  const contestants = {};
  const sessions = [];
  for (const [label, layout] of Object.entries({ blocked: block, plain: null })) {
    if (label === "blocked" && block === null) continue;
    const model = inferenceModel(network, weights, { patch: [edge, edge, edge], block: layout });
    const session = await openSession(model, { threads: THREADS });
    sessions.push(session);
    contestants[label] = () => measured(() => session.run({ input }));
  }
  let python = null;
  if (withTorch) {
    python = spawn(PYTHON, ["-c", TORCH, kind, String(edge)], {
      env: {
        ...process.env,
        MALLOC_MMAP_MAX_: "0",
        MALLOC_TRIM_THRESHOLD_: "16G",
        OPENBLAS_NUM_THREADS: "1",
      },
      stdio: ["pipe", "pipe", "inherit"],
    });
    const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
    console.log(`torch ${(await lines.next()).value} parameters`);
    contestants.torch = async () => {
      python.stdin.write("run\n");
      const [wall, cpu] = (await lines.next()).value.split(" ").map(Number);
      return { wall, cpu };
    };
  }
  const runs = Object.fromEntries(Object.keys(contestants).map((label) => [label, []]));
  for (let round = 0; round <= ROUNDS; round++) {
    const order = Object.keys(contestants);
    if (round % 2) order.reverse();
    for (const label of order) {
      const run = await contestants[label]();
      if (round > 0) runs[label].push(run);
    }
  }
  python?.stdin.end();
  for (const session of sessions) await session.dispose();

  const work = operations(network, edge);
  console.log(`${name}: ${(work / 1e9).toFixed(0)} GFLOP`);
  for (const [label, list] of Object.entries(runs)) {
    const wall = median(list.map((run) => run.wall));
    const cpu = median(list.map((run) => run.cpu));
    const against = runs.torch && label !== "torch" ? ratios(list, runs.torch) : "";
    const share = ((100 * work) / 1e6 / cpu / machine.cpu).toFixed(0);
    console.log(
      `  ${label.padEnd(8)} wall ${wall.toFixed(0)} ms, processor ${cpu.toFixed(0)} ms (${share} % of the limit)${against}`,
    );
  }
}

function ratios(list, torch) {
  const ratio = (key) =>
    (median(list.map((run) => run[key])) / median(torch.map((run) => run[key]))).toFixed(2);
  return `, of torch's wall ${ratio("wall")}, processor ${ratio("cpu")}`;
}
