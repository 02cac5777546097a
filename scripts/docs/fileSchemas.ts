// Makes JSON Schemas of the files that people exchange from the schemas that the lab reads them with, described by the comments there.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { planFileSchema, resultFileSchema } from '../../src/schema/resultFile.ts';
import * as z from '../../src/util/zod.ts';
import { escaped } from './markdownPage.ts';

/** As much of JSON Schema (draft 2020-12) as zod writes. */
export interface JsonSchema {
  title?: string;
  description?: string;
  type?: string | readonly string[];
  const?: unknown;
  enum?: readonly unknown[];
  properties?: Record<string, JsonSchema>;
  required?: readonly string[];
  additionalProperties?: boolean | JsonSchema;
  items?: JsonSchema;
  anyOf?: readonly JsonSchema[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  [other: string]: unknown;
}

export interface FileSchema {
  readonly name: 'plan' | 'result';
  readonly file: string;
  readonly schema: JsonSchema;
}

const FILES = [
  { name: 'plan', title: 'BioNER Lab plan file, version 2', zodSchema: planFileSchema },
  { name: 'result', title: 'BioNER Lab result file, version 2', zodSchema: resultFileSchema },
] as const;

/** Versions of before are upgraded when they are read; these describe what the lab writes. `root`: the project's folder. */
export function fileSchemas(root: string): readonly FileSchema[] {
  const comments = memberComments(path.join(root, 'src/schema'));
  return FILES.map(({ name, title, zodSchema }) => {
    const schema = z.toJSONSchema(zodSchema) as JsonSchema;
    describe(schema, comments);
    return { name, file: `${name}.schema.json`, schema: { $schema: schema['$schema'], title, ...schema } };
  });
}

type Comments = ReadonlyMap<string, ReadonlyMap<string, string>>;

const keyOf = (members: Iterable<string>): string => [...members].sort().join(' ');

/** Collects the comments on the members of each object of the schemas' sources, by the names of all its members. */
function memberComments(folder: string): Comments {
  const found = new Map<string, Map<string, string>>();
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.ts'))) {
    const text = readFileSync(path.join(folder, file), 'utf8');
    const visit = (node: ts.Node): void => {
      if (ts.isObjectLiteralExpression(node)) addComments(node, text, found);
      ts.forEachChild(node, visit);
    };
    visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  }
  return found;
}

function addComments(node: ts.ObjectLiteralExpression, text: string, found: Map<string, Map<string, string>>): void {
  const members = node.properties.filter(
    (member) => ts.isPropertyAssignment(member) || ts.isShorthandPropertyAssignment(member),
  );
  const key = keyOf(members.map((member) => member.name.getText()));
  const comments = found.get(key) ?? new Map<string, string>();
  found.set(key, comments);
  for (const member of members) {
    const [range] = (ts.getLeadingCommentRanges(text, member.getFullStart()) ?? []).slice(-1);
    const comment = range === undefined ? '' : text.slice(range.pos, range.end);
    if (comment.startsWith('/**')) comments.set(member.name.getText(), plainComment(comment));
  }
}

function plainComment(comment: string): string {
  const lines = comment.replace(/^\/\*\*|\*\/$/g, '').split('\n');
  return lines.map((line) => line.replace(/^\s*\* ?/, '').trim()).filter(Boolean).join(' '); // prettier-ignore
}

/** Gives the members of every object in a schema their comments. */
function describe(schema: JsonSchema, comments: Comments): void {
  const own = comments.get(keyOf(Object.keys(schema.properties ?? {})));
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    const comment = own?.get(name);
    if (comment !== undefined) member.description = comment;
    describe(member, comments);
  }
  for (const part of partsOf(schema)) describe(part, comments);
}

function partsOf({ items, anyOf, additionalProperties }: JsonSchema): readonly JsonSchema[] {
  const values = typeof additionalProperties === 'object' ? [additionalProperties] : [];
  return [...(items === undefined ? [] : [items]), ...(anyOf ?? []), ...values];
}

/** Lists the members of a file in a table of HTML; an object that was listed before is named by where that was. */
export function memberTable(schema: JsonSchema, label = 'Members'): string {
  const rows: string[] = [];
  const listed = new Map<string, string>();
  const list = (one: JsonSchema, place: string): void => {
    for (const [name, member] of Object.entries(one.properties ?? {})) {
      const here = place === '' ? name : `${place}.${name}`;
      const isOptional = one.required?.includes(name) !== true;
      const { inner, suffix } = innermost(member);
      const key = keyOf(Object.keys(inner.properties ?? {}));
      const before = key === '' ? undefined : listed.get(key);
      const like = before === undefined ? '' : ` As <code>${escaped(before)}</code>.`;
      rows.push(`<tr><th scope="row"><code>${escaped(here)}</code></th><td>${escaped(typeText(member))}${isOptional ? ', optional' : ''}</td><td>${prose(member.description ?? '')}${like}</td></tr>`); // prettier-ignore
      if (key === '' || before !== undefined) continue;
      listed.set(key, `${here}${suffix}`);
      list(inner, `${here}${suffix}`);
    }
  };
  list(schema, '');
  return `<div class="table-box" role="region" aria-label="${escaped(label)}, scrollable" tabindex="0"><table><thead><tr><th scope="col">member</th><th scope="col">type</th><th scope="col">what it is</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

/** Text of a comment, with its code marked. */
function prose(comment: string): string {
  return escaped(comment).replace(/`([^`]+)`/g, '<code>$1</code>');
}

/** The object within lists, alternatives and maps, and how its members are written after the name. */
function innermost(schema: JsonSchema): { readonly inner: JsonSchema; readonly suffix: string } {
  let inner = schema;
  let suffix = '';
  for (;;) {
    const alternative = inner.anyOf?.find(({ type }) => type !== 'null');
    if (alternative !== undefined) inner = alternative;
    else if (inner.items !== undefined) [inner, suffix] = [inner.items, `${suffix}[]`];
    else if (typeof inner.additionalProperties === 'object')
      [inner, suffix] = [inner.additionalProperties, `${suffix}{}`];
    else return { inner, suffix };
  }
}

function typeText(schema: JsonSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' or ');
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeText).join(' or ');
  if (schema.items !== undefined) return `list of ${typeText(schema.items)}`;
  if (schema.type === 'object' && typeof schema.additionalProperties === 'object') return `map to ${typeText(schema.additionalProperties)}`; // prettier-ignore
  const types = [schema.type ?? 'any'].flat();
  const isNumber = types.includes('number') || types.includes('integer');
  return types.map((type) => (isNumber && type !== 'null' ? [type, ...bounds(schema)].join(' ') : type)).join(' or ');
}

function bounds({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): readonly string[] {
  const isLeast = minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER;
  const isMost = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  if (isLeast && isMost) return [`from ${minimum} to ${maximum}`];
  const texts: string[] = [];
  if (isLeast) texts.push(`from ${minimum}`);
  if (exclusiveMinimum !== undefined) texts.push(`above ${exclusiveMinimum}`);
  if (isMost) texts.push(`up to ${maximum}`);
  if (exclusiveMaximum !== undefined) texts.push(`below ${exclusiveMaximum}`);
  return texts;
}
