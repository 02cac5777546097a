// Puts a page of the documentation into its frame: policy, style, header, contents, and the way to the next page.
import type { DocsGroup, DocsPage } from './docsPages.ts';
import { escaped, wayTo, type RenderedPage } from './markdownPage.ts';

/** Shorter pages are read without contents. */
const LEAST_HEADINGS = 4;

export function framedPage(
  page: DocsPage,
  rendered: RenderedPage,
  groups: readonly DocsGroup[],
  policy: string,
): string {
  const way = (to: string): string => wayTo(page.name, to);
  const isStart = page.name === 'index';
  const title = isStart ? 'BioNER Lab: documentation' : `${rendered.title} · BioNER Lab`;
  return `<!doctype html>
<html lang="en">
<head>
<meta http-equiv="Content-Security-Policy" content="${escaped(policy)}" />
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<meta name="color-scheme" content="light dark" />
<title>${escaped(title)}</title>
<link rel="icon" href="${way('../favicon.png')}" type="image/png" sizes="32x32" />
<link rel="stylesheet" href="${way('docs.css')}" />
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<header class="header">
<div class="header-inner">
<a class="brand" href="${way('index.html')}">BioNER Lab documentation</a>
<nav class="nav" aria-label="Main">
<a class="to-contents" href="#contents">Contents</a>
<a href="${way('../')}">Open the lab</a>
</nav>
</div>
</header>
<div class="docs-columns">
<main id="main" class="docs-text" tabindex="-1">
${withContents(rendered)}
${neighbours(page, groups)}
</main>
<nav id="contents" class="docs-contents" aria-label="Documentation">
${groups.map((group) => groupOf(group, page)).join('\n')}
</nav>
</div>
</body>
</html>
`;
}

/** Lists the sections of a long page below its title. */
function withContents({ body, headings }: RenderedPage): string {
  if (headings.length < LEAST_HEADINGS) return body;
  const items = headings.map(({ id, text }) => `<li><a href="#${id}">${escaped(text)}</a></li>`).join('');
  const list = `<nav class="on-this-page" aria-label="On this page"><ul>${items}</ul></nav>`;
  return body.replace('</h1>', () => `</h1>\n${list}`);
}

function groupOf({ title, pages }: DocsGroup, current: DocsPage): string {
  const items = pages.map((page) => {
    const mark = page === current ? ' aria-current="page"' : '';
    return `<li><a href="${wayTo(current.name, `${page.name}.html`)}"${mark}>${escaped(page.title)}</a></li>`;
  });
  return `<h2>${escaped(title)}</h2>\n<ul>${items.join('')}</ul>`;
}

function neighbours(page: DocsPage, groups: readonly DocsGroup[]): string {
  const pages = groups.flatMap((group) => group.pages);
  const index = pages.indexOf(page);
  const link = (to: DocsPage | undefined, words: string): string =>
    to === undefined
      ? '<span></span>'
      : `<a href="${wayTo(page.name, `${to.name}.html`)}">${words}: ${escaped(to.title)}</a>`;
  return `<nav class="neighbours" aria-label="Neighbouring pages">${link(pages[index - 1], 'Before')}${link(pages[index + 1], 'Next')}</nav>`;
}
