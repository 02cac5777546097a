// What a person can do to train on their GPU when this tab cannot.
import type { Platform } from './platform.ts';

/** `insecure`: no WebGPU because the page is not a secure context; `missing`: no WebGPU here; `noAdapter`: WebGPU without a GPU; `software`: a GPU emulated on the processor. */
export type GpuProblem = 'insecure' | 'missing' | 'noAdapter' | 'software';

/** One or two sentences for the browser and operating system at hand. */
export function remedy(problem: GpuProblem, { userAgent }: Pick<Platform, 'userAgent'>): string {
  if (problem === 'insecure') return 'Open the lab through https or from localhost: browsers offer WebGPU only there.';
  if (/Node\.js/.test(userAgent)) {
    return 'Install a Vulkan driver for the GPU (Linux), or run the lab in Chrome, to train on the GPU.';
  }
  const chromium = /Chrome\/(\d+)/.exec(userAgent);
  const linux = /Linux/.test(userAgent) && !/Android/.test(userAgent);
  if (/Firefox\//.test(userAgent)) {
    return 'Open the lab in Chrome or Edge, or set dom.webgpu.enabled to true in about:config of a recent Firefox.';
  }
  if (chromium === null) {
    return /Safari\//.test(userAgent)
      ? 'Update to Safari 26 or later (macOS 26, iOS 26), or open the lab in Chrome.'
      : 'Open the lab in a current Chrome or Edge.';
  }
  if (Number(chromium[1]) < 113) return 'Update Chrome: WebGPU came with version 113.';
  const acceleration =
    'Turn on "Use graphics acceleration when available" in chrome://settings/system and restart Chrome.';
  if (linux) {
    return `${acceleration} On Linux also enable chrome://flags/#enable-unsafe-webgpu and chrome://flags/#enable-vulkan, with the GPU maker's Vulkan driver installed.`;
  }
  return `${acceleration} If chrome://gpu still lists WebGPU as disabled, update the graphics driver.`;
}
