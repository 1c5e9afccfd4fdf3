import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { testWithShared } from "@viscera/core/testing";
import { readLabelNames } from "./names.js";

const LIVER_SPLEEN = [
  { id: 1, name: "spleen" },
  { id: 5, name: "liver" },
];

test("tables with any header, separator and order", () => {
  const tables = [
    "id\tname\n1\tspleen\n5\tliver\n",
    "\uFEFFid,name\r\n5,liver\r\n1,spleen\r\n",
    "Label Value;Structure\n5;liver\n1;spleen",
    "name,index\nliver,5\nspleen,1",
    "label,name\n1,spleen\n5,liver",
    "label,value\nspleen,1\nliver,5",
    "1\tspleen\n5\tliver",
    "1,spleen\n5,liver",
    "1 spleen\n5 liver",
    "spleen 1\nliver 5",
    "# comment\n\n0 background\n1 spleen\n5 liver\n",
    '"id","name"\n"1","spleen"\n5,"liver"\n',
  ];
  for (const table of tables) assert.deepEqual(readLabelNames(table, "t.txt"), LIVER_SPLEEN, table);
});

test("colours, SNOMED codes and quoted cells", () => {
  assert.deepEqual(readLabelNames('id,name,color,snomed\n1,"a, ""b""",#AABBCC,10200004\n2,c,,\n', "t.csv"), [
    { id: 1, name: 'a, "b"', color: "#aabbcc", snomed: "10200004" },
    { id: 2, name: "c" },
  ]);
  assert.deepEqual(
    readLabelNames("LabelValue,Name,Color_R,Color_G,Color_B,Color_A\n4,y,1,2,3,255\n", "s.csv"),
    [{ id: 4, name: "y", color: "#010203" }],
  );
  assert.deepEqual(readLabelNames("index\tname\tr\tg\tb\n3\tx\t255\t0\t16\n", "t.tsv"), [
    { id: 3, name: "x", color: "#ff0010" },
  ]);
});

test("ITK-SNAP, Slicer and FreeSurfer colour tables", () => {
  const snap = `# ITK-SnAP Label Description File
    0     0    0    0        0  0  0    "Clear Label"
    1   255    0    0        1  1  1    "Left Kidney"
    2     0  255    0        1  1  1    "Liver"`;
  assert.deepEqual(readLabelNames(snap, "labels.label"), [
    { id: 1, name: "Left Kidney", color: "#ff0000" },
    { id: 2, name: "Liver", color: "#00ff00" },
  ]);
  const freesurfer = `#$Id: FreeSurferColorLUT.txt
#No. Label Name:                            R   G   B   A
0   Unknown                                 0   0   0   0
2   Left-Cerebral-White-Matter              245 245 245 0
17  Left-Hippocampus                        220 216 20  0`;
  assert.deepEqual(readLabelNames(freesurfer, "lut.txt"), [
    { id: 2, name: "Left-Cerebral-White-Matter", color: "#f5f5f5" },
    { id: 17, name: "Left-Hippocampus", color: "#dcd814" },
  ]);
});

test("JSON: labels.json, nnU-Net, plain maps, brainchop", () => {
  const forms = [
    '{"schema":1,"labels":[{"id":1,"name":"spleen","snomed":null,"source":"x"},{"id":5,"name":"liver"}]}',
    '{"labels":{"background":0,"spleen":1,"liver":5},"channel_names":{"0":"CT"}}',
    '{"labels":{"0":"background","1":"spleen","5":"liver"}}',
    '{"1":"spleen","5":"liver"}',
    '{"spleen":1,"liver":5}',
    '[{"value":5,"name":"liver"},{"value":1,"name":"spleen"}]',
  ];
  for (const form of forms) assert.deepEqual(readLabelNames(form, "x.json"), LIVER_SPLEEN, form);
  assert.deepEqual(readLabelNames('{"R":[0,255],"G":[0,128],"B":[0,1],"labels":["Unknown","A"]}', "c.json"), [
    { id: 1, name: "A", color: "#ff8001" },
  ]);
});

test("what holds no labels is refused with the place", () => {
  const code = (text: string, expected: string, message: RegExp) =>
    assert.throws(
      () => readLabelNames(text, "f.txt"),
      (error: Error & { code: string }) => {
        assert.equal(error.code, expected);
        assert.match(error.message, message);
        return true;
      },
    );
  code("", "input.label-names", /f.txt holds no label names/);
  code("id,name\n1,a\nx,b\n", "input.label-names", /"x" in line 3/);
  code("Structure,Colour\nliver,red\n", "input.label-names", /no column of label ids/);
  code("{broken", "input.json", /not valid JSON/);
  // A scanner's sidecar has numbers, too.
  code('{"EchoTime": 0.03, "SeriesNumber": 5, "Modality": "MR"}', "input.label-names", /no label names/);
});

testWithShared(
  "names of the shared data",
  [
    "data/ct-totalsegmentator/label_names_total.tsv",
    "data/atlases/spl-abdominal/AbdominalAtlasColors.ctbl",
    "data/atlases/spl-brain/hncma-atlas-lut.ctbl",
    "data/models/brainchop/model18cls/colormap.json",
    "data/ct-totalsegmentator/totalsegmentator_snomed_mapping.csv",
  ],
  (paths) => {
    const [total, abdominal, brain, brainchop, mapping] = paths.map((path) => readFileSync(path, "utf8"));
    const names = readLabelNames(total!, "label_names_total.tsv");
    assert.equal(names.length, 117);
    assert.deepEqual(names[4], { id: 5, name: "liver" });
    assert.deepEqual(readLabelNames(abdominal!, "a.ctbl")[1], { id: 3, name: "liver", color: "#933b00" });
    assert.deepEqual(readLabelNames(brain!, "b.ctbl")[1], { id: 3, name: "skin", color: "#e1be96" });
    const colours = readLabelNames(brainchop!, "colormap.json");
    assert.deepEqual(colours[0], { id: 1, name: "Cerebral-White-Matter", color: "#f5f5f5" });
    assert.equal(colours.length, 17);
    assert.throws(() => readLabelNames(mapping!, "map.csv"), { code: "input.label-names" });
  },
);
