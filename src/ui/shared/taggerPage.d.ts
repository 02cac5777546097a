// Declares the program of a page with a tagger, which scripts/package/taggerBundle.ts builds as text.
declare module 'virtual:tagger-page' {
  export const taggerPage: string;
}
