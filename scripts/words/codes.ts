// Collects the strings that the sources compare, so that no text that is equal to one of them is translated.
import ts from 'typescript';
import { computingCalls } from './visibleNames.ts';

export interface Codes {
  /** Strings that are compared, looked up, listed as values of a type, or names of properties. */
  readonly exact: ReadonlySet<string>;
  /** Beginnings and ends that strings are searched for. */
  readonly edges: ReadonlySet<string>;
}

const comparing: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
  ts.SyntaxKind.InKeyword,
]);

/** An edge of fewer characters says nothing about a sentence. */
const LEAST_EDGE = 4;

/** Collects the codes of all sources together: a string made in one file may be compared in another. */
export function codesOf(sources: Iterable<ts.SourceFile>): Codes {
  const exact = new Set<string>();
  const edges = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) {
      if (isEdge(node)) edges.add(node.text);
      else if (isCompared(node)) exact.add(node.text);
    }
    ts.forEachChild(node, visit);
  };
  for (const source of sources) visit(source);
  return { exact, edges: new Set([...edges].filter((edge) => edge.trim().length >= LEAST_EDGE)) };
}

/** Whether a text is a code, or begins or ends as some code does. */
export function isCode(text: string, { exact, edges }: Codes): boolean {
  return exact.has(text) || [...edges].some((edge) => text.startsWith(edge) || text.endsWith(edge));
}

/** Returns the last name of what is called: `has` of `this.codes.has(…)`. */
export function calledName(call: ts.CallExpression | ts.NewExpression): string {
  const { expression } = call;
  if (expression.kind === ts.SyntaxKind.ImportKeyword) return 'import';
  if (ts.isPropertyAccessExpression(expression)) return expression.name.text;
  return ts.isIdentifier(expression) ? expression.text : '';
}

/** Whether a string is where it is compared, looked up or a name: never translated there, nor any text that is equal to it. */
export function isCompared(node: ts.StringLiteralLike): boolean {
  const { parent } = node;
  if (ts.isLiteralTypeNode(parent) || ts.isCaseClause(parent) || ts.isComputedPropertyName(parent)) return true;
  if (ts.isBinaryExpression(parent)) return comparing.has(parent.operatorToken.kind);
  if (ts.isElementAccessExpression(parent)) return true;
  if ((ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent)) && parent.name === node) return true;
  if (ts.isCallExpression(parent)) return isComputing(parent);
  return ts.isArrayLiteralExpression(parent) && isListOfCodes(parent, node);
}

function isEdge(node: ts.StringLiteralLike): boolean {
  return ts.isCallExpression(node.parent) && ['startsWith', 'endsWith'].includes(calledName(node.parent));
}

/** Whether a call compares or looks up its strings: a method of a collection, or a schema of zod. */
function isComputing(call: ts.CallExpression): boolean {
  const name = calledName(call);
  if (computingCalls.has(name) && !['join', 'import'].includes(name)) return true;
  return ['literal', 'enum'].includes(name) && ts.isPropertyAccessExpression(call.expression);
}

/** Whether an array lists codes: values of a type, members of a set, keys of a map, or what something is searched in. */
function isListOfCodes(array: ts.ArrayLiteralExpression, node: ts.StringLiteralLike): boolean {
  const { parent } = array;
  if (ts.isAsExpression(parent))
    return ts.isConstTypeReference(parent.type) && !ts.isArrayLiteralExpression(parent.parent);
  if (ts.isNewExpression(parent)) return calledName(parent) === 'Set';
  if (ts.isCallExpression(parent)) return isComputing(parent);
  if (ts.isPropertyAccessExpression(parent)) return ts.isCallExpression(parent.parent) && isComputing(parent.parent);
  const isKey = array.elements[0] === node && ts.isArrayLiteralExpression(parent) && ts.isNewExpression(parent.parent);
  return isKey && calledName(parent.parent) === 'Map';
}
