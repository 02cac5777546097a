// Collects the packages contained in the built lab, from the lock file, and their licences as one Markdown text.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as z from '../src/util/zod.ts';

/** Licences that allow an Apache-2.0 program with only a notice; any other stops the writing. */
const allowed = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'CC0-1.0', 'ISC', 'MIT'];
/** Not runtime dependencies of the lab, but they add a little code to the build. */
const builders = ['node_modules/rolldown', 'node_modules/vite'];
const licenceFile = /^(licen[cs]e|copying|notice)/i;

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.optional(z.string()), dev: z.optional(z.boolean()), devOptional: z.optional(z.boolean()) }),
  ),
});
const packageSchema = z.object({
  name: z.string(),
  version: z.string(),
  license: z.optional(z.string()),
  author: z.optional(z.union([z.string(), z.object({ name: z.string() })])),
});

interface Carried {
  readonly name: string;
  readonly version: string;
  /** SPDX identifiers, all of which apply. */
  readonly licences: readonly string[];
  readonly holders: readonly string[];
  /** Texts of its licence files without the lines that name holders. */
  readonly texts: readonly string[];
}

/**
 * Lists everything that `npm install --omit=dev` installs except type declarations: more than the bundler uses, never less. Throws
 * Error for a package that is not installed in the lock's version, or whose licence is not allowed.
 */
export function thirdParty(root: string): string {
  const packages = carriedPackages(root);
  const texts = new Map<string, Carried[]>();
  for (const one of packages) {
    for (const text of textsOf(one, packages)) texts.set(text, [...(texts.get(text) ?? []), one]);
  }
  return [
    '# What comes with BioNER Lab',
    '',
    'Written by `npm run licences` from `package-lock.json`: every package that is installed for the lab to run, and those that write a',
    'little of their own when it is built. The built-in model, the shipped tagger and the samples have their own licences.',
    '',
    '| package | version | licence |',
    '| --- | --- | --- |',
    ...packages.map(({ name, version, licences }) => `| ${name} | ${version} | ${licences.join(' and ')} |`),
    '',
    ...[...texts].flatMap(([text, ofThese]) => [
      `## ${ofThese.map(({ name }) => name).join(', ')}`,
      '',
      ...[...new Set(ofThese.flatMap(({ holders }) => holders))].map((holder) => `- ${holder}`),
      '',
      '```text',
      text,
      '```',
      '',
    ]),
  ].join('\n');
}

function carriedPackages(root: string): readonly Carried[] {
  const { packages } = lockSchema.parse(JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')));
  const carried = Object.entries(packages)
    .filter(([place, { dev, devOptional }]) => place !== '' && dev !== true && devOptional !== true)
    .filter(([place]) => !/\/@types\/|@webgpu\/types$/.test(place))
    .map(([place, { version }]) => readCarried(root, place, version));
  const building = builders.map((place) => readCarried(root, place, packages[place]?.version));
  const byName = new Map([...carried, ...building].map((one) => [`${one.name} ${one.version}`, one]));
  return [...byName.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
}

function readCarried(root: string, place: string, locked: string | undefined): Carried {
  const folder = path.join(root, place);
  const manifest = path.join(folder, 'package.json');
  const said = existsSync(manifest) ? packageSchema.parse(JSON.parse(readFileSync(manifest, 'utf8'))) : undefined;
  if (said?.version !== locked || said === undefined) {
    throw new Error(
      `${place}: expected version ${locked} of the lock to be installed, got ${said?.version ?? 'none'}.`,
    );
  }
  const licences = (said.license ?? 'none').replace(/[()]/g, '').split(' AND ');
  const refused = licences.filter((licence) => !licence.split(' OR ').some((one) => allowed.includes(one)));
  if (refused.length > 0) {
    throw new Error(`${place}: expected a licence among ${allowed.join(', ')}, got ${refused.join(', ')}.`);
  }
  const files = readdirSync(folder).filter((name) => licenceFile.test(name)).sort(); // prettier-ignore
  const lines = files.map((name) => ownTerms(readFileSync(path.join(folder, name), 'utf8')).split('\n'));
  const holders = lines.flat().filter(isHolder).map((line) => line.trim()); // prettier-ignore
  const author = typeof said.author === 'string' ? said.author : said.author?.name;
  return {
    name: said.name,
    version: said.version,
    licences,
    holders: holders.length > 0 ? holders : [`${author ?? 'The authors'} (${said.name})`],
    texts: lines.map((all) => plain(all.filter((line) => !isHolder(line)))),
  };
}

/** A package without a licence file gets the most common text of its licence among the others. */
function textsOf({ texts, licences }: Carried, packages: readonly Carried[]): readonly string[] {
  if (texts.length > 0) return texts;
  return licences.map((licence) => {
    const counts = new Map<string, number>();
    for (const one of packages) {
      if (one.licences.join() !== licence || one.texts.length !== 1) continue;
      for (const text of one.texts) counts.set(text, (counts.get(text) ?? 0) + 1);
    }
    const [commonest] = [...counts].sort(([, left], [, right]) => right - left);
    if (commonest === undefined) throw new Error(`No package has a text of the licence ${licence}.`);
    return commonest[0];
  });
}

/** Builders also list packages bundled into themselves, which do not end up in the lab. */
function ownTerms(text: string): string {
  const [own = ''] = text.replaceAll('\r\n', '\n').split(/^#* ?Licenses of bundled dependencies/m);
  return own;
}

function isHolder(line: string): boolean {
  return /^\s*Copyright (?!\[yyyy\]|\{yyyy\})/.test(line);
}

/** Joins the lines of paragraphs, so that the same text compares equal however it was wrapped. */
function plain(lines: readonly string[]): string {
  return lines
    .join('\n')
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.replace(/\s+/g, ' ').trim())
    .filter((paragraph) => !/^((The )?MIT License( \(MIT\))?|# MIT License|ISC License|)$/i.test(paragraph))
    .join('\n\n');
}
