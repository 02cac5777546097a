// Flags for Chromium wherever the project's tests launch it.

/**
 * `--enable-unsafe-webgpu` makes `navigator.gpu.requestAdapter()` return an adapter in a headless Chromium without a GPU
 * (SwiftShader, seen on version 156; a hardware adapter is still preferred). The sandbox is unavailable to root, which CI
 * containers run as. The rest keeps the browser from contacting anyone.
 */
export const chromiumFlags: readonly string[] = [
  '--enable-unsafe-webgpu',
  '--no-sandbox',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
];
