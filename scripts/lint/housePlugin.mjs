// The lint rules of this project as a plugin.
import { fileFormRule } from './fileFormRule.mjs';
import { floorsRule } from './floorsRule.mjs';
import { folderCircleRule } from './folderCircleRule.mjs';
import { folderSizeRule } from './folderSizeRule.mjs';
import { plainWordsRule } from './plainWordsRule.mjs';
import { smallFileRule } from './smallFileRule.mjs';
import { uniqueNameRule } from './uniqueNameRule.mjs';

export const housePlugin = {
  rules: {
    floors: floorsRule,
    fileForm: fileFormRule,
    folderCircle: folderCircleRule,
    folderSize: folderSizeRule,
    plainWords: plainWordsRule,
    smallFile: smallFileRule,
    uniqueName: uniqueNameRule,
  },
};
