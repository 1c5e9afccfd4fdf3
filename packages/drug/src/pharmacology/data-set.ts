/**
 * Event data sets in the layout of NONMEM: ID, TIME, AMT, RATE, DUR, EVID, CMT, ADDL, II, SS, DV, MDV, and any other
 * columns as covariates (NONMEM 7.5 help, "PREDPP data items"). For estimation also DVID, OCC, CENS (1: below DV) and
 * LLOQ, as nlmixr and Monolix have them.
 */
import { inputError } from "@viscera/core";
import {
  columnOf,
  type DataRow,
  type DataTable,
  numberIn,
  readDataTable,
  type TableOptions,
} from "./data-table.js";

export type RecordKind = "observation" | "other" | "dose" | "reset" | "reset-and-dose";

export interface DoseRecord {
  amount: number;
  /** Above 0: of an infusion; -1 and -2: the model's rate or duration; 0: a bolus, or an infusion by `duration`. */
  rate: number;
  /** Length of an infusion of which no rate is given. */
  duration: number;
  /** Further doses, one every `interval`. */
  additional: number;
  interval: number;
  /** 1: the system is at steady state with this dose; 2: that is added to what was there. */
  steadyState: 0 | 1 | 2;
}

export interface DataRecord {
  line: number;
  time: number;
  kind: RecordKind;
  /** Number or name of the compartment; "" where the data say none. */
  compartment: string;
  dose: DoseRecord | null;
  /** Value observed; null where missing or not to be used (MDV = 1). */
  observed: number | null;
  /** The value is only known to be below this (CENS = 1: below DV; DV below LLOQ: below that). */
  below?: number;
  /** Which of several outputs was observed (DVID), "" where the data do not say. */
  measurement?: string;
  /** Of the subject (OCC), "" where the data have none. */
  occasion?: string;
  /** Values of the covariates, the last known one where missing; NaN before the first. */
  covariates: Float64Array;
}

export interface DataSubject {
  id: string;
  records: DataRecord[];
}

export interface DataSet {
  name: string;
  covariates: string[];
  subjects: DataSubject[];
}

const RESERVED = [
  "ID",
  "TIME",
  "DV",
  "AMT",
  "RATE",
  "DUR",
  "EVID",
  "CMT",
  "ADDL",
  "II",
  "SS",
  "MDV",
] as const;
type Reserved = (typeof RESERVED)[number];
/** May be covariates of a model as well. */
const FOR_ESTIMATION = ["DVID", "OCC", "CENS", "LLOQ"] as const;

/**
 * Reads a data set. Columns named like `covariates` are kept; others are ignored. Throws `input.data`, with the
 * line, for what contradicts itself or cannot be done.
 */
export function readDataSet(
  text: string,
  { covariates = [], ...options }: TableOptions & { covariates?: readonly string[] } = {},
): DataSet {
  return new DataSetReader(readDataTable(text, options), covariates).read();
}

class DataSetReader {
  readonly #table: DataTable;
  readonly #columns: Record<Reserved | (typeof FOR_ESTIMATION)[number], number>;
  readonly #covariates: { name: string; column: number }[];
  /** Infusions of RxODE's older codes that have not ended yet. */
  readonly #openInfusions: {
    id: string;
    compartment: string;
    time: number;
    dose: DoseRecord;
    line: number;
  }[] = [];

  constructor(table: DataTable, covariates: readonly string[]) {
    this.#table = table;
    this.#columns = Object.fromEntries(
      [...RESERVED, ...FOR_ESTIMATION].map((name) => [name, columnOf(table, name)]),
    ) as Record<Reserved | (typeof FOR_ESTIMATION)[number], number>;
    // A covariate's name has the model's case: "cl" and "CL" may be two things.
    this.#covariates = covariates
      .map((name) => ({ name, column: table.columns.indexOf(name) }))
      .filter(({ name, column }) => column >= 0 && !RESERVED.includes(name.toUpperCase() as Reserved));
    const date = table.columns.find((column) => /^DATE?[123]?$/i.test(column));
    if (date !== undefined) {
      throw inputError(
        "data",
        `${table.name} has dates (column ${date}), which are not read.`,
        "Give the time since each subject's first record in TIME, as a number.",
      );
    }
    for (const name of ["ID", "TIME"] as const) {
      if (this.#columns[name] < 0) {
        throw inputError(
          "data",
          `${table.name} has no column ${name}.`,
          `Its columns are ${table.columns.slice(0, 20).join(", ")}.`,
        );
      }
    }
  }

  #mistake(row: DataRow, what: string, hint = "") {
    return inputError("data", `Line ${row.line} of ${this.#table.name}: ${what}`, hint);
  }

  #number(row: DataRow, name: Reserved): number {
    return numberIn(this.#table, row, this.#columns[name], 0);
  }

  read(): DataSet {
    const subjects: DataSubject[] = [];
    const lineOfId = new Map<string, number>();
    for (const row of this.#table.rows) {
      const id = row.cells[this.#columns.ID]!;
      if (id === "") throw this.#mistake(row, "the ID is missing.");
      let subject = subjects.at(-1);
      if (subject?.id !== id) {
        const before = lineOfId.get(id);
        if (before !== undefined) {
          throw this.#mistake(
            row,
            `the subject ${id}, last seen in line ${before}, comes again after others.`,
            "Sort the rows by ID and TIME.",
          );
        }
        subject = { id, records: [] };
        subjects.push(subject);
      }
      lineOfId.set(id, row.line);
      subject.records.push(this.#record(row, subject.records.at(-1)));
    }
    const [open] = this.#openInfusions;
    if (open !== undefined) {
      throw inputError(
        "data",
        `Line ${open.line} of ${this.#table.name}: the infusion has no end.`,
        "RxODE's code needs a second row with the negative rate in AMT.",
      );
    }
    return { name: this.#table.name, covariates: this.#covariates.map(({ name }) => name), subjects };
  }

  #record(row: DataRow, before: DataRecord | undefined): DataRecord {
    const time = numberIn(this.#table, row, this.#columns.TIME, Number.NaN);
    if (Number.isNaN(time)) throw this.#mistake(row, "the TIME is missing.");
    const covariates = Float64Array.from(this.#covariates, ({ column }, k) =>
      numberIn(this.#table, row, column, before?.covariates[k] ?? Number.NaN),
    );
    const { kind, compartment, dose } = this.#event(row);
    // A reset may begin a new count of time.
    if (before && time < before.time && !kind.startsWith("reset")) {
      throw this.#mistake(
        row,
        `TIME falls from ${before.time} to ${time}.`,
        "Sort each subject's rows by TIME; only a reset (EVID 3 or 4) may begin again.",
      );
    }
    const dv = numberIn(this.#table, row, this.#columns.DV, Number.NaN);
    const mdv = this.#columns.MDV >= 0 ? this.#number(row, "MDV") : 0;
    const observed = kind === "observation" && mdv === 0 && !Number.isNaN(dv) ? dv : null;
    const record: DataRecord = { line: row.line, time, kind, compartment, dose, observed, covariates };
    this.#addForEstimation(record, row);
    return record;
  }

  #addForEstimation(record: DataRecord, row: DataRow): void {
    const { DVID, OCC, CENS, LLOQ } = this.#columns;
    if (DVID >= 0) record.measurement = row.cells[DVID]!;
    if (OCC >= 0) record.occasion = row.cells[OCC]!;
    if (record.observed === null) return;
    const censored = numberIn(this.#table, row, CENS, 0);
    if (censored !== 0 && censored !== 1) {
      throw this.#mistake(
        row,
        `CENS is ${censored}.`,
        "It has to be 0, or 1 for a value below DV; others are not supported.",
      );
    }
    const limit = numberIn(this.#table, row, LLOQ, Number.NEGATIVE_INFINITY);
    if (censored === 1) record.below = Math.max(record.observed, limit);
    else if (record.observed < limit) record.below = limit;
  }

  #event(row: DataRow): Pick<DataRecord, "kind" | "compartment" | "dose"> {
    const amount = this.#number(row, "AMT");
    const rate = this.#number(row, "RATE");
    let compartment = row.cells[this.#columns.CMT] ?? "";
    if (Number(compartment) === 0) compartment = "";
    else if (Number.isInteger(Number(compartment))) compartment = String(Number(compartment));
    if (Number(compartment) < 0) {
      throw this.#mistake(row, `CMT is ${compartment}; compartments cannot be turned off.`);
    }
    let evid = this.#number(row, "EVID");
    if (this.#columns.EVID < 0 || row.cells[this.#columns.EVID] === "") {
      evid = amount !== 0 || rate !== 0 ? 1 : 0;
    }
    if (evid > 10_000 && evid < 20_000 && evid % 100 === 1) {
      return this.#olderInfusion(row, String(Math.floor(evid / 100) % 100), amount);
    }
    // RxODE's older codes: compartment times 100, and 1; a bolus.
    if (evid > 100 && evid < 10000 && evid % 100 === 1) {
      compartment = String((evid - 1) / 100);
      evid = 1;
    }
    const kinds: RecordKind[] = ["observation", "dose", "other", "reset", "reset-and-dose"];
    const kind = kinds[evid];
    if (kind === undefined) {
      throw this.#mistake(row, `EVID is ${evid}.`, "It has to be 0, 1, 2, 3 or 4.");
    }
    if (kind === "dose" || kind === "reset-and-dose")
      return { kind, compartment, dose: this.#dose(row, amount, rate) };
    if (amount !== 0 || rate !== 0) {
      throw this.#mistake(
        row,
        `a record that gives no dose (EVID ${evid}) has ${amount !== 0 ? `AMT ${amount}` : `RATE ${rate}`}.`,
        "Set EVID to 1, or AMT and RATE to 0.",
      );
    }
    return { kind, compartment, dose: null };
  }

  /**
   * RxODE's older codes of infusions: 10000 more than a bolus; AMT is the rate, and negative where it ends. The dose gets
   * its amount there.
   */
  #olderInfusion(
    row: DataRow,
    compartment: string,
    rate: number,
  ): Pick<DataRecord, "kind" | "compartment" | "dose"> {
    const id = row.cells[this.#columns.ID]!;
    const time = numberIn(this.#table, row, this.#columns.TIME, Number.NaN);
    if (rate > 0) {
      const dose: DoseRecord = {
        amount: rate,
        rate,
        duration: 0,
        additional: 0,
        interval: 0,
        steadyState: 0,
      };
      this.#openInfusions.push({ id, compartment, time, dose, line: row.line });
      return { kind: "dose", compartment, dose };
    }
    const at = this.#openInfusions.findIndex(
      (open) => open.id === id && open.compartment === compartment && open.dose.rate === -rate,
    );
    if (at < 0) throw this.#mistake(row, `an infusion with the rate ${-rate} ends that has not begun.`);
    const [begun] = this.#openInfusions.splice(at, 1);
    begun!.dose.amount = -rate * (time - begun!.time);
    if (!(begun!.dose.amount > 0)) throw this.#mistake(row, "an infusion ends when it begins.");
    return { kind: "other", compartment, dose: null };
  }

  #dose(row: DataRow, amount: number, rate: number): DoseRecord {
    const duration = this.#number(row, "DUR");
    const additional = this.#number(row, "ADDL");
    const interval = this.#number(row, "II");
    const given = this.#number(row, "SS");
    // Some published data write 99 for "not at steady state".
    const steadyState = given === 99 && interval === 0 ? 0 : given;
    const refuse = (what: string, hint = "") => {
      throw this.#mistake(row, what, hint);
    };
    if (amount < 0) refuse(`the amount is negative (AMT ${amount}).`);
    if (rate < 0 && rate !== -1 && rate !== -2) {
      refuse(
        `RATE is ${rate}.`,
        "It has to be positive, 0, -1 (the model's rate) or -2 (the model's duration).",
      );
    }
    if (duration < 0) refuse(`the duration is negative (DUR ${duration}).`);
    if (rate !== 0 && duration > 0)
      refuse(`both RATE (${rate}) and DUR (${duration}) are given.`, "Leave one out.");
    if (steadyState !== 0 && steadyState !== 1 && steadyState !== 2) {
      refuse(`SS is ${steadyState}.`, "It has to be 0, 1 or 2.");
    }
    if (!Number.isInteger(additional) || additional < 0) {
      refuse(`ADDL is ${additional}.`, "It has to be 0 or a whole number of further doses.");
    }
    if (interval < 0) refuse(`the interval between doses is negative (II ${interval}).`);
    if (interval > 0 && additional === 0 && steadyState === 0) {
      refuse(
        `II is ${interval}, but neither ADDL nor SS asks for further doses.`,
        "Set II to 0, or give ADDL or SS.",
      );
    }
    if (additional > 0 && interval === 0)
      refuse(`ADDL asks for ${additional} further doses without an interval.`, "Give II.");
    const constant = amount === 0 && rate > 0;
    if (constant && steadyState === 0) {
      refuse(
        `RATE is ${rate} but the amount is zero.`,
        "Give AMT; a constant infusion without end exists at steady state only (SS 1).",
      );
    }
    if (constant && interval > 0) {
      refuse("a constant infusion at steady state (AMT 0) has no interval.", "Set II to 0, or give AMT.");
    }
    if (!constant && amount === 0) refuse("a dose has no amount.", "Give AMT, or set EVID to 0 or 2.");
    if (!constant && steadyState !== 0 && interval === 0) {
      refuse(`SS is ${steadyState} without an interval between the doses.`, "Give II.");
    }
    return { amount, rate, duration, additional, interval, steadyState: steadyState as 0 | 1 | 2 };
  }
}
