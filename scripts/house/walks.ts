// Follows walks through the code: lists of stops from one place to another, each checked against the files.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as z from '../../src/util/zod.ts';
import { sourceFiles } from './importGraph.mjs';
import { mentionsIn, Symbols } from './symbols.ts';

/**
 * How one stop leads to the next: `calls` names it, `returns` is named by it; a `message` goes through a port, an `event` through a
 * callback, `state` through React, a store or a field, where no name can be checked.
 */
const hopSchema = z.enum(['calls', 'returns', 'message', 'event', 'state']);

const stopSchema = z.strictObject({
  /** `file#symbol`, with dots for nested symbols: `createLab.startPlan`. */
  at: z.string().check(z.regex(/^[^#]+#[\w.]+$/)),
  next: z._default(hopSchema, 'calls'),
});
export type Stop = z.infer<typeof stopSchema>;

const walkSchema = z.strictObject({
  name: z.string(),
  from: z.string(),
  to: z.string(),
  stops: z.array(stopSchema).check(z.minLength(2)),
});
export type Walk = z.infer<typeof walkSchema>;

const walkFileSchema = z.strictObject({
  walks: z.array(walkSchema),
  /** Training settings; every file that names one is counted. */
  settings: z.array(z.string()),
  /** A file is about leaks if a name outside its imports matches this, ignoring case. */
  leaks: z.string(),
});
export type WalkFile = z.infer<typeof walkFileSchema>;

export const walkFileName = path.join(import.meta.dirname, 'walks.json');

export function readWalks(): WalkFile {
  return walkFileSchema.parse(JSON.parse(readFileSync(walkFileName, 'utf8')));
}

export interface WalkLength {
  readonly files: number;
  readonly calls: number;
}

export function walkLength({ stops }: Walk): WalkLength {
  return { files: new Set(stops.map(({ at }) => fileOf(at))).size, calls: stops.length - 1 };
}

/** Describes what is wrong with the stops of a walk, one sentence each; empty if every stop and hop is in the code. */
export function faultsOf(walk: Walk, root: string, symbols = new Symbols(root)): readonly string[] {
  const files = new Set(sourceFiles(root));
  return walk.stops.flatMap((stop, index): readonly string[] => {
    const place = `Walk ${walk.name}, stop ${index + 1}`;
    const [file, symbol] = partsOf(stop.at);
    const node = files.has(file) ? symbols.find(file, symbol) : null;
    if (node === null) {
      const reason = files.has(file) ? `${file} declares no ${symbol}` : `${file} does not exist`;
      return [`${place}: ${reason}${suggestion(file, symbol, [...files], symbols)}`];
    }
    const after = walk.stops[index + 1];
    if (after === undefined || !['calls', 'returns'].includes(stop.next)) return [];
    const [nextFile, nextSymbol] = partsOf(after.at);
    const nextNode = files.has(nextFile) ? symbols.find(nextFile, nextSymbol) : null;
    if (nextNode === null) return []; // Reported for the next stop itself.
    const isCall = stop.next === 'calls';
    const [body, named] = isCall ? [node, nextSymbol] : [nextNode, symbol];
    const name = lastOf(named);
    const count = mentionsIn(body).filter((mention) => mention === name).length;
    // A symbol mentions itself where it is declared.
    const own = lastOf(isCall ? symbol : nextSymbol) === name ? 1 : 0;
    if (count > own) return [];
    return [`${place}: ${isCall ? stop.at : after.at} does not mention ${name}, though it ${isCall ? 'calls' : 'awaits'} ${isCall ? after.at : stop.at}.`]; // prettier-ignore
  });
}

/** Moves stops to the one file that declares their symbol now, and drops stops equal to the one before. */
export function repointed(walk: Walk, root: string, symbols = new Symbols(root)): Walk {
  const files = [...sourceFiles(root)];
  const moved = walk.stops.map((stop): Stop => {
    const [file, symbol] = partsOf(stop.at);
    if (files.includes(file) && symbols.find(file, symbol) !== null) return stop;
    const home = homeOf(file, symbol, files, symbols);
    return home === null ? stop : { ...stop, at: `${home}#${symbol}` };
  });
  return { ...walk, stops: moved.filter(({ at }, index) => index === 0 || moved[index - 1]?.at !== at) };
}

/** Writes the walks as JSON, one stop per line. */
export function walkText({ walks, settings, leaks }: WalkFile): string {
  const stopText = ({ at, next }: Stop) =>
    next === 'calls' ? `{ "at": ${JSON.stringify(at)} }` : `{ "at": ${JSON.stringify(at)}, "next": "${next}" }`;
  const walkTexts = walks.map(({ name, from, to, stops }) =>
    [
      '    {',
      `      "name": ${JSON.stringify(name)},`,
      `      "from": ${JSON.stringify(from)},`,
      `      "to": ${JSON.stringify(to)},`,
      '      "stops": [',
      stops.map((stop) => `        ${stopText(stop)}`).join(',\n'),
      '      ]',
      '    }',
    ].join('\n'),
  );
  const list = settings.map((setting) => JSON.stringify(setting)).join(', ');
  return `{\n  "walks": [\n${walkTexts.join(',\n')}\n  ],\n  "settings": [${list}],\n  "leaks": ${JSON.stringify(leaks)}\n}\n`;
}

/** Finds the one file that declares a symbol now, or of several the one with the old file's name; null if ambiguous. */
function homeOf(file: string, symbol: string, files: readonly string[], symbols: Symbols): string | null {
  const homes = files.filter((other) => symbols.find(other, symbol) !== null);
  const namesakes = homes.filter((home) => path.posix.basename(home) === path.posix.basename(file));
  const [home, ...others] = namesakes.length === 1 ? namesakes : homes;
  return home === undefined || others.length > 0 ? null : home;
}

function suggestion(file: string, symbol: string, files: readonly string[], symbols: Symbols): string {
  const home = homeOf(file, symbol, files, symbols);
  if (home !== null) return `; ${home} does: npm run house -- --repoint writes that.`;
  const name = lastOf(symbol);
  const alike = files.filter((other) => symbols.declares(other, name));
  const few = alike.length > 0 && alike.length <= 5;
  return few ? `; ${name} is declared in ${alike.join(', ')}.` : '; nor does any other file.';
}

function partsOf(at: string): readonly [file: string, symbol: string] {
  const [file = '', symbol = ''] = at.split('#');
  return [file, symbol];
}

function fileOf(at: string): string {
  return partsOf(at)[0];
}

function lastOf(symbol: string): string {
  return symbol.slice(symbol.lastIndexOf('.') + 1);
}
