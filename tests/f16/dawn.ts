// Opens Dawn, with all it has, for the tests in f16.
import { dawnEntry, MATRIX_FLAGS } from '../../workers/nodePlatform.ts';

await dawnEntry(MATRIX_FLAGS);
