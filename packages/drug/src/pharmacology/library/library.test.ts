import assert from "node:assert/strict";
import { test } from "node:test";
import { assertClose } from "@viscera/core/testing";
import { readDataSet } from "../data-set.js";
import type { DataSimulationOptions } from "../data-simulator.js";
import { readModelText } from "../model-text.js";
import { simulateData } from "../simulate-data.js";
import { LIBRARY_MODELS, libraryModelText } from "./index.js";

/** Rows of values after one dose at time 0 into a compartment. */
async function afterDose(
  name: string,
  times: readonly number[],
  {
    amount = 100,
    into = 1,
    rate = 0,
    text = libraryModelText(name),
    ...options
  }: Partial<DataSimulationOptions> & {
    amount?: number;
    into?: number;
    rate?: number;
    text?: string;
  } = {},
): Promise<Record<string, number>[]> {
  const lines = times.map((time) => `1,${time},0,0,0,0`);
  const header = "ID,TIME,AMT,RATE,EVID,CMT";
  const dose = amount > 0 ? [`1,0,${amount},${rate},1,${into}`] : [];
  const data = readDataSet([header, ...dose, ...lines].join("\n"));
  const { rows, columns } = await simulateData(readModelText(text, name), data, {
    compartments: true,
    ...options,
  });
  return rows.map(({ values }) => Object.fromEntries(columns.map((column, i) => [column.name, values[i]!])));
}

test("every model can be read, runs, and has a source and units", async () => {
  for (const [name, text] of LIBRARY_MODELS) {
    const model = readModelText(text, name);
    assert.ok(model.title.length > 0 && model.sources.length > 0 && model.timeUnit.length > 0, name);
    const rows = await afterDose(name, [0, 1, 24]);
    for (const row of rows) for (const value of Object.values(row)) assert.ok(Number.isFinite(value), name);
  }
});

test("one compartment: bolus, infusion and absorption have their closed forms", async () => {
  const times = [0.5, 2, 7, 30];
  const k = 5 / 50;
  const bolus = await afterDose("pk1", times);
  const infusion = await afterDose("pk1", times, { rate: 20 });
  const oral = await afterDose("pk1-oral", times);
  for (const [i, t] of times.entries()) {
    assertClose(bolus[i]!.Cp!, 2 * Math.exp(-k * t), { relative: 1e-12 });
    const on = Math.min(t, 5);
    assertClose(infusion[i]!.Cp!, (20 / 5) * (1 - Math.exp(-k * on)) * Math.exp(-k * (t - on)), {
      relative: 1e-12,
    });
    assertClose(oral[i]!.Cp!, (2 / (1 - k)) * (Math.exp(-k * t) - Math.exp(-t)), { relative: 1e-11 });
  }
});

test("two compartments follow the biexponential; three conserve what clearance has not taken", async () => {
  const [k10, k12, k21] = [0.1, 0.2, 0.1];
  const sum = k10 + k12 + k21;
  const root = Math.sqrt(sum * sum - 4 * k10 * k21);
  const [alpha, beta] = [(sum + root) / 2, (sum - root) / 2];
  const times = [0.5, 3, 20, 100];
  const rows = await afterDose("pk2-micro", times);
  const clearances = await afterDose("pk2", times);
  for (const [i, t] of times.entries()) {
    const a = (alpha - k21) / (alpha - beta);
    const expected = 2 * (a * Math.exp(-alpha * t) + (1 - a) * Math.exp(-beta * t));
    assertClose(rows[i]!.Cp!, expected, { relative: 1e-12 });
    assertClose(clearances[i]!.Cp!, expected, { relative: 1e-12 });
  }
  const kept = await afterDose("pk3-oral", [1e-3, 10, 100], { parameters: { CL: 0 } });
  for (const { depot, central, peripheral1, peripheral2 } of kept) {
    assertClose(depot! + central! + peripheral1! + peripheral2!, 100, { relative: 1e-12 });
  }
  const micro = await afterDose("pk3-oral-micro", times);
  const clearance3 = await afterDose("pk3-oral", times);
  for (const [i, row] of micro.entries()) assertClose(row.Cp!, clearance3[i]!.Cp!, { relative: 1e-12 });
});

test("transit absorption with whole n is a chain of n + 1 compartments", async () => {
  const chain = `
    parameter CL = 5
    parameter V = 50
    d/dt(a0) = -5 * a0
    d/dt(a1) = 5 * (a0 - a1)
    d/dt(a2) = 5 * (a1 - a2)
    d/dt(a3) = 5 * (a2 - a3)
    d/dt(a4) = 5 * (a3 - a4)
    d/dt(depot) = 5 * a4 - depot
    d/dt(central) = depot - CL / V * central
    output Cp = central / V`;
  const times = [0.2, 1, 2, 5, 12];
  const exact = await afterDose("chain", times, { text: chain });
  const rows = await afterDose("pk1-transit", times);
  for (const [i, row] of rows.entries()) assertClose(row.Cp!, exact[i]!.Cp!, { relative: 1e-6 });
});

test("Michaelis-Menten: the integrated equation holds, and low doses are linear", async () => {
  const times = [1, 5, 12, 20];
  const rows = await afterDose("pk1-mm", times, { amount: 250 });
  for (const [i, t] of times.entries()) {
    const c = rows[i]!.Cp!;
    // C0 - C + Km ln(C0 / C) = Vmax / V t
    assertClose(5 - c + 2 * Math.log(5 / c), (10 / 50) * t, { relative: 1e-7 });
  }
  const low = await afterDose("pk2-mm", times, { amount: 1e-3 });
  const linear = await afterDose("pk2", times, { amount: 1e-3 });
  for (const [i, row] of low.entries()) assertClose(row.Cp!, linear[i]!.Cp!, { relative: 1e-4 });
});

test("target-mediated disposition: rest without drug, balances, and the approximation where binding is fast", async () => {
  const rest = await afterDose("tmdd", [0, 100], { amount: 0 });
  for (const row of rest) assertClose(row.target!, 2, { relative: 1e-9 });
  const times = [1, 24, 168, 500];
  const closed = await afterDose("tmdd", times, {
    parameters: { kel: 0, kint: 0, ksyn: 2e-12, kdeg: 1e-12 },
  });
  for (const { central, tissue, complex } of closed) {
    assertClose(central! + tissue! + 3 * complex!, 100, { relative: 1e-6 });
  }
  const full = await afterDose("tmdd", times, { parameters: { kon: 1000, koff: 200 } });
  const approximate = await afterDose("tmdd-qss", times, { parameters: { Kss: 0.20003 } });
  for (const [i, row] of approximate.entries()) {
    assertClose(row.C!, full[i]!.C!, { relative: 2e-3 });
    assertClose(row.freeTarget!, full[i]!.freeTarget!, { relative: 2e-3 });
  }
});

test("direct effects and the effect compartment", async () => {
  const [emax] = await afterDose("emax", [3]);
  assertClose(emax!.effect!, 10 + (50 * emax!.Cp!) / (0.5 + emax!.Cp!), { relative: 1e-12 });
  const [sigmoid] = await afterDose("sigmoid-emax", [3]);
  const ratio = (sigmoid!.Cp! / 0.5) ** 2;
  assertClose(sigmoid!.effect!, 10 + (50 * ratio) / (1 + ratio), { relative: 1e-12 });
  // Bolus into central: Ce = C0 ke0 / (ke0 - k) (exp(-k t) - exp(-ke0 t)).
  const [site] = await afterDose("effect-compartment", [4], { into: 2 });
  const expected = ((2 * 0.3) / 0.2) * (Math.exp(-0.4) - Math.exp(-1.2));
  assertClose(site!.effectSite!, expected, { relative: 1e-11 });
});

test("indirect responses rest at kin / kout and settle where a constant concentration takes them", async () => {
  for (const kind of [1, 2, 3, 4] as const) {
    const name = `indirect-response-${kind}`;
    const rest = await afterDose(name, [0, 50], { amount: 0 });
    for (const row of rest) assertClose(row.effect!, 100, { relative: 1e-9 });
    // Without clearance 10 mg in 50 L stay 0.2 mg/L, the IC50 or EC50.
    const [settled] = await afterDose(name, [400], { amount: 10, into: 2, parameters: { CL: 0 } });
    const factor = kind <= 2 ? 1 - 0.45 : 1 + 1.5;
    const expected = kind % 2 === 1 ? 100 * factor : 100 / factor;
    assertClose(settled!.effect!, expected, { relative: 1e-6 });
  }
});

test("tumours: exponential, then linear growth; the drug's kill; Claret's closed form", async () => {
  const [, early, late, later] = await afterDose("tumour-simeoni", [0, 2, 60, 61], { amount: 0 });
  assertClose(early!.weight!, 0.05 * Math.exp(0.6), { relative: 1e-6 });
  assertClose(later!.weight! - late!.weight!, 0.8, { relative: 1e-6 });
  const treated = await afterDose("tumour-simeoni", [10], { parameters: { lambda0: 0, CL: 0, k1: 0 } });
  // C stays 20 mg/L: cycling cells fall at k2 C, and without transit the weight stays.
  assertClose(treated[0]!.cycling!, 0.05 * Math.exp(-20), { relative: 1e-3 });
  assertClose(treated[0]!.weight!, 0.05, { relative: 1e-6 });
  const times = [0, 4, 20, 52];
  const claret = await afterDose("tumour-claret", times, { amount: 0 });
  for (const [i, t] of times.entries()) {
    const expected = 70 * Math.exp(0.02 * t - (0.06 / 0.05) * (1 - Math.exp(-0.05 * t)));
    assertClose(claret[i]!.tumourSize!, expected, { relative: 1e-7 });
  }
});

test("an unknown name lists the known ones", () => {
  assert.throws(() => libraryModelText("pk9"), { code: "usage", message: /no model "pk9"/ });
});
