// Extracts the messages of a source file: whole sentences, with numbered places for what is computed and for elements.
import ts from 'typescript';
import { calledName, isCompared, type Codes } from './codes.ts';
import { decodeEntities, fixedText, isInline } from './jsxText.ts';
import { nounMessage, partsOf, type Message, type MessageKind, type Place, type Span } from './message.ts';
import { isVisible, useOf, type Wording } from './visibility.ts';
import { countingCalls } from './visibleNames.ts';

const hasWord = /\p{L}{2,}|^\p{L}$/u;

/** Parses a source file as the compiler does. */
export function parsed(file: string, code: string): ts.SourceFile {
  const kind = file.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  return ts.createSourceFile(file, code, ts.ScriptTarget.Latest, true, kind);
}

/** Returns the messages of a file by where they begin, an outer one before those within it. */
export function messagesOf(source: ts.SourceFile, codes: Codes): readonly Message[] {
  return new Extraction(source, codes).messages();
}

class Extraction {
  readonly #source: ts.SourceFile;
  readonly #codes: Codes;
  readonly #found: Message[] = [];
  /** Whether single words that begin with a capital are shown: in the files of the interface. */
  readonly #named: boolean;

  constructor(source: ts.SourceFile, codes: Codes) {
    this.#source = source;
    this.#codes = codes;
    this.#named = source.fileName.includes('src/ui/');
  }

  messages(): readonly Message[] {
    this.#visit(this.#source);
    return this.#found.toSorted((a, b) => a.span.start - b.span.start || b.span.end - a.span.end);
  }

  #visit(node: ts.Node): void {
    if (ts.isJsxElement(node) || ts.isJsxFragment(node)) this.#readChildren(node);
    else if (ts.isCallExpression(node) && countingCalls.has(calledName(node))) this.#readNouns(node);
    else if (isWording(node)) {
      this.#readWording(node);
      for (const operand of operandsOf(node)) ts.forEachChild(operand, (child) => this.#visit(child));
      return;
    }
    ts.forEachChild(node, (child) => this.#visit(child));
  }

  #add(kind: MessageKind, whole: string, span: Span, places: readonly Place[]): void {
    const text = whole.trim();
    const at = whole.indexOf(text);
    const used = partsOf(text).filter((part) => part.kind !== 'text' && part.kind !== 'close').length;
    if (used !== places.length) this.#refuseMarks(text, span);
    this.#found.push({ kind, text, before: whole.slice(0, at), after: whole.slice(at + text.length), span, places });
  }

  #refuseMarks(text: string, { start }: Span): never {
    const { line } = this.#source.getLineAndCharacterOfPosition(start);
    throw new Error(
      `${this.#source.fileName}:${line + 1}: expected a text without {0} or <0>, which are places in messages, got “${text}”. Write it in another way.`,
    );
  }

  /** Reads an element's children as one message if they contain words themselves and are not part of the sentence around them. */
  #readChildren(node: ts.JsxElement | ts.JsxFragment): void {
    if (!hasWords(node.children) || this.#isWithinSentence(node)) return;
    const [first, last] = [node.children[0], node.children.at(-1)];
    if (first === undefined || last === undefined) return;
    const places: Place[] = [];
    const text = this.#sentence(node.children, places);
    // A text of elements may begin with the white space before its first line, so begin where the opening tag ends.
    this.#add('children', text, { start: first.pos, end: last.end }, places);
  }

  #isWithinSentence(node: ts.JsxElement | ts.JsxFragment): boolean {
    const { parent } = node;
    if (!ts.isJsxElement(node) || !isInline(node, this.#source)) return false;
    if (!ts.isJsxElement(parent) && !ts.isJsxFragment(parent)) return false;
    return hasWords(parent.children) || this.#isWithinSentence(parent);
  }

  /** Writes children as text, numbering the places in the order in which they begin. */
  #sentence(children: readonly ts.JsxChild[], places: Place[]): string {
    return children.map((child) => this.#childText(child, places)).join('');
  }

  #childText(child: ts.JsxChild, places: Place[]): string {
    const fixed = fixedText(child);
    if (fixed !== null) return fixed;
    const index = places.length;
    const span = this.#spanOf(child);
    if (ts.isJsxExpression(child)) {
      if (child.expression === undefined) return '';
      places.push({ kind: 'expression', span });
      return `{${index}}`;
    }
    if (ts.isJsxElement(child) && isInline(child, this.#source) && hasFixedWords(child.children)) {
      places.push({ kind: 'around', opening: this.#spanOf(child.openingElement), closing: this.#spanOf(child.closingElement) }); // prettier-ignore
      return `<${index}>${this.#sentence(child.children, places)}</${index}>`;
    }
    places.push({ kind: 'whole', span });
    return `<${index}/>`;
  }

  #readWording(node: Wording): void {
    if (ts.isJsxExpression(node.parent) && isChild(node.parent) && ts.isStringLiteralLike(node)) {
      if (hasWords(node.parent.parent.children)) return;
    }
    const isAttribute = ts.isJsxAttribute(node.parent);
    const places: Place[] = [];
    const text = this.#wordingText(node, places);
    const whole = isAttribute ? decodeEntities(text) : text;
    if (!isVisible(useOf(node, this.#codes), whole.trim(), this.#codes, this.#named)) return;
    const kind = isAttribute ? 'attribute' : ts.isStringLiteral(node) ? 'string' : 'template';
    this.#add(kind, whole, this.#spanOf(node), places);
  }

  #wordingText(node: ts.Expression, places: Place[]): string {
    if (ts.isStringLiteralLike(node)) return node.text;
    if (ts.isBinaryExpression(node)) {
      return `${this.#wordingText(node.left, places)}${this.#wordingText(node.right, places)}`;
    }
    if (!ts.isTemplateExpression(node)) return '';
    const spans = node.templateSpans.map(({ expression, literal }) => {
      places.push({ kind: 'expression', span: this.#spanOf(expression) });
      return `{${places.length - 1}}${literal.text}`;
    });
    return `${node.head.text}${spans.join('')}`;
  }

  /** Reads the noun of `counted(number, 'run')` with its plural, which is the third argument or ends in s. */
  #readNouns(call: ts.CallExpression): void {
    const [, one, many] = call.arguments;
    if (one === undefined || !ts.isStringLiteralLike(one)) return;
    if (many !== undefined && !ts.isStringLiteralLike(many)) return;
    const span = { start: one.getStart(this.#source), end: (many ?? one).end };
    this.#add('nouns', nounMessage(one.text, many?.text ?? `${one.text}s`), span, []);
  }

  #spanOf(node: ts.Node): Span {
    return { start: node.getStart(this.#source), end: node.end };
  }
}

/** Whether children contain words themselves, not only within elements. */
function hasWords(children: readonly ts.JsxChild[]): boolean {
  return children.some((child) => hasWord.test(fixedText(child) ?? ''));
}

/** Whether children contain words, or elements around words. */
function hasFixedWords(children: readonly ts.JsxChild[]): boolean {
  return hasWords(children) || children.some((child) => ts.isJsxElement(child) && hasFixedWords(child.children));
}

function isChild(
  node: ts.JsxExpression,
): node is ts.JsxExpression & { readonly parent: ts.JsxElement | ts.JsxFragment } {
  return ts.isJsxElement(node.parent) || ts.isJsxFragment(node.parent);
}

/** Whether a node is a string, a template, or a sum of nothing but these: the outermost one. */
function isWording(node: ts.Node): node is Wording {
  if (!isFixed(node)) return false;
  return !ts.isBinaryExpression(node.parent) || !isFixed(node.parent);
}

function isFixed(node: ts.Node): boolean {
  if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) {
    return !ts.isTaggedTemplateExpression(node.parent) && !(ts.isStringLiteralLike(node) && isCompared(node));
  }
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.PlusToken) return false;
  return isFixed(node.left) && isFixed(node.right);
}

function operandsOf(node: ts.Node): readonly ts.Node[] {
  return ts.isBinaryExpression(node) ? [...operandsOf(node.left), ...operandsOf(node.right)] : [node];
}
