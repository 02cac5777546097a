// Keeps zod from compiling checks with `new Function`, which the page's policy blocks and reports; import it before creating any schema.
import { config } from 'zod';

config({ jitless: true });
