// Turns a chart on the page into a standalone picture: an SVG with its caption, legend and resolved colours, or a PNG of it.

/** Properties set by the page's style sheets or theme variables, neither of which a file has. */
const STYLES = [
  'fill',
  'fill-opacity',
  'stroke',
  'stroke-opacity',
  'stroke-width',
  'stroke-dasharray',
  'opacity',
  'font-family',
  'font-size',
  'font-weight',
  'text-anchor',
] as const;
const SVG = 'http://www.w3.org/2000/svg';
const PADDING_PX = 12;
const LINE_PX = 20;

export interface ChartPicture {
  readonly text: string;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Copies the chart in a figure of `ChartFrame` as drawn now; null before it is drawn. */
export function chartImage(figure: HTMLElement): ChartPicture | null {
  const drawn = figure.querySelector<SVGSVGElement>('svg.recharts-surface');
  if (drawn === null) return null;
  const { width, height } = drawn.getBoundingClientRect();
  const legend = legendOf(figure, width);
  const headPx = PADDING_PX + LINE_PX * (1 + legend.lines);
  const picture = document.createElementNS(SVG, 'svg');
  const widthPx = Math.ceil(width + 2 * PADDING_PX);
  const heightPx = Math.ceil(height + headPx + PADDING_PX);
  setAll(picture, { xmlns: SVG, width: widthPx, height: heightPx, viewBox: `0 0 ${widthPx} ${heightPx}` });
  const page = getComputedStyle(figure);
  picture.append(make('rect', { width: widthPx, height: heightPx, fill: page.backgroundColor }));
  const caption = figure.querySelector('.chart-caption')?.textContent ?? '';
  const title = make('text', {
    x: PADDING_PX,
    y: PADDING_PX + 12,
    fill: page.color,
    'font-size': 13,
    'font-weight': 600,
  });
  title.setAttribute('font-family', page.fontFamily);
  title.textContent = caption;
  const inner = make('g', { transform: `translate(${PADDING_PX} ${headPx})` });
  inner.append(resolved(drawn));
  picture.append(title, legend.element, inner);
  return { text: new XMLSerializer().serializeToString(picture), widthPx, heightPx };
}

/** Renders the picture at twice its size. Rejects when the browser cannot draw it. */
export async function pngOf({ text, widthPx, heightPx }: ChartPicture): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = 2 * widthPx;
  canvas.height = 2 * heightPx;
  canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) =>
    canvas.toBlob(
      (blob) => (blob === null ? reject(new Error('The browser cannot make a PNG.')) : resolve(blob)),
      'image/png',
    ),
  );
}

/** Copies an element with every style inlined, without parts that only serve the pointer. */
function resolved(drawn: SVGSVGElement): Element {
  const copy = drawn.cloneNode(true) as SVGSVGElement;
  const originals = [drawn, ...drawn.querySelectorAll('*')];
  const copies = [copy, ...copy.querySelectorAll('*')];
  copies.forEach((element, index) => {
    const original = originals[index];
    if (original === undefined) return;
    const style = getComputedStyle(original);
    for (const name of STYLES) element.setAttribute(name, style.getPropertyValue(name));
    for (const name of ['class', 'style', 'tabindex', 'role']) element.removeAttribute(name);
    if (original.matches('.recharts-brush, .recharts-tooltip-cursor, title, desc')) element.remove();
  });
  return copy;
}

function legendOf(figure: HTMLElement, width: number): { readonly element: Element; readonly lines: number } {
  const element = make('g', {});
  let x = 0;
  let line = 1;
  for (const entry of figure.querySelectorAll<HTMLElement>('.legend-entry')) {
    const name = entry.textContent;
    const entryWidth = 46 + name.length * 6.2;
    if (x > 0 && x + entryWidth > width) {
      x = 0;
      line++;
    }
    const y = PADDING_PX + LINE_PX * line + 8;
    const sample = entry.querySelector('line');
    const block = entry.querySelector('.legend-line');
    const style = sample === null ? null : getComputedStyle(sample);
    const border = block === null ? null : getComputedStyle(block);
    const dashes: Readonly<Record<string, string>> = { dashed: '5 3', dotted: '2 3' };
    const stroke = make('line', {
      x1: PADDING_PX + x,
      x2: PADDING_PX + x + 22,
      y1: y - 4,
      y2: y - 4,
      stroke: style?.stroke ?? border?.borderTopColor ?? 'gray',
      'stroke-width': 2,
      'stroke-dasharray': style?.strokeDasharray ?? dashes[border?.borderTopStyle ?? ''] ?? 'none',
    });
    const own = getComputedStyle(entry);
    const text = make('text', {
      x: PADDING_PX + x + 28,
      y,
      fill: own.color,
      'font-size': 11,
      'font-family': own.fontFamily,
    });
    text.textContent = name;
    element.append(stroke, text);
    x += entryWidth;
  }
  return { element, lines: x === 0 && line === 1 ? 0 : line };
}

function make(name: string, attributes: Readonly<Record<string, string | number>>): Element {
  const element = document.createElementNS(SVG, name);
  setAll(element, attributes);
  return element;
}

function setAll(element: Element, attributes: Readonly<Record<string, string | number>>): void {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
}
