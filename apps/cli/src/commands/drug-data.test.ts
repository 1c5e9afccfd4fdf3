import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { REPOSITORY } from "@viscera/core/testing";
import { refused, scratch, viscera } from "./testing.js";

const EXAMPLE = join(REPOSITORY, "examples/05-data-set");

describe("drug simulate, models and nca", () => {
  const { at, remove } = scratch();
  after(remove);
  const put = (name: string, text: string) => {
    writeFileSync(at(name), text);
    return at(name);
  };
  const DATA =
    "ID,TIME,AMT,EVID,CMT\n1,0,100,1,1\n1,0.5,.,0,2\n1,1,.,0,2\n1,2,.,0,2\n1,8,.,0,2\n1,16,.,0,2\n1,24,.,0,2\n";

  test("a model file gives one row an observation, with units; --compartments gives the amounts too", () => {
    const out = at("result.csv");
    const { status, stderr, stdout } = viscera([
      ...["drug", "simulate", join(EXAMPLE, "model.txt"), "--data", join(EXAMPLE, "trial.csv")],
      ...["--set", "ka=1,kout=0.3", "--set", "IC50=2", "--compartments", "--json", "--out", out],
    ]);
    assert.equal(status, 0, stderr);
    const result = JSON.parse(stdout);
    assert.deepEqual([result.subjects, result.rows, result.fromData], [2, 11, ["WT"]]);
    const lines = readFileSync(out, "utf8").trim().split("\n");
    assert.equal(lines[0], "ID,TIME,Cp[mg/L],effect[%],depot[mg],central[mg],response");
    assert.equal(lines.length, 12);
    assert.match(lines[1]!, /^1,1,\d/);
  });

  test("a named model, simulated and analysed", () => {
    const data = put("one.csv", DATA);
    const out = at("named.csv");
    const simulated = viscera([
      "drug",
      "simulate",
      "pk1-oral",
      "--data",
      data,
      "--set",
      "CL=4",
      "--out",
      out,
    ]);
    assert.equal(simulated.status, 0, simulated.stderr);
    const rows = readFileSync(out, "utf8").trim().split("\n").slice(1);
    const measured = ["ID,TIME,AMT,EVID,CMT,DV", "1,0,100,1,1,."].concat(
      rows.map((row) => {
        const [id, time, value] = row.split(",");
        return `${id},${time},.,0,2,${value}`;
      }),
    );
    const nca = at("nca.csv");
    const analysed = viscera([
      ...["drug", "nca", put("measured.csv", measured.join("\n")), "--out", nca],
      ...["--time-unit", "h", "--dose-unit", "mg", "--concentration-unit", "mg/L"],
    ]);
    assert.equal(analysed.status, 0, analysed.stderr);
    const [header, row] = readFileSync(nca, "utf8").trim().split("\n");
    const value = (name: string) => Number(row!.split(",")[header!.split(",").indexOf(name)]);
    assert.ok(Math.abs(value("clearance[L/h]") - 4) < 0.2, row);
    assert.ok(Math.abs(value("halfLife[h]") - (Math.LN2 * 50) / 4) < 0.3, row);
  });

  test("the models are listed, and one's text can be taken for one's own", () => {
    const listed = viscera(["drug", "models"]);
    assert.equal(listed.status, 0, listed.stderr);
    assert.match(listed.stdout, /pk2-oral +Two compartments/);
    const text = viscera(["drug", "models", "tmdd-qss"]);
    assert.match(text.stdout, /d\/dt\(central\) = /);
    const own = put("own.txt", text.stdout);
    const out = at("own.csv");
    const result = viscera(["drug", "simulate", own, "--data", put("two.csv", DATA), "--out", out]);
    assert.equal(result.status, 0, result.stderr);
  });

  test("--report makes a page beside the table: simulated curves, profiles, an SBML model, random runs", () => {
    const data = put(
      "seen.csv",
      "ID,TIME,AMT,EVID,CMT,DV\n1,0,100,1,1,.\n1,1,.,0,2,2\n1,4,.,0,2,1.8\n1,12,.,0,2,0.9\n1,24,.,0,2,0.3\n",
    );
    const sbml = put(
      "decay.xml",
      '<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2"><model id="decay"><listOfCompartments><compartment id="c" size="1" spatialDimensions="3" constant="true"/></listOfCompartments><listOfSpecies><species id="A" compartment="c" initialAmount="50" hasOnlySubstanceUnits="true" boundaryCondition="false" constant="false"/></listOfSpecies><listOfReactions><reaction id="r" reversible="false"><listOfReactants><speciesReference species="A" stoichiometry="1" constant="true"/></listOfReactants><kineticLaw><math xmlns="http://www.w3.org/1998/Math/MathML"><apply><times/><cn>0.1</cn><ci>A</ci></apply></math></kineticLaw></reaction></listOfReactions></model></sbml>',
    );
    const commands: [name: string, args: string[], said: RegExp][] = [
      ["simulated", ["simulate", "pk1-oral", "--data", data], /Exposure: Cp, simulated/],
      ["analysed", ["nca", data, "--time-unit", "h"], /Terminal phase/],
      ["course", ["sbml", sbml], /Time course of decay/],
      ["random", ["sbml", sbml, "--replicates", "20", "--steps", "5"], /A, ± 1 SD/],
    ];
    for (const [name, args, said] of commands) {
      const [out, report] = [at(`${name}.csv`), at(`${name}.html`)];
      const { status, stdout, stderr } = viscera([
        "drug",
        ...args,
        "--out",
        out,
        "--report",
        report,
        "--json",
      ]);
      assert.equal(status, 0, stderr);
      assert.equal(JSON.parse(stdout).report, report);
      const page = readFileSync(report, "utf8");
      for (const expected of [/^<!doctype html>/, said, /class="chart-still"/])
        assert.ok(expected.test(page), `${name}: ${expected}`);
      assert.ok(existsSync(out));
    }
    const nca = ["drug", "nca", data, "--out", at("new.csv"), "--report"];
    refused([...nca, at("analysed.html")], 2, /exists/);
    refused([...nca, at("new.csv")], 2, /name the same file/);
    assert.equal(existsSync(at("new.csv")), false);
    const [header, last] = readFileSync(at("random.csv"), "utf8").trim().split("\n").slice(0, 2);
    assert.deepEqual([header, last], ["time,A-mean,A-sd", "0,50,0"]);
    refused(["drug", "sbml", sbml, "--replicates", "1", "--out", at("new.csv")], 2, /--replicates takes/);
  });

  test("mistakes are told in a sentence and nothing is written", () => {
    const out = at("never.csv");
    const data = put("good.csv", DATA);
    const simulate = (model: string, file: string, ...more: string[]) => [
      "drug",
      "simulate",
      model,
      "--data",
      file,
      "--out",
      out,
      ...more,
    ];
    refused(simulate("pk9", data), 2, /There is no model "pk9"/);
    refused(simulate("pk1", data, "--set", "CL=x"), 2, /--set CL takes a number/);
    refused(simulate("pk1", data, "--covariates", "both"), 2, /next or last/);
    const bad = put("bad.csv", "ID,TIME,AMT,EVID,CMT\n1,0,100,1,1\n1,5,.,0,1\n1,3,.,0,1\n");
    refused(simulate("pk1", bad), 3, /Line 4 of bad\.csv: TIME falls from 5 to 3/);
    refused(
      simulate(put("bad.txt", "d/dt(a) = -k * a\n"), data),
      3,
      /Line 1 of bad\.txt: "k" is defined nowhere/,
    );
    refused(["drug", "nca", data, "--out", out, "--method", "cubic"], 2, /--method takes/);
    assert.equal(existsSync(out), false);
  });
});
