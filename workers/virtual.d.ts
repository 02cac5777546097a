// Declares the modules that plugins of the build make.
declare module 'virtual:tagger-module' {
  /** The text of tag.js. */
  export const taggerModule: string;
}
