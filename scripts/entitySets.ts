// `npm run entity-sets`: see scripts/analysis/entitySetsCommand.ts.
import { entitySetsCommand } from './analysis/entitySetsCommand.ts';

const { exitCode, output, errors } = await entitySetsCommand(process.argv.slice(2));
process.stderr.write(errors);
process.stdout.write(output);
process.exitCode = exitCode;
