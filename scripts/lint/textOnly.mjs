// Syntax that the lab's source must not contain, so that text stays text and only known places access the network.

const asHtml =
  'innerHTML|outerHTML|dangerouslySetInnerHTML|insertAdjacentHTML|setHTMLUnsafe|parseHTMLUnsafe|createContextualFragment|parseFromString|srcdoc|srcDoc';
const htmlMessage = 'Text of a corpus, a file or a name is never read as HTML: set textContent, or let React do it.';
const runMessage = 'Text is never run: the page’s policy refuses it, and a corpus could be that text.';
const waysOut = 'XMLHttpRequest|WebSocket|EventSource|RTCPeerConnection|WebTransport|sendBeacon';
const outMessage = 'Only workers/publicFiles.ts asks other hosts, by fetch, after a person pressed a button.';

/** Selectors of `no-restricted-syntax` for everything that runs in the tab. */
export const textOnly = [
  { selector: `MemberExpression > Identifier.property[name=/^(${asHtml})$/]`, message: htmlMessage },
  { selector: `MemberExpression > Literal.property[value=/^(${asHtml})$/]`, message: htmlMessage },
  { selector: `Property > Identifier.key[name=/^(${asHtml})$/]`, message: htmlMessage },
  { selector: `Property > Literal.key[value=/^(${asHtml})$/]`, message: htmlMessage },
  { selector: `JSXAttribute > JSXIdentifier[name=/^(${asHtml})$/]`, message: htmlMessage },
  {
    selector: 'MemberExpression[object.name="document"] > Identifier.property[name=/^write(ln)?$/]',
    message: htmlMessage,
  },
  { selector: 'Identifier[name="eval"]', message: runMessage },
  { selector: ':matches(NewExpression, CallExpression)[callee.name="Function"]', message: runMessage },
  {
    selector:
      'CallExpression[callee.name=/^set(Timeout|Interval)$/] > :matches(Literal, TemplateLiteral).arguments:first-child',
    message: runMessage,
  },
  {
    selector: 'Literal[value=/^\\s*javascript:/i], TemplateElement[value.raw=/^\\s*javascript:/i]',
    message: runMessage,
  },
  { selector: `Identifier[name=/^(${waysOut})$/]`, message: outMessage },
];

/** For every file except those that may fetch. */
export const noFetch = {
  selector:
    'CallExpression[callee.name="fetch"], MemberExpression[object.name=/^(window|self|globalThis)$/][property.name="fetch"]',
  message: outMessage,
};

/** `requestFile` contacts other hosts, and so does the package `bioner-tagger`, which is no part of the tab; the others request the lab's own files. */
export const fetching = [
  'workers/publicFiles.ts',
  'workers/offlineFiles.ts',
  'src/main.tsx',
  'src/tagger/taggerMachine.ts',
  'src/ui/share/OpenPage.tsx',
];
