// A person who uses the lab with the pointer or with the keyboard alone, and counts what that takes.
import { expect, type Locator, type Page } from '@playwright/test';
import { readFile } from 'node:fs/promises';
import { dropPaths } from './labActions.ts';

export type Hands = 'pointer' | 'keyboard';
export const HANDS: readonly Hands[] = ['pointer', 'keyboard'];

/** More stops than any page has. */
const MOST_STOPS = 400;

/** What a flow took. */
export interface Effort {
  /** Clicks, or presses of Enter or Space on a control; choosing or dropping files is one. */
  readonly clicks: number;
  /** Texts that were typed, each one action. */
  readonly texts: number;
  /** Keys of a view that correct something: of a review. */
  readonly corrections: number;
  readonly seconds: number;
}

export class Person {
  readonly page: Page;
  readonly hands: Hands;
  #clicks = 0;
  #texts = 0;
  #corrections = 0;
  #startedMs = performance.now();

  constructor(page: Page, hands: Hands) {
    this.page = page;
    this.hands = hands;
  }

  /** Counts from now on. */
  begin(): void {
    this.#clicks = 0;
    this.#texts = 0;
    this.#corrections = 0;
    this.#startedMs = performance.now();
  }

  get effort(): Effort {
    return {
      clicks: this.#clicks,
      texts: this.#texts,
      corrections: this.#corrections,
      seconds: (performance.now() - this.#startedMs) / 1000,
    };
  }

  /** Clicks a control, or moves the focus to it with Tab and presses Enter. */
  async press(control: Locator): Promise<void> {
    await expect(control).toBeEnabled({ timeout: 60_000 });
    this.#clicks++;
    if (this.hands === 'pointer') return control.click();
    await this.tabTo(control);
    await this.page.keyboard.press('Enter');
  }

  /** Types over what a field contains. */
  async write(field: Locator, text: string): Promise<void> {
    this.#texts++;
    if (this.hands === 'pointer') await field.click();
    else await this.tabTo(field);
    await this.page.keyboard.press('ControlOrMeta+a');
    await this.page.keyboard.insertText(text);
  }

  /** Drops a folder, or focuses the input of folders and chooses it, as the dialog of the browser would. */
  async bring(folder: string): Promise<void> {
    this.#clicks++;
    if (this.hands === 'pointer') return dropPaths(this.page, folder);
    const input = this.page.getByLabel('Choose folder');
    await this.tabTo(input);
    await input.setInputFiles(folder);
  }

  /** Corrects something: clicks in the view, or keys of it. */
  async correct(point: () => Promise<void>, ...keys: readonly string[]): Promise<void> {
    this.#corrections++;
    if (this.hands === 'pointer') return point();
    for (const key of keys) await this.page.keyboard.press(key);
  }

  /** Moves the focus with Tab until it is on a control, and sees that every stop on the way is visible. */
  async tabTo(control: Locator): Promise<void> {
    for (let stop = 0; stop < MOST_STOPS; stop++) {
      if (await control.evaluate((one) => one === document.activeElement).catch(() => false)) return;
      await this.page.keyboard.press('Tab');
      expect(await focusProblem(this.page)).toBeNull();
    }
    throw new Error(`Tab does not lead to ${control.toString()}`);
  }
}

/** Why a person would not see where the focus is; null if they do. A control that is drawn by its label shows the focus there. */
function focusProblem(page: Page): Promise<string | null> {
  return page.evaluate(() => {
    const focused = document.activeElement;
    if (focused === null || focused === document.body) return null;
    const boxes = [focused, focused.closest('label')].filter((box) => box !== null);
    const name = `${focused.tagName.toLowerCase()} “${(focused.textContent ?? '').slice(0, 40)}”`;
    if (boxes.every((box) => getComputedStyle(box).outlineStyle === 'none')) return `${name} shows no focus`;
    const isSeen = boxes.some((box) => {
      const { top, bottom, left, right } = box.getBoundingClientRect();
      const isWithin = bottom > 0 && right > 0 && top < window.innerHeight && left < window.innerWidth;
      return isWithin && bottom - top > 1 && right - left > 1;
    });
    return isSeen ? null : `${name} is out of sight`;
  });
}

/** The first test sentences of a sample, as somebody would write them. */
export async function proseOf(name: string): Promise<string> {
  const rows = await readFile(`public/corpora/${name}/test.tsv`, 'utf8');
  const sentences = rows.split(/\n\s*\n/).slice(0, 12);
  return sentences.map((own) => own.split('\n').map((row) => row.split('\t')[0]).join(' ')).join('\n'); // prettier-ignore
}
