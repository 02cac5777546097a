// Keeps zod from compiling its checks with `new Function`, which the page's policy refuses and reports; imported before any schema is made.
import { config } from 'zod';

config({ jitless: true });
