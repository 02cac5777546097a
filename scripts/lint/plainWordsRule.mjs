// The lint rule that keeps private words out of comments, texts and names.
import { plainNames, plainWords } from './plainWords.mjs';

const phrases = plainWords.map(({ pattern, write }) => ({ find: new RegExp(`\\b(?:${pattern})\\b`, 'gi'), write }));

export const plainWordsRule = {
  meta: {
    type: 'suggestion',
    schema: [
      {
        type: 'object',
        properties: { texts: { type: 'boolean' }, names: { type: 'boolean' } },
        additionalProperties: false,
      },
    ],
    defaultOptions: [{ texts: true, names: true }],
    messages: {
      phrase: '“{{word}}” is a private word of this project: write {{write}}.',
      name: 'The name {{name}} has a private word of this project in it: write {{write}}.',
    },
  },
  create(context) {
    const [{ texts, names }] = context.options;
    const { sourceCode } = context;
    const seen = new Set();

    function checkText(text, start) {
      for (const { find, write } of phrases) {
        for (const match of text.matchAll(find)) {
          const from = start + match.index;
          const loc = {
            start: sourceCode.getLocFromIndex(from),
            end: sourceCode.getLocFromIndex(from + match[0].length),
          };
          context.report({ loc, messageId: 'phrase', data: { word: match[0].replace(/\s+/g, ' '), write } });
        }
      }
    }

    /** Reports a name at its first occurrence in the file only. */
    function checkName(node) {
      if (seen.has(node.name)) return;
      seen.add(node.name);
      const words = wordsOf(node.name);
      const found = plainNames.find(({ words: listed, isPrefix = false }) =>
        listed.some((word) => (isPrefix ? words[0] === word : includesWord(words, word))),
      );
      if (found === undefined) return;
      context.report({ node, messageId: 'name', data: { name: node.name, write: found.write } });
    }

    return {
      Program() {
        for (const comment of sourceCode.getAllComments()) checkText(comment.value, comment.range[0] + 2);
      },
      ...(texts && {
        'Literal:not(ImportDeclaration > Literal, ExportNamedDeclaration > Literal, ExportAllDeclaration > Literal, TSImportType Literal)':
          (node) => {
            if (typeof node.value === 'string') checkText(sourceCode.getText(node), node.range[0]);
          },
        TemplateElement: (node) => checkText(sourceCode.getText(node), node.range[0]),
        JSXText: (node) => checkText(sourceCode.getText(node), node.range[0]),
      }),
      ...(names && { Identifier: checkName, JSXIdentifier: checkName, PrivateIdentifier: checkName }),
    };
  },
};

/** Splits a name in camelCase, PascalCase or CAPITALS into its words. */
function wordsOf(name) {
  return (name.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g) ?? []).map((word) => word.toLowerCase());
}

/** Whether the word is one of these, or several run together: `whileours` of `while` and `ours`. */
function includesWord(words, word) {
  return words.includes(word) || words.some((first, at) => first + (words[at + 1] ?? '') === word);
}
