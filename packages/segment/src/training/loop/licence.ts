/** What is known of a licence from its name. */

export interface LicenceFacts {
  /** Whether commercial use is allowed; false where nobody says so. */
  commercialUse: boolean;
  /** Where its text stands; null where that is not known. */
  url: string | null;
}

const FAMILIES: readonly [RegExp, LicenceFacts][] = [
  [/\bnc\b|non.?commercial|research only|academic/i, { commercialUse: false, url: null }],
  [/^cc0/i, { commercialUse: true, url: "https://creativecommons.org/publicdomain/zero/1.0/legalcode" }],
  [
    /^cc.?by.?sa.?4/i,
    { commercialUse: true, url: "https://creativecommons.org/licenses/by-sa/4.0/legalcode" },
  ],
  [/^cc.?by.?sa/i, { commercialUse: true, url: "https://creativecommons.org/licenses/" }],
  [/^cc.?by.?4/i, { commercialUse: true, url: "https://creativecommons.org/licenses/by/4.0/legalcode" }],
  [/^cc.?by/i, { commercialUse: true, url: "https://creativecommons.org/licenses/" }],
  [
    /^apache.?(licen[cs]e.?)?(version.?)?2/i,
    { commercialUse: true, url: "https://www.apache.org/licenses/LICENSE-2.0" },
  ],
  [/^mit\b/i, { commercialUse: true, url: "https://opensource.org/license/mit" }],
  [/^bsd/i, { commercialUse: true, url: "https://opensource.org/licenses" }],
];

/** Facts of a licence by its name ("CC BY-SA 4.0", "Apache-2.0"); an unknown one allows no commercial use. */
export function licenceFacts(name: string): LicenceFacts {
  const found = FAMILIES.find(([pattern]) => pattern.test(name.trim()));
  return found ? found[1] : { commercialUse: false, url: null };
}

/** Text of the LICENSE file beside weights. */
export function licenceText(model: string, licence: string): string {
  const { url } = licenceFacts(licence);
  return `The weights of the model "${model}" are under the licence: ${licence}\n${url ? `Its text: ${url}\n` : ""}`;
}
