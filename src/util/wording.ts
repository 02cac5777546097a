// Words for messages: texts cut to length, values of JSON, sizes in megabytes, text as Markdown.
const longest = 1000;

/** The text, cut where it is longer than 1000 characters. */
export function shortened(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

/** Its JSON; `nothing` where there is no value. The value must come from `parseJson`. */
export function spellValue(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}

/** Rounded up, so that room for what it says is room enough. */
export function megabytes(sizeBytes: number): string {
  return `${Math.ceil(sizeBytes / 1e6)} MB`;
}

/** One line; whatever Markdown or HTML would take for its own is escaped. */
export function markdownText(text: string): string {
  return text.replace(/\s+/gu, ' ').replace(/[\\`*_{}[\]<>()#+\-.!|~&$^:@/=]/g, '\\$&');
}
