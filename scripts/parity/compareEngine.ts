// Compares the engine with a reference case: emissions, loss, every gradient and Viterbi paths.
import { openMachine, type EngineHome } from '../../src/engine/network/computeOptions.ts';
import { TaggerEngine } from '../../src/engine/network/taggerEngine.ts';
import { compare, readReferenceCase, type ParityRow, type ReferenceFiles } from './referenceCase.ts';

/** Computes with the options of `home`. */
export async function compareEngine(files: ReferenceFiles, home: EngineHome): Promise<readonly ParityRow[]> {
  const { shape, host, batch, expected, expectedGradient, isReal, viterbi } = readReferenceCase(files);
  const engine = new TaggerEngine(openMachine(home), {
    ...home.compute,
    shape,
    config: {
      adam: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, epsilonForm: 'standard' },
      clipNorm: null,
      dropout: { encoder: 0, attention: 0, head: 0 },
    },
    trained: () => true,
    factorsOf: () => ({ rate: 1, gradient: 1 }),
  });
  try {
    engine.upload(host);
    const { emissions, tags } = await engine.predict(batch);
    const foundEmissions = await emissions();
    await engine.step([batch], { seed: 1, step: 1, learningRate: 0 });
    const [loss] = await engine.readPending();
    const gradients = await engine.download('gradient');
    const rows = [
      compare('emissions', foundEmissions, expected('emissions'), 'forward', isReal(shape.head.tagCount)),
      compare('loss', [loss], expected('loss'), 'sum'),
      ...[...host.keys()].map((name) => {
        const found = gradients.get(name)?.values.map((value) => value / engine.lossScale) ?? [];
        return compare(`gradient of ${name}`, found, expectedGradient(name), 'gradient');
      }),
    ];
    const differing = viterbi.filter(({ path }, row) => {
      const from = row * batch.pieces;
      return tags.subarray(from, from + path.length).join() !== path.join();
    });
    const name = differing.length === 0 ? 'Viterbi paths agree' : `Viterbi: ${differing.length} paths differ`;
    return [...rows, { name, absolute: 0, relative: 0, passed: differing.length === 0 }];
  } finally {
    engine.release();
  }
}
