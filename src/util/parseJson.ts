// Parses JSON that came from elsewhere, nested no deeper than those who walk its value can follow.

/** Nothing that the lab reads comes near it; some thousands deeper whoever walks a value runs out of stack. */
const deepest = 200;

/** The value of a text. Throws SyntaxError for what is no JSON, and for JSON nested deeper than 200 levels. Takes time linear in the text. */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (isDeeper(text)) throw new SyntaxError(`JSON that is nested deeper than ${deepest} levels`);
  return value;
}

/** `text` is JSON, so that brackets outside of its strings pair. */
function isDeeper(text: string): boolean {
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (isInString) {
      if (unit === backslash) index++;
      else if (unit === quote) isInString = false;
    } else if (unit === quote) {
      isInString = true;
    } else if (unit === openList || unit === openObject) {
      if (++depth > deepest) return true;
    } else if (unit === closeList || unit === closeObject) {
      depth--;
    }
  }
  return false;
}

const quote = 0x22;
const backslash = 0x5c;
const openList = 0x5b;
const closeList = 0x5d;
const openObject = 0x7b;
const closeObject = 0x7d;
