// What the lab keeps of a result file that came from elsewhere.
import { z } from 'zod';
import { resultFileSchema } from './resultFile.ts';
import { upgradeResultFile } from './upgradeResultFile.ts';

export const resultRecordSchema = z.strictObject({
  id: z.string(),
  fileName: z.string(),
  /** Files of earlier versions were stored as they were then. */
  file: z.preprocess(upgradeResultFile, resultFileSchema),
});
export type ResultRecord = z.infer<typeof resultRecordSchema>;
