// Our own GPU device: limits raised to the adapter's, failures remembered, shared with tfjs.
import * as tf from '@tensorflow/tfjs';
import { LabError } from '../util/labError.ts';
import { guardWebgpuKernels } from './guardWebgpuKernels.ts';

const RAISED_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupsPerDimension',
] as const;

/** What went wrong on the device, once something has; checked before every step. */
export interface DeviceHealth {
  failure: LabError | null;
}

/** The device the engine works on. */
export interface EngineGpu {
  readonly device: GPUDevice;
  /** Whether it is emulated on the processor. */
  readonly software: boolean;
}

/** Whether an adapter computes on the processor: correct, but slower than wasm there. */
export function isSoftwareAdapter(adapter: GPUAdapter): boolean {
  const { vendor, architecture, description, isFallbackAdapter } = adapter.info;
  return (
    isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|basic render/i.test(`${vendor} ${architecture} ${description}`)
  );
}

/** Adapter in words. */
export function describeAdapter(adapter: GPUAdapter): string {
  const { vendor, architecture, description } = adapter.info;
  return description || [vendor, architecture].filter(Boolean).join(' ') || 'unnamed adapter';
}

/**
 * Requests a device and makes it tfjs' `webgpu` backend, guards in place. Errors that WebGPU only reports on the side (validation, out
 * of memory, a lost device) end up in the health that is returned: nothing on the GPU may be trusted after one.
 */
export async function openDevice(adapter: GPUAdapter): Promise<{ health: DeviceHealth; gpu: EngineGpu }> {
  const requiredLimits: Record<string, number> = {};
  for (const limit of RAISED_LIMITS) requiredLimits[limit] = adapter.limits[limit];
  const device = await adapter.requestDevice({ requiredLimits });
  const health: DeviceHealth = { failure: null };
  device.addEventListener('uncapturederror', ({ error }) => {
    health.failure ??= new LabError('gpu/error', `The GPU refused work: ${error.message}`);
  });
  void device.lost.then(({ reason, message }) => {
    if (reason === 'destroyed') return;
    health.failure ??= new LabError('gpu/lost', `The GPU device was lost: ${message || reason || 'no reason given'}.`);
  });
  const { WebGPUBackend } = await import('@tensorflow/tfjs-backend-webgpu');
  guardWebgpuKernels();
  if (tf.findBackendFactory('webgpu') !== null) tf.removeBackend('webgpu');
  tf.registerBackend('webgpu', () => new WebGPUBackend(device, adapter.info as GPUAdapterInfo));
  await tf.setBackend('webgpu');
  return { health, gpu: { device, software: isSoftwareAdapter(adapter) } };
}
