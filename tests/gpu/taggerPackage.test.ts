// Proves that bioner-tagger finds the same on WebGPU and on the processor, and takes the processor by itself where the GPU is emulated.
import { expect, it } from 'vitest';
import { open } from '../../src/tagger/bionerTagger.ts';
import type { TaggedDocument, Tagger } from '../../src/tagger/taggerTypes.ts';

const addresses = import.meta.glob<string>(
  ['../../public/taggers/*/*.{json,safetensors}', '../../public/models/xlnet-bio-tiny/tokenizer*.json'],
  { query: '?url', import: 'default', eager: true },
);

async function shippedFiles(): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = Object.entries(addresses).map(async ([path, address]): Promise<[string, Uint8Array]> => {
    const bytes = new Uint8Array(await (await fetch(address)).arrayBuffer());
    return [path.slice(path.lastIndexOf('/') + 1), bytes];
  });
  return new Map(await Promise.all(files));
}

const texts = [
  'Tamoxifen reduces the risk of breast cancer in mice. Mutations of BRCA1 and p53 were found in patients with ataxia.',
  'No difference was seen.',
  'Treatment with cocaine induced seizures in rats; haloperidol, a dopamine antagonist, prevented them at a dose of 2.5 mg/kg (P < 0.05), whereas lithium had no effect on the expression of tyrosine hydroxylase.',
]; // prettier-ignore

async function tagged(tagger: Tagger): Promise<readonly TaggedDocument[]> {
  const found: TaggedDocument[] = [];
  for await (const document of tagger.tag(texts)) found.push(document);
  tagger.close();
  return found;
}

it('the same mentions, and the same probabilities within rounding', async () => {
  const files = await shippedFiles();
  const gpu = await open(files, { backend: 'webgpu' });
  expect(gpu.backend).toBe('webgpu');
  const onGpu = await tagged(gpu);
  const auto = await open(files);
  const onProcessor = await tagged(auto);
  const spans = ({ mentions }: TaggedDocument) =>
    mentions.map(({ type, text, start, end }) => [type, text, start, end]);
  expect(onGpu.map(spans)).toEqual(onProcessor.map(spans));
  expect(onGpu.flatMap(spans).length).toBeGreaterThan(8);
  const probabilities = ({ mentions }: TaggedDocument) => mentions.map(({ probability }) => probability);
  const [one, other] = [onGpu.flatMap(probabilities), onProcessor.flatMap(probabilities)];
  one.forEach((value, index) => expect(Math.abs(value - (other[index] ?? NaN))).toBeLessThan(1e-3));
  const { isFallbackAdapter } = (await navigator.gpu.requestAdapter())?.info ?? {};
  if (isFallbackAdapter === true) expect(auto.device).toContain('emulated');
});
