// The program of a page that carries a tagger: tags what a person types, in a Worker where the browser allows one. Built as one file, run in both.
import { LabError } from '../util/labError.ts';
import { open } from './bionerTagger.ts';
import type { TaggedMention, Tagger } from './taggerTypes.ts';

/** To the Worker: the zip of the tagger first, then a text at a time. */
type Asked = { readonly archive: Uint8Array } | { readonly text: string };
/** From the Worker, one for each message to it. */
type Answer =
  | { readonly types: readonly string[]; readonly device: string }
  | { readonly mentions: readonly TaggedMention[] }
  | { readonly problem: string };

/** Answers one message after another. */
class Service {
  private tagger: Tagger | null = null;

  async answer(asked: Asked): Promise<Answer> {
    try {
      if ('archive' in asked) {
        this.tagger = await open(asked.archive);
        return { types: this.tagger.types, device: this.tagger.device };
      }
      const tagged = this.tagger?.tag([asked.text]);
      const first = await tagged?.next();
      return { mentions: first === undefined || first.done === true ? [] : first.value.mentions };
    } catch (error) {
      return { problem: LabError.toData(error).message };
    }
  }
}

function serveInWorker(): void {
  const service = new Service();
  let last: Promise<unknown> = Promise.resolve();
  self.addEventListener('message', ({ data }: MessageEvent<Asked>) => {
    last = last.then(async () => self.postMessage(await service.answer(data)));
  });
}

type Ask = (asked: Asked) => Promise<Answer>;

/** Asks a Worker that runs this same program; asks in this thread where the browser starts no Worker from a page on disk. */
function openService(program: string): Ask {
  const here = new Service();
  let worker: Worker;
  try {
    worker = new Worker(URL.createObjectURL(new Blob([program], { type: 'text/javascript' })), { type: 'module' });
  } catch {
    return (asked) => here.answer(asked);
  }
  const waiting: { readonly asked: Asked; readonly resolve: (answer: Answer) => void }[] = [];
  let isLost = false;
  worker.addEventListener('message', ({ data }: MessageEvent<Answer>) => waiting.shift()?.resolve(data));
  worker.addEventListener('error', () => {
    isLost = true;
    for (const { asked, resolve } of waiting.splice(0)) void here.answer(asked).then(resolve);
  });
  return (asked) =>
    isLost
      ? here.answer(asked)
      : new Promise((resolve) => {
          waiting.push({ asked, resolve });
          worker.postMessage(asked);
        });
}

function element<Kind extends HTMLElement>(id: string): Kind {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found as Kind;
}

function bytesOf(base64: string): Uint8Array {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index);
  return bytes;
}

async function showPage(): Promise<void> {
  const [status, text, marked, rows, table] = ['status', 'text', 'marked', 'rows', 'table'].map(element);
  const button = element<HTMLButtonElement>('tag');
  const input = text as HTMLTextAreaElement;
  const say = (words: string): void => void ((status as HTMLElement).textContent = words);
  const ask = openService(element('program').textContent ?? '');
  const opened = await ask({ archive: bytesOf((element('archive').textContent ?? '').trim()) });
  // Megabytes of text that nobody reads again.
  element('archive').remove();
  if (!('types' in opened)) return say('problem' in opened ? opened.problem : '');
  say(`Ready. Computes on ${opened.device}.`);

  async function tag(): Promise<void> {
    const asked = input.value;
    if (asked.trim() === '') return say('Write or paste a text first.');
    button.disabled = true;
    say('Tagging …');
    const startedAtMs = performance.now();
    const answer = await ask({ text: asked });
    button.disabled = false;
    if (!('mentions' in answer)) return say('problem' in answer ? answer.problem : '');
    const { mentions } = answer;
    const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(2);
    say(`${mentions.length} ${mentions.length === 1 ? 'mention' : 'mentions'} in ${seconds} s.`);
    (marked as HTMLElement).replaceChildren(...markedText(asked, mentions, 'types' in opened ? opened.types : []));
    (rows as HTMLElement).replaceChildren(...mentions.map(rowOf));
    (table as HTMLElement).hidden = mentions.length === 0;
  }
  button.addEventListener('click', () => void tag());
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void tag();
  });
  button.disabled = false;
  if (input.value.trim() !== '') await tag();
}

/** The text with its mentions marked, each with its type beside it, so that it is read without colour. */
function markedText(text: string, mentions: readonly TaggedMention[], types: readonly string[]): readonly Node[] {
  let from = 0;
  const nodes: Node[] = [];
  for (const mention of mentions) {
    nodes.push(document.createTextNode(text.slice(from, mention.start)));
    const mark = document.createElement('mark');
    mark.className = `type-${types.indexOf(mention.type) % COLOURS}`;
    mark.title = `${mention.type}, probability ${mention.probability.toFixed(3)}`;
    const label = document.createElement('small');
    label.textContent = mention.type;
    mark.append(mention.text, label);
    nodes.push(mark);
    from = mention.end;
  }
  nodes.push(document.createTextNode(text.slice(from)));
  return nodes;
}

/** In the style sheet of the page. */
const COLOURS = 6;

function rowOf({ text, type, start, end, probability }: TaggedMention): HTMLTableRowElement {
  const row = document.createElement('tr');
  for (const value of [text, type, `${start}–${end}`, probability.toFixed(3)]) {
    const cell = document.createElement('td');
    cell.textContent = value;
    row.append(cell);
  }
  return row;
}

if (typeof document === 'undefined') serveInWorker();
else void showPage();
