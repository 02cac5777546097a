// Proves that sub-tasks are downloaded only on request and resumably, and that folders, assignments and samples form categories.
import { afterEach, describe, expect, it } from 'vitest';
import { offeredCategories } from '../../../../src/lab/library/categories.ts';
import { catalogueStatus } from '../../../../src/lab/library/publicCorpora.ts';
import type { Lab } from '../../../../src/lab/state/labState.ts';
import type { RequestFile } from '../../../../src/wire/requestFile.ts';
import { droppedCorpus } from '../../../fixtures/drops.ts';
import { closeLabs, openLab } from '../../../fixtures/labBench.ts';
import { corpusRecord } from '../../../fixtures/records.ts';

afterEach(closeLabs);

const ncbi = 'NCBI-disease:disease';
const bc5cdr = 'BC5CDR:disease';

/** A repository with invented files, in pieces of 20 bytes; `onPiece` may throw, or wait. */
function repository(onPiece: (address: string, piece: number) => Promise<void> | void = () => undefined) {
  const requested: string[] = [];
  async function* pieces(address: string): AsyncGenerator<Uint8Array, void> {
    const [folder = '', name] = address.split('/').slice(-2);
    const file = droppedCorpus(folder, folder).find(({ path }) => path.endsWith(`/${name}`));
    if (file === undefined) throw new Error('connection refused');
    const bytes = await file.bytes();
    for (let at = 0; at < bytes.byteLength; at += 20) {
      await onPiece(address, at / 20);
      yield bytes.subarray(at, at + 20);
    }
  }
  const requestFile: RequestFile = (address) => {
    requested.push(address.replace('https://example.org/data/', ''));
    return Promise.resolve({ status: 200, header: () => null, pieces: pieces(address), drop: () => undefined });
  };
  return { requested, parts: { requestFile, catalogueBase: 'https://example.org/data' } };
}

function present(lab: Lab): string[] {
  return catalogueStatus(lab.getState()).flatMap(({ subTask, task }) =>
    task === null ? [] : [`${subTask.id} ${task.corpus.name} ${task.type} ${task.by}`],
  );
}

describe('fetching sub-tasks', () => {
  it('sends no request until called, then requests the three files of each, once', async () => {
    const { requested, parts } = repository();
    const { lab, store } = await openLab(parts);
    expect(requested).toEqual([]);
    const corpusIds = await lab.fetchCatalogueTasks([ncbi, bc5cdr, ncbi]);
    expect(requested).toEqual(
      ['NCBI-disease-IOB', 'BC5CDR-disease-IOB'].flatMap((folder) =>
        ['train', 'devel', 'test'].map((split) => `${folder}/${split}.tsv`),
      ),
    );
    expect(lab.getState().corpora.map(({ id }) => id)).toEqual(corpusIds);
    expect(present(lab)).toEqual([`${bc5cdr} BC5CDR-disease-IOB Disease folder`, `${ncbi} NCBI-disease-IOB Disease folder`]); // prettier-ignore
    expect(await store.keys('catalogue/')).toEqual([]);
    expect(await lab.fetchCatalogueTasks([ncbi])).toEqual(corpusIds.slice(0, 1));
    expect(requested).toHaveLength(6);
  });

  it('resumes after a failure without the files it has', async () => {
    let isBroken = true;
    const { requested, parts } = repository((address, piece) => {
      if (isBroken && address.endsWith('devel.tsv') && piece === 1) throw new Error('connection reset');
    });
    const { lab } = await openLab(parts);
    await expect(lab.fetchCatalogueTasks([ncbi])).rejects.toMatchObject({
      code: 'catalogue/unreachable',
      expected: 'https://example.org/data/NCBI-disease-IOB/devel.tsv',
      got: 'connection reset',
    });
    expect(lab.getState()).toMatchObject({ corpora: [], jobs: [] });
    isBroken = false;
    expect(await lab.fetchCatalogueTasks([ncbi])).toHaveLength(1);
    expect(requested.map((path) => path.replace('NCBI-disease-IOB/', ''))).toEqual([
      ...['train.tsv', 'devel.tsv'],
      ...['devel.tsv', 'test.tsv'],
    ]);
    expect(lab.getState().corpora[0]?.counts).toMatchObject({ train: { sentences: 2 }, devel: { sentences: 1 } });
  });

  it('shows total bytes as a job, which can be cancelled and resumed', async () => {
    let reach = (): void => undefined;
    const reached = new Promise<void>((resolve) => (reach = resolve));
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const { requested, parts } = repository(async (address, piece) => {
      if (!address.endsWith('devel.tsv') || piece !== 1) return;
      reach();
      await gate;
    });
    const { lab } = await openLab(parts);
    const fetched = lab.fetchCatalogueTasks([ncbi]);
    await reached;
    const [job] = lab.getState().jobs;
    expect(job).toMatchObject({ cancellable: true, of: 1_543_461, label: expect.stringContaining('NCBI') });
    const train = await droppedCorpus('NCBI-disease-IOB', 'NCBI-disease-IOB')[0]?.bytes();
    expect(job?.done).toBe((train?.byteLength ?? 0) + 20);
    lab.cancelJob(job?.id ?? -1);
    release();
    expect(await fetched).toEqual([]);
    expect(lab.getState()).toMatchObject({ corpora: [], jobs: [], notices: [] });
    expect(await lab.fetchCatalogueTasks([ncbi])).toHaveLength(1);
    expect(requested.filter((path) => path.endsWith('train.tsv'))).toHaveLength(1);
  });

  it('rejects restricted and unknown sub-tasks, and everything when downloads are disabled', async () => {
    const { requested, parts } = repository();
    const { lab } = await openLab(parts);
    await expect(lab.fetchCatalogueTasks([ncbi, 'BC4CHEMD:chemical'])).rejects.toMatchObject({
      code: 'catalogue/licence',
    });
    await expect(lab.fetchCatalogueTasks(['lichen:species'])).rejects.toMatchObject({ code: 'catalogue/unknown' });
    expect(requested).toEqual([]);
    const { lab: offline } = await openLab();
    await expect(offline.fetchCatalogueTasks([ncbi])).rejects.toMatchObject({ code: 'catalogue/unreachable' });
  });

  it('recognises sentences that were imported under another name', async () => {
    const { lab } = await openLab(repository().parts);
    await lab.importFiles(droppedCorpus('mine', 'NCBI-disease-IOB'));
    await lab.fetchCatalogueTasks([ncbi]);
    expect(present(lab)).toEqual([`${ncbi} mine Disease hand`]);
  });
});

describe('the status of sub-tasks', () => {
  it('finds dropped folders by name, one folder of all types for several, and reports differing counts', async () => {
    const { lab } = await openLab();
    await lab.importFiles([...droppedCorpus('repo/data/BC5CDR-IOB', 'a'), ...droppedCorpus('repo/data/moss', 'b')]);
    expect(present(lab)).toEqual([`${bc5cdr} BC5CDR-IOB Disease multiType`]);
    const status = catalogueStatus(lab.getState()).find(({ subTask }) => subTask.id === bc5cdr);
    expect(status?.differing).toEqual([
      { split: 'train', expected: 4560, found: 2 },
      { split: 'devel', expected: 4581, found: 1 },
      { split: 'test', expected: 4797, found: 1 },
    ]);
  });

  it('keeps user assignments, overriding folders and across closing', async () => {
    const { lab, store } = await openLab();
    await lab.importFiles([...droppedCorpus('NCBI-disease-IOB', 'a'), ...droppedCorpus('mine', 'b')]);
    const mine = lab.getState().corpora.find(({ name }) => name === 'mine');
    const corpusId = mine?.id ?? '';
    await expect(lab.assignSubTask(ncbi, { corpusId, type: 'Gene' })).rejects.toMatchObject({ code: 'catalogue/type' });
    await lab.assignSubTask(ncbi, { corpusId, type: 'Disease' });
    const { lab: reopened } = await openLab({ store });
    expect(present(reopened)).toEqual([`${ncbi} mine Disease hand`]);
    await reopened.assignSubTask(ncbi, null);
    expect(present(reopened)).toEqual([`${ncbi} NCBI-disease-IOB Disease folder`]);
  });
});

describe('categories', () => {
  const offered = (lab: Lab) =>
    offeredCategories(lab.getState()).map(({ source, category }) =>
      [
        source,
        category.name,
        category.typeName,
        ...category.tasks.map(({ corpus, type }) => `${corpus.name}/${type}`),
      ].join(' '),
    );

  it('of the catalogue have the tasks in the library', async () => {
    const { lab } = await openLab(repository().parts);
    expect(offered(lab)).toEqual([]);
    await lab.fetchCatalogueTasks([ncbi, bc5cdr]);
    expect(offered(lab)).toEqual(['catalogue disease Disease BC5CDR-disease-IOB/Disease NCBI-disease-IOB/Disease']);
  });

  it('of the samples have the samples of their name', () => {
    const corpora = ['sample-disease-a', 'sample-disease-b', 'sample-gene-a'].map((name) =>
      corpusRecord(name, { builtIn: true }),
    );
    const own = corpusRecord('sample-disease-c');
    const categories = offeredCategories({ corpora: [...corpora, own], assignments: {}, categories: [] });
    expect(categories.map(({ source, category }) => [source, category.name, category.tasks.length])).toEqual([
      ['sample', 'sample-disease', 2],
      ['sample', 'sample-gene', 1],
    ]);
  });

  it('of the user are saved, replaced and removed by name, beside the predefined ones', async () => {
    const { lab, store } = await openLab();
    const tasks = [{ corpus: { name: 'moss' }, type: 'Disease' }];
    await lab.saveCategory({ name: ' plant ', typeName: 'Rot', tasks });
    await lab.saveCategory({ name: 'animal', typeName: 'Rot', tasks });
    await lab.saveCategory({ name: 'plant', typeName: 'Blight', tasks });
    const { lab: reopened } = await openLab({ store });
    expect(offered(reopened)).toEqual(['own plant Blight moss/Disease', 'own animal Rot moss/Disease']);
    await reopened.removeCategory('plant');
    expect(offered(reopened)).toEqual(['own animal Rot moss/Disease']);
    await expect(lab.saveCategory({ name: 'disease', typeName: 'Rot', tasks })).rejects.toMatchObject({
      code: 'category/name',
    });
    await expect(lab.saveCategory({ name: 'x', typeName: ' ', tasks })).rejects.toMatchObject({
      code: 'category/invalid',
    });
  });
});
