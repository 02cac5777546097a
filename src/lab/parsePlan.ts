// Plan files, judged before they are believed.
import { LabError } from '../util/labError.ts';
import { planFileSchema, type PlanFile } from '../schema/planFile.ts';

const currentVersion = 2;

/**
 * The plan in parsed JSON, of this version or an earlier one. Throws LabError `plan/foreign` for other JSON, `plan/newer` for a later
 * version's plan and `plan/invalid` naming the first member that is wrong.
 */
export function parsePlan(json: unknown): PlanFile {
  const { format, version } = (json ?? {}) as { format?: unknown; version?: unknown };
  if (format !== 'bioner-lab-plan') {
    throw new LabError('plan/foreign', 'This is not a plan file.', {
      expected: 'format bioner-lab-plan',
      got: `format ${String(format)}`,
    });
  }
  if (typeof version === 'number' && version > currentVersion) {
    throw new LabError('plan/newer', 'This plan was made by a later version of the lab.', {
      expected: `version ${currentVersion} or earlier`,
      got: `version ${version}`,
    });
  }
  const parsed = planFileSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new LabError(
    'plan/invalid',
    `The plan is not valid at ${issue?.path.join('.') || 'its top'}: ${issue?.message}.`,
  );
}
