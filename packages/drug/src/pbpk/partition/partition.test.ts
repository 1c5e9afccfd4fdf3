import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { patientSchema } from "@viscera/core";
import { assertClose, testWithShared } from "@viscera/core/testing";
import { bodyOf, TISSUES } from "@viscera/organ";
import { type Compound, compoundSchema, PARTITION_METHODS } from "../compound.js";
import { ionisation } from "../ionisation.js";
import { MIDAZOLAM } from "../midazolam.js";
import { KNOWN_TISSUES, partitionCoefficient } from "./index.js";
import { POULIN_THEIL_COMPOSITION } from "./poulin-theil.js";
import { RODGERS_ROWLAND_COMPOSITION } from "./rodgers-rowland.js";

const drug = (numbers: Partial<Compound>): Compound =>
  compoundSchema.parse({ name: "drug", molarMassGPerMol: 300, logP: 2, fractionUnbound: 0.3, ...numbers });

test("charges: half at the pKa, zwitterions, far from the pKa", () => {
  assertClose(ionisation(5, [5], []).negative, 0.5, { relative: 1e-12 });
  assertClose(ionisation(7.4, [], [9.4]).positive, 100 / 101, { relative: 1e-12 });
  const amino = ionisation(6, [2.3], [9.7]);
  assert.ok(amino.zwitterion > 0.999);
  // A weak acid and weak base: neutral between.
  assert.ok(ionisation(6, [9.7], [2.3]).neutral > 0.999);
  const two = ionisation(7, [], [7, 7]);
  // Ratios 1 : 1 : 1 of no, one and two protons.
  assertClose(two.neutral, 1 / 3, { relative: 1e-12 });
  assertClose(two.positive, 2 / 3, { relative: 1e-12 });
  assert.equal(ionisation(7, [-400], []).negative, 1);
  assert.equal(ionisation(7, [], []).neutral, 1);
});

test("Poulin & Theil and Berezhkovskiy, computed by hand for muscle and fat", () => {
  // logP 2, fu 0.3: P = 100, fut = 1 / (1 + 0.5 * 0.7 / 0.3) = 0.461538...
  const fut = 1 / (1 + (0.5 * 0.7) / 0.3);
  const muscle = 100 * (0.0238 + 0.3 * 0.0072) + 0.76 + 0.7 * 0.0072;
  const plasma = 100 * (0.0035 + 0.3 * 0.00225) + 0.945 + 0.7 * 0.00225;
  const poulinTheil = drug({ partitionMethod: "poulin-theil" });
  assertClose(partitionCoefficient("muscle", poulinTheil, 0.45), ((muscle / plasma) * 0.3) / fut, {
    relative: 1e-12,
  });
  const corrected =
    (100 * (0.0238 + 0.3 * 0.0072) + 0.76 / fut + 0.7 * 0.0072) /
    (100 * (0.0035 + 0.3 * 0.00225) + 0.945 / 0.3 + 0.7 * 0.00225);
  const berezhkovskiy = drug({ partitionMethod: "berezhkovskiy" });
  assertClose(partitionCoefficient("muscle", berezhkovskiy, 0.45), corrected, { relative: 1e-12 });
  const oil = 10 ** (1.115 * 2 - 1.35);
  const fat = oil * (0.79 + 0.3 * 0.002) + 0.18 + 0.7 * 0.002;
  const oilPlasma = oil * (0.0035 + 0.3 * 0.00225) + 0.945 + 0.7 * 0.00225;
  assertClose(partitionCoefficient("fat", poulinTheil, 0.45), (fat / oilPlasma) * 0.3, { relative: 1e-12 });
});

test("Rodgers & Rowland, computed by hand for an acid, a neutral drug and a strong base in muscle", () => {
  const muscle = { ew: 0.118, iw: 0.63, nl: 0.01, np: 0.0072, ap: 1.53, ar: 0.064, lr: 0.059 };
  const lipid = (P: number, nl: number, np: number) => P * nl + (0.3 * P + 0.7) * np;
  const acid = drug({ pKaAcids: [4.4] });
  const [x, y] = [10 ** 2.6, 10 ** 3];
  const bound = 1 / 0.3 - 1 - lipid(100, 0.0023, 0.0013) / (1 + y);
  const ofAcid =
    muscle.ew + ((1 + x) / (1 + y)) * muscle.iw + lipid(100, 0.01, 0.0072) / (1 + y) + bound * muscle.ar;
  assertClose(partitionCoefficient("muscle", acid, 0.45), 0.3 * ofAcid, { relative: 1e-12 });
  const ofNeutral =
    muscle.ew + muscle.iw + lipid(100, 0.01, 0.0072) + (1 / 0.3 - 1 - lipid(100, 0.0023, 0.0013)) * muscle.lr;
  assertClose(partitionCoefficient("muscle", drug({}), 0.45), 0.3 * ofNeutral, { relative: 1e-12 });
  const base = drug({ pKaBases: [9.4], bloodToPlasma: 1.2 });
  const [bx, by, bz] = [10 ** 2.4, 10 ** 2, 10 ** 2.18];
  const redCells = (1.2 - 0.55) / (0.45 * 0.3);
  const affinity =
    ((redCells - ((1 + bz) / (1 + by)) * 0.603 - lipid(100, 0.0017, 0.0029) / (1 + by)) * (1 + by)) /
    (0.5 * bz);
  const ofBase =
    muscle.ew +
    ((1 + bx) / (1 + by)) * muscle.iw +
    (affinity * muscle.ap * bx) / (1 + by) +
    lipid(100, 0.01, 0.0072) / (1 + by);
  assertClose(partitionCoefficient("muscle", base, 0.45), 0.3 * ofBase, { relative: 1e-9 });
});

test("every method: water takes up hydrophilic drugs, fat lipophilic ones; given coefficients go before", () => {
  for (const partitionMethod of PARTITION_METHODS) {
    for (const tissue of KNOWN_TISSUES) {
      const k = partitionCoefficient(tissue, drug({ logP: -5, fractionUnbound: 1, partitionMethod }), 0.45);
      // The calibration of Pearce et al. was made for larger coefficients.
      assert.ok(k > 0.1 && k < (partitionMethod === "httk" ? 3.5 : 1.1), `${partitionMethod} ${tissue} ${k}`);
    }
    const lipophilic = drug({ logP: 4.5, fractionUnbound: 0.1, partitionMethod });
    const muscle = partitionCoefficient("muscle", lipophilic, 0.45);
    assert.ok(partitionCoefficient("fat", lipophilic, 0.45) > 4 * muscle, partitionMethod);
    assert.ok(partitionCoefficient("rest", lipophilic, 0.45) > 0);
    assert.equal(partitionCoefficient("rest", drug({ partition: { rest: 7 }, partitionMethod }), 0.45), 7);
  }
  assert.throws(() => partitionCoefficient("hoof", drug({}), 0.45), /of the tissue "hoof"/);
});

test("midazolam's volume of distribution lies within the label's 1.0 to 3.1 L/kg", () => {
  const body = bodyOf(patientSchema.parse({ sex: "male", heightCm: 176, weightKg: 73 }), []);
  const tissue = TISSUES.reduce(
    (sum, name) => sum + (body.tissues[name].volumeMl / 1000) * partitionCoefficient(name, MIDAZOLAM, 0.45),
    0,
  );
  const perKg = (tissue + ((body.arterialBloodMl + body.venousBloodMl) / 1000) * 0.55) / 73;
  assert.ok(perKg > 1 && perKg < 3.1, `${perKg} L/kg`);
});

/** Rows of one of the comparison tables by their tissue. */
function readRows(path: string): Map<string, Record<string, number>> {
  const [header = [], ...rows] = readFileSync(path, "utf8")
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(",").map((cell) => cell.replaceAll('"', "")));
  const at = header.indexOf("tissue");
  return new Map(
    rows.map((row) => [
      row[at]!.toLowerCase().replace("adipose", "fat"),
      Object.fromEntries(header.map((name, i) => [name, Number(row[i])])),
    ]),
  );
}

testWithShared(
  "compositions are those that others typed from the same papers",
  ["cases/drug/pbpk_pc/tissue_comp_P&T.csv", "cases/drug/pbpk_pc/tissue_comp_R&R.csv"],
  async ([poulinTheil, rodgersRowland]) => {
    const first = readRows(poulinTheil);
    for (const [tissue, values] of Object.entries(POULIN_THEIL_COMPOSITION)) {
      const row = first.get(tissue)!;
      assert.deepEqual([row.f_water, row.f_n_l, row.f_pl], [...values], tissue);
    }
    const second = readRows(rodgersRowland);
    for (const [tissue, values] of Object.entries(RODGERS_ROWLAND_COMPOSITION)) {
      const row = second.get(tissue)!;
      const { f_ew, f_iw, f_n_l, f_n_pl, f_a_pl, AR, LR } = row;
      assert.deepEqual([f_ew, f_iw, f_n_l, f_n_pl, f_a_pl, AR, LR], [...values], tissue);
    }
  },
);
