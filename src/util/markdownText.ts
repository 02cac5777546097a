// Text of a person as Markdown that shows it letter by letter.

/** One line; whatever Markdown or HTML would take for its own is escaped. */
export function markdownText(text: string): string {
  return text.replace(/\s+/gu, ' ').replace(/[\\`*_{}[\]<>()#+\-.!|~&$^:@/=]/g, '\\$&');
}
