// Proves that a drop gives every file of every folder with its path, however the browser portions it.
import { describe, expect, it } from 'vitest';
import { chosenFiles, droppedFiles } from '../../../../src/ui/parts/DropZone.tsx';

type Tree = { readonly [name: string]: Tree | string };

function entry(path: string, node: Tree | string): FileSystemEntry {
  const name = path.split('/').at(-1) ?? '';
  const shared = { name, fullPath: path, isFile: typeof node === 'string', isDirectory: typeof node !== 'string' };
  if (typeof node === 'string') {
    const file = (resolve: (file: File) => void) => resolve(new File([node], name));
    return { ...shared, file } as unknown as FileSystemEntry;
  }
  const createReader = () => {
    const children = Object.entries(node).map(([child, inner]) => entry(`${path}/${child}`, inner));
    // As Chromium: at most a hundred a call, and an empty list at the end.
    return { readEntries: (resolve: (batch: FileSystemEntry[]) => void) => resolve(children.splice(0, 100)) };
  };
  return { ...shared, createReader } as unknown as FileSystemEntry;
}

function transfer(items: readonly (FileSystemEntry | File)[]): DataTransfer {
  return {
    items: items.map((item) => ({
      kind: 'file',
      webkitGetAsEntry: () => (item instanceof File ? null : item),
      getAsFile: () => (item instanceof File ? item : null),
    })),
  } as unknown as DataTransfer;
}

describe('droppedFiles', () => {
  it('walks folders of more files than one call gives, to the bottom', async () => {
    const many = Object.fromEntries(Array.from({ length: 250 }, (_, index) => [`f${index}.tsv`, 'x']));
    const files = await droppedFiles(transfer([entry('/corpus', { many, deep: { er: { 'train.tsv': 'a\tO\n' } } })]));
    expect(files).toHaveLength(251);
    const train = files.find(({ path }) => path === 'corpus/deep/er/train.tsv');
    expect(new TextDecoder().decode(await train?.bytes())).toBe('a\tO\n');
    expect(train?.sizeBytes).toBe(4);
  });

  it('takes files the browser gives no entry for, and leaves out what systems add', async () => {
    const tree = { 'test.tsv': 'x', '.DS_Store': 'x', __MACOSX: { 'test.tsv': 'x' } };
    const files = await droppedFiles(transfer([new File(['x'], 'plan.json'), entry('/c', tree)]));
    expect(files.map(({ path }) => path)).toEqual(['c/test.tsv', 'plan.json']);
  });
});

describe('chosenFiles', () => {
  it('keeps the path inside a chosen folder', () => {
    const inFolder = new File(['x'], 'devel.tsv');
    Object.defineProperty(inFolder, 'webkitRelativePath', { value: 'corpus/devel.tsv' });
    const paths = chosenFiles([inFolder, new File(['x'], 'a.tsv')]).map(({ path }) => path);
    expect(paths).toEqual(['a.tsv', 'corpus/devel.tsv']);
  });
});
