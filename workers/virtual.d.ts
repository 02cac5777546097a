// Declares the modules that plugins of the build make, each the text of a program.
declare module 'virtual:tagger-module' {
  /** The text of tag.js. */
  export const taggerModule: string;
}
declare module 'virtual:tagger-page' {
  /** The program of a page with a tagger, which scripts/package/taggerBundle.ts builds. */
  export const taggerPage: string;
}
