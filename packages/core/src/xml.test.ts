import assert from "node:assert/strict";
import { test } from "node:test";
import { childOf, childrenOf, parseXml } from "./xml.js";

test("a tree with namespaces, text, CDATA and lines", () => {
  const root = parseXml(
    '<?xml version="1.0"?>\n<a xmlns="urn:a" xmlns:b="urn:b" b:x="1" y="2">\n <b:c>one &lt; two</b:c><c><![CDATA[<raw>]]></c>\n</a>',
    "test.xml",
  );
  assert.equal(root.namespace, "urn:a");
  assert.deepEqual(
    [root.attributes.get("{urn:b}x"), root.attributes.get("x"), root.attributes.get("y")],
    ["1", "1", "2"],
  );
  const [first, second] = childrenOf(root, "c");
  assert.deepEqual([first!.namespace, first!.text, first!.line], ["urn:b", "one < two", 3]);
  assert.equal(second!.text, "<raw>");
  assert.equal(childOf(root, "d"), undefined);
  const mixed = parseXml("<cn>1<sep/>5</cn>", "test.xml");
  assert.deepEqual([mixed.text, mixed.children[0]!.tail], ["1", "5"]);
});

test("broken, endless and hostile documents are refused with their line", () => {
  const cases: [string, RegExp][] = [
    ["<a>\n<b></a>", /line 2/],
    ["", /no well-formed XML/],
    ["<a/><b/>", /no well-formed XML/],
    ["no xml", /no well-formed XML/],
    ["<a>".repeat(2000), /nested more than 500 deep/],
    // Entities that would grow to 10^9 characters are not known at all.
    ['<!DOCTYPE a [<!ENTITY x "haha"><!ENTITY y "&x;&x;&x;&x;">]><a>&y;</a>', /undefined entity|entity/],
    ['<!DOCTYPE a SYSTEM "file:///etc/passwd"><a>&z;</a>', /entity/],
  ];
  for (const [text, message] of cases)
    assert.throws(() => parseXml(text, "bad.xml"), { code: "input.xml", message });
});
