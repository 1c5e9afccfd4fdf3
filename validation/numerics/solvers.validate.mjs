// Reached digits against cost of every solver at relative tolerances of 1e-4, 1e-6 and 1e-8. A solver passes when a
// hundredfold tighter tolerance does not lose digits and 1e-8 reaches as many as stand below.
import { createSolver, integrate } from "@viscera/numerics";
import { brusselator, correctDigits, hires, oregonator, robertson, vanDerPol } from "./problems.mjs";

const TOLERANCES = [1e-4, 1e-6, 1e-8];
/** Digits that have to be reached at 1e-8. */
const LEAST = 5;
/** Digits that a tighter tolerance may lose by chance. */
const SLACK = 0.3;

async function solve(name, problem, relative) {
  const absolute = problem.absolute.map((share) => share * relative);
  const solver = await createSolver(name, problem.system, { relative, absolute });
  const run = () => {
    solver.reset({ time: 0, state: problem.start, parameters: problem.parameters });
    integrate(solver, { until: problem.until });
  };
  const began = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(began);
  const { accepted, rejected, pivoted } = solver.statistics;
  return { state: [...solver.state()], accepted, rejected, pivoted, ms: (user + system) / 1000 };
}

let failed = 0;
console.log("problem                solver    tolerance  digits    steps  rejected  pivoted  first run, ms");
for (const problem of [robertson, hires, oregonator, vanDerPol, brusselator(500)]) {
  const reference = problem.reference ?? (await solve("rodas5p", problem, 1e-11)).state;
  for (const name of ["rodas5p", "ndf"]) {
    let before = Number.NEGATIVE_INFINITY;
    for (const relative of TOLERANCES) {
      const { state, accepted, rejected, pivoted, ms } = await solve(name, problem, relative);
      const digits = correctDigits(state, reference);
      const bad = digits < before - SLACK || (relative === TOLERANCES.at(-1) && digits < LEAST);
      if (bad) failed++;
      before = digits;
      const columns = [digits.toFixed(2), accepted, rejected, pivoted, ms.toFixed(1)].map((value, i) =>
        String(value).padStart([8, 9, 10, 9, 15][i]),
      );
      console.log(
        `${problem.name.padEnd(23)}${name.padEnd(10)}${relative.toExponential(0).padEnd(9)}${columns.join("")}${bad ? "  too few" : ""}`,
      );
    }
  }
}
process.exit(failed === 0 ? 0 : 1);
