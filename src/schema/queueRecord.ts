// The runs under way, as they are stored for whoever goes on with them.
import { z } from 'zod';

/** Ids: the run on the device, then those that wait for it, in order. */
export const queueRecordSchema = z.array(z.string());
