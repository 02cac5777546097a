// Builds the environment in which Dawn finds a Vulkan driver: the system's, else the software one shipped with Chromium.
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { findChromium } from './findChromium.ts';

const driverFolders = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d'];
const loaders = ['/usr/lib', '/usr/lib64', '/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu'];
/** Where Linux exposes graphics hardware: render nodes, NVIDIA's own driver, Windows' GPU under WSL. */
const hardware = ['/dev/dri', '/dev/nvidiactl', '/dev/dxg'];
const chromiumFolders = ['/usr/lib/chromium', '/usr/lib/chromium-browser', '/opt/google/chrome'];

/**
 * Returns variables to add to the environment of a Node process that uses WebGPU. Empty if the system has a loader and a driver, if
 * the caller already chose a driver, if the platform needs no Vulkan, and if no Chromium is there to provide one. Without graphics
 * hardware the system's drivers are ignored: they only have Mesa's software adapter, whose older versions Dawn refuses.
 */
export function vulkanEnvironment(): Record<string, string> {
  const { VK_ICD_FILENAMES, VK_DRIVER_FILES, LD_LIBRARY_PATH } = process.env;
  if (process.platform !== 'linux' || VK_ICD_FILENAMES !== undefined || VK_DRIVER_FILES !== undefined) return {};
  const hasDriver = driverFolders.some((folder) => existsSync(folder) && readdirSync(folder).length > 0);
  const hasLoader = loaders.some((folder) => existsSync(path.join(folder, 'libvulkan.so.1')));
  if (hasDriver && hasLoader && hardware.some((place) => existsSync(place))) return {};
  const browser = findChromium();
  const folders = browser === undefined ? [] : [path.dirname(realpathSync(browser)), ...chromiumFolders];
  const folder = folders.find((one) => existsSync(path.join(one, 'vk_swiftshader_icd.json')));
  if (folder === undefined) return {};
  return {
    VK_ICD_FILENAMES: path.join(folder, 'vk_swiftshader_icd.json'),
    LD_LIBRARY_PATH: LD_LIBRARY_PATH === undefined ? folder : `${folder}${path.delimiter}${LD_LIBRARY_PATH}`,
  };
}
