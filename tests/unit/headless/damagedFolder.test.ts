// Proves that headless names a folder that is in use, full or odd, and mends by itself what is damaged in it.
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockFolder } from '../../../headless/folderLock.ts';
import type { PlanFile } from '../../../src/schema/resultFile.ts';
import { LabError } from '../../../src/util/labError.ts';
import { droppedCorpus } from '../../fixtures/drops.ts';
import type { FakeTraining } from '../../fixtures/fakeServer.ts';
import { fakeHeadless, headlessFolder, writeDrops } from '../../fixtures/headlessBench.ts';
import { categoryPlan, planFile } from '../../fixtures/records.ts';

let folder = '';
beforeEach(async () => {
  folder = await headlessFolder();
});
// What was being written when a command ended may still arrive.
afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));

const headless = (plan: PlanFile, training?: FakeTraining) => fakeHeadless(folder, plan, training);

describe('a folder that is in use, full or odd', () => {
  const store = (...names: string[]) => path.join(folder, 'out', 'store', ...names);

  it('is refused with 2 while another process has it, and left free afterwards', async () => {
    const lock = await lockFolder(store());
    const refused = await headless(planFile());
    expect(refused).toMatchObject({ exitCode: 2, errors: expect.stringContaining(`process ${process.pid}`) });
    expect(refused.server).toBeUndefined();
    lock.release();
    expect(await headless(planFile())).toMatchObject({ exitCode: 0 });
    expect(await readdir(store())).not.toContain('~lock.json');
  });

  it('is taken over from a process that is gone, and says so', async () => {
    const lock = await lockFolder(store());
    const own = JSON.parse(await readFile(store('~lock.json'), 'utf8')) as object;
    lock.release();
    await writeFile(store('~lock.json'), JSON.stringify({ ...own, processStart: 'earlier' }));
    const { exitCode, output } = await headless(planFile());
    expect(exitCode).toBe(0);
    expect(output).toMatch(/^Took the folder over from process \d+ on .*, which no longer runs\.$/m);
  });

  it('exits 3 and says what to do when the disk is full', async () => {
    const full: FakeTraining = {
      beforeStep() {
        throw new LabError('storage/full', 'The disk has no room left.');
      },
    };
    expect(await headless(planFile(), full)).toMatchObject({
      exitCode: 3,
      errors: expect.stringContaining('The disk is full. Free some space, then run the same command again to resume.'),
    });
    expect(await headless(planFile())).toMatchObject({ exitCode: 0 });
  });

  it('names the folder that is where a record has to be', async () => {
    await headless(planFile());
    const [corpusId = ''] = await readdir(store('corpus'));
    await rm(store('corpus', corpusId, 'train'));
    await mkdir(store('corpus', corpusId, 'train', 'odd'), { recursive: true });
    const { exitCode, errors } = await headless(planFile());
    expect(exitCode).toBe(2);
    expect(errors).toContain('A folder is where a file has to be');
    expect(errors).toContain(store('corpus', corpusId, 'train'));
  });

  it('refuses a file as its folder by name', async () => {
    await writeFile(path.join(folder, 'out'), '');
    const { exitCode, errors } = await headless(planFile());
    expect(exitCode).toBe(1);
    expect(errors).toContain('a file where a folder has to be');
  });

  it('refuses a file name that is not UTF-8, and a link that leads nowhere, with 2', async () => {
    const odd = Buffer.concat([Buffer.from(path.join(folder, 'corpora', 'moss', 'a')), Buffer.from([0xe9, 0x2e])]);
    await writeFile(odd, 'x');
    expect(await headless(planFile())).toMatchObject({
      exitCode: 2,
      errors: expect.stringContaining('a name in UTF-8'),
    });
    await rm(odd);
    await symlink('nowhere', path.join(folder, 'corpora', 'moss', 'link'));
    expect(await headless(planFile())).toMatchObject({ exitCode: 2, errors: expect.stringContaining('moss/link') });
    await rm(path.join(folder, 'corpora', 'moss', 'link'));
    await symlink('..', path.join(folder, 'corpora', 'moss', 'circle'));
    expect(await headless(planFile())).toMatchObject({ exitCode: 2, errors: expect.stringContaining('circle') });
  });
});

describe('what is damaged', () => {
  it('of a finished parent is trained again by itself, and the runs that start from it are trained', async () => {
    await writeDrops(folder, 'corpora', droppedCorpus('fern', 'fern'));
    const first = await headless(categoryPlan({ methods: ['MTL-XC'] }));
    const [shared = ''] = first.server?.begun ?? [];
    let isLost = true;
    const training: FakeTraining = {
      beforeStep(runId) {
        if (isLost && runId !== shared) throw new LabError('run/parent-damaged', 'The last snapshot is damaged.');
      },
      lostSnapshots: () => (isLost ? [((isLost = false), 2)] : []),
    };
    const { exitCode, output, server } = await headless(
      categoryPlan({ methods: ['MTL-LS'], slicingRates: [1] }),
      training,
    );
    expect(exitCode).toBe(0);
    expect(output).toContain(
      'Mending MTL-LS 1.00 plant moss Disease seed 1: the run that it starts from is trained again.',
    );
    expect(server?.begun.filter((id) => id === shared)).toHaveLength(1);
  });

  it('again at once is left failed', async () => {
    const training: FakeTraining = {
      beforeStep() {
        throw new LabError('checkpoint/missing', 'The snapshot after epoch 1 is missing or damaged.');
      },
      lostSnapshots: () => [1],
    };
    const { exitCode, server } = await headless(planFile(), training);
    expect(exitCode).toBe(1);
    expect(server?.begun).toHaveLength(2);
  });
});
