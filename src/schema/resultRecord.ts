// What the lab keeps of a result file that came from elsewhere.
import { z } from 'zod';
import { resultFileSchema } from './resultFile.ts';

export const resultRecordSchema = z.strictObject({ id: z.string(), fileName: z.string(), file: resultFileSchema });
export type ResultRecord = z.infer<typeof resultRecordSchema>;
