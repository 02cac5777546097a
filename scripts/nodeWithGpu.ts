// Runs a TypeScript file in a Node process that finds a Vulkan driver: `tsx scripts/nodeWithGpu.ts FILE ARGUMENTS`.
import { spawn } from 'node:child_process';
import { vulkanEnvironment } from './vulkanEnvironment.ts';

// The loader's path is read when a process starts, so a separate process is needed.
const env = { ...process.env, ...vulkanEnvironment() };
const child = spawn(process.execPath, ['--import', 'tsx', ...process.argv.slice(2)], { stdio: 'inherit', env });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGUSR1'] as const) {
  process.on(signal, () => {
    // A terminal sends Ctrl+C to the child as well; a second signal would disturb a child that shuts down cleanly.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal === 'SIGINT' ? signal : 'SIGTERM');
  });
}
child.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
});
