// Wording for messages and files: the software's name, truncated texts, JSON values, sizes in megabytes, Markdown, confidences.

const longest = 1000;

/** Truncates a text to 1000 characters. */
export function shortened(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

/** Spells a value as JSON; `nothing` if there is none. The value must come from `parseJson`. */
export function spellValue(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}

/** Rounded up, so that the space it states is enough. */
export function megabytes(sizeBytes: number): string {
  return `${Math.ceil(sizeBytes / 1e6)} MB`;
}

/** Returns one line; escapes everything that Markdown or HTML would interpret. */
export function markdownText(text: string): string {
  return text.replace(/\s+/gu, ' ').replace(/[\\`*_{}[\]<>()#+\-.!|~&$^:@/=]/g, '\\$&');
}

/** Returns the name, or the name with the first free number after it. */
export function freeName(name: string, names: Iterable<string>): string {
  const taken = new Set(names);
  let free = name;
  for (let number = 2; taken.has(free); number++) free = `${name} ${number}`;
  return free;
}

// Formats a confidence for files.

/** Four decimals, without trailing zeros: `0.97`. */
export function spellConfidence(confidence: number): string {
  return String(roundConfidence(confidence));
}

export function roundConfidence(confidence: number): number {
  return Number(confidence.toFixed(4));
}

// The name and version written to records and result files.

/** A test keeps it equal to package.json. */
export const softwareVersion = 'BioNER Lab 0.1.0';
