/** Whole-body models of the subjects of a data set: each has the body that its columns and a common patient say. */
import { checkValue, inputError, type Patient, patientSchema } from "@viscera/core";
import { bodyOf } from "@viscera/organ";
import type { DataSet, DataSubject } from "../pharmacology/data-set.js";
import type { Compound } from "./compound.js";
import { httkHuman } from "./httk/human.js";
import { type PbpkModel, pbpkModel, pbpkText, withParameterValues } from "./model.js";
import { pbpkParameters } from "./parameters.js";
import { physiologyOf } from "./physiology.js";
import { HTTK_PBTK, WHOLE_BODY } from "./structure.js";

/** Columns that tell about a subject: years, 0 (male) or 1 (female), cm, kg, mg/dL, 0 to 1. */
export const PATIENT_COLUMNS = ["AGE", "SEX", "HT", "WT", "CREAT", "HCT"] as const;

/** A model with values of the common patient, and those of each subject. */
export interface PbpkSubjects {
  model: PbpkModel;
  /** From the subject's first record; `input.data` for what no patient can have. */
  parametersOf(data: DataSet, subject: DataSubject): Float64Array;
  /** The model as text, with values of the common patient. */
  text(): string;
}

/**
 * Of the whole body, or (`httk`) of httk's model and human, which only the weight changes. Names of parameters in `fixed`
 * keep their value in everybody.
 */
export function pbpkSubjects(
  compound: Compound,
  patient: Patient,
  { httk = false, fixed = {} }: { httk?: boolean; fixed?: Readonly<Record<string, number>> } = {},
): PbpkSubjects {
  const model = pbpkModel([compound], httk ? HTTK_PBTK : WHOLE_BODY);
  const names = model.parameters.map(({ name }) => name);
  const parametersFor = (person: Patient): Float64Array => {
    const physiology = httk
      ? httkHuman(person.weightKg ?? undefined)
      : physiologyOf(bodyOf(person, []), person);
    const values = pbpkParameters(model, physiology, [compound]);
    for (const [name, value] of Object.entries(fixed)) {
      const at = names.indexOf(name);
      if (at < 0)
        throw inputError(
          "parameters",
          `The model has no parameter "${name}".`,
          `It has ${names.join(", ")}.`,
        );
      values[at] = value;
    }
    return values;
  };
  const common = parametersFor(patient);
  return {
    model: withParameterValues(model, common),
    text: () => pbpkText([compound], model.structure, common),
    parametersOf: (data, subject) => parametersFor(patientOf(patient, data, subject)),
  };
}

function patientOf(patient: Patient, data: DataSet, { id, records }: DataSubject): Patient {
  const known = (name: (typeof PATIENT_COLUMNS)[number]): number | null => {
    const value = records[0]!.covariates[data.covariates.indexOf(name)] ?? Number.NaN;
    return Number.isNaN(value) ? null : value;
  };
  const sex = known("SEX");
  if (sex !== null && sex !== 0 && sex !== 1) {
    throw inputError(
      "data",
      `Subject ${id} of ${data.name} has SEX ${sex}.`,
      "It has to be 0 (male) or 1 (female).",
    );
  }
  return checkValue(
    {
      ...patient,
      sex: sex === null ? patient.sex : sex === 0 ? "male" : "female",
      ageYears: known("AGE") ?? patient.ageYears,
      heightCm: known("HT") ?? patient.heightCm,
      weightKg: known("WT") ?? patient.weightKg,
      creatinineMgPerDl: known("CREAT") ?? patient.creatinineMgPerDl,
      haematocrit: known("HCT") ?? patient.haematocrit,
    },
    patientSchema,
    `Subject ${id} of ${data.name}`,
  );
}
