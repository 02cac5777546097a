// How Chromium is launched wherever the project's tests launch it.

/**
 * `--enable-unsafe-webgpu` is what makes `navigator.gpu.requestAdapter()` answer in a headless Chromium without a GPU (SwiftShader, seen on
 * version 156; a hardware adapter is still preferred). The sandbox cannot be had as root, which is what CI containers are.
 * The rest keeps the browser from talking to anyone.
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
