// Holds a training configuration while a person edits it: the entries of the controls, valid or not.
import { trainingConfigSchema, type TrainingConfig } from '../../schema/config.ts';
import { format } from '../shared/format.ts';
import { configFields, type ConfigField } from './configFields.ts';

/** Text of a number or choice, or state of a switch, by the field's path. */
export type ConfigDraft = Readonly<Record<string, string | boolean>>;

export function draftOfConfig(config: TrainingConfig): ConfigDraft {
  return Object.fromEntries(configFields.map((field) => [field.path, shownValue(memberAt(config, field.path))]));
}

type ConfigIssue = NonNullable<ReturnType<typeof trainingConfigSchema.safeParse>['error']>['issues'][number];

/** The configuration, or the problem of each invalid field. */
export function readConfigDraft(draft: ConfigDraft): {
  readonly config: TrainingConfig | null;
  readonly problems: ReadonlyMap<string, string>;
} {
  const problems = new Map<string, string>();
  const candidate: Record<string, unknown> = {};
  for (const field of configFields) {
    const entered = enteredValue(field, draft[field.path]);
    if (entered !== undefined) setMember(candidate, field.path, entered);
  }
  const parsed = trainingConfigSchema.safeParse(candidate);
  if (parsed.success) return { config: parsed.data, problems };
  for (const issue of parsed.error.issues) {
    const path = issue.path.join('.');
    if (!problems.has(path)) problems.set(path, problemText(issue, draft[path]));
  }
  return { config: null, problems };
}

/** Returns the paths whose entry differs in value from a configuration. The specials of a BERT come with the model and are no change of a preset. */
export function changedPaths(draft: ConfigDraft, from: TrainingConfig): ReadonlySet<string> {
  const changed = configFields.filter(
    (field) =>
      draft[field.path] !== 'cls-sep' &&
      enteredValue(field, draft[field.path]) !== enteredValue(field, shownValue(memberAt(from, field.path))),
  );
  return new Set(changed.map((field) => field.path));
}

/** Returns a field's value in words, as the form shows it. */
export function settingText(field: ConfigField, config: TrainingConfig): string {
  const value = shownValue(memberAt(config, field.path));
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  if (field.control.kind === 'choice') return field.control.options.find(([option]) => option === value)?.[1] ?? value;
  return value === '' && field.control.kind === 'number' ? (field.control.empty?.text ?? value) : value;
}

/** Converts an entry to its value; undefined for an absent setting. */
function enteredValue(field: ConfigField, entry: string | boolean | undefined): unknown {
  if (field.control.kind === 'choice') return entry === '' ? undefined : entry;
  if (field.control.kind !== 'number' || typeof entry !== 'string') return entry;
  const text = entry.trim();
  if (text === '') return field.control.empty === undefined ? Number.NaN : field.control.empty.value;
  return Number(text);
}

function problemText(issue: ConfigIssue, entry: string | boolean | undefined): string {
  if (issue.code === 'invalid_type' && typeof entry === 'string') {
    return issue.expected === 'int' ? 'Enter a whole number.' : 'Enter a number.';
  }
  if (issue.code === 'too_small') return `Must be ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}.`;
  if (issue.code === 'too_big') return `Must be ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}.`;
  if (issue.path.join('.') === 'adapters.projections')
    return 'Choose what has adapters, or leave the other fields empty.';
  if (issue.code === 'custom' && issue.path.at(-1) === 'microBatchSize') return 'Must not exceed the batch size.';
  return issue.message;
}

function shownValue(value: unknown): string | boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return format.setting(value);
  return value === null || value === undefined ? '' : String(value);
}

function memberAt(value: unknown, path: string): unknown {
  let member: unknown = value;
  for (const name of path.split('.')) member = isRecord(member) ? member[name] : undefined;
  return member;
}

function setMember(target: Record<string, unknown>, path: string, value: unknown): void {
  const names = path.split('.');
  const last = names.pop() ?? path;
  let place = target;
  for (const name of names) {
    const next = place[name];
    const inner = isRecord(next) ? next : {};
    place[name] = inner;
    place = inner;
  }
  place[last] = value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
