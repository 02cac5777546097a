// Proves that the JSON Schemas accept the files of the lab and refuse others, and that members are described by the comments of the code.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { fileSchemas, memberTable, type JsonSchema } from '../../../../scripts/docs/fileSchemas.ts';
import { planFileSchema, resultFileSchema, upgradeResultFile } from '../../../../src/schema/resultFile.ts';
import { finishedResult } from '../../../fixtures/finishedResult.ts';

const root = path.resolve(import.meta.dirname, '../../../..');
const [plan, result] = fileSchemas(root).map(({ schema }) => schema);
if (plan === undefined || result === undefined) throw new Error('There are two schemas.');
const ajv = new Ajv2020({ strict: false, validateFormats: false });
const isPlan = ajv.compile(plan);
const isResult = ajv.compile(result);
const json = (file: string): unknown => JSON.parse(readFileSync(path.join(root, file), 'utf8'));
const named = (ending: string) => readdirSync(path.join(root, 'results')).filter((name) => name.endsWith(ending));

describe('the schema of plans', () => {
  it('accepts the example and every committed plan as this version writes it', () => {
    const files = ['examples/sample.plan.json', ...named('.plan.json').map((name) => `results/${name}`)];
    expect(files.length).toBeGreaterThan(2);
    for (const file of files) {
      const written: unknown = JSON.parse(JSON.stringify(planFileSchema.parse(json(file))));
      expect([file, isPlan(written), isPlan.errors]).toEqual([file, true, null]);
    }
    expect(isPlan(json('examples/sample.plan.json'))).toBe(true);
  });

  it('refuses what the lab refuses', () => {
    const example = json('examples/sample.plan.json') as Record<string, unknown>;
    const wrong = [
      { ...example, format: 'moss' },
      { ...example, seeds: [] },
      { ...example, seeds: [-1] },
      { ...example, slicingRates: [1.5] },
      { ...example, methods: ['MTL'] },
      { ...example, moss: 1 },
      { ...example, config: { ...(example['config'] as object), epochs: 0 } },
    ];
    for (const value of wrong) expect([isPlan(value), planFileSchema.safeParse(value).success]).toEqual([false, false]);
  });

  it('describes every member that is not named by what it is', () => {
    const plain = new Set(['format', 'version', 'count', 'epochs', 'mode', 'factor', 'beta1', 'beta2', 'epsilon', 'encoder', 'attention', 'head', 'name', 'fingerprint', 'corpus', 'tasks', 'decay', 'mixing', 'rounds']); // prettier-ignore
    const bare = membersOf(plan).filter(({ name, schema }) => schema.description === undefined && !plain.has(name));
    expect(bare.map(({ name }) => name)).toEqual([]);
  });
});

describe('the schema of results', () => {
  it('accepts committed results and a new one', () => {
    for (const name of named('.result.json')) {
      const written: unknown = JSON.parse(JSON.stringify(resultFileSchema.parse(upgradeResultFile(json(`results/${name}`))))); // prettier-ignore
      expect([name, isResult(written), isResult.errors]).toEqual([name, true, null]);
    }
    expect(isResult(JSON.parse(JSON.stringify(finishedResult())))).toBe(true);
  });

  it('refuses a score above 100 and a member that is missing', () => {
    const { checksum: _checksum, ...rest } = finishedResult();
    expect(isResult(rest)).toBe(false);
    const text = JSON.stringify(finishedResult()).replace(/"precision":[\d.]+/, '"precision":101');
    expect(isResult(JSON.parse(text))).toBe(false);
  });
});

describe('the table of members', () => {
  it('lists members with type and comment, and an object that occurs again by its first place', () => {
    const table = memberTable(plan);
    expect(table).toContain('<code>config.adam.beta1</code>');
    expect(table).toMatch(
      /<code>categories\[\]\.tasks\[\]\.corpus<\/code><\/th><td>object<\/td><td> As <code>model<\/code>/,
    );
    expect(table).toContain('<td>list of integer from 0 to 4294967295</td>');
    expect(table).toContain('<code>fingerprint</code>'.replace('fingerprint', 'model.fingerprint'));
    expect(memberTable({ properties: { one: { type: 'string', description: 'of <b>' } } })).toContain('of &lt;b&gt;');
  });
});

function membersOf({
  properties = {},
  items,
  anyOf = [],
}: JsonSchema): readonly { name: string; schema: JsonSchema }[] {
  const own = Object.entries(properties).map(([name, schema]) => ({ name, schema }));
  const inner = [...Object.values(properties), ...(items === undefined ? [] : [items]), ...anyOf];
  return [...own, ...inner.flatMap(membersOf)];
}
