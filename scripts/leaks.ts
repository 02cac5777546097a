// `npm run leaks`: see scripts/analysis/leaksCommand.ts.
import { leaksCommand } from './analysis/leaksCommand.ts';

const { exitCode, output, errors } = await leaksCommand(process.argv.slice(2));
process.stderr.write(errors);
process.stdout.write(output);
process.exitCode = exitCode;
