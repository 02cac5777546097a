// Reads text between and within elements as React shows it, and writes it as an expression.
import ts from 'typescript';

const entities: Readonly<Record<string, string>> = { amp: '&', apos: "'", gt: '>', lt: '<', nbsp: '\u00a0', quot: '"' };

/** Decodes the entities of HTML that occur in the sources. Throws Error for any other one. */
export function decodeEntities(text: string): string {
  return text.replace(/&(#x?[\da-f]+|[a-z]+);/gi, (whole, name: string) => {
    if (name.startsWith('#')) {
      const isHex = /^#x/i.test(name);
      return String.fromCodePoint(Number.parseInt(name.slice(isHex ? 2 : 1), isHex ? 16 : 10));
    }
    const sign = entities[name];
    if (sign !== undefined) return sign;
    throw new Error(
      `Unknown entity: expected one of ${Object.keys(entities).join(', ')}, got ${whole}. Write the sign itself instead.`,
    );
  });
}

/** Collapses the white space of a text between elements as JSX does: lines are trimmed and joined by one space, empty ones dropped. */
export function collapsed(text: string): string {
  const lines = text.split(/\r\n|\n|\r/);
  return decodeEntities(
    lines
      .map((line, index) => {
        const begun = index === 0 ? line : line.replace(/^[ \t]+/, '');
        return index === lines.length - 1 ? begun : begun.replace(/[ \t]+$/, '');
      })
      .filter((line) => line !== '')
      .join(' '),
  );
}

/** Returns what a child shows if it is fixed text: text between elements, or a string in braces; otherwise null. */
export function fixedText(child: ts.JsxChild): string | null {
  if (ts.isJsxText(child)) return collapsed(child.text);
  if (!ts.isJsxExpression(child) || child.expression === undefined) return null;
  return ts.isStringLiteralLike(child.expression) ? child.expression.text : null;
}

/** Spells a text as the source of a string. */
export function stringSource(text: string): string {
  return JSON.stringify(text);
}

/** Spells a text as part of a template. */
export function templateSource(text: string): string {
  return text.replace(/[\\`]|\$\{/g, '\\$&');
}

/** Elements that are part of a sentence; the content of any other element of HTML is a text by itself. */
const inlineElements: ReadonlySet<string> = new Set(
  'a abbr b cite code em i kbd mark q s samp small span strong sub sup time var'.split(' '),
);

/** Whether an element is part of the sentence around it: an inline one of HTML, or a component. */
export function isInline(element: ts.JsxElement, source: ts.SourceFile): boolean {
  const name = element.openingElement.tagName.getText(source);
  return inlineElements.has(name) || /^[A-Z]/.test(name);
}
