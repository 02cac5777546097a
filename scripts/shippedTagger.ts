// `npm run shipped-tagger -- join|publish`: makes the joint corpus of the shipped tagger, and its files in public/ from the trained run.
import { parseArgs } from 'node:util';
import { joinCorpora } from './tagger/joinCommand.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { corpora: { type: 'string' }, singles: { type: 'string' }, out: { type: 'string' } },
});
console.log(positionals, await joinCorpora(values.corpora ?? '', values.singles ?? '', values.out ?? '', console.log));
