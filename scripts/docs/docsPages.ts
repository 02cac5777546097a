// Lists the pages of the documentation: the markdown that each is made of, its address, and where it is in the contents.
import { readdirSync } from 'node:fs';
import path from 'node:path';

export interface DocsPage {
  /** Address without `.html`, relative to the folder of the documentation. */
  readonly name: string;
  /** In the contents. */
  readonly title: string;
  /** Markdown files below the project's root; all but the first become sections of the page. */
  readonly sources: readonly string[];
}

export interface DocsGroup {
  readonly title: string;
  readonly pages: readonly DocsPage[];
}

/** Pages of this folder are for those who work on the lab; the lab does not store them before somebody reads them. */
export const PROJECT_FOLDER = 'project/';

function page(name: string, title: string, source = `docs/${name}.md`): DocsPage {
  return { name, title, sources: [source] };
}

/** `root`: the project's folder. */
export function docsGroups(root: string): readonly DocsGroup[] {
  const decisions = readdirSync(path.join(root, 'docs/decisions')).filter((name) => /^\d{3}-.*\.md$/.test(name));
  return [
    {
      title: 'Use the lab',
      pages: [
        page('index', 'Start here'),
        page('guide/new', 'New: train'),
        page('guide/experiments', 'Experiments: compare'),
        page('guide/library', 'Library: corpora and models'),
        page('guide/tag', 'Tag and review'),
      ],
    },
    {
      title: 'How to',
      pages: [
        page('annotations', 'Bring your annotations'),
        page('fromPython', 'From Python'),
        page('taggerPackage', 'A tagger in your page or program'),
        page('tagging', 'Tag many documents'),
        page('reproduce', 'Reproduce the paper'),
        page('baselines', 'BiLSTM-CRF and CNN'),
        page('webgpu', 'WebGPU per platform'),
        page('faq', 'Questions and answers'),
        page('cite', 'How to cite'),
      ],
    },
    {
      title: 'Reference',
      pages: [
        page('features', 'Everything it does'),
        page('files', 'Plan and result files'),
        page('glossary', 'Glossary'),
      ],
    },
    {
      title: 'The project',
      pages: [
        page(`${PROJECT_FOLDER}security`, 'Security and privacy', 'SECURITY.md'),
        page(`${PROJECT_FOLDER}results`, 'What training gave', 'docs/results.md'),
        page(`${PROJECT_FOLDER}grid`, 'The paper’s comparison', 'docs/grid.md'),
        page(`${PROJECT_FOLDER}performance`, 'Performance', 'docs/performance.md'),
        page(`${PROJECT_FOLDER}scale`, 'Several machines and clusters', 'docs/scale.md'),
        page(`${PROJECT_FOLDER}soak`, 'Long runs', 'docs/soak.md'),
        page(`${PROJECT_FOLDER}architecture`, 'Architecture', 'docs/architecture.md'),
        {
          name: `${PROJECT_FOLDER}decisions`,
          title: 'Decisions',
          sources: ['docs/decisions/README.md', ...decisions.sort().map((name) => `docs/decisions/${name}`)],
        },
        page(`${PROJECT_FOLDER}examples`, 'Examples', 'examples/README.md'),
        page(`${PROJECT_FOLDER}samples`, 'Sample corpora', 'public/corpora/README.md'),
        page(`${PROJECT_FOLDER}model`, 'Built-in model', 'public/models/xlnet-bio-tiny/README.md'),
        page(`${PROJECT_FOLDER}contributing`, 'Contributing', 'CONTRIBUTING.md'),
        page(`${PROJECT_FOLDER}changelog`, 'Changes', 'CHANGELOG.md'),
      ],
    },
  ];
}

/** Where a markdown file is shown: its page, and the section of it where a page has several files. */
export interface ShownAt {
  readonly page: DocsPage;
  readonly section: string | null;
}

/** Maps markdown files to where they are shown. */
export function shownAt(groups: readonly DocsGroup[]): ReadonlyMap<string, ShownAt> {
  const places = new Map<string, ShownAt>();
  for (const one of groups.flatMap(({ pages }) => pages)) {
    for (const [index, source] of one.sources.entries()) {
      places.set(source, { page: one, section: index === 0 ? null : sectionOf(source) });
    }
  }
  return places;
}

/** The anchor of a file that is a section of a page. */
export function sectionOf(source: string): string {
  return path.posix.basename(source, '.md');
}
