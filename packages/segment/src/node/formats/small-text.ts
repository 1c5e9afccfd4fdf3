/** Files about a model that go with every copy of it. */
export const isSmallText = (file: string): boolean =>
  /^(licen[cs]e|notice|card|readme|citation)(\.\w+)?$/i.test(file);
