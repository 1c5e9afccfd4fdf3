import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { sharedPath, testWithShared } from "@viscera/core/testing";
import { readNnUnetDataset } from "./labels.js";
import { configurationsOf, readPlan } from "./plans.js";

const CASES = "cases/nets/nnunet";
const PLAIN = `${CASES}/plain/Dataset901_GoldenCT/nnUNetTrainer__nnUNetPlans__3d_fullres`;
const RESENC = `${CASES}/resenc/Dataset902_GoldenMR/nnUNetTrainer_onlyMirror01__nnUNetResEncUNetMPlans__3d_fullres`;
const json = (path: string) => JSON.parse(readFileSync(path, "utf8"));

describe("nnU-Net's plans", () => {
  testWithShared(
    "of the old style become those of the new one",
    [`${PLAIN}/plans.json`, `${CASES}/plain/old_style`],
    ([fresh, old]) => {
      const converted = readPlan(json(`${old}/plans.json`), "3d_fullres");
      assert.deepEqual(converted, readPlan(json(fresh), "3d_fullres"));
      const expected = json(`${old}/architecture_after_conversion.json`);
      assert.deepEqual(converted.architecture.options, expected.arch_kwargs);
      assert.match(expected.network_class_name, new RegExp(`\\.${converted.architecture.kind}$`));
    },
  );

  testWithShared("inherit configurations", [`${RESENC}/plans.json`], ([path]) => {
    const plans = json(path);
    assert.deepEqual(configurationsOf(plans, "plans.json"), ["3d_fullres", "3d_fullres_bs4"]);
    const parent = readPlan(plans, "3d_fullres");
    assert.deepEqual(readPlan(plans, "3d_fullres_bs4"), { ...parent, configuration: "3d_fullres_bs4" });
    assert.deepEqual(parent.transposeForward, [2, 0, 1]);
    assert.deepEqual(parent.normalisation, [
      { kind: "ZScoreNormalization", masked: true },
      { kind: "ZScoreNormalization", masked: false },
    ]);
  });

  const plansPath = sharedPath(`${PLAIN}/plans.json`);
  const refusals: [string, RegExp, (plans: Record<string, unknown>, c: Record<string, unknown>) => void][] = [
    [
      "another network",
      /has the network my\.Net; known are PlainConvUNet/,
      (_, c) => {
        c["architecture"] = { network_class_name: "my.Net", arch_kwargs: {} };
      },
    ],
    [
      "another old network",
      /has the network .*\.MyNet;/,
      (_, c) => {
        delete c["architecture"];
        Object.assign(c, { UNet_class_name: "MyNet", UNet_base_num_features: 8, unet_max_num_features: 32 });
        Object.assign(c, { n_conv_per_stage_encoder: [2], n_conv_per_stage_decoder: [] });
        Object.assign(c, { conv_kernel_sizes: [[3, 3, 3]], pool_op_kernel_sizes: [[1, 1, 1]] });
      },
    ],
    [
      "another normaliser",
      /normalises with MyNormalization/,
      (_, c) => {
        c["normalization_schemes"] = ["MyNormalization"];
      },
    ],
    [
      "a CT without intensities",
      /hold no intensities/,
      (plans) => {
        plans["foreground_intensity_properties_per_channel"] = {};
      },
    ],
    [
      "another resampling",
      /resamples with resample_torch_fornnunet/,
      (_, c) => {
        c["resampling_fn_data"] = "resample_torch_fornnunet";
      },
    ],
    [
      "another preprocessor",
      /prepares scans with MyPreprocessor/,
      (_, c) => {
        c["preprocessor_name"] = "MyPreprocessor";
      },
    ],
    [
      "another reader",
      /reads images with Tiff3DIO/,
      (plans) => {
        plans["image_reader_writer"] = "Tiff3DIO";
      },
    ],
    [
      "a cascade",
      /second stage of a cascade: it needs the labels of 3d_lowres/,
      (_, c) => {
        c["previous_stage"] = "3d_lowres";
      },
    ],
    [
      "inheritance in a circle",
      /inherit in a circle: 3d_fullres/,
      (_, c) => {
        c["inherits_from"] = "3d_fullres";
      },
    ],
    [
      "a missing parent",
      /has no configuration 2d; it has 3d_fullres/,
      (_, c) => {
        c["inherits_from"] = "2d";
      },
    ],
    [
      "a wrong way back",
      /does not undo/,
      (plans) => {
        plans["transpose_backward"] = [2, 1, 0];
      },
    ],
    [
      "no patch",
      /patch_size/,
      (_, c) => {
        delete c["patch_size"];
      },
    ],
    [
      "version 1",
      /holds no configurations/,
      (plans) => {
        delete plans["configurations"];
      },
    ],
  ];
  for (const [what, message, change] of refusals) {
    test(`with ${what} are refused with the reason`, { skip: plansPath === null }, () => {
      const plans = json(plansPath!);
      change(plans, plans.configurations["3d_fullres"]);
      assert.throws(() => readPlan(plans, "3d_fullres"), { code: "input.plans", message });
    });
  }
});

describe("nnU-Net's dataset.json", () => {
  test("names channels, labels and regions", () => {
    const labels = readNnUnetDataset({
      channel_names: { 0: "CT" },
      labels: { background: 0, liver: 1, tumour: [2], ignore: 3 },
    });
    assert.equal(labels.heads, 3);
    assert.deepEqual(
      [...labels.names],
      [
        [1, "liver"],
        [2, "tumour"],
      ],
    );
    const regions = readNnUnetDataset({
      modality: { 0: "T1", 1: "T2" },
      labels: { background: 0, whole: [1, 2, 3], core: [2, 3], enhancing: 3, ignore: 4 },
      regions_class_order: [1, 2, 3],
    });
    assert.deepEqual(regions.channels, ["T1", "T2"]);
    assert.equal(regions.heads, 3);
    assert.deepEqual(regions.regionLabels, [1, 2, 3]);
    assert.deepEqual([...regions.names.values()], ["whole", "core", "enhancing"]);
  });

  test("that cannot be followed is refused", () => {
    const good = { channel_names: { 0: "CT" }, labels: { background: 0, a: 1 } };
    for (const [change, message] of [
      [{ labels: { a: 1 } }, /no label background/],
      [{ labels: { background: 0, a: 1, b: 3 } }, /not numbered from 1 on without gaps: 1, 3/],
      [{ labels: { background: 0, a: [1, 2], b: 2 } }, /2 regions and 0 entries/],
      [{ channel_names: { 1: "CT" } }, /names no channel 0/],
      [{ labels: { background: 0, a: "one" } }, /labels\.a/],
    ] as const) {
      assert.throws(() => readNnUnetDataset({ ...good, ...change }), { code: "input.dataset", message });
    }
  });
});
