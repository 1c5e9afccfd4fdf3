/**
 * Networks of flow and their calibration against svZeroDSolver and svZeroDCalibrator (C++, -O3), on the same documents.
 * Peers: environment variables SVZERODSOLVER and SVZERODCALIBRATOR name the binaries, SVZERODSOLVER_CASES the tests/cases
 * of a checkout with the larger models; without them only the shared cases run, and what is missing is said.
 * Processor time; here within one process after a first run, compilation to WebAssembly included, files excluded; there
 * a whole process less its time for a model of one step. The best of the rounds counts.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { calibrate, readNetwork, solveNetwork } from "@viscera/flow";

const ROUNDS = 5;
const shared = process.env.VISCERA_SHARED ?? resolve(import.meta.dirname, "../../shared");
const { SVZERODSOLVER: solver, SVZERODCALIBRATOR: calibrator, SVZERODSOLVER_CASES: cases } = process.env;

const candidates = [
  join(shared, "cases/flow/0d/coupledBlock_closedLoopHeart_singleVessel.json"),
  join(shared, "cases/flow/0d/closedLoopHeart_singleVessel_decomposed.json"),
  ...(cases
    ? [
        "piecewise_Chamber_and_Valve",
        "closedLoopHeart_withCoronaries",
        "coupledBlock_closedLoopHeart_withCoronaries",
      ].map((name) => join(cases, `${name}.json`))
    : []),
].map((path) => ({ path, peer: solver, run: async (document) => solveNetwork(readNetwork(document)) }));
candidates.push(
  ...[
    join(shared, "cases/flow/0d-calibrate/0104_0001_calibrate_from_0d.json"),
    ...(cases
      ? ["0140_2001", "0080_0001"].map((id) => join(cases, `vmr/input/${id}_calibrate_from_0d.json`))
      : []),
  ].map((path) => ({ path, peer: calibrator, run: calibrate })),
);

const scratch = mkdtempSync(join(tmpdir(), "viscera-zerod-"));
const milliseconds = ({ user, system }) => (user + system) / 1000;

/** Processor time of a peer's process, by the shell's own clock (the only children's time within reach). */
function peerTime(binary, path) {
  const run = spawnSync(
    "bash",
    ["-c", 'TIMEFORMAT="%U %S"; time "$0" "$1" "$2" >/dev/null', binary, path, join(scratch, "out")],
    {
      encoding: "utf8",
    },
  );
  const numbers = /([\d.]+) ([\d.]+)\s*$/.exec(run.stderr);
  return run.status === 0 && numbers ? 1000 * (Number(numbers[1]) + Number(numbers[2])) : null;
}

const best = (times) => (times.includes(null) ? null : Math.min(...times));
const rounds = (count, action) => Array.from({ length: count }, action);

console.log(`${"model".padEnd(46)} here ms   peer ms   ratio`);
for (const { path, peer, run } of candidates) {
  const name = path.split("/").at(-1).replace(".json", "");
  if (!existsSync(path)) {
    console.log(`${name.padEnd(46)} skipped: ${path} is missing`);
    continue;
  }
  const document = JSON.parse(readFileSync(path, "utf8"));
  const own = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const before = process.cpuUsage();
    await run(document);
    if (round > 0) own.push(milliseconds(process.cpuUsage(before)));
  }
  const mine = Math.min(...own);
  let theirs = "no peer";
  let ratio = "";
  if (peer) {
    // What reading the document costs: of a solver one step of it, of a calibrator not to be told apart.
    let idle = 0;
    if (peer === solver) {
      const short = {
        ...document,
        simulation_parameters: {
          ...document.simulation_parameters,
          number_of_cardiac_cycles: 1,
          number_of_time_pts_per_cardiac_cycle: 2,
          steady_initial: false,
          maximum_nonlinear_iterations: 100,
        },
      };
      const shortPath = join(scratch, "short.json");
      writeFileSync(shortPath, JSON.stringify(short));
      idle = best(rounds(ROUNDS, () => peerTime(peer, shortPath))) ?? 0;
    }
    const whole = best(rounds(peer === solver ? ROUNDS : 1, () => peerTime(peer, path)));
    if (whole !== null) {
      theirs = (whole - idle).toFixed(0);
      ratio = ((whole - idle) / mine).toFixed(1);
    }
  }
  console.log(`${name.padEnd(46)} ${mine.toFixed(1).padStart(7)} ${theirs.padStart(9)} ${ratio.padStart(7)}`);
}
rmSync(scratch, { recursive: true });
for (const [name, value] of Object.entries({
  SVZERODSOLVER: solver,
  SVZERODCALIBRATOR: calibrator,
  SVZERODSOLVER_CASES: cases,
}))
  if (!value) console.log(`${name} is not set: without it there is less to compare.`);
