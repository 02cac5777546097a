// Proves that text is tagged as it is typed: later text cancels earlier, a run has priority, and the tagging that a page shows stays.
import { afterEach, describe, expect, it } from 'vitest';
import type { AnnotatedMention } from '../../../../src/data/documents/document.ts';
import { LiveTagging, MOST_LIVE_CHARACTERS, shippedTagger } from '../../../../src/lab/tagging/predictions.ts';
import { LabError } from '../../../../src/util/labError.ts';
import type { ServerClient, TaggingRequest } from '../../../../src/wire/trainingProtocol.ts';
import { closeLabs, openLab } from '../../../fixtures/labBench.ts';
import { shippedHost } from '../../../fixtures/shippedFiles.ts';

afterEach(closeLabs);

const ref = { kind: 'model', modelId: 'tiny' } as const;

/** A client whose calls the test answers. */
function client() {
  const tagged: (TaggingRequest & {
    readonly answer: (found: readonly (readonly AnnotatedMention[])[] | null) => void;
    readonly refuse: (error: unknown) => void;
  })[] = [];
  const interrupted: string[] = [];
  const call = (name: string, request: TaggingRequest & { runId: string }): Promise<unknown> => {
    if (name === 'interrupt') {
      interrupted.push(request.runId);
      return Promise.resolve();
    }
    return new Promise((answer, refuse) => tagged.push({ ...request, answer, refuse }));
  };
  return { client: { call } as unknown as ServerClient, tagged, interrupted };
}

const mention: AnnotatedMention = { type: 'Disease', start: 0, end: 4, confidence: 0.5 };

describe('tagging as one types', () => {
  it('returns the text with its mentions', async () => {
    const { client: server, tagged, interrupted } = client();
    const found = new LiveTagging(server).tag(ref, 'Ague rose.');
    tagged[0]?.answer([[mention]]);
    expect(await found).toMatchObject({ text: 'Ague rose.', mentions: [mention] });
    expect(interrupted).toEqual([]);
  });

  it('cancels the text before, even if its answer comes later', async () => {
    const { client: server, tagged, interrupted } = client();
    const live = new LiveTagging(server);
    const first = live.tag(ref, 'Ague');
    const second = live.tag(ref, 'Ague rose.');
    expect(interrupted).toEqual([tagged[0]?.id]);
    tagged[1]?.answer([[mention]]);
    tagged[0]?.answer([[mention]]);
    expect(await first).toBe(null);
    expect((await second)?.text).toBe('Ague rose.');
    const third = live.tag(ref, 'Ague rose again.');
    expect(interrupted).toHaveLength(1);
    tagged[2]?.refuse(new LabError('run/busy', 'A run is on the device.'));
    expect(await third).toBe(null);
    const fourth = live.tag(ref, 'Ague fell.');
    tagged[3]?.refuse(new LabError('gpu/lost', 'The GPU is gone.'));
    await expect(fourth).rejects.toMatchObject({ code: 'gpu/lost' });
  });

  it('asks nothing for a text without words, and cuts a long one', async () => {
    const { client: server, tagged } = client();
    const live = new LiveTagging(server);
    expect(await live.tag(ref, ' \n ')).toMatchObject({ mentions: [] });
    expect(tagged).toEqual([]);
    const long = live.tag(ref, 'Ague. '.repeat(MOST_LIVE_CHARACTERS));
    tagged[0]?.answer([[]]);
    expect((await long)?.text).toHaveLength(MOST_LIVE_CHARACTERS);
  });

  it('leaves the tagging of the page Tag as it is', async () => {
    const { fetchBuiltIn } = shippedHost();
    const { lab } = await openLab({ fetchBuiltIn, waitForWanted: true });
    await lab.wantShippedTagger();
    const own = shippedTagger(lab.getState())?.ref;
    if (own === undefined) throw new Error('no tagger');
    await lab.tag(own, { kind: 'text', text: 'Morvane fell.' });
    const before = lab.getState().tagging;
    expect(before?.status).toBe('done');
    const found = await lab.tagLive(own, 'Ague rose.');
    expect(found?.mentions).toEqual([mention]);
    expect(lab.getState().tagging).toBe(before);
  });
});
