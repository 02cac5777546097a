// Proves which texts of a source are messages, how whole sentences are made of them, and that what is compared is left alone.
import { describe, expect, it } from 'vitest';
import { codesOf } from '../../../../scripts/words/codes.ts';
import { messagesOf, parsed } from '../../../../scripts/words/extract.ts';

/** The messages of a component of the interface. */
function textsOf(code: string, file = 'src/ui/Example.tsx'): readonly string[] {
  const source = parsed(file, code);
  return messagesOf(source, codesOf([source])).map(({ text }) => text);
}

describe('text of elements', () => {
  it('is one sentence with its inline elements and expressions, white space collapsed', () => {
    expect(
      textsOf(`const view = (
        <p>
          Drop the folder or zip of an encoder ({families}): from Hugging Face,
          with <code>pytorch_model.bin</code>{' '}
          or <a href="#/x">this <b>one</b></a>.
        </p>
      );`),
    ).toEqual([
      'Drop the folder or zip of an encoder ({0}): from Hugging Face, with <1>pytorch_model.bin</1> or <2>this <3>one</3></2>.',
    ]);
  });

  it('places elements without words and blocks whole, whose texts are messages by themselves', () => {
    expect(textsOf('const view = <label>Seed <input title="A number" /><ul><li>One item</li></ul></label>;')).toEqual([
      'Seed <0/><1/>',
      'A number',
      'One item',
    ]);
  });

  it('reads conditional children and fragments within a sentence as sentences of their parts', () => {
    expect(textsOf("const view = <>Runs{done ? <> are <b>done</b></> : ' wait'}{many && <i>of many</i>}</>;")).toEqual([
      'Runs{0}{1}',
      'are <0>done</0>',
      'wait',
      'of many',
    ]);
  });

  it('is no message without words of the element itself', () => {
    expect(textsOf('const view = <p>{a}: <b>{b}</b> (<i>{c}</i>)</p>;')).toEqual([]);
    expect(textsOf('const view = <p>{a} <b>best of all</b></p>;')).toEqual(['best of all']);
  });

  it('decodes entities', () => {
    expect(textsOf('const view = <p title="P &amp; R">F1 &lt; 50&nbsp;%, it is low</p>;')).toEqual([
      'F1 < 50\u00a0%, it is low',
    ]);
  });
});

describe('attributes, properties and strings', () => {
  it('reads single words only where the name says that people see them', () => {
    expect(
      textsOf(
        'const view = <Field label="Corpora" kind="quiet" className="two words" help={x ? `of ${n}` : "none"} />;',
      ),
    ).toEqual(['Corpora', 'of {0}', 'none']);
    expect(textsOf("const row = { label: 'devel', path: 'two words', measure: 'f1' };")).toEqual(['devel']);
  });

  it('reads strings of two words or more, templates, and sums as one', () => {
    expect(textsOf("throw new LabError('run/none', 'There is no such run.', { got: `run ${id}` });")).toEqual([
      'There is no such run.',
      'run {0}',
    ]);
    expect(textsOf('const all = "One sentence, " + `of ${n} parts, ` + \'in three.\';')).toEqual([
      'One sentence, of {0} parts, in three.',
    ]);
  });

  it('reads strings within a template that is read', () => {
    expect(
      textsOf(
        "const all = `Test of ${isDevel ? 'devel' : 'test'} text`; const to = `#/run/${isDevel ? 'devel' : 'test'}`;",
      ),
    ).toEqual(['Test of {0} text', 'devel', 'test']);
  });

  it('reads nouns after a number with their plurals', () => {
    expect(textsOf("format.counted(n, 'run'); format.counted(n, 'entry', 'entries'); counted(n, noun);")).toEqual([
      'run | runs',
      'entry | entries',
    ]);
  });

  it('reads single words with a capital in the interface, and not elsewhere', () => {
    expect(textsOf("const titles = { new: 'Library', key: 'Enter' };")).toEqual(['Library']);
    expect(textsOf("const titles = { new: 'Library', key: 'Enter' };", 'src/lab/example.ts')).toEqual([]);
  });
});

describe('codes', () => {
  it.each([
    ["type Role = 'bare types' | 'plain'; const role: Role = 'bare types';"],
    ["const role = 'bare types'; if (role === 'bare types') start();"],
    ["const role = 'bare types'; switch (role) { case 'bare types': }"],
    ["const role = 'bare types'; const known = new Set(['bare types']).has(role);"],
    ["const role = 'bare types'; const known = ['bare types'].includes(role);"],
    ["const role = 'bare types'; const lines = { 'bare types': 1 };"],
    ["const role = 'Verifying it all'; if (role.startsWith('Verifying')) start();"],
    ["const role = 'bare types'; z.enum(['bare types', 'plain']);"],
    ["const roles = ['bare types', 'plain'] as const;"],
  ])('are never messages: %s', (code) => {
    expect(textsOf(code)).toEqual([]);
  });

  it('are neither imports, styles, queries nor markup', () => {
    expect(
      textsOf(`import x from './a b.ts';
        const y = html\`<p class="a b">Two words</p>\`;
        const style = { transition: '6px 10px' };
        window.matchMedia('(max-width: 40rem) and screen');
        document.querySelector('main .strip');`),
    ).toEqual([]);
  });
});

it('refuses a text that looks like a place', () => {
  expect(() => textsOf("const text = 'Write {0} for a number.';")).toThrow(
    'src/ui/Example.tsx:1: expected a text without {0} or <0>, which are places in messages, got “Write {0} for a number.”. Write it in another way.',
  );
});
