// Proves that answers about errors match the pure computations, that filters match brute force, and that pages join to the whole list.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  KIND_CHOICES,
  RIGHT_CHOICES,
  SEEN_CHOICES,
  type ErrorFilter,
  type ErrorLine,
  type ErrorsQuery,
} from '../../../src/analysis/questions/errorsQuery.ts';
import type { Mention, Task } from '../../../src/data/corpus/corpus.ts';
import {
  compareErrors,
  errorKinds,
  seenBorders,
  semevalScores,
  strataByFrequency,
  strataByLength,
} from '../../../src/metrics/errorKinds.ts';
import { storePredictions, type PredictedMention } from '../../../src/schema/storedPredictions.ts';
import { writePredictions } from '../../../src/storage/predictionRecords.ts';
import { Rng } from '../../../src/util/random.ts';
import { openAnalysisBench, type AnalysisBench } from '../../fixtures/analysisBench.ts';
import { droppedText } from '../../fixtures/drops.ts';

const WORDS = ['moss', 'Moss', 'fern', 'spore', 'leaf', 'rot'];
const TYPES = ['Plant', 'Decay'];
const A = { runId: 'a', epoch: 3, split: 'test', task: 0 } as const;
const B = { runId: 'b', epoch: 2, split: 'test', task: 1 } as const;
const EVERYTHING: ErrorFilter = { kind: 'any', right: 'any', text: '', type: null, seen: 'any' };

let bench: AnalysisBench;
let task: Task;
let tokens: readonly (readonly string[])[];
let gold: readonly (readonly Mention[])[];
const predicted: Record<'a' | 'b', readonly (readonly PredictedMention[])[]> = { a: [], b: [] };
let frequencies: Map<string, number>;

/** Flat random mentions in `length` tokens. */
function randomMentions(rng: Rng, length: number): Mention[] {
  const mentions: Mention[] = [];
  for (let start = rng.integer(3); start < length; start += 1 + rng.integer(3)) {
    const end = Math.min(length, start + 1 + rng.integer(3));
    mentions.push({ type: TYPES[rng.integer(2)] ?? '', start, end });
    start = end;
  }
  return mentions;
}

function conll(rng: Rng, sentences: number): string {
  const rows = Array.from({ length: sentences }, () => {
    const words = Array.from({ length: 4 + rng.integer(6) }, () => WORDS[rng.integer(WORDS.length)] ?? '');
    const tags = words.map(() => 'O');
    for (const { type, start, end } of randomMentions(rng, words.length)) {
      for (let at = start; at < end; at++) tags[at] = `${at === start ? 'B' : 'I'}-${type}`;
    }
    return words.map((word, at) => `${word}\t${tags[at]}\n`).join('');
  });
  return rows.join('\n') + '\n';
}

/** The annotated mentions in most sentences, and random ones in the others, so that all kinds occur. */
function guesses(rng: Rng): PredictedMention[][] {
  return gold.map((mentions, sentence) => {
    const some = rng.integer(3) === 0 ? randomMentions(rng, tokens[sentence]?.length ?? 0) : mentions;
    return some.map((mention) => ({ ...mention, confidence: rng.integer(1000) / 1000 }));
  });
}

beforeAll(async () => {
  const rng = Rng.seeded(6);
  bench = await openAnalysisBench();
  const { corpusIds } = await bench.lab.importFiles([
    droppedText('garden/train.tsv', conll(rng, 12)),
    droppedText('garden/devel.tsv', conll(rng, 5)),
    droppedText('garden/test.tsv', conll(rng, 70)),
  ]);
  task = { corpusId: corpusIds[0] ?? '', type: null };
  const corpus = await bench.lab.readCorpus(task.corpusId);
  tokens = corpus.test.map((sentence) => sentence.tokens);
  gold = corpus.test.map((sentence) => sentence.mentions);
  predicted.a = guesses(rng);
  predicted.b = guesses(rng);
  await writePredictions(bench.store, A, storePredictions(predicted.a));
  await writePredictions(bench.store, B, storePredictions(predicted.b));
  frequencies = new Map();
  for (const sentence of [...corpus.train, ...corpus.devel]) {
    for (const { start, end } of sentence.mentions) {
      const text = sentence.tokens.slice(start, end).join(' ');
      frequencies.set(text, (frequencies.get(text) ?? 0) + 1);
    }
  }
});
afterAll(() => bench.close());

async function ask(part: Partial<ErrorsQuery>) {
  const training = { tasks: [task], trainOnly: false };
  const whole = { task, training, predictions: [A] as const, filter: EVERYTHING, first: 0, count: 10_000 };
  const answer = await bench.lab.analyse('errors', { ...whole, ...part }).answer;
  if (answer === null) throw new Error('cancelled');
  return answer;
}

const bare = ({ type, start, end }: Mention): Mention => ({ type, start, end });
const textOf = ({ sentence }: ErrorLine, { start, end }: Mention) =>
  (tokens[sentence] ?? []).slice(start, end).join(' ');
const mentionsOf = ({ gold: annotated, findings }: ErrorLine): Mention[] =>
  [annotated, ...findings.map((finding) => finding?.predicted ?? null)].filter((mention) => mention !== null);

/** Whether one of two snapshots has an annotated mention, or has nothing wrong where the other has a spurious one. */
function isRight(line: ErrorLine, place: 0 | 1): boolean {
  const { gold: annotated, findings, predicted: inSentence } = line;
  if (annotated !== null) return findings[place]?.kind === 'correct';
  const other = findings[1 - place]?.predicted;
  const same = (left: Mention) => (right: Mention) => JSON.stringify(bare(left)) === JSON.stringify(bare(right));
  const wrong = (inSentence[place] ?? []).filter((one) => !line.annotated.some(same(one)));
  const isNear = (one: Mention) => other != null && one.start < other.end && other.start < one.end;
  return findings[place] == null && !wrong.some(isNear);
}

/** Whether a line passes the filter, computed from the line alone. */
function passes(line: ErrorLine, { kind, right, text, type, seen }: ErrorFilter): boolean {
  const kinds: readonly (string | undefined)[] = line.findings.map((finding) => finding?.kind);
  const known = kinds.filter((one) => one !== undefined);
  if (kind === 'wrong' ? known.every((one) => one === 'correct') : kind !== 'any' && !known.includes(kind))
    return false;
  const shown = line.findings.map((finding) => JSON.stringify(finding?.predicted && bare(finding.predicted)));
  if (right === 'differ' && shown[0] === shown[1]) return false;
  const [a, b] = [isRight(line, 0), isRight(line, 1)];
  if ((right === 'a' && !(a && !b)) || (right === 'b' && !(b && !a)) || (right === 'neither' && (a || b))) return false;
  const mentions = mentionsOf(line);
  if (text !== '' && !mentions.some((one) => textOf(line, one).toLowerCase().includes(text.toLowerCase())))
    return false;
  if (type !== null && !mentions.some((one) => one.type === type)) return false;
  const [first] = mentions;
  const isSeen = first !== undefined && frequencies.has(textOf(line, first));
  return seen === 'any' || isSeen === (seen === 'seen');
}

describe('errors', () => {
  it('of one snapshot are the rows of errorKinds, with confidences and how often training has the string', async () => {
    const { lines, total } = await ask({});
    const rows = errorKinds(gold, predicted.a);
    expect(total).toBe(rows.length);
    expect(
      lines.map(({ sentence, gold: annotated, findings }) => ({
        sentence,
        gold: annotated,
        kind: findings[0]?.kind,
        predicted: findings[0]?.predicted,
      })),
    ).toEqual(rows);
    expect(new Set(rows.map(({ kind }) => kind)).size).toBe(6);
    for (const line of lines) {
      const [first] = mentionsOf(line);
      expect(line.frequency).toBe(first === undefined ? 0 : (frequencies.get(textOf(line, first)) ?? 0));
      expect(line.tokens).toEqual(tokens[line.sentence]);
      expect(line.annotated).toEqual(gold[line.sentence]);
      expect(line.predicted).toEqual([predicted.a[line.sentence]]);
    }
  });

  it('of two are those of compareErrors', async () => {
    const { lines } = await ask({ predictions: [A, B] });
    expect(
      lines.map(({ sentence, gold: annotated, findings: [a, b] }) => [
        sentence,
        annotated,
        a && [a.kind, a.predicted],
        b && [b.kind, b.predicted],
      ]),
    ).toEqual(
      compareErrors(gold, predicted.a, predicted.b).map((one) => [
        one.sentence,
        one.gold,
        one.a && [one.a.kind, one.a.predicted],
        one.b && [one.b.kind, one.b.predicted],
      ]),
    );
  });

  it.each([
    { kind: 'wrong' },
    { kind: 'boundary' },
    { kind: 'missed', seen: 'unseen' },
    { kind: 'correct', text: 'MOSS' },
    { text: 'moss fern' },
    { type: 'Decay' },
    { type: 'Plant', seen: 'seen', kind: 'spurious' },
    { right: 'a' },
    { right: 'b', text: 'leaf' },
    { right: 'neither', kind: 'type' },
    { right: 'differ' },
    { right: 'differ', kind: 'boundaryAndType', type: 'Plant' },
    { text: 'nowhere' },
  ] as const satisfies readonly Partial<ErrorFilter>[])(
    'left by %o are those that brute force leaves',
    async (part) => {
      const filter: ErrorFilter = { ...EVERYTHING, ...part };
      const predictions = [A, B] as const;
      const { lines: all } = await ask({ predictions });
      const found = await ask({ predictions, filter });
      const expected = (changed: Partial<ErrorFilter>) => all.filter((line) => passes(line, { ...filter, ...changed }));
      expect(found.lines).toEqual(expected({}));
      if (part.text !== 'nowhere') expect(found.total).toBeGreaterThan(0);
      for (const kind of KIND_CHOICES) expect(found.kinds[kind], kind).toBe(expected({ kind }).length);
      for (const right of RIGHT_CHOICES) expect(found.rights[right], right).toBe(expected({ right }).length);
      for (const seen of SEEN_CHOICES) expect(found.seen[seen], seen).toBe(expected({ seen }).length);
    },
  );

  it('come in pages that join to the whole list', async () => {
    const filter: ErrorFilter = { ...EVERYTHING, kind: 'wrong' };
    const whole = await ask({ filter });
    const joined: ErrorLine[] = [];
    for (let first = 0; first < whole.total; first += 7) {
      const page = await ask({ filter, first, count: 7 });
      expect([page.first, page.total]).toEqual([first, whole.total]);
      expect(page.lines.length).toBe(Math.min(7, whole.total - first));
      joined.push(...page.lines);
    }
    expect(joined).toEqual(whole.lines);
    expect((await ask({ filter, first: whole.total })).lines).toEqual([]);
  });

  it('are refused for predictions that are not stored or of other sentences', async () => {
    const gone = { ...A, epoch: 9 };
    await expect(ask({ predictions: [gone] })).rejects.toMatchObject({ code: 'analysis/no-predictions' });
    await writePredictions(bench.store, gone, storePredictions([[]]));
    await expect(ask({ predictions: [A, gone] })).rejects.toMatchObject({ code: 'metrics/sentences' });
  });
});

describe('scores', () => {
  it('are counts by kind and the views of nervaluate, of each snapshot', async () => {
    const answer = await bench.lab.analyse('errorScores', { task, predictions: [A, B] }).answer;
    expect(answer?.map(({ views }) => views)).toEqual([
      semevalScores(gold, predicted.a),
      semevalScores(gold, predicted.b),
    ]);
    for (const [place, found] of [predicted.a, predicted.b].entries()) {
      for (const [kind, count] of Object.entries(answer?.[place]?.kinds ?? {})) {
        expect(count).toBe(errorKinds(gold, found).filter((row) => row.kind === kind).length);
      }
    }
  });

  it('by stratum follow the training text that is asked for', async () => {
    const query = { task, predictions: [A], training: { tasks: [task], trainOnly: false } };
    const scored = { tokens, gold, predicted: predicted.a };
    expect(await bench.lab.analyse('breakdown', query).answer).toEqual([
      {
        length: strataByLength(scored),
        frequency: strataByFrequency(scored, frequencies),
        seen: strataByFrequency(scored, frequencies, seenBorders),
      },
    ]);
    const none = { ...query, training: { tasks: [], trainOnly: false } };
    const [without] = (await bench.lab.analyse('breakdown', none).answer) ?? [];
    expect(without?.seen[1]?.score).toMatchObject({ gold: 0, predicted: 0 });
    const trainOnly = { ...query, training: { tasks: [task], trainOnly: true } };
    const [fewer] = (await bench.lab.analyse('breakdown', trainOnly).answer) ?? [];
    const { train } = await bench.lab.readCorpus(task.corpusId);
    const strings = new Set(
      train.flatMap((one) => one.mentions.map(({ start, end }) => one.tokens.slice(start, end).join(' '))),
    );
    const isKnown = (mention: Mention, sentence: number) =>
      strings.has((tokens[sentence] ?? []).slice(mention.start, mention.end).join(' '));
    expect(fewer?.seen[1]?.score.gold).toBe(
      gold.flatMap((ofOne, at) => ofOne.filter((one) => isKnown(one, at))).length,
    );
  });
});
