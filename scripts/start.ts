// Builds the lab when its sources are newer than the last build, then serves it locally.
import { serveLab } from './builtLab.ts';

serveLab(process.env['PORT']).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
