// Proves that lint refuses every way to read text as HTML, to run it, or to access the network outside the one place for that.
import { ESLint } from 'eslint';
import path from 'node:path';
import tseslint from 'typescript-eslint';
import { expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../../..');
const eslint = new ESLint({
  cwd: root,
  // The planted files are not on disk, so there are no types to look up.
  overrideConfig: tseslint.configs.disableTypeChecked,
  ruleFilter: ({ ruleId }) => ruleId === 'no-restricted-syntax',
});

async function refusals(file: string, code: string): Promise<readonly string[]> {
  const text = `// A planted file.\nexport function planted(element, text) { ${code} }\n`;
  const [result] = await eslint.lintText(text, { filePath: path.join(root, file) });
  return (result?.messages ?? []).map(({ message }) => message);
}

const html = [
  'element.innerHTML = text;',
  "element['innerHTML'] = text;",
  'element.outerHTML += text;',
  "element.insertAdjacentHTML('beforeend', text);",
  'element.setHTMLUnsafe(text);',
  'Document.parseHTMLUnsafe(text);',
  'document.createRange().createContextualFragment(text);',
  "new DOMParser().parseFromString(text, 'text/html');",
  'element.srcdoc = text;',
  'Object.assign(element, { innerHTML: text });',
  "Object.assign(element, { 'outerHTML': text });",
  'document.write(text);',
  'document.writeln(text);',
  'return <p dangerouslySetInnerHTML={{ __html: text }} />;',
  'return <iframe srcDoc={text} />;',
];
const run = [
  'eval(text);',
  '(0, eval)(text);',
  'globalThis.eval(text);',
  'new Function(text)();',
  'Function(text)();',
  "setTimeout('go()', 1);",
  'setInterval(`go()`, 1);',
  "element.href = 'javascript:go()';",
  'element.href = `javascript:${text}`;',
  'return <a href="javascript:go()">go</a>;',
];
const out = [
  'new XMLHttpRequest();',
  'new WebSocket(text);',
  'new globalThis.EventSource(text);',
  'navigator.sendBeacon(text);',
  'new RTCPeerConnection();',
];

it.each(html)('HTML: %s', async (code) => {
  expect((await refusals('src/ui/parts/Planted.tsx', code))[0]).toContain('never read as HTML');
});

it.each(run)('text that runs: %s', async (code) => {
  expect((await refusals('src/ui/parts/Planted.tsx', code))[0]).toContain('never run');
});

it.each(out)('a way out: %s', async (code) => {
  expect((await refusals('src/ui/parts/Planted.tsx', code))[0]).toContain('Only workers/publicFiles.ts');
});

it('holds in Workers, and lets fetch be called where that is the file’s task alone', async () => {
  const fetches = 'return fetch(text);';
  for (const file of ['workers/planted.ts', 'src/lab/planted.ts', 'src/ui/app/Planted.tsx']) {
    expect(await refusals(file, fetches)).toHaveLength(1);
    expect(await refusals(file, 'return self.fetch(text);')).toHaveLength(1);
    expect(await refusals(file, 'element.innerHTML = text;')).toHaveLength(1);
  }
  for (const file of ['workers/publicFiles.ts', 'src/main.tsx']) {
    expect(await refusals(file, fetches)).toEqual([]);
    expect(await refusals(file, 'element.innerHTML = text;')).toHaveLength(1);
  }
});

it('leaves text alone', async () => {
  const code = 'element.textContent = text; setTimeout(() => text, 1); element.append(text); lab.fetch(text);';
  expect(await refusals('src/ui/parts/Planted.tsx', code)).toEqual([]);
});
