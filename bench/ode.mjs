/**
 * Initial value problems against CVODE (SUNDIALS' BDF, compiled here as C with exact right-hand sides and Jacobians
 * written from the same formulas) and scipy's LSODA. One thread; start-up and compilation are not timed. The best CPU
 * time of the rounds counts, which other work on the machine disturbs least. Beside each time stands what was
 * reached: correct digits at the end, or the largest error of the hourly outputs relative to their maximum.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileNdf, compileRodas5p, integrate, Ndf, Rodas5p, solvePopulation } from "@viscera/numerics";
import {
  brusselator,
  correctDigits,
  hires,
  oregonator,
  pbpk,
  robertson,
  twoCompartments,
} from "../validation/numerics/problems.mjs";

const ROUNDS = 7;
/** Runs a round, so that a round takes some milliseconds at the least. */
const REPEATS = 20;
const RELATIVE = 1e-6;
const DOSE_ABSOLUTE = 1e-9;

const solvers = { Rodas5P: [compileRodas5p, Rodas5p], NDF: [compileNdf, Ndf] };

/** Hourly times where doses are given. */
const outputTimes = (problem) =>
  problem.doses ? Array.from({ length: problem.until + 1 }, (_, hour) => hour) : [];

function absoluteOf(problem, relative) {
  return problem.doses ? DOSE_ABSOLUTE * (relative / RELATIVE) : problem.absolute.map((a) => a * relative);
}

/** One run: the final state and the outputs. */
function run(problem, solver) {
  const { doses, start, parameters, until, output } = problem;
  const state = Float64Array.from(start);
  const stops = [];
  if (doses) {
    state[doses.state] += doses.amount;
    for (let d = 1; d < doses.number; d++) {
      stops.push({
        time: d * doses.every,
        apply: (y) => {
          y[doses.state] += doses.amount;
        },
      });
    }
  }
  solver.reset({ time: 0, state, parameters });
  const outputs = [];
  integrate(solver, {
    until,
    stops,
    outputTimes: outputTimes(problem),
    onOutput: (_index, _time, y) => outputs.push(y[output]),
  });
  return { state: [...solver.state()], outputs };
}

/** Milliseconds of CPU time of the best round. */
function timed(action, repeats) {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round <= ROUNDS; round++) {
    const before = process.cpuUsage();
    for (let i = 0; i < repeats; i++) action();
    const { user, system } = process.cpuUsage(before);
    // The first round warms up.
    if (round > 0) best = Math.min(best, (user + system) / 1000 / repeats);
  }
  return best;
}

/** What was reached, against the reference. */
function reached(problem, found, reference) {
  if (!problem.doses) return `${correctDigits(found.state, reference.state).toFixed(1)} digits`;
  const most = Math.max(...reference.outputs);
  const error = Math.max(...found.outputs.map((value, i) => Math.abs(value - reference.outputs[i])));
  return `error ${(error / most).toExponential(1)}`;
}

/** Assignments in C for nodes of an expression graph, shared parts once. */
function inC({ graph }, targets) {
  const names = new Map();
  const lines = [];
  const OPERATORS = { add: "+", sub: "-", mul: "*", div: "/" };
  for (const node of graph.needed(targets.map(({ node }) => node))) {
    const content = graph.content(node);
    if (content.kind === "number") names.set(node, `(${content.value})`.replace(/^\((-?\d+)\)$/, "($1.0)"));
    else if (content.kind === "symbol") names.set(node, `s_${content.name}`);
    else {
      const [a, b] = content.operands.map((operand) => names.get(operand));
      const { operator } = content;
      const text =
        operator in OPERATORS
          ? `${a} ${OPERATORS[operator]} ${b}`
          : operator === "neg"
            ? `-${a}`
            : `${operator}(${a}, ${b})`;
      lines.push(`double v${node} = ${text};`);
      names.set(node, `v${node}`);
    }
  }
  for (const { node, place } of targets) lines.push(`${place} = ${names.get(node)};`);
  return lines.join("\n");
}

/** A C program that solves the problem by CVODE and prints seconds, steps, the state and the outputs. */
function cvodeProgram(problem, { system, equations }, linear) {
  const n = system.states.length;
  const { doses, band = 0, start, parameters, until } = problem;
  const symbols = [
    ...system.states.map((name, i) => `const double s_${name} = y[${i}];`),
    ...system.parameters.map((name, i) => `const double s_${name} = p[${i}];`),
  ].join("\n");
  const count = equations.jacobian.length;
  // Compressed columns for KLU; the others by row and column.
  const byColumn = equations.jacobian
    .map(({ row, column }, k) => ({ row, column, k }))
    .sort((a, b) => a.column - b.column || a.row - b.row);
  const pointers = Array.from(
    { length: n + 1 },
    (_, c) => byColumn.filter(({ column }) => column < c).length,
  );
  const absolute = absoluteOf(problem, RELATIVE);
  const list = (values) => `{${[...values].join(",")}}`;
  return `#include <stdio.h>
#include <math.h>
#include <time.h>
#include <string.h>
#include <cvode/cvode.h>
#include <nvector/nvector_serial.h>
#include <sunmatrix/sunmatrix_dense.h>
#include <sunmatrix/sunmatrix_band.h>
#include <sunmatrix/sunmatrix_sparse.h>
#include <sunlinsol/sunlinsol_dense.h>
#include <sunlinsol/sunlinsol_band.h>
#include <sunlinsol/sunlinsol_klu.h>
enum { N = ${n}, NNZ = ${count} };
static const double p[] = ${list([...parameters, 0])};
static const double initial[] = ${list(start)};
static const double tolerances[] = ${list(typeof absolute === "number" ? new Array(n).fill(absolute) : absolute)};
static double values[NNZ];
static const int rows[] = ${list(equations.jacobian.map(({ row }) => row))};
static const int columns[] = ${list(equations.jacobian.map(({ column }) => column))};
static const sunindextype pointers[] = ${list(pointers)};
static const sunindextype sortedRows[] = ${list(byColumn.map(({ row }) => row))};
static const int order[] = ${list(byColumn.map(({ k }) => k))};
static int f(realtype t, N_Vector Y, N_Vector D, void *u) {
double *y = NV_DATA_S(Y), *d = NV_DATA_S(D);
${symbols}
${inC(
  equations,
  equations.equations.map((node, i) => ({ node, place: `d[${i}]` })),
)}
return 0; }
static void entries(const double *y) {
${symbols}
${inC(
  equations,
  equations.jacobian.map(({ node }, k) => ({ node, place: `values[${k}]` })),
)} }
static int jacobian(realtype t, N_Vector Y, N_Vector F, SUNMatrix J, void *u, N_Vector a, N_Vector b, N_Vector c) {
entries(NV_DATA_S(Y));
${
  linear === "klu"
    ? "memcpy(SM_INDEXPTRS_S(J), pointers, sizeof pointers); memcpy(SM_INDEXVALS_S(J), sortedRows, sizeof sortedRows); for (int k = 0; k < NNZ; k++) SM_DATA_S(J)[k] = values[order[k]];"
    : `for (int k = 0; k < NNZ; k++) ${linear === "band" ? "SM_ELEMENT_B" : "SM_ELEMENT_D"}(J, rows[k], columns[k]) = values[k];`
}
return 0; }
static double now(void) { struct timespec t; clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); return t.tv_sec + 1e-9 * t.tv_nsec; }
static double outputs[100000]; static double state[N]; static long steps;
static int solve(SUNContext context) {
N_Vector y = N_VNew_Serial(N, context), absolute = N_VNew_Serial(N, context);
memcpy(NV_DATA_S(y), initial, sizeof initial); memcpy(NV_DATA_S(absolute), tolerances, sizeof tolerances);
${doses ? `NV_DATA_S(y)[${doses.state}] += ${doses.amount};` : ""}
void *m = CVodeCreate(CV_BDF, context); CVodeInit(m, f, 0, y); CVodeSVtolerances(m, ${RELATIVE}, absolute); CVodeSetMaxNumSteps(m, 10000000);
SUNMatrix A = ${linear === "klu" ? "SUNSparseMatrix(N, N, NNZ, CSC_MAT, context)" : linear === "band" ? `SUNBandMatrix(N, ${band}, ${band}, context)` : "SUNDenseMatrix(N, N, context)"};
SUNLinearSolver S = ${linear === "klu" ? "SUNLinSol_KLU" : linear === "band" ? "SUNLinSol_Band" : "SUNLinSol_Dense"}(y, A, context);
CVodeSetLinearSolver(m, S, A); CVodeSetJacFn(m, jacobian);
double t = 0; int bad = 0; long own; steps = 0;
${
  doses
    ? `int k = 0; outputs[k++] = NV_DATA_S(y)[${problem.output}];
for (int d = 0; d < ${doses.number}; d++) { if (d) { NV_DATA_S(y)[${doses.state}] += ${doses.amount}; CVodeReInit(m, t, y); }
CVodeSetStopTime(m, ${doses.every}.0 * (d + 1));
for (int h = 1; h <= ${doses.every}; h++) { bad |= CVode(m, ${doses.every}.0 * d + h, y, &t, CV_NORMAL) < 0; outputs[k++] = NV_DATA_S(y)[${problem.output}]; }
CVodeGetNumSteps(m, &own); steps += own; }`
    : `CVodeSetStopTime(m, ${until}); bad = CVode(m, ${until}, y, &t, CV_NORMAL) < 0; CVodeGetNumSteps(m, &steps);`
}
memcpy(state, NV_DATA_S(y), sizeof state);
N_VDestroy(y); N_VDestroy(absolute); CVodeFree(&m); SUNLinSolFree(S); SUNMatDestroy(A); return bad; }
int main(int argc, char **argv) { SUNContext context; SUNContext_Create(NULL, &context); int repeats = argc > 1 ? 1 : 0; sscanf(argv[1], "%d", &repeats);
double best = 1e300; for (int round = 0; round <= ${ROUNDS}; round++) { double began = now(); for (int r = 0; r < repeats; r++) if (solve(context)) return 1;
double own = (now() - began) / repeats; if (round && own < best) best = own; }
printf("{\\"ms\\": %.9g, \\"steps\\": %ld, \\"state\\": [", best * 1e3, steps);
for (int i = 0; i < N; i++) printf("%s%.17g", i ? "," : "", state[i]);
printf("], \\"outputs\\": ["); for (int i = 0; i < ${outputTimes(problem).length}; i++) printf("%s%.17g", i ? "," : "", outputs[i]); printf("]}"); }
`;
}

const folder = mkdtempSync(join(tmpdir(), "viscera-ode-"));
let noCvode = null;

function cvode(problem, compiled, linear, repeats) {
  if (noCvode) return null;
  const [source, program] = [join(folder, "problem.c"), join(folder, "problem")];
  writeFileSync(source, cvodeProgram(problem, compiled, linear));
  const libraries = ["cvode", "nvecserial", "sunlinsolklu"]
    .map((name) => `sundials_${name}`)
    .concat("klu", "m")
    .map((name) => `-l${name}`);
  const flags = [
    "-O3",
    "-march=native",
    "-w",
    "-I/usr/include/suitesparse",
    source,
    "-o",
    program,
    ...libraries,
  ];
  const built = spawnSync("cc", flags, { encoding: "utf8" });
  if (built.status !== 0) {
    noCvode = built.error
      ? "no C compiler"
      : `it does not build (Debian: libsundials-dev): ${built.stderr.split("\n")[0]}`;
    return null;
  }
  return JSON.parse(execFileSync(program, [String(repeats)], { encoding: "utf8", maxBuffer: 1e9 }));
}

const SCIPY = `
import json, sys, time
import numpy as np
from scipy.integrate import solve_ivp
job = json.load(sys.stdin)
scope = dict(zip(job["parameters"], job["values"]))
source = "def f(t, y):\\n " + ", ".join(job["states"]) + ", = y\\n" + "".join(f" {line}\\n" for line in job["lines"])
source += " return [" + ", ".join(job["rates"]) + "]"
exec(source, scope)
def run():
    y = np.array(job["start"], float); out = []
    doses = job.get("doses")
    if not doses:
        return solve_ivp(scope["f"], (0, job["until"]), y, "LSODA", rtol=job["rtol"], atol=job["atol"]).y[:, -1], out
    out.append(y[job["output"]])
    for d in range(doses["number"]):
        y[doses["state"]] += doses["amount"]
        if d == 0: out[0] = y[job["output"]]
        t = np.arange(doses["every"] + 1.0)
        s = solve_ivp(scope["f"], (0, doses["every"]), y, "LSODA", t_eval=t, rtol=job["rtol"], atol=job["atol"])
        out += list(s.y[job["output"], 1:]); y = s.y[:, -1].copy()
    return y, out
best = 1e300
for r in range(3):
    began = time.process_time(); y, out = run(); best = min(best, time.process_time() - began)
json.dump({"ms": best * 1e3, "state": list(y), "outputs": list(out)}, sys.stdout)
`;

function scipy(problem, { system, equations }) {
  const names = equations.equations.map((_, i) => `rate${i}`);
  const text = inC(
    equations,
    equations.equations.map((node, i) => ({ node, place: names[i] })),
  );
  const job = {
    ...problem,
    parameters: system.parameters.map((name) => `s_${name}`),
    values: problem.parameters,
    states: system.states.map((name) => `s_${name}`),
    lines: text.split("\n").map((line) => line.replace(/^double /, "").replace(/;$/, "")),
    rates: names,
    rtol: RELATIVE,
    atol: absoluteOf(problem, RELATIVE),
  };
  const done = spawnSync("python3", ["-c", SCIPY], { input: JSON.stringify(job), encoding: "utf8" });
  return done.status === 0 ? JSON.parse(done.stdout) : null;
}

const show = (name, ms, what) => console.log(`  ${name.padEnd(22)} ${ms.toFixed(3).padStart(9)} ms  ${what}`);

async function compare(problem, ours, linears, repeats = REPEATS) {
  console.log(problem.name);
  const [compile, Solver] = solvers.Rodas5P;
  const compiled = await compile(problem.system);
  const tight = new Solver(compiled, { relative: 1e-11, absolute: absoluteOf(problem, 1e-11) });
  const reference = problem.reference ? { state: problem.reference } : run(problem, tight);
  let best = Number.POSITIVE_INFINITY;
  for (const name of ours) {
    const own = name === "Rodas5P" ? compiled : await solvers[name][0](problem.system);
    let solver;
    let found;
    const ms = timed(() => {
      solver = new solvers[name][1](own, {
        relative: RELATIVE,
        absolute: absoluteOf(problem, RELATIVE),
      });
      found = run(problem, solver);
    }, repeats);
    best = Math.min(best, ms);
    show(`here, ${name}`, ms, `${solver.statistics.accepted} steps, ${reached(problem, found, reference)}`);
  }
  for (const linear of linears) {
    const found = cvode(problem, compiled, linear, repeats);
    if (!found) console.log(`  CVODE ${linear}: not measured, ${noCvode}`);
    else {
      const what = `${found.steps} steps, ${reached(problem, found, reference)}, ${(found.ms / best).toFixed(1)}x ours`;
      show(`CVODE, ${linear}`, found.ms, what);
    }
  }
  if (problem.system.states.length > 100) return;
  const found = scipy(problem, compiled);
  if (!found) console.log("  scipy: not measured, python3-scipy is missing");
  else
    show(
      "scipy, LSODA",
      found.ms,
      `${reached(problem, found, reference)}, ${(found.ms / best).toFixed(0)}x ours`,
    );
}

/** Subjects that differ by their clearance, in pairs by vectors, against one after the other. */
async function population(problem, subjects) {
  const { doses, start, parameters, until } = problem;
  const first = Float64Array.from(start);
  first[doses.state] += doses.amount;
  const parametersOf = (subject) =>
    parameters.map((value, i) => (i === 1 ? value * (0.7 + (0.6 * subject) / subjects) : value));
  const stops = Array.from({ length: doses.number - 1 }, (_, d) => ({
    time: (d + 1) * doses.every,
    apply: (state) => {
      state[doses.state] += doses.amount;
    },
  }));
  let sum = 0;
  const options = {
    from: 0,
    until,
    subjects,
    stateOf: () => first,
    parametersOf,
    stops,
    outputTimes: outputTimes(problem),
    onOutput: (_subject, _index, state) => {
      sum += state[problem.output];
    },
    relative: RELATIVE,
    absolute: DOSE_ABSOLUTE,
  };
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3; round++) {
    sum = 0;
    const before = process.cpuUsage();
    await solvePopulation(problem.system, options);
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / 1000);
  }
  show(`in pairs, ${subjects}`, best / subjects, `a subject (sum of outputs ${sum.toPrecision(8)})`);
}

try {
  await compare(twoCompartments, ["Rodas5P"], ["dense"]);
  await population(twoCompartments, 400);
  await compare(pbpk, ["Rodas5P"], ["dense", "klu"], 4);
  await population(pbpk, 40);
  for (const problem of [robertson, hires, oregonator]) await compare(problem, ["Rodas5P"], ["dense"]);
  await compare(brusselator(500), ["Rodas5P", "NDF"], ["band"], 2);
} finally {
  rmSync(folder, { recursive: true });
}
