// Proves that users without a GPU are shown what helps in their browser, and nothing meant for another one.
import { describe, expect, it } from 'vitest';
import { remedy, type GpuProblem } from '../../../../src/engine/start/startBackend.ts';

const agents = {
  chromeLinux: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
  chromeWindows: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36', // prettier-ignore
  chromeMac: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36', // prettier-ignore
  chromeAndroid: 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36', // prettier-ignore
  chromeOld: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/112.0.0.0 Safari/537.36', // prettier-ignore
  chromeOldest: 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/99.0.0.0 Safari/537.36',
  edge: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0', // prettier-ignore
  firefox: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  safari: 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15', // prettier-ignore
  node: 'Node.js/20.19.0 Linux',
  none: '',
} as const;

const problems: readonly GpuProblem[] = ['missing', 'noAdapter', 'software'];

describe('remedy', () => {
  it.each([
    ['chromeLinux', ['chrome://settings/system', 'enable-unsafe-webgpu', 'enable-vulkan', 'driver']],
    ['chromeWindows', ['chrome://settings/system', 'chrome://gpu', 'driver']],
    ['chromeMac', ['chrome://settings/system', 'chrome://gpu']],
    ['edge', ['graphics acceleration', 'driver']],
    ['chromeOld', ['Update Chrome', '113']],
    ['chromeOldest', ['Update Chrome', '113']],
    ['firefox', ['Chrome', 'dom.webgpu.enabled']],
    ['safari', ['Safari 26', 'Chrome']],
    ['node', ['Vulkan', 'Chrome']],
    ['none', ['Chrome']],
  ] as const)('for %s speaks of %j', (agent, words) => {
    for (const problem of problems) {
      const text = remedy(problem, { userAgent: agents[agent] });
      for (const word of words) expect(text, problem).toContain(word);
      expect(text).toMatch(/\.$/);
    }
  });

  it('speaks of Linux only there, of Firefox and Safari only to them', () => {
    for (const [agent, userAgent] of Object.entries(agents)) {
      for (const problem of problems) {
        const text = remedy(problem, { userAgent });
        if (agent !== 'chromeLinux' && agent !== 'node') expect(text, agent).not.toMatch(/Linux|Vulkan|vulkan/);
        if (agent !== 'firefox') expect(text, agent).not.toMatch(/Firefox|about:config/);
        if (agent !== 'safari') expect(text, agent).not.toContain('Safari');
        if (!/^(chrome|edge)/.test(agent)) expect(text, agent).not.toContain('chrome://');
      }
    }
  });

  it('is https wherever the page is not secure, since no setting helps then', () => {
    for (const userAgent of Object.values(agents)) {
      const text = remedy('insecure', { userAgent });
      expect(text).toMatch(/https.*localhost/);
      expect(text).not.toContain('driver');
    }
  });
});
