// Expands sentence templates with slots into sentences with mentions.
import type { Mention, Sentence } from '../../src/data/corpus/corpus.ts';
import type { Rng } from '../../src/util/random.ts';

/** Produces text on demand, which may contain slots. Tokens are separated by spaces. */
export type Producer = (rng: Rng) => string;
export type Slots = Readonly<Record<string, Producer>>;

/** Picks one of the texts, all equally likely. */
export function oneOf(...texts: readonly string[]): Producer {
  if (texts.length === 0) throw new Error('oneOf needs at least one text');
  return (rng) => texts[rng.integer(texts.length)] ?? '';
}

/**
 * Expands a template. `<a|b|>` picks one alternative, `{slot}` inserts the slot's output, `[slot]` inserts it as a mention,
 * `[=text]` makes a mention of the text itself. `a` becomes `an` if the next token requires it. The first token of the sentence is
 * capitalised unless it has a capital, a digit or a hyphen.
 */
export function expandTemplate(template: string, slots: Slots, type: string, rng: Rng): Sentence {
  const tokens: string[] = [];
  const mentions: Mention[] = [];
  append(template);
  tokens.forEach((token, index) => {
    if (token === 'a' && /^(?:[aeiou]|8|1[18]$)/i.test(tokens[index + 1] ?? '')) tokens[index] = 'an';
  });
  const first = tokens[0];
  if (first !== undefined && /^[a-z]+$/.test(first)) tokens[0] = first.charAt(0).toUpperCase() + first.slice(1);
  return { tokens, mentions };

  function append(text: string): void {
    const parts = chooseAlternatives(text, rng).matchAll(/\{(\w+)\}|\[=([^\]]+)\]|\[(\w+)\]|[^\s{}[\]]+/g);
    for (const [plain, slot, literal, mentionSlot] of parts) {
      if (slot !== undefined) append(produce(slot));
      else if (literal !== undefined) appendMention(literal);
      else if (mentionSlot !== undefined) appendMention(produce(mentionSlot));
      else tokens.push(plain);
    }
  }

  function appendMention(text: string): void {
    const start = tokens.length;
    tokens.push(
      ...chooseAlternatives(text, rng)
        .split(' ')
        .filter((token) => token !== ''),
    );
    mentions.push({ type, start, end: tokens.length });
  }

  function produce(slot: string): string {
    const producer = slots[slot];
    if (producer === undefined) throw new Error(`no slot named ${slot} for: ${template}`);
    return producer(rng);
  }
}

function chooseAlternatives(text: string, rng: Rng): string {
  let chosen = text;
  const innermost = /<([^<>]*)>/;
  for (let match = innermost.exec(chosen); match !== null; match = innermost.exec(chosen)) {
    const alternatives = (match[1] ?? '').split('|');
    chosen = chosen.replace(match[0], alternatives[rng.integer(alternatives.length)] ?? '');
  }
  return chosen;
}
