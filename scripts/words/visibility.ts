// Decides whether a string of the sources is visible: by where it is, what it is called, and what it looks like.
import ts from 'typescript';
import { calledName, isCode, isCompared, type Codes } from './codes.ts';
import { computingCalls, countingCalls, technicalNames, visibleNames } from './visibleNames.ts';

/** A string, a template, or strings and templates that are joined by `+`. */
export type Wording = ts.StringLiteralLike | ts.TemplateExpression | ts.BinaryExpression;

/** What a string is for, from where it is. */
export type Use =
  /** Rendered, or called by a name of which people read the value. */
  | 'shown'
  /** Part of a template that may itself be a message. */
  | 'inserted'
  /** Compared, looked up, or read by the platform alone. */
  | 'technical'
  /** Returned, stored in a variable or given to a function. */
  | 'open';

const oneWord = /\p{L}{2,}/u;
/** Begins as a sentence continues. */
const continued = /^[,;] \p{L}{3,}$/u;
const capitalised = /^\p{Lu}\p{Ll}{2,}$/u;
/** Markup, styles, drawings, addresses, commands and queries. */
const notWords = /<\/?[a-z]|^[#:@(]|^[.\w-]+\(|--\w|;$|(?<!\{\d+)\}$|=["'\\]|\n|'none'|^\d+px|^[a-z]+-\{\d+\}( |$)/;
const keys = /^(Enter|Escape|Backspace|Delete|Home|End|Tab|Space|Shift|Control)$/;

/** Whether the text of a wording is a message. `named`: whether the file shows even single words that begin with a capital. */
export function isVisible(use: Use, text: string, codes: Codes, named: boolean): boolean {
  if (use === 'technical') return false;
  if (use === 'inserted') return oneWord.test(text) && !notWords.test(text) && !codes.exact.has(text);
  if (use === 'shown') return oneWord.test(text) && !/<\/?[a-z]/.test(text);
  if (isCode(text, codes)) return false;
  if (hasTwoWords(text) || continued.test(text)) return !notWords.test(text);
  return named && capitalised.test(text) && !keys.test(text);
}

/** Whether a text has two words, or a word and a place, with a space between them. */
function hasTwoWords(text: string): boolean {
  const words = text.split(/\s+/);
  return words.some((word) => oneWord.test(word)) && words.filter((word) => /\p{L}{2,}|\{\d/u.test(word)).length > 1;
}

/** Finds what a wording is for, from what surrounds it. */
export function useOf(wording: ts.Expression, codes: Codes): Use {
  if (ts.isStringLiteralLike(wording) && isCompared(wording)) return 'technical';
  let node: ts.Node = wording;
  while (passesOn(node.parent, node)) node = node.parent;
  const { parent } = node;
  if (ts.isTemplateSpan(parent)) return useWithin(parent.parent, codes);
  if (ts.isJsxExpression(parent)) {
    return ts.isJsxAttribute(parent.parent) ? useOfName(parent.parent.name.getText()) : 'shown';
  }
  if (ts.isJsxAttribute(parent)) return useOfName(parent.name.getText());
  if (ts.isPropertyAssignment(parent)) return useOfProperty(parent, wording, codes);
  if ((ts.isVariableDeclaration(parent) || ts.isBindingElement(parent)) && ts.isIdentifier(parent.name))
    return useOfName(parent.name.text);
  if (ts.isCallExpression(parent) || ts.isNewExpression(parent)) return useOfArgument(parent);
  return isNeverText(parent, node) ? 'technical' : 'open';
}

/** A string within a template is read if the template is: an insertion into an address or a class name is not. */
function useWithin(template: ts.TemplateExpression | ts.TemplateLiteralTypeNode, codes: Codes): Use {
  if (!ts.isTemplateExpression(template)) return 'technical';
  if (ts.isTaggedTemplateExpression(template.parent)) return 'open';
  const use = useOf(template, codes);
  const text = [template.head, ...template.templateSpans.map(({ literal }) => literal)]
    .map((part) => part.text)
    .join('{0}');
  return isVisible(use, text.trim(), codes, false) ? 'inserted' : use === 'shown' ? 'open' : use;
}

/** Whether the value of a node is that of its parent, or a part of a list of such values. */
function passesOn(parent: ts.Node, node: ts.Node): boolean {
  if (ts.isConditionalExpression(parent)) return parent.condition !== node;
  if (ts.isBinaryExpression(parent)) return joining.has(parent.operatorToken.kind);
  return (
    ts.isParenthesizedExpression(parent) ||
    ts.isAsExpression(parent) ||
    ts.isSatisfiesExpression(parent) ||
    ts.isArrayLiteralExpression(parent) ||
    ts.isSpreadElement(parent)
  );
}

const joining: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.PlusToken,
]);

function useOfName(name: string): Use {
  if (technicalNames.has(name)) return 'technical';
  return visibleNames.has(name) ? 'shown' : 'open';
}

/** The value of a property is read if its name says so, unless the sources compare it. */
function useOfProperty(property: ts.PropertyAssignment, wording: ts.Expression, codes: Codes): Use {
  const use = useOfName(ts.isComputedPropertyName(property.name) ? '' : property.name.text);
  const isCoded = ts.isStringLiteralLike(wording) && codes.exact.has(wording.text);
  return use === 'shown' && isCoded ? 'technical' : use;
}

function useOfArgument(call: ts.CallExpression | ts.NewExpression): Use {
  const name = calledName(call);
  return computingCalls.has(name) || countingCalls.has(name) ? 'technical' : 'open';
}

/** Methods of a list that pass its texts on. */
const listing = /^(map|flatMap|filter|concat)$/;

function isNeverText(parent: ts.Node, node: ts.Node): boolean {
  return (
    ts.isImportDeclaration(parent) ||
    ts.isExportDeclaration(parent) ||
    ts.isTaggedTemplateExpression(parent) ||
    (ts.isPropertyAccessExpression(parent) && !(ts.isArrayLiteralExpression(node) && listing.test(parent.name.text))) ||
    ts.isElementAccessExpression(parent) ||
    ts.isExpressionStatement(parent) ||
    ts.isTypeNode(parent) ||
    (ts.isBinaryExpression(parent) && parent.operatorToken.kind !== ts.SyntaxKind.EqualsToken) ||
    ('name' in parent && parent.name === node)
  );
}
