// The lint rule for the form of a file: its first line, its name, its length.
import { basename } from 'node:path';

const maxLines = 400;

export const fileFormRule = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: {
      firstLine: 'The first line says what the file is for: a `//` comment of one sentence, ending in a period.',
      name: 'Name the file in camelCase (PascalCase for a component) after the noun in it; index, utils, manager, helper and service are no nouns.',
      length: 'The file has {{lines}} lines, more than 400: split it by noun.',
    },
  },
  create(context) {
    const fileName = basename(context.filename);
    const name = fileName.split('.')[0];
    return {
      'Program:exit'(node) {
        const report = (messageId, data = {}) => context.report({ loc: { line: 1, column: 0 }, messageId, data });
        const lines = context.sourceCode.lines;
        const first = lines[0]?.startsWith('#!') ? lines[1] : lines[0];
        if (!/^\/\/ \S.*\.$/.test(first ?? '')) report('firstLine');
        const style = fileName.endsWith('.tsx') && name !== 'main' ? /^[A-Z][A-Za-z0-9]*$/ : /^[a-z][A-Za-z0-9]*$/;
        if (!style.test(name) || /^(index|utils?|helpers?)$|(manager|helper|service)s?$/i.test(name)) report('name');
        const count = lines.length - (lines.at(-1) === '' ? 1 : 0);
        if (count > maxLines) context.report({ node, messageId: 'length', data: { lines: count } });
      },
    };
  },
};
