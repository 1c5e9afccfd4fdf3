import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { assertClose, testWithShared } from "@viscera/core/testing";
import { readDataSet } from "../../pharmacology/data-set.js";
import { DataSimulator } from "../../pharmacology/data-simulator.js";
import { pbpkModel, withParameterValues } from "../model.js";
import { pbpkParameters } from "../parameters.js";
import { bloodToPlasmaRatio } from "../partition/index.js";
import { schmitt } from "../partition/schmitt.js";
import { HTTK_PBTK } from "../structure.js";
import { findHttkChemical, httkChemicals } from "./chemicals.js";
import { httkCautions, httkCompound } from "./httk-compound.js";
import { httkHuman } from "./human.js";
import { steadyStateMgPerL } from "./steady-state.js";

/** Rows of one of httk's tables, header first. */
function readTable(path: string): string[][] {
  const lines = readFileSync(path, "utf8").trim().split("\n");
  // Some values are lists: "9.69,11.5".
  return lines.map((line) =>
    [...line.matchAll(/("[^"]*"|[^,]*)(?:,|$)/g)].map(([, cell = ""]) => cell.replaceAll('"', "")),
  );
}

const compoundOf = (cas: string) => httkCompound(findHttkChemical(cas)!);

test("every chemical can be used", () => {
  assert.ok(httkChemicals().length >= 1200);
  for (const chemical of httkChemicals()) {
    const css = steadyStateMgPerL(httkCompound(chemical));
    assert.ok(css >= 0 && Number.isFinite(css), chemical.name);
  }
});

test("chemicals are found by name in any case and by CAS number", () => {
  assert.equal(findHttkChemical("MIDAZOLAM")!.cas, "59467-70-8");
  assert.equal(findHttkChemical(" 59467-70-8 ")!.name, "Midazolam");
  assert.equal(findHttkChemical("no such drug"), undefined);
});

testWithShared("parameters are httk's", ["cases/drug/httk/expected_pbtk_params.csv"], async ([path]) => {
  const expected = new Map<string, Map<string, string>>();
  for (const [cas = "", name = "", value = ""] of readTable(path).slice(1)) {
    if (!expected.has(cas)) expected.set(cas, new Map());
    expected.get(cas)!.set(name, value);
  }
  assert.ok(expected.size >= 6);
  const human = httkHuman();
  for (const [cas, values] of expected) {
    const compound = compoundOf(cas);
    const model = pbpkModel([compound], HTTK_PBTK);
    const parameters = pbpkParameters(model, human, [compound]);
    const own = (name: string) => parameters[model.parameters.findIndex((p) => p.name === name)]!;
    const { fractionAbsorbed, gutAvailability, ratePerH } = compound.absorption!;
    const weight = 70;
    const found: Record<string, number> = {
      Funbound_plasma: compound.fractionUnbound,
      "Funbound.plasma": compound.fractionUnbound,
      Fabsgut: fractionAbsorbed! * gutAvailability,
      "Fhep.assay.correction": compound.metabolism[0]!.incubationFractionUnbound,
      Rblood2plasma: bloodToPlasmaRatio(compound, human.haematocrit),
      kgutabs: ratePerH,
      Clmetabolismc: (own("CLint_hepatocytes") * compound.fractionUnbound) / weight,
      Krbc2pu: schmitt("redCells", compound),
      Qgfrc: own("GFR") / weight ** 0.75,
      Vrestc: own("V_rest") / weight,
      Vartc: own("V_arterial") / weight,
      Vliverc: own("V_liver") / weight,
    };
    for (const tissue of ["gut", "kidney", "liver", "lung", "rest"])
      found[`K${tissue}2pu`] = own(`Kp_${tissue}`) / compound.fractionUnbound;
    for (const [name, value] of Object.entries(found)) {
      if (!values.has(name)) continue;
      assertClose(value, Number(values.get(name)), { relative: 1e-3 }, `${cas} ${name}`);
    }
    // Membrane affinities of the table are rounded before httk takes them.
    assert.ok([...values.keys()].filter((name) => name in found).length >= 14);
  }
});

testWithShared(
  "steady states are httk's, in closed form and of the whole model",
  ["cases/drug/httk/expected_css.csv"],
  async ([path]) => {
    let compared = 0;
    for (const [cas = "", closed = "", whole = ""] of readTable(path).slice(1)) {
      const chemical = findHttkChemical(cas);
      if (!chemical) {
        assert.equal(closed, "NA", cas);
        continue;
      }
      const micromolar = 1000 / chemical.molarMassGPerMol;
      const compound = httkCompound(chemical);
      if (closed !== "NA") {
        assertClose(steadyStateMgPerL(compound) * micromolar, Number(closed), { relative: 2e-3 }, cas);
        compared++;
      } else assert.ok(httkCautions(chemical).length > 0, cas);
      if (whole === "NA") continue;
      const model = pbpkModel([compound], HTTK_PBTK);
      const values = pbpkParameters(model, httkHuman(), [compound]);
      const data = readDataSet(`ID,TIME,AMT,RATE,EVID,SS,CMT\n1,0,0,${70 / 24},1,1,lumen\n1,0,0,0,0,0,1`);
      // A constant infusion at steady state has ended at its record; the state is there still.
      const simulator = await DataSimulator.create(withParameterValues(model, values), data);
      assert.ok(simulator.linear);
      const [row] = simulator.simulate(data.subjects[0]!);
      assertClose(row!.values[0]! * micromolar, Number(whole), { relative: 2e-3 }, `${cas}, whole model`);
    }
    assert.ok(compared >= 15);
  },
);

testWithShared(
  "curves of httk's pbtk model",
  ["cases/drug/httk/expected_pbtk_timecourse.csv"],
  async ([path]) => {
    const [header = [], ...rows] = readTable(path);
    const column = (row: string[], name: string) => Number(row[header.indexOf(name)]);
    const chemicals = new Set(rows.map(([cas = ""]) => cas));
    assert.ok(chemicals.size >= 6);
    for (const cas of chemicals) {
      const course = rows.filter((row) => row[0] === cas);
      const chemical = findHttkChemical(cas)!;
      const compound = httkCompound(chemical);
      const model = pbpkModel([compound], HTTK_PBTK);
      const values = pbpkParameters(model, httkHuman(), [compound]);
      // 1 mg/kg/day in two doses, for two days; at the time of a dose httk gives the state before it.
      const lines = course.map((row) => {
        const timeH = column(row, "time") * 24;
        return `1,${timeH > 0 && timeH % 12 === 0 ? timeH - 1e-9 : timeH},0,0,0,0,1`;
      });
      const data = readDataSet(
        ["ID,TIME,AMT,II,ADDL,EVID,CMT", lines[0], "1,0,35,12,3,1,lumen", ...lines.slice(1)].join("\n"),
      );
      const simulator = await DataSimulator.create(withParameterValues(model, values), data, {
        compartments: true,
      });
      const simulated = simulator.simulate(data.subjects[0]!);
      const names = simulator.outputs.map(({ name }) => name);
      const umolPerMg = 1000 / chemical.molarMassGPerMol;
      const at = (name: string) => names.indexOf(name);
      const volume = (name: string) => values[model.parameters.findIndex((p) => p.name === name)]!;
      const { fractionAbsorbed, gutAvailability } = compound.absorption!;
      const columns: Record<string, (row: Float64Array) => number> = {
        Agutlumen: (row) => row[at("lumen")]! * fractionAbsorbed! * gutAvailability,
        Cgut: (row) => row[at("C_gut")]!,
        Cliver: (row) => row[at("C_liver")]!,
        Cven: (row) => row[at("venous")]! / volume("V_venous"),
        Clung: (row) => row[at("C_lung")]!,
        Cart: (row) => row[at("arterial")]! / volume("V_arterial"),
        Crest: (row) => row[at("C_rest")]!,
        Ckidney: (row) => row[at("C_kidney")]!,
        Cplasma: (row) => row[at("C_plasma")]!,
        Atubules: (row) => row[at("urine")]!,
        AUC: (row) => row[at("auc")]! / 24,
      };
      let worst = 0;
      for (const [i, row] of course.entries()) {
        for (const [name, value] of Object.entries(columns)) {
          const expected = column(row, name);
          const found = value(simulated[i]!.values) * umolPerMg;
          // Values are rounded to four digits and 1e-9.
          if (Math.abs(found - expected) < 2e-9) continue;
          worst = Math.max(worst, Math.abs(found / expected - 1));
          if (Math.abs(found / expected - 1) > 0.01) console.log(cas, row[1], name, expected, found);
        }
      }
      console.log(`${chemical.name}: largest difference ${(100 * worst).toFixed(2)} %`);
      assert.ok(worst < 0.01, cas);
    }
  },
);
