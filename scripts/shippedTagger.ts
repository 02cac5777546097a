// `npm run shipped-tagger -- join|publish|onnx`: makes the corpus that the shipped tagger is trained on, its files from the trained run, and measures it as ONNX.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { LabError } from '../src/util/labError.ts';
import { joinCorpora } from './tagger/joinCommand.ts';
import { measureOnnx } from './tagger/onnxCommand.ts';
import { publishTagger } from './tagger/publishCommand.ts';

const usage = `Usage: npm run shipped-tagger -- join --corpora DIR --singles OUT --out DIR
       npm run shipped-tagger -- publish --corpora DIR --singles OUT --trained OUT
       npm run shipped-tagger -- onnx --corpora DIR

join     writes DIR/corpora/joint-four-types: the corpora with the mentions that the taggers of single corpora add
publish  writes public/taggers and the results of the run that was trained on it
onnx     measures its F1 as an ONNX graph in f32, f16 and int8, and writes results/shipped-tagger.onnx.json
  --corpora DIR   NCBI-disease-IOB, BC5CDR-IOB, BC2GM-IOB and linnaeus-IOB, a folder each with train.tsv, devel.tsv, test.tsv
  --singles OUT   what \`npm run headless -- results/shipped-tagger-single.plan.json\` wrote
  --trained OUT   what \`npm run headless -- results/shipped-tagger.plan.json\` wrote
`;

async function run(args: readonly string[]): Promise<number> {
  const option = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { corpora: option, singles: option, out: option, trained: option },
  });
  const { corpora, singles, out, trained } = values;
  const report = (line: string): void => void process.stdout.write(`${line}\n`);
  const root = path.join(import.meta.dirname, '..');
  if (positionals[0] === 'join' && corpora !== undefined && singles !== undefined && out !== undefined) {
    report(await joinCorpora(corpora, singles, out, report));
    return 0;
  }
  const [publicFolder, resultsFolder] = [path.join(root, 'public'), path.join(root, 'results')];
  if (positionals[0] === 'onnx' && corpora !== undefined) {
    await measureOnnx(corpora, { publicFolder, resultsFolder }, report);
    return 0;
  }
  if (positionals[0] === 'publish' && corpora !== undefined && singles !== undefined && trained !== undefined) {
    await publishTagger({ corpora, singles, trained, publicFolder, resultsFolder }, report);
    return 0;
  }
  process.stderr.write(usage);
  return 2;
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof LabError)) throw error;
  process.stderr.write(`${LabError.describe(LabError.toData(error))}\n`);
  process.exitCode = 2;
}
// Threads of the engine would keep the process alive.
process.exit();
