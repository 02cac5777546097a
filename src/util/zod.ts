// Sets zod up before any schema is created. Its functional form weighs half of the chained one (decision 098).
import { config, locales } from 'zod/mini';

// Compiled checks need `new Function`, which the page's policy blocks and reports; the functional form comes without messages.
config({ ...locales.en(), jitless: true });

export * from 'zod/mini';
