import assert from "node:assert/strict";
import { test } from "node:test";
import { escapeHtml, html, Markup, scriptJson } from "./html.js";

test("text is escaped wherever it is put, markup is not", () => {
  const hostile = `</script><img src=x onerror="a('b')">&\u0000`;
  assert.equal(
    escapeHtml(hostile),
    "&lt;/script&gt;&lt;img src=x onerror=&quot;a(&#39;b&#39;)&quot;&gt;&amp;",
  );
  assert.equal(
    html`<p title="${hostile}">${[hostile, new Markup("<b>x</b>")]}</p>`.text.split("<img").length,
    1,
  );
  assert.equal(html`<p>${0}${null}${undefined}${false}${""}</p>`.text, "<p>0</p>");
});

test("JSON in a script element cannot end it and reads back the same", () => {
  const value = { text: "</script><!--\u2028&", list: [1, null] };
  const { text } = scriptJson(value);
  assert.ok(!/[<>&\u2028]/.test(text));
  assert.deepEqual(JSON.parse(text), value);
});
