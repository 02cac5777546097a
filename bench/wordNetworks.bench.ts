// Times a step of each network of words on wasm with the lab's kernel for LSTMs and operation by operation, in alternation.
import * as tf from '@tensorflow/tfjs';
import { baselineForms, BASELINES } from '../src/data/words/baselines.ts';
import { startBackend } from '../src/engine/start/startBackend.ts';
import { presetFor, presets } from '../src/lab/plans/presets.ts';
import { encoderConfig, encoderShapes } from '../src/model/families/encoderConfig.ts';
import { RECURRENCE_KERNELS } from '../src/model/families/words/languageModels.ts';
import { drawnWeights } from '../src/model/families/words/wordNetwork.ts';
import { measureStep } from '../src/training/measureStep.ts';
import { nodePlatform } from '../workers/nodePlatform.ts';
import { spreadOf, spreadText } from './benchReport.ts';

// Run by hand on a quiet machine: npx tsx bench/wordNetworks.bench.ts [ROUNDS [WORDS [TOKENS]]]
const [rounds = 5, words = 10_000, tokens = 32] = process.argv.slice(2).map(Number);

await startBackend('wasm', nodePlatform);
const kernels = Object.values(RECURRENCE_KERNELS).map((name) => tf.getKernel(name, 'wasm'));

console.log(
  `median (least to most) milliseconds of a step, ${tokens} tokens a sentence, ${words} words, ${rounds} rounds`,
);
for (const name of BASELINES) {
  const { members, wordSize, language } = baselineForms[name];
  const sizes = language === undefined ? {} : { language: { size: language.size, hidden: language.hidden, layers: 1 } };
  const vocabulary = { word_size: wordSize, trained_words: words, fixed_words: 0, character_count: 90 };
  const config = encoderConfig({ characters: null, ...members, ...vocabulary, ...sizes, untrained: 'all' });
  const encoder = drawnWeights([...encoderShapes(config)], 1);
  const training = presets[presetFor({ family: config.family }, 'quick')].config;
  const times: Readonly<Record<'kernel' | 'operations', number[]>> = { kernel: [], operations: [] };
  for (let round = 0; round < rounds; round++) {
    for (const [way, list] of Object.entries(times)) {
      if (way === 'operations') kernels.forEach(({ kernelName }) => tf.unregisterKernel(kernelName, 'wasm'));
      const measured = await measureStep({ config, encoder }, training, tokens, { failure: null }, null);
      list.push(measured.stepMs);
      if (way === 'operations') kernels.forEach((kernel) => tf.registerKernel(kernel));
    }
  }
  const [kernel, operations] = [spreadOf(times.kernel), spreadOf(times.operations)];
  console.log(`${name}, batches of ${training.batchSize}: ${spreadText(kernel)} with the kernel, ${spreadText(operations)} by operations`); // prettier-ignore
}
