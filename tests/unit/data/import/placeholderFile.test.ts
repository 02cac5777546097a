// Proves that what was saved in place of a model's file is called what it is, and that no real file is taken for it.
import { describe, expect, it } from 'vitest';
import { refusePlaceholder } from '../../../../src/data/import/modelFiles.ts';
import { LabError } from '../../../../src/util/labError.ts';
import { bertFolder, bertForms } from '../../../fixtures/bertFolders.ts';
import { modelFolder, modelForms } from '../../../fixtures/modelFolders.ts';

function refusal(name: string, content: string | readonly number[]): LabError {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : Uint8Array.from(content);
  try {
    refusePlaceholder({ name, bytes });
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error(`${name} was accepted`);
}

const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0d'.repeat(32)}\nsize 435779157\n`;
/** Files of each role: a pointer or a page may be in place of any. */
const names = [
  ...['config.json', 'bert_config.json', 'vocab.txt', 'spiece.model', 'tokenizer.json', 'tokenizer_config.json'],
  ...['model.safetensors', 'model.safetensors.index.json', 'pytorch_model.bin', 'last.ckpt', 'bioner_lab.json'],
  ...['bert_model.ckpt.index', 'bert_model.ckpt.data-00000-of-00001'],
];

describe.each(names)('%s', (name) => {
  it.each([
    ['Git LFS', pointer],
    ['Git LFS', `\ufeff${pointer}`],
    ['Git Xet', '# xet version 0\nfilesize = 5\n'],
    ['a link', `../../blobs/${'0d'.repeat(32)}`],
    ['a link', '../.git/annex/objects/Xx/Yy/SHA256E-s5--aa.bin/SHA256E-s5--aa.bin'],
    ['a web page (“Not found”)', '\n<!DOCTYPE html>\n<html><head><title> Not found </title></head></html>'],
    ['a web page', '<!-- made by a proxy --><HTML lang="en"><body>'],
    ['XML', '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'],
    ['empty', ''],
  ])('is called %s', (what, content) => {
    const error = refusal(name, content);
    expect(error.code).toBe('model/placeholder');
    expect(error.message).toContain(name);
    expect(error.message).toContain(what);
  });
});

it('states the size of the file that a pointer of Git LFS is for', () => {
  expect(refusal('model.safetensors', pointer).expected).toContain('435779157 bytes');
});

it.each([
  ['pytorch_model.bin', 'Entry not found', 'Entry not found'],
  ['model.safetensors', 'Invalid credentials in Authorization header', 'Invalid credentials'],
  ['spiece.model', 'Zugriff verweigert: für Gäste nicht verfügbar', 'Zugriff'],
  ['config.json', '{"error":"Repository not found"}', 'Repository not found'],
  ['tokenizer.json', '{"message":"Bad credentials","documentation_url":"https://x"}', 'Bad credentials'],
])('quotes what a server said in place of %s', (name, content, said) => {
  expect(refusal(name, content).message).toContain(said);
});

it.each([
  ['model.safetensors', [0x50, 0x4b, 3, 4, 0, 0, 0, 0, 0], 'a PyTorch file'],
  ['model.safetensors', [0x80, 2, 0x8a, 10, 0x6c], 'a PyTorch file'],
  ['pytorch_model.bin', [16, 1, 0, 0, 0, 0, 0, 0, 0x7b, 0x22], 'a safetensors file'],
  ['pytorch_model.bin', [0x1f, 0x8b, 8, 0, 0], 'gzip'],
  ['weights.pt', [0x89, 0x48, 0x44, 0x46, 13, 10], 'Keras'],
  ['pytorch_model.bin', [0x47, 0x47, 0x55, 0x46, 3, 0], 'GGUF'],
])('calls %s of other bytes what it is', (name, bytes, what) => {
  expect(refusal(name, bytes).message).toContain(what);
});

it('accepts every file of real models, and vocabularies that only look alike', () => {
  for (const file of [
    ...modelForms.flatMap((form) => modelFolder(form)),
    ...modelFolder('f16', 'spiece.model'),
    ...bertForms.flatMap(bertFolder),
  ]) {
    // prettier-ignore
    expect(() => refusePlaceholder(file), file.name).not.toThrow();
  }
  const text = (name: string, content: string) => refusePlaceholder({ name, bytes: new TextEncoder().encode(content) });
  expect(() => text('vocab.txt', '<html>\n[PAD]\n')).not.toThrow();
  expect(() => text('vocab.txt', 'version\n[PAD]\n<pad>\n')).not.toThrow();
  expect(() => text('tokenizer_config.json', '{}')).not.toThrow();
  expect(() => text('config.json', '{"code": 3, "error": null, "hidden_size": 4}')).not.toThrow();
});
