// Proves that a shared page is well-formed, shows the numbers of the lab's tables, runs nothing, keeps hostile names text, and opens as its result file.
import { SaxesParser } from 'saxes';
import { afterEach, describe, expect, it } from 'vitest';
import { buildComparisons } from '../../../../src/lab/comparison/comparison.ts';
import { comparisonTables } from '../../../../src/lab/comparison/comparisonTables.ts';
import { publishedScores } from '../../../../src/lab/comparison/publishedScores.ts';
import { cellText } from '../../../../src/lab/comparison/tableText.ts';
import { parseResultFile } from '../../../../src/lab/plans/resultFiles.ts';
import type { PageAnalyses } from '../../../../src/lab/share/pageTables.ts';
import { sharedPage, type PageWords } from '../../../../src/lab/share/sharedPage.ts';
import { sealResultFile, type ResultFile } from '../../../../src/schema/resultFile.ts';
import { fingerprint } from '../../../../src/util/digest.ts';
import { openAnalysisBench, type AnalysisBench } from '../../../fixtures/analysisBench.ts';
import { countedResult } from '../../../fixtures/countedResult.ts';
import { droppedText } from '../../../fixtures/drops.ts';
import { finishedResult } from '../../../fixtures/finishedResult.ts';

let bench: AnalysisBench | null = null;
afterEach(() => {
  bench?.close();
  bench = null;
});

async function analyses(): Promise<PageAnalyses> {
  bench = await openAnalysisBench();
  const { lab } = bench;
  return {
    significance: async (differences) => (await lab.analyse('significance', { differences }).answer) ?? [],
    errorTotals: async (counts) => (await lab.analyse('errorTotals', counts).answer) ?? [],
  };
}

const plain: PageWords = { title: 'Ferns', words: 'We asked.It answered.', link: null };
const pageOf = async (file: ResultFile, words = plain) => sharedPage(file, words, await analyses());

/** The file with a task on a sample corpus. */
function onSample(file: ResultFile): ResultFile {
  const { checksum: _checksum, ...members } = JSON.parse(JSON.stringify(file).replaceAll('"heath"', '"sample-disease-a"')) as ResultFile; // prettier-ignore
  return sealResultFile(members);
}

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: (Element | string)[];
}

/** Parses strictly, as XML: anything that does not fit together throws. */
function parsed(page: string): Element {
  const root: Element = { name: '', attributes: {}, children: [] };
  const open = [root];
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => {
    const element: Element = { name, attributes, children: [] };
    open.at(-1)?.children.push(element);
    open.push(element);
  });
  parser.on('closetag', () => void open.pop());
  parser.on('text', (text) => void open.at(-1)?.children.push(text));
  parser.write(page).close();
  return root;
}

/** With line breaks and indentation as one space. */
function textOf(element: Element): string {
  return rawTextOf(element).replace(/\s+/g, ' ').trim();
}

function rawTextOf(element: Element): string {
  return element.children.map((child) => (typeof child === 'string' ? child : rawTextOf(child))).join('');
}

function all(element: Element, name: string): Element[] {
  const inside = element.children.flatMap((child) => (typeof child === 'string' ? [] : all(child, name)));
  return element.name === name ? [element, ...inside] : inside;
}

describe('a shared page', () => {
  it('shows every number of the tables, the words, the settings and the versions', async () => {
    const file = countedResult();
    const page = parsed(await pageOf(file));
    const [comparison] = buildComparisons(file.runs, () => 2);
    if (comparison === undefined) throw new Error('no comparison');
    for (const table of comparisonTables(comparison, publishedScores)) {
      const shown = all(page, 'table').find(({ attributes }) => attributes['aria-label'] === table.title);
      const rows = shown === undefined ? [] : all(shown, 'tr').slice(2);
      expect(
        rows.map((row) =>
          all(row, 'td')
            .map(textOf)
            .map((text) => text.replace(/†|\(.*/g, '').trim()),
        ),
      ).toEqual(table.rows.map(({ cells }) => cells.map(cellText)));
    }
    const text = textOf(all(page, 'main')[0] ?? page);
    for (const part of [
      'We asked.It answered.',
      'Ferns',
      '4 of 8 differences from STL are more than noise: 4 better.',
      'tiny',
      'Example GPU',
      'MTL-LS 0.50',
      file.checksum,
      'Quick look',
      'epochs',
    ]) {
      expect(text).toContain(part);
    }
    // The verdict on the best variant of each task, with its interval.
    expect(text).toMatch(
      /Best on heath · Disease: MTL-LS 1\.00, test F1 \d\d\.\d\d\. MTL-LS 1\.00 is \d+\.\d\d F1 above STL on test: more than the noise of test sentences \(95 % interval \+\d/,
    );
    expect(rawTextOf(all(page, 'pre')[0] ?? page)).toBe(JSON.stringify(file.plan, null, 2));
    expect(all(page, 'svg').filter(({ attributes }) => attributes['role'] === 'img')).toHaveLength(4);
    // Rates and levels are drawn: three points with their spreads on each of two tasks.
    expect(all(page, 'circle')).toHaveLength(6);
  });

  it('says where sentences are invented, and only there', async () => {
    const file = countedResult();
    expect(await pageOf(file)).not.toContain('invented');
    bench?.close();
    const text = textOf(parsed(await pageOf(onSample(file))));
    expect(text).toMatch(/sample corpora, too, whose sentences are invented \(sample-disease-a\)/);
  });

  it('uses the names that its author gave to runs and to the experiment', async () => {
    const file = countedResult();
    const [run] = file.runs;
    const [comparison] = buildComparisons(file.runs, () => 4);
    const descriptions = {
      runs: { [run?.spec.id ?? '']: { name: 'First look' } },
      experiments: { [comparison?.id ?? '']: { name: 'Do lower layers help?' } },
    };
    const page = parsed(await pageOf({ ...file, descriptions }, { ...plain, title: '' }));
    expect(textOf(all(page, 'h1')[0] ?? page)).toBe('Do lower layers help?');
    const runs = all(page, 'table').find(({ attributes }) => attributes['aria-label'] === 'Runs');
    expect(textOf(runs ?? page).match(/First look/g)?.length).toBe(run?.spec.tasks.length);
  });

  it('runs nothing and requests nothing', async () => {
    const page = parsed(await pageOf(countedResult(), { ...plain, link: 'https://example.org/lab/#/open?result=a' }));
    const scripts = all(page, 'script');
    expect(scripts.map(({ attributes }) => attributes)).toEqual([
      { type: 'application/json', id: 'bioner-lab-result' },
    ]);
    const policy = all(page, 'meta').find(({ attributes }) => attributes['http-equiv'] === 'Content-Security-Policy');
    const style = rawTextOf(all(page, 'style')[0] ?? page);
    const digest = Buffer.from(fingerprint(new TextEncoder().encode(style)), 'hex').toString('base64');
    expect(policy?.attributes['content']).toBe(
      `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'`,
    );
    const everything = ['img', 'link', 'iframe', 'object', 'embed', 'form', 'base', 'image', 'use'].flatMap((name) =>
      all(page, name),
    );
    expect(everything).toEqual([]);
    expect(style).not.toMatch(/url\(|@import/);
    expect(all(page, 'a').map(({ attributes }) => attributes['href'])).toEqual([
      'https://example.org/lab/#/open?result=a',
    ]);
  });

  it('leaves out a link that is no web address', async () => {
    const page = parsed(await pageOf(countedResult(), { ...plain, link: 'javascript:alert(1)' }));
    expect(all(page, 'a')).toEqual([]);
  });

  it('keeps hostile names text, and gives them back unchanged', async () => {
    const evil = (place: string) =>
      `</script><script>alert('${place}')</script><img src=x onerror="alert(1)">&amp;]]><!--\u2028\0${place}`;
    const file = countedResult({
      corpora: [evil('one'), evil('two')],
      model: evil('model'),
      category: evil('category'),
      type: evil('type'),
      software: evil('software'),
      device: evil('device'),
    });
    const page = await pageOf(file, { title: evil('title'), words: evil('words'), link: null });
    const root = parsed(page);
    expect(all(root, 'script')).toHaveLength(1);
    expect(all(root, 'img')).toEqual([]);
    expect(page.match(/<script/gi)).toHaveLength(1);
    expect(page.match(/<\/script/gi)).toHaveLength(1);
    const names = new Set(
      all(root, 'body')
        .flatMap(allElements)
        .flatMap(({ attributes }) => Object.keys(attributes)),
    );
    expect([...names].filter((name) => name.startsWith('on') || name === 'style')).toEqual([]);
    expect(textOf(root)).toContain(
      `</script><script>alert('words')</script><img src=x onerror="alert(1)">&amp;]]><!-- \uFFFDwords`,
    );
    expect(parseResultFile(page)).toEqual(file);
  });

  it('is refused as a result when a number in it was changed, or its data taken out', async () => {
    const page = await pageOf(countedResult());
    expect(() => parseResultFile(page.replace('"selectedEpoch":2', '"selectedEpoch":1'))).toThrow(
      expect.objectContaining({ code: 'result/changed' }),
    );
    expect(() => parseResultFile(page.replace(/<script.*<\/script>/s, ''))).toThrow(
      expect.objectContaining({ code: 'result/foreign' }),
    );
  });

  it('opens in the lab as the result file that it carries, whatever it is called', async () => {
    const file = countedResult();
    const page = await pageOf(file);
    const { lab } = bench ?? (await openAnalysisBench());
    const { resultIds } = await lab.importFiles([droppedText('shared answer.html', page)]);
    expect(lab.getState().results.map((result) => result.file)).toEqual([file]);
    // The file itself is the same result.
    const again = await lab.importFiles([droppedText('mine.result.json', JSON.stringify(file))]);
    expect(again.resultIds).toEqual(resultIds);
    expect(lab.getState().results).toHaveLength(1);
  });

  it('says of runs of earlier versions what it cannot tell, and shows their scores', async () => {
    const { checksum: _old, ...members } = countedResult();
    const runs = members.runs.map((run) => ({
      ...run,
      snapshots: run.snapshots.map(({ testCounts: _counts, ...scores }) => scores),
    }));
    const text = textOf(parsed(await pageOf(sealResultFile({ ...members, runs }))));
    expect(text).toContain('No difference was tested.');
    // Three seeds of STL and of three rates on two tasks, and MTL-XC on both.
    expect(text).toContain('Left out: 30 trainings of earlier versions, whose results have no counts of sentences.');
    expect(text).toContain('30 rows without interval and errors');
    expect(text).toContain('Table 2: MTL-LS by slicing rate, test F1');
  });

  it('shows one run without anything to compare', async () => {
    const { checksum: _old, ...members } = countedResult();
    const [first] = members.runs;
    const text = textOf(parsed(await pageOf(sealResultFile({ ...members, runs: first === undefined ? [] : [first] }))));
    expect(text).toContain('it takes two methods on the same task with the same seed');
    const old = textOf(parsed(await pageOf(finishedResult(), { title: '', words: '', link: null })));
    expect(old).toContain('STL on moss');
    expect(old).toContain('Left out: 1 training of earlier versions');
  });
});

function allElements(element: Element): Element[] {
  return [element, ...element.children.flatMap((child) => (typeof child === 'string' ? [] : allElements(child)))];
}
