// Cuts a text that may hold parts of a file to the length that a message can have.

const longest = 1000;

/** The text, cut where it is longer than 1000 characters. */
export function shortened(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
