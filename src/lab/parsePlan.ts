// Plan files, judged before they are believed.
import { judge } from '../util/judge.ts';
import { LabError } from '../util/labError.ts';
import { parseJson } from '../util/parseJson.ts';
import { spellValue } from '../util/spellValue.ts';
import { planFileSchema, type PlanFile } from '../schema/planFile.ts';

const currentVersion = 2;

/**
 * The plan in a file's text, of this version or an earlier one. Throws LabError `plan/foreign` for other text, `plan/newer` for a later
 * version's plan and `plan/invalid` naming the first member that is wrong.
 */
export function parsePlan(text: string): PlanFile {
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (cause) {
    const got = cause instanceof Error ? cause.message : String(cause);
    throw new LabError('plan/foreign', 'This file is not JSON.', { expected: 'a plan file', got, cause });
  }
  const { format, version } = (json ?? {}) as { format?: unknown; version?: unknown };
  if (format !== 'bioner-lab-plan') {
    throw new LabError('plan/foreign', 'This is not a plan file.', {
      expected: 'format bioner-lab-plan',
      got: `format ${spellValue(format)}`,
    });
  }
  if (typeof version === 'number' && version > currentVersion) {
    throw new LabError('plan/newer', 'This plan was made by a later version of the lab.', {
      expected: `version ${currentVersion} or earlier`,
      got: `version ${version}`,
    });
  }
  const parsed = judge(planFileSchema, json);
  if (parsed.isFit) return parsed.data;
  const { place, message } = parsed.fault;
  throw new LabError('plan/invalid', `The plan is not valid at ${place || 'its top'}: ${message}.`);
}
