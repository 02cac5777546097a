// Proves that translating into the same words changes nothing in any source (a quarter of them in the short form), that every text of an element can be translated, and that misfits are refused.
import path from 'node:path';
import fc from 'fast-check';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { pseudoTranslations } from '../../../../scripts/words/catalogue.ts';
import { codesOf } from '../../../../scripts/words/codes.ts';
import { parsed } from '../../../../scripts/words/extract.ts';
import { readSources } from '../../../../scripts/words/sources.ts';
import { translated, type TranslationOf } from '../../../../scripts/words/translate.ts';
import { fewerUnlessLong } from '../../../fixtures/longForm.ts';
import { canonical, syntaxErrors, transpiled } from './compiled.ts';

const sources = readSources(path.resolve(import.meta.dirname, '../../../..'));
/** All of them in the long form. */
const some = fewerUnlessLong([...sources.files], 4);
const unchanged: TranslationOf = (message) => message;

function translatedCode(code: string, translationOf: TranslationOf): string {
  const source = parsed('src/ui/Example.tsx', code);
  return translated(source, codesOf([source]), translationOf);
}

describe('all sources', () => {
  it('compile to the same code when every message is translated to itself', () => {
    for (const [file, source] of some) {
      const code = translated(source, sources.codes, unchanged);
      expect(canonical(file, code), file).toBe(canonical(file, source.text));
    }
  });

  it('stay the same to the letter where there is no translation', () => {
    for (const [file, source] of some) {
      expect(
        translated(source, sources.codes, () => undefined),
        file,
      ).toBe(source.text);
    }
  });

  it('parse in a pseudo-language, with every text of an element in its brackets', () => {
    const pseudo = pseudoTranslations(sources);
    for (const [file, source] of some) {
      const code = translated(source, sources.codes, (message) => pseudo.get(message));
      expect(syntaxErrors(file, code), file).toEqual([]);
      expect(plainTexts(parsed(file, code)), file).toEqual([]);
    }
  });
});

/** Words that are still written between tags: a translation writes them in braces. */
function plainTexts(source: ts.SourceFile): readonly string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isJsxText(node) && /\p{L}{2,}/u.test(node.text)) found.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

describe('any text', () => {
  // Characters that have a meaning in strings, templates and JSX, and some outside of ASCII.
  const words = fc.string({ unit: fc.constantFrom(...'ab \\`${}<>"\'&…é\u2028'), minLength: 1, maxLength: 12 });
  const text = fc
    .tuple(words, words)
    .map(([a, b]) => `some ${a} words${b}.`)
    .filter((made) => !/\{\d|<\/?\d/.test(made));

  it('is the same in the compiled code, whatever signs it has', () => {
    fc.assert(
      fc.property(text, (made) => {
        const places = `{0}<1>${made}</1>`;
        const code = translatedCode(
          'const all = [<p title="a title">Words {n}<b>in bold</b></p>, `Sum of ${n}`, "Two words"];',
          (message) =>
            ({ 'a title': made, 'Words {0}<1>in bold</1>': places, 'Sum of {0}': `${made}{0}`, 'Two words': made })[
              message
            ],
        );
        const value = JSON.stringify(made);
        const same = `const all = [<p title={${value}}>{n}<b>{${value}}</b></p>, ${value} + \`\${n}\`, ${value}];`;
        expect(canonical('Example.tsx', code)).toBe(canonical('Example.tsx', same));
      }),
    );
  });
});

describe('a translation', () => {
  it('may have its places in another order, with translations within them', () => {
    const code = 'const view = <p>Train {count} runs on <b title="Two words">{task} now</b></p>;';
    const german = translatedCode(
      code,
      (message) =>
        ({ 'Train {0} runs on <1>{2} now</1>': '<1>Jetzt {2}</1>: {0} Läufe', 'Two words': 'Zwei Wörter' })[message],
    );
    expect(transpiled('Example.tsx', german)).toBe(
      transpiled(
        'Example.tsx',
        'const view = <p><b title={"Zwei Wörter"}>{"Jetzt "}{task}</b>{": "}{count}{" Läufe"}</p>;',
      ),
    );
  });

  it('gives a plural only where it is not made with an s', () => {
    const code = "const text = [format.counted(n, 'run'), format.counted(n, 'entry', 'entries')];";
    expect(
      translatedCode(code, (message) => ({ 'run | runs': 'Lauf | Läufe', 'entry | entries': 'Term | Terms' })[message]),
    ).toBe('const text = [format.counted(n, "Lauf", "Läufe"), format.counted(n, "Term")];');
  });

  it.each([
    ['Jetzt Läufe', 'expected the places <1/> {0}, found none'],
    ['{0} {0} <1/>', 'expected the places <1/> {0}, found <1/> {0} {0}'],
    ['{0} <1>ja</1>', 'expected the places <1/> {0}, found </1> <1> {0}'],
  ])('with other places is refused: %s', (translation, fault) => {
    expect(() => translatedCode('const view = <p>Run {n}<br /></p>;', () => translation)).toThrow(
      `src/ui/Example.tsx: the translation of “Run {0}<1/>” does not fit: ${fault}. Correct it in the file of its language.`,
    );
  });

  it('closes elements in the order in which they were opened', () => {
    const code = 'const view = <p>Run <a>all <b>here</b></a></p>;';
    expect(() => translatedCode(code, () => '<0>alle <1>hier</0></1>')).toThrow(
      'expected every <0> to be closed by its </0>',
    );
    expect(() => translatedCode("counted(n, 'run')", () => 'Lauf')).toThrow('expected a noun for one and for several');
  });
});
