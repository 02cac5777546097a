// Draws the architecture as one SVG: folders in layers, the lowest at the bottom, with arrows from importer to import.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as z from '../../src/util/zod.ts';
import type { Box, Group } from './architecture.ts';
import { layeredLayout, type Arrow, type Point } from './layeredLayout.ts';

/** A short description of each folder, by path. */
export type Captions = Readonly<Record<string, string>>;

export function readCaptions(): Captions {
  const text = readFileSync(path.join(import.meta.dirname, 'captions.json'), 'utf8');
  return z.record(z.string(), z.string()).parse(JSON.parse(text));
}

const margin = 32;
const padding = 14;
const titleHeight = 24;
const lineHeight = 17;
const cardWidth = 196;
const cardGap = 10;
const mostColumns = 4;
const plainWidth = 216;
const frameTitle = 22;
const widest = 1200 - 2 * margin;
const footHeight = 44;
/** Average letter width as a share of the font size: more than most fonts need. */
const letterWidth = 0.57;

interface Card {
  readonly name: string;
  readonly files: number;
  readonly lines: readonly string[];
}

/** A box with its wrapped texts and its size. */
interface Panel {
  readonly title: string;
  readonly count: string;
  readonly lines: readonly string[];
  readonly cards: readonly Card[];
  readonly columns: number;
  readonly cardHeight: number;
  readonly width: number;
  readonly height: number;
}

/** Deterministic: the same groups give the same text, so that a committed picture can be compared. */
export function drawing(groups: readonly Group[], captions: Captions): string {
  const panels = groups.map(({ boxes }) => boxes.map((box) => panelOf(box, captions, mostColumns)));
  for (const layer of new Set(groups.map((group) => group.layer))) narrow(groups, panels, layer, captions);
  const sizes = panels.map((own) => frameSize(own));
  const layout = layeredLayout(
    groups.map(({ layer, imports }, at) => ({ layer, targets: imports, ...(sizes[at] as Size) })),
    margin,
    widest,
  );
  const width = Math.max(layout.width, 640);
  const shift = (width - layout.width) / 2;
  const height = layout.height + footHeight;
  const content = [
    ...layout.arrows.map((arrow) => arrowShape(arrow)),
    ...panels.flatMap((own, at) => frameShapes(own, layout.corners[at] as Point, sizes[at] as Size)),
  ];
  const note =
    'An arrow goes from a folder to one that it imports. Arrows that follow from others are left out. Drawn from the imports.';
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${fixed(width)} ${fixed(height)}" width="${fixed(width)}" height="${fixed(height)}" font-family="system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif" role="img" aria-labelledby="title">`,
    '<title id="title">The folders of the lab in layers, each above those it imports</title>',
    '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0.8 L9.5 5 L0 9.2 z" fill="#6b7785"/></marker></defs>',
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    `<g transform="translate(${fixed(shift)} 0)">`,
    ...content,
    '</g>',
    textShape(note, { x: width / 2, y: height - 22 }, 12.5, '#57616d', { anchor: 'middle' }),
    '</svg>',
  ].join('\n')}\n`;
}

function panelOf(box: Box, captions: Captions, mostColumnsHere: number): Panel {
  const rows = Math.ceil(box.inner.length / mostColumnsHere);
  const columns = rows === 0 ? 0 : Math.ceil(box.inner.length / rows);
  const here = box.files - sum(box.inner.map((inner) => inner.files));
  const isSplit = box.inner.length > 0 && here > 0;
  const count = isSplit ? `${filesText(box.files)}, ${here} directly here` : filesText(box.files);
  const headWidth = widthOf(box.name, 17) + widthOf(count, 12.5) + 3 * padding;
  const cardsWidth = columns * (cardWidth + cardGap) - cardGap + 2 * padding;
  const width = Math.ceil(Math.max(plainWidth, headWidth, cardsWidth));
  const lines = wrapped(captions[box.path] ?? '', width - 2 * padding, 13);
  const cards = box.inner.map((inner) => ({
    name: inner.name,
    files: inner.files,
    lines: wrapped(captions[inner.path] ?? '', cardWidth - 2 * cardGap, 11.5),
  }));
  const cardHeight = 27 + 14 * Math.max(0, ...cards.map((card) => card.lines.length)) + 6;
  return {
    title: box.name,
    count,
    lines,
    cards,
    columns,
    cardHeight,
    width,
    height:
      padding +
      titleHeight +
      lines.length * lineHeight +
      (rows === 0 ? 0 : rows * (cardHeight + cardGap) - 4) +
      padding -
      4,
  };
}

/** Reduces the columns of the widest panels of a layer until it fits on the page. */
function narrow(groups: readonly Group[], panels: Panel[][], layer: number, captions: Captions): void {
  const members = groups.flatMap((group, at) => (group.layer === layer ? [at] : []));
  for (;;) {
    const width = sum(members.map((at) => frameSize(panels[at] ?? []).width + cardGap * 4));
    const candidates = members.flatMap((at) => (panels[at] ?? []).map((panel, index) => ({ at, index, panel })));
    const [broadest] = candidates.filter(({ panel }) => panel.columns > 1).sort((left, right) => right.panel.columns - left.panel.columns); // prettier-ignore
    if (width <= widest || broadest === undefined) return;
    const { at, index, panel } = broadest;
    const box = groups[at]?.boxes[index];
    const own = panels[at];
    if (box !== undefined && own !== undefined) own[index] = panelOf(box, captions, panel.columns - 1);
  }
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** A single panel as it is; several in a frame labelled as importing each other. */
function frameSize(panels: readonly Panel[]): Size {
  const [only] = panels;
  if (panels.length === 1 && only !== undefined) return { width: only.width, height: only.height };
  const width = sum(panels.map((panel) => panel.width + padding)) + padding;
  return { width, height: Math.max(...panels.map((panel) => panel.height)) + padding + frameTitle + 6 };
}

function frameShapes(panels: readonly Panel[], corner: Point, { width, height }: Size): readonly string[] {
  if (panels.length === 1) return panels.flatMap((panel) => panelShapes(panel, corner, panel.height));
  const label = 'These import each other';
  const shapes = [
    `<rect x="${fixed(corner.x)}" y="${fixed(corner.y)}" width="${fixed(width)}" height="${fixed(height)}" rx="12" fill="#fdf6ec" stroke="#c98a2b" stroke-width="1.2" stroke-dasharray="5 4"/>`,
    textShape(label, { x: corner.x + padding, y: corner.y + 18 }, 12.5, '#8a5a10', { style: 'italic' }),
  ];
  let x = corner.x + padding;
  for (const panel of panels) {
    const shown = panelShapes(panel, { x, y: corner.y + frameTitle + 6 }, height - frameTitle - 6 - padding);
    shapes.push(...shown);
    x += panel.width + padding;
  }
  return shapes;
}

function panelShapes(panel: Panel, { x, y }: Point, height: number): readonly string[] {
  const left = x + padding;
  const titleY = y + padding + 10;
  const shapes = [
    `<rect x="${fixed(x)}" y="${fixed(y)}" width="${fixed(panel.width)}" height="${fixed(height)}" rx="10" fill="#eef3f9" stroke="#9fb3c8" stroke-width="1.2"/>`,
    textShape(panel.title, { x: left, y: titleY }, 17, '#10263d', { weight: 700 }),
    textShape(panel.count, { x: x + panel.width - padding, y: titleY }, 12.5, '#4a5a6a', { anchor: 'end' }),
    ...panel.lines.map((line, at) => textShape(line, { x: left, y: titleY + 20 + at * lineHeight }, 13, '#2f3d4b')),
  ];
  const top = y + padding + titleHeight + panel.lines.length * lineHeight;
  const inside = panel.width - 2 * padding;
  const width = panel.columns === 0 ? 0 : (inside - cardGap * (panel.columns - 1)) / panel.columns;
  for (const [at, card] of panel.cards.entries()) {
    const cardX = left + (at % panel.columns) * (width + cardGap);
    const cardY = top + Math.floor(at / panel.columns) * (panel.cardHeight + cardGap);
    shapes.push(
      `<rect x="${fixed(cardX)}" y="${fixed(cardY)}" width="${fixed(width)}" height="${fixed(panel.cardHeight)}" rx="6" fill="#ffffff" stroke="#c9d5e1"/>`,
      textShape(card.name, { x: cardX + cardGap, y: cardY + 19 }, 13.5, '#10263d', { weight: 600 }),
      textShape(`${card.files}`, { x: cardX + width - cardGap, y: cardY + 19 }, 12, '#4a5a6a', { anchor: 'end' }),
      ...card.lines.map((line, row) =>
        textShape(line, { x: cardX + cardGap, y: cardY + 35 + row * 14 }, 11.5, '#3c4a58'),
      ),
    );
  }
  return shapes;
}

/** Straight within a layer, a curve between layers. */
function arrowShape({ points }: Arrow): string {
  const [start, ...others] = points;
  if (start === undefined) return '';
  const parts = [`M${fixed(start.x)} ${fixed(start.y)}`];
  for (const [at, point] of others.entries()) {
    const before = points[at] as Point;
    if (at % 2 === 0) parts.push(`L${fixed(point.x)} ${fixed(point.y)}`);
    else {
      const middle = (before.y + point.y) / 2;
      parts.push(`C${fixed(before.x)} ${fixed(middle)} ${fixed(point.x)} ${fixed(middle)} ${fixed(point.x)} ${fixed(point.y)}`); // prettier-ignore
    }
  }
  return `<path d="${parts.join(' ')}" fill="none" stroke="#6b7785" stroke-width="1.5" marker-end="url(#tip)"/>`;
}

interface TextStyle {
  readonly weight?: number;
  readonly anchor?: 'middle' | 'end';
  readonly style?: 'italic';
}

function textShape(text: string, { x, y }: Point, size: number, color: string, style: TextStyle = {}): string {
  const { weight, anchor, style: slant } = style;
  const more = [
    ...(weight === undefined ? [] : [` font-weight="${weight}"`]),
    ...(anchor === undefined ? [] : [` text-anchor="${anchor}"`]),
    ...(slant === undefined ? [] : [` font-style="${slant}"`]),
  ];
  const escaped = text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
  return `<text x="${fixed(x)}" y="${fixed(y)}" font-size="${size}" fill="${color}"${more.join('')}>${escaped}</text>`;
}

/** Wraps a text to a width, by an upper estimate of letter widths. */
function wrapped(text: string, width: number, size: number): readonly string[] {
  const most = Math.floor(width / widthOf('x', size));
  const lines: string[] = [];
  for (const word of text.split(' ').filter((one) => one !== '')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= most) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function widthOf(text: string, size: number): number {
  return text.length * size * letterWidth;
}

function filesText(files: number): string {
  return files === 1 ? '1 file' : `${files} files`;
}

function fixed(number: number): string {
  return String(Math.round(number * 10) / 10);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
