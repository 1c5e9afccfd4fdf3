/**
 * The whole body's closed loop as a document of svZeroDSolver, in mmHg, mL and seconds: four chambers of varying
 * elastance and valves (Regazzoni et al., J. Comput. Phys. 457 (2022) 111083, doi:10.1016/j.jcp.2022.111083), aorta,
 * organs in parallel as Windkessels, portal vein, veins and lungs. Whoever wants can run it elsewhere.
 */
import type { Bed } from "./beds.js";
import { PORTAL_BEDS } from "./beds.js";
import type { CirculationTargets } from "./targets.js";

/** What is tuned. */
export interface LoopParameters {
  /** Resistance of all organs together, mmHg s/mL. */
  resistance: number;
  /** Capacitance of the arteries, mL/mmHg. */
  arterialCapacitance: number;
  /** Resistance of the aorta as a share of the whole. */
  aortaShare: number;
}

/** Times of Regazzoni et al. in a beat of 0.8 s; systole shortens with the square root of the beat (Bazett 1920). */
const REFERENCE_BEAT_S = 0.8;
const VENTRICLE_S = { contracting: 0.34, relaxing: 0.17 };
const ATRIUM_S = { contracting: 0.17, relaxing: 0.17 };
/** Elastance of the atria, mmHg/mL, active and passive, of a heart whose left ventricle holds 120 mL. */
const ATRIA = { LA: { active: 0.07, passive: 0.09 }, RA: { active: 0.06, passive: 0.07 } };
const REFERENCE_VENTRICLE_ML = 120;
const VALVE = { Rmin: 0.0075, Rmax: 75006.2 };
/**
 * Pressures that the heart and lungs are laid out for, mmHg: ventricles at the end of filling; systole of the right
 * ventricle; drop across the lungs (mean pulmonary pressure 14, Kovacs et al., Eur. Respir. J. 34 (2009) 888,
 * doi:10.1183/09031936.00145608, wedge pressure 8); portal vein above the veins; veins above the right atrium.
 */
export const LAID_OUT = { leftFilling: 8, rightFilling: 4, rightSystole: 25, lungs: 6, portal: 4, veins: 3 };
/** A right ventricle ejects less of a larger volume. */
const RIGHT_EJECTION = 0.9;
/** Pressure at the end of systole as a share of the systolic one (Kelly et al., Circulation 86 (1992) 513). */
const END_SYSTOLIC_SHARE = 0.9;
/** Part of a ventricle's filled volume that it holds without pressure. */
const UNSTRESSED_SHARE = 0.05;
/** Capacitances, mL/mmHg for the reference adult's blood volume: Regazzoni et al.; the portal vein's is a choice. */
const CAPACITANCE = { veins: 60, lungArteries: 5, lungVeins: 16, portal: 4, organs: 1 };
const REFERENCE_BLOOD_ML = 5300;
/** Inertances, mmHg s2/mL. */
const INERTANCE = { arteries: 5e-3, lungs: 5e-4, veins: 5e-4 };
/**
 * Resistance of the aorta (its characteristic impedance, before its capacitance) as a share of the whole: 5 to 7 % by
 * Westerhof et al., Med. Biol. Eng. Comput. 47 (2009) 131, doi:10.1007/s11517-008-0359-2; tuned within these bounds.
 */
export const AORTA_SHARE = { start: 0.06, least: 0.02, most: 0.1 };
/** Resistance of an organ's arterioles as a share of the organ's. */
const ARTERIOLES_SHARE = 0.85;

export interface LoopSetting {
  targets: CirculationTargets;
  beds: readonly Bed[];
  bloodMl: number;
  stepsPerBeat: number;
}

export interface LoopDocument {
  document: Record<string, unknown>;
  /** Unknown whose rise by 1 mmHg puts so many mL into the veins. */
  veins: { pressure: string; capacitance: number };
}

export function loopDocument(setting: LoopSetting, tuned: LoopParameters): LoopDocument {
  const { targets, beds, bloodMl, stepsPerBeat } = setting;
  const beatS = 60 / targets.heartRateBpm;
  const flow = (1000 * targets.cardiacOutputLPerMin) / 60;
  const strokeMl = flow * beatS;
  const scale = bloodMl / REFERENCE_BLOOD_ML;
  const left = ventricle(
    strokeMl / targets.ejectionFraction,
    strokeMl,
    LAID_OUT.leftFilling,
    END_SYSTOLIC_SHARE * targets.systolicMmHg,
  );
  const right = ventricle(
    strokeMl / (RIGHT_EJECTION * targets.ejectionFraction),
    strokeMl,
    LAID_OUT.rightFilling,
    LAID_OUT.rightSystole,
  );
  const portalShare = sharesOf(beds, (bed) => bed.tissue === "liver" || PORTAL_BEDS.includes(bed.tissue));
  const sinusoids = LAID_OUT.portal / (flow * portalShare);
  const lungs = LAID_OUT.lungs / flow;
  const aorta = tuned.aortaShare * tuned.resistance;
  const bedBlocks = beds.map((bed) => {
    // Conductances by shares; what flows on through the liver has its sinusoids behind it.
    const throughLiver = bed.tissue === "liver" || PORTAL_BEDS.includes(bed.tissue);
    const behind = throughLiver ? LAID_OUT.portal / (flow * bed.share) : 0;
    const own = Math.max(
      (tuned.resistance - aorta) / bed.share - behind,
      (0.05 * tuned.resistance) / bed.share,
    );
    return {
      bc_name: bed.tissue,
      bc_type: "ClosedLoopRCR",
      bc_values: {
        Rp: ARTERIOLES_SHARE * own,
        C: CAPACITANCE.organs * scale * bed.share,
        Rd: (1 - ARTERIOLES_SHARE) * own,
        closed_loop_outlet: false,
      },
    };
  });
  const names = beds.map(({ tissue }) => tissue as string);
  const portal = names.filter((name) => name === "liver" || PORTAL_BEDS.some((bed) => bed === name));
  const tube = (id: number, name: string, R: number, C: number, L: number) => ({
    vessel_id: id,
    vessel_name: name,
    zero_d_element_type: "BloodVesselCRL",
    zero_d_element_values: { R_poiseuille: R, C, L },
  });
  const junction = (name: string, inlets: string[], outlets: string[]) => ({
    junction_name: name,
    junction_type: "NORMAL_JUNCTION",
    inlet_blocks: inlets,
    outlet_blocks: outlets,
  });
  const valve = (name: string, from: string, to: string) => ({
    name,
    type: "PiecewiseValve",
    params: { ...VALVE, upstream_block: from, downstream_block: to },
  });
  const veins = CAPACITANCE.veins * scale;
  const document = {
    simulation_parameters: {
      number_of_cardiac_cycles: 1,
      number_of_time_pts_per_cardiac_cycle: stepsPerBeat + 1,
      cardiac_period: beatS,
      steady_initial: false,
      output_variable_based: true,
      absolute_tolerance: 1e-8,
    },
    boundary_conditions: bedBlocks,
    vessels: [
      {
        ...tube(0, "aorta", aorta, tuned.arterialCapacitance, INERTANCE.arteries),
        zero_d_element_type: "BloodVessel",
      },
      tube(1, "liver_sinusoids", sinusoids, CAPACITANCE.portal * scale, 0),
      tube(2, "veins", LAID_OUT.veins / flow, veins, INERTANCE.veins),
      tube(3, "pulmonary_arteries", 0.7 * lungs, CAPACITANCE.lungArteries * scale, INERTANCE.lungs),
      tube(4, "pulmonary_veins", 0.3 * lungs, CAPACITANCE.lungVeins * scale, INERTANCE.lungs),
    ],
    junctions: [
      junction("arteries", ["aorta"], names),
      junction("portal_vein", portal, ["liver_sinusoids"]),
      junction(
        "venous_return",
        [...names.filter((name) => !portal.includes(name)), "liver_sinusoids"],
        ["veins"],
      ),
      junction("vena_cava", ["veins"], ["RA"]),
      junction("lungs", ["pulmonary_arteries"], ["pulmonary_veins"]),
      junction("lung_veins", ["pulmonary_veins"], ["LA"]),
    ],
    valves: [
      valve("tricuspid", "RA", "RV"),
      valve("pulmonary_valve", "RV", "pulmonary_arteries"),
      valve("mitral", "LA", "LV"),
      valve("aortic_valve", "LV", "aorta"),
    ],
    chambers: chambers(beatS, left, right),
    initial_condition: {
      pressure_all: LAID_OUT.rightFilling + LAID_OUT.veins,
      "pressure:aortic_valve:aorta": targets.diastolicMmHg,
      "pressure:pulmonary_valve:pulmonary_arteries": LAID_OUT.leftFilling + LAID_OUT.lungs,
      "pressure:lungs:pulmonary_veins": LAID_OUT.leftFilling,
      "Vc:LV": left.filledMl,
      "Vc:RV": right.filledMl,
      "Vc:LA": 0.4 * left.filledMl,
      "Vc:RA": 0.4 * right.filledMl,
      ...Object.fromEntries(names.map((name) => [`P_c:${name}`, 20])),
    },
  };
  return { document, veins: { pressure: "pressure:venous_return:veins", capacitance: veins } };
}

function sharesOf(beds: readonly Bed[], which: (bed: Bed) => boolean): number {
  return beds.reduce((sum, bed) => sum + (which(bed) ? bed.share : 0), 0);
}

interface Ventricle {
  filledMl: number;
  Emax: number;
  Epass: number;
  Vrest: number;
}

/** Elastances that give a pressure at the end of filling and one at the end of systole. */
function ventricle(filledMl: number, strokeMl: number, filling: number, endSystolic: number): Ventricle {
  const Vrest = UNSTRESSED_SHARE * filledMl;
  const Epass = filling / (filledMl - Vrest);
  return { filledMl, Vrest, Epass, Emax: endSystolic / (filledMl - strokeMl - Vrest) - Epass };
}

function chambers(beatS: number, left: Ventricle, right: Ventricle) {
  const stretch = Math.sqrt(beatS / REFERENCE_BEAT_S);
  const pull = ({ contracting, relaxing }: typeof ATRIUM_S, startS: number) => ({
    type: "piecewise_cosine",
    // Counted from the beat before, so that contractions that began there are seen from the first moment on.
    contract_start: startS - beatS,
    relax_start: startS - beatS + contracting * stretch,
    contract_duration: contracting * stretch,
    relax_duration: relaxing * stretch,
  });
  const chamber = (name: string, values: object, activation: object) => ({
    name,
    type: "LinearElastanceChamber",
    values,
    activation_function: activation,
  });
  // Atria end their contraction as the ventricles begin theirs: one atrial contraction before the next beat.
  const atrialStart = beatS - ATRIUM_S.contracting * stretch;
  const atrium = (name: "LA" | "RA") => {
    const factor = REFERENCE_VENTRICLE_ML / left.filledMl;
    const { active, passive } = ATRIA[name];
    return chamber(
      name,
      { Emax: active * factor, Epass: passive * factor, Vrest: 4 / factor },
      pull(ATRIUM_S, atrialStart),
    );
  };
  const values = ({ Emax, Epass, Vrest }: Ventricle) => ({ Emax, Epass, Vrest });
  return [
    atrium("RA"),
    chamber("RV", values(right), pull(VENTRICLE_S, 0)),
    atrium("LA"),
    chamber("LV", values(left), pull(VENTRICLE_S, 0)),
  ];
}
