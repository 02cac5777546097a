// The types of what tests import from the lint rules, which are JavaScript because ESLint loads them directly.

declare module '*/housePlugin.mjs' {
  import type { Rule } from 'eslint';
  export const housePlugin: { readonly rules: Readonly<Record<string, Rule.RuleModule>> };
}

declare module '*/peerFolders.mjs' {
  export const peerFolders: readonly { readonly name: string; readonly reason: string }[];
}

declare module '*/plainWords.mjs' {
  export const plainWords: readonly { readonly pattern: string; readonly write: string }[];
  export const plainNames: readonly {
    readonly words: readonly string[];
    readonly isPrefix?: boolean;
    readonly write: string;
  }[];
}
